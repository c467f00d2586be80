"""The daemon's end of the pipe to the worker: at most one process, one question at a time, each with its time.

A worker that does not answer in time is killed and the question fails; the next question starts another. Nothing is
cached here, and the worker is given no secret: its environment is made here, not inherited.
"""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from execd.errors import RefDataError
from execd.refdata.wire import ANSWER_BYTES_MAX, Answer, Failed, Request, decode_answer, line

ANSWER_S_MAX: Final = 60.0
"""The slowest calendar, XKRX, takes four seconds; a busy machine may take ten times as long."""
CLOSE_S_MAX: Final = 5.0
COMMAND: Final = (sys.executable, "-P", "-s", "-B", "-m", "execd.refdata.worker")
_ROOT: Final = str(Path(__file__).resolve().parents[2])
ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONPATH": _ROOT,
    "PYTHONHASHSEED": "0",
    # One thread is enough, and each would reserve addresses of its own.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


class NoAnswer(RefDataError):
    """The worker refused, died, or did not answer in time. `code`: one of `wire.Failed`, or hung, died, bad_answer."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Worker:
    """The one worker; it starts with the first question."""

    def __init__(self, command: tuple[str, ...] = COMMAND, *, answer_s_max: float = ANSWER_S_MAX) -> None:
        """`command` is the program that answers."""
        self._command = command
        self._answer_s_max = answer_s_max
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The worker's process, while one lives."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def ask(self, request: Request) -> Answer:
        """Return the answer. Raises NoAnswer; whoever is cancelled while asking leaves no half answer behind."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._answer_s_max):
                    told = await self._exchange(line(request))
                answer: Answer = decode_answer(told)
            except TimeoutError:
                await self._kill()
                raise NoAnswer("hung", f"the worker said nothing for {self._answer_s_max:g} s; killed") from None
            except (msgspec.MsgspecError, asyncio.LimitOverrunError) as error:
                await self._kill()
                raise NoAnswer("bad_answer", f"the worker's answer cannot be read: {error}") from error
            except (OSError, ValueError, asyncio.IncompleteReadError) as error:
                await self._kill()
                raise NoAnswer("died", f"the worker died: {error}") from error
            except asyncio.CancelledError:
                # The answer may still come; the next question must not get it.
                await self._kill()
                raise
        if isinstance(answer, Failed):
            raise NoAnswer(answer.code, answer.text)
        return answer

    async def close(self) -> None:
        """End the worker; closing again changes nothing."""
        async with self._turn:
            await self._kill()

    async def _exchange(self, question: bytes) -> bytes:
        """Ask once; a second time where the worker had just gone, because nobody had asked for long."""
        if self.pid is not None:
            try:
                return await self._once(question)
            except (OSError, asyncio.IncompleteReadError):
                await self._kill()
        # A session of its own: a Ctrl-C at the terminal is for the daemon alone.
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=ENVIRONMENT,
            cwd="/",
            limit=ANSWER_BYTES_MAX,
            start_new_session=True,
        )
        return await self._once(question)

    async def _once(self, question: bytes) -> bytes:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(question)
        await self._process.stdin.drain()
        return await self._process.stdout.readuntil(b"\n")

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        with suppress(TimeoutError):
            # Killed is ended, but for a process that the kernel itself holds; nobody waits for ever for that one.
            await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(process.wait())), CLOSE_S_MAX)
