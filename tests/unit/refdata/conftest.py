"""One real worker for a module of tests: it takes seconds to load what it needs."""

import subprocess
from collections.abc import Callable, Iterator

import pytest

from execd.refdata.client import COMMAND, ENVIRONMENT
from execd.refdata.wire import Answer, Request, decode_answer, line


@pytest.fixture(scope="module")
def worker() -> Iterator["subprocess.Popen[bytes]"]:
    """Start the real program as the daemon does; it must end by itself when its pipe is closed."""
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT, cwd="/") as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.fixture(scope="module")
def ask(worker: "subprocess.Popen[bytes]") -> Callable[[Request], Answer]:
    """Return a function that asks the worker one question."""

    def asked(request: Request) -> Answer:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(line(request))
        worker.stdin.flush()
        answer: Answer = decode_answer(worker.stdout.readline())
        return answer

    return asked
