"""How `execd simulate` is asked, where it plays, and how it ends before its end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from execd.cli import simulating
from execd.cli.exits import CliError, Exit
from execd.cli.main import main
from execd.cli.simulating import Cpu, Played, place, stoppable
from execd.journal.perils import NoPlace
from execd.simulation.trial import Asked, Verdict

WRONG = [
    (("--seed", "1", "--trace", "--json"), "--trace and --json do not go together"),
    (("--seed", "1", "--start", "0"), "--start needs --seeds"),
    (("--seed", "1", "--seeds", "2"), "not allowed with"),
    (("--seed", "-1"), "--seed -1 must be from 0"),
    (("--seeds", "1", "--start", "-1"), "--start -1 must be from 0"),
    (("--seeds", "0"), "--seeds 0 must be from 1"),
    (("--seeds", "2", "--trace"), "--trace needs --seed"),
]
END_S_MAX = 120


@pytest.mark.parametrize("words, told", WRONG)
def test_what_cannot_be_meant_is_a_usage_error(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is played that somebody did not ask for."""
    code = main(["simulate", *words])

    assert (Exit.USAGE, True) == (code, told in capsys.readouterr().err)


def test_a_place_that_is_not_there_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing folder is no broken law: no shrinking, and no command that plays it again. Exit 1."""
    missing = tmp_path / "gone"
    monkeypatch.setenv("TMPDIR", str(missing))
    code = main(["simulate", "--seeds", "1"])
    told = capsys.readouterr()
    text = f"no session can be played in {missing}: No such file or directory; make room there, or set TMPDIR"

    assert (Exit.ERROR, True, "") == (code, text in told.err, told.out)


def test_the_folder_of_a_run_is_gone_whatever_ended_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is not filled by runs that were interrupted, or whose disk failed."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    seen: list[bool] = []

    def end_by(error: BaseException) -> None:
        with place() as folder:
            (folder / "journal.db").write_bytes(b"x")
            seen.append(folder.parent == tmp_path)
            raise error

    with pytest.raises(KeyboardInterrupt):
        end_by(KeyboardInterrupt())
    with pytest.raises(CliError, match="full; make room there"):
        end_by(NoPlace("full"))

    assert ([True, True], []) == (seen, list(tmp_path.iterdir()))


def test_memory_is_where_sessions_are_played_unless_somebody_names_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TMPDIR is what the message tells to set: it must count."""
    monkeypatch.setattr(simulating, "MEMORY_DISK", tmp_path)
    monkeypatch.delenv("TMPDIR", raising=False)
    in_memory = simulating.ground()
    monkeypatch.setenv("TMPDIR", "/elsewhere")

    assert (tmp_path, Path("/elsewhere")) == (in_memory, simulating.ground())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_interrupts_and_the_next_does_not(number: signal.Signals) -> None:
    """What clears up is not cut off by somebody who is impatient; the handlers of before are back at the end."""
    before, outlived = signal.getsignal(number), False
    with stoppable():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)
        outlived = True

    assert (True, before) == (outlived, signal.getsignal(number))


def test_the_cpu_of_each_child_counts_once() -> None:
    """A child tells what it has used so far: its latest word counts, and ours is our own."""
    cpu = Cpu()
    for pid, cpu_s in ((-1, 100.0), (-2, 10.0), (-1, 200.0), (os.getpid(), 5_000.0)):
        cpu.add(Played(Verdict(asked=Asked(seed=1)), pid, cpu_s))

    assert 210 == int(cpu.seconds) // 10 * 10


def test_a_summary_says_what_it_cost(capsys: pytest.CaptureFixture[str]) -> None:
    """Sessions a CPU second beside the wall time: a loaded machine does not hide how fast it is."""
    code = main(["simulate", "--seeds", "1", "--minutes", "1"])
    told = capsys.readouterr().out.splitlines()[1]

    assert (Exit.OK, True) == (code, " s of CPU, " in told and told.endswith(" sessions a CPU second"))


@pytest.mark.parametrize("jobs, number", [("1", signal.SIGTERM), ("2", signal.SIGINT), ("2", signal.SIGTERM)])
def test_an_interrupted_run_sums_up_and_leaves_nothing(tmp_path: Path, jobs: str, number: signal.Signals) -> None:
    """Exit 130, how far it came as the last line, no child that goes on, no folder that stays."""
    words = ["simulate", "--seeds", "100000", "--jobs", jobs, "--minutes", "1"]
    command = [sys.executable, "-m", "execd.cli", *words]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    run = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    assert run.stderr is not None
    first = run.stderr.readline()  # How it goes: it is in the middle.
    run.send_signal(number)
    # Children hold the same pipes: these end only where all of them have.
    out, err = run.communicate(timeout=END_S_MAX)
    last = err.splitlines()[-1]

    assert (130, True, True, []) == (
        run.returncode,
        "/100000 sessions" in first and "sessions from seed 0" in out,
        last.startswith("interrupted after ") and last.endswith(" of 100000 sessions, 0 failed"),
        list(tmp_path.iterdir()),
    )
