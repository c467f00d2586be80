"""The pipe to the worker: one process, one question at a time, killed when it hangs, never a stale answer."""

import asyncio
import os

import pytest

from execd.refdata.client import NoAnswer, Worker
from execd.refdata.wire import Failed, SymbolsFound, SymbolsWanted, line
from tests.unit.refdata.tables import prepared, program

ASKED = SymbolsWanted(bars_dir="/nowhere")
SLEEPS = program("import time; time.sleep(60)")
ONE = SymbolsFound(symbols=("A",))
TWO = SymbolsFound(symbols=("B",))


def is_alive(pid: int | None) -> bool:
    """Whether a process of ours still runs; none does not."""
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def started(worker: Worker) -> int:
    """Return the process of a worker once it is there."""
    while (pid := worker.pid) is None:  # noqa: ASYNC110  # A process that begins tells nobody.
        await asyncio.sleep(0)
    return pid


async def test_one_process_answers_every_question() -> None:
    """Starting one costs seconds; it stays for the next question, and questions at once take turns."""
    worker = Worker(prepared(SymbolsWanted=[ONE, TWO]))
    answers = list(await asyncio.gather(worker.ask(ASKED), worker.ask(ASKED)))
    pid = worker.pid
    await worker.close()

    assert [ONE, TWO] == answers
    assert [False, False] == [is_alive(pid), is_alive(worker.pid)]


async def test_a_worker_that_hangs_is_killed_and_the_next_question_starts_another() -> None:
    """It may wait for a disk that is gone; the daemon does not."""
    worker = Worker(SLEEPS, answer_s_max=0.3)
    codes, pids = [], []
    for _ in range(2):
        asking = asyncio.ensure_future(worker.ask(ASKED))
        pids.append(await started(worker))
        with pytest.raises(NoAnswer) as caught:
            await asking
        codes.append(caught.value.code)

    assert ["hung", "hung"] == codes
    assert [False, False] == [is_alive(pid) for pid in pids]
    assert pids[0] != pids[1]


async def test_a_question_that_is_cancelled_leaves_no_answer_for_the_next() -> None:
    """The worker dies with the question: its late answer would be taken for that of another."""
    worker = Worker(program("import sys, time; sys.stdin.readline(); time.sleep(60)"))
    asking = asyncio.ensure_future(worker.ask(ASKED))
    pid = await started(worker)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert [False, False] == [is_alive(pid), is_alive(worker.pid)]


async def test_a_worker_that_had_gone_is_started_again_unnoticed() -> None:
    """It ends by itself when nobody asks; whoever asks then does not see it."""
    once = program(f"import sys; sys.stdin.readline(); print({line(ONE).decode().strip()!r})")
    worker = Worker(once)
    answers = [await worker.ask(ASKED), await worker.ask(ASKED)]
    await worker.close()

    assert [ONE, ONE] == answers


@pytest.mark.parametrize(
    "text, code",
    [
        ("raise SystemExit(3)", "died"),
        ("import sys; sys.stdin.readline(); print('hello')", "bad_answer"),
        ("import sys; sys.stdin.readline(); sys.stdout.write('x' * 9_000_000)", "bad_answer"),
    ],
)
async def test_a_worker_that_dies_or_babbles_is_told(text: str, code: str) -> None:
    """No answer, no JSON, and no end: each is a failure with a name, and nothing is left running."""
    worker = Worker(program(text), answer_s_max=10)
    with pytest.raises(NoAnswer) as caught:
        await worker.ask(ASKED)

    assert (code, None) == (caught.value.code, worker.pid)


async def test_what_the_worker_refuses_has_its_code() -> None:
    """A refusal is an answer: the process stays."""
    worker = Worker(prepared(SymbolsWanted=[Failed(code="bad_bars", text="a.csv:3")]))
    with pytest.raises(NoAnswer, match=r"a\.csv:3") as caught:
        await worker.ask(ASKED)
    is_up = worker.pid is not None
    await worker.close()

    assert ("bad_bars", True) == (caught.value.code, is_up)


async def test_the_real_program_starts() -> None:
    """The command finds the package from any directory, with nothing of our environment."""
    worker = Worker()
    answer = await worker.ask(ASKED)
    await worker.close()

    assert SymbolsFound(symbols=()) == answer
