"""The venue's socket as the commands see it: one question, one answer.

Blocking, and without asyncio, which alone takes longer to import than a
command may run. What the venue refuses becomes a `CliError`.
"""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from execd.cli.exits import CliError, Exit
from execd.venue.door import SOCKET_NAME, reachable
from execd.venue.wire import (
    VERSION,
    Answer,
    FromClient,
    FromVenue,
    Goodbye,
    Hello,
    NotTaken,
    Splitter,
    Taken,
    Welcome,
    WireError,
    frame,
    from_venue,
)

ANSWER_S_MAX: Final = 10.0
_PART_BYTES: Final = 65_536


def ask(folder: Path, make: Callable[[int], FromClient]) -> bytes:
    """Return the answer of the venue of a directory as JSON, empty where it only obeys. Raises CliError."""
    hello = Hello(version=VERSION, kind="ask")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line, reachable(folder / SOCKET_NAME) as path:
            line.settimeout(ANSWER_S_MAX)
            line.connect(path)
            line.sendall(frame(hello) + frame(make(1)))
            return _answer(line)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        text = f"no simulated venue runs in {folder}; execd run starts one, or: execd venue sim --dir {folder}"
        raise CliError(Exit.NOT_RUNNING, text) from None
    except TimeoutError:
        raise CliError(Exit.TIMEOUT, f"the venue did not answer within {ANSWER_S_MAX:g} s; see its log") from None
    except PermissionError:
        raise CliError(Exit.ERROR, f"the venue in {folder} belongs to another user; run this as that user") from None
    except (OSError, WireError) as error:
        raise CliError(Exit.ERROR, f"the venue in {folder} broke off: {error}") from None


def _answer(line: socket.socket) -> bytes:
    splitter = Splitter()
    until_s = time.monotonic() + ANSWER_S_MAX
    while part := line.recv(_PART_BYTES):
        for body in splitter.feed(part):
            answer = _read(from_venue(body))
            if answer is not None:
                return answer
        if time.monotonic() > until_s:
            raise TimeoutError
    raise WireError("it ended the connection without an answer")


def _read(message: FromVenue) -> bytes | None:
    match message:
        case Answer(rows=rows):
            return bytes(rows)
        case Taken():
            return b""
        case NotTaken(text=text) | Goodbye(text=text):
            raise CliError(Exit.ERROR, text)
        case Welcome():
            return None
        case _:
            raise WireError(f"{type(message).__name__} is no answer")


def rows(folder: Path, make: Callable[[int], FromClient]) -> list[dict[str, object]]:
    """Return the rows of an answer. Raises CliError."""
    found: list[dict[str, object]] = msgspec.json.decode(ask(folder, make), type=list[dict[str, object]])
    return found
