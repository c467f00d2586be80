"""What a command says where the daemon's door is full: the cause and the ways around it, never an errno."""

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from execd.cli.client import ask
from execd.cli.exits import CliError, Exit
from execd.runtime.paths import StatePaths

WAYS: Final = ("too many connections", "ss -xp", "inbox", "SIGTERM")
REFUSAL: Final = b'HTTP/1.1 429 Too Many Requests\r\n\r\n{"code": "busy", "message": "too many connections"}'


@pytest.fixture
def paths() -> Iterator[StatePaths]:
    """Return a state directory whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory() as folder:
        yield StatePaths(Path(folder))


def refusal_of(paths: StatePaths, *, body: bytes = b"") -> CliError:
    """Ask, and return what went wrong."""
    with pytest.raises(CliError) as caught:
        ask(paths, "POST", "/v1/halt", body, timeout_s=1)
    return caught.value


def test_a_full_queue_is_told_with_the_ways_around_it(paths: StatePaths) -> None:
    """Nobody is let in: the command has waited its time, and names what works without the socket."""
    with socket.socket(socket.AF_UNIX) as listening, ExitStack() as waiting:
        listening.bind(str(paths.socket))
        listening.listen(0)
        for _ in range(2):
            one = waiting.enter_context(socket.socket(socket.AF_UNIX))
            one.setblocking(False)  # noqa: FBT003  # The library's own signature.
            one.connect_ex(str(paths.socket))
        refused = refusal_of(paths)

    assert ("busy", True) == (refused.kind, all(word in str(refused) for word in WAYS))


def test_who_is_hung_up_on_is_told_what_it_may_be(paths: StatePaths) -> None:
    """A connection that ends without an answer: the daemon ends, or its door is full."""

    def hang_up() -> None:
        listening.accept()[0].close()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(paths.socket))
        listening.listen()
        closing = threading.Thread(target=hang_up)
        closing.start()
        refused = refusal_of(paths)
        closing.join()

    assert ("broke_off", True) == (refused.kind, all(word in str(refused) for word in WAYS))


def test_who_is_refused_before_it_has_asked_still_hears_why(paths: StatePaths) -> None:
    """The door answers and hangs up at once; a request that can no longer be sent does not hide the answer."""

    def turn_away() -> None:
        one, _ = listening.accept()
        one.sendall(REFUSAL)
        one.close()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(paths.socket))
        listening.listen()
        turning = threading.Thread(target=turn_away)
        turning.start()
        refused = refusal_of(paths, body=b" " * 4_000_000)
        turning.join()

    assert ("busy", "too many connections") == (refused.kind, str(refused))


@pytest.mark.parametrize(
    "answer, code, kind",
    [
        (b'HTTP/1.0 500 X\r\n\r\n{"code": "internal", "message": "a defect"}', Exit.INTERNAL, "internal"),
        (b"HTTP/1.0 500 X\r\n\r\n500 Internal Server Error\n\nServer got itself in trouble", Exit.INTERNAL, "internal"),
        (b'HTTP/1.0 200 OK\r\n\r\n{"a": ', Exit.ERROR, "broke_off"),
    ],
    ids=["told", "in plain text", "cut off"],
)
def test_a_defect_of_the_daemon_has_its_own_exit_code(paths: StatePaths, answer: bytes, code: Exit, kind: str) -> None:
    """A script can tell a defect from a refusal, and a person reads no error of a decoder."""

    def break_down() -> None:
        one, _ = listening.accept()
        one.sendall(answer)
        one.close()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(paths.socket))
        listening.listen()
        breaking = threading.Thread(target=break_down)
        breaking.start()
        refused = refusal_of(paths)
        breaking.join()

    assert (code, kind, False) == (refused.code, refused.kind, "Extra data" in str(refused))
