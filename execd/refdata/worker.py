"""The subprocess in which pandas lives: reads a question a line, answers a line, and ends when nobody asks.

    python -m execd.refdata.worker

It reads bar files and the calendar library's own; it writes nothing, connects nowhere and starts nothing, and says so
to the interpreter and the kernel before the first question. It holds no state: it may be killed at any instant. A new
question is a case in `answer`.
"""

import os
import resource
import select
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn, assert_never

import msgspec

from execd.errors import RefDataError
from execd.refdata import bar_files, derive
from execd.refdata.wire import (
    ANSWER_BYTES_MAX,
    BARS_MAX,
    REQUEST_BYTES_MAX,
    SYMBOLS_MAX,
    Answer,
    BarsFound,
    BarsWanted,
    DailyWanted,
    Failed,
    Request,
    SessionsFound,
    SessionsWanted,
    SymbolsFound,
    SymbolsWanted,
    decode_request,
    line,
)

IDLE_S_MAX: Final = 60.0
"""Nobody asked for so long: give the memory back. The next question starts another worker."""
MEMORY_BYTES_MAX: Final = 4 * 1024**3
"""Of addresses, not of memory in use: libraries reserve much more than they touch."""
NICE: Final = 10
"""Orders come first: the worker gets what the daemon leaves of the processor."""
_PART_BYTES: Final = 65_536
_FORBIDDEN: Final = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.sendto",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.forkpty",
)


def main() -> int:
    """Answer until the daemon closes the pipe, or nobody asks any more."""
    confine()
    for request in requests(sys.stdin.fileno(), IDLE_S_MAX):
        told = line(_answer_line(request))
        if len(told) > ANSWER_BYTES_MAX:
            told = line(Failed(code="internal", text=f"the answer has {len(told)} bytes, {ANSWER_BYTES_MAX} at most"))
        sys.stdout.buffer.write(told)
        sys.stdout.buffer.flush()
    return 0


def confine() -> None:
    """Give up what is not needed: no file may grow, no connection, no other process. It cannot be taken back."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    sys.addaudithook(_refuse)


def requests(descriptor: int, idle_s: float) -> Iterator[bytes]:
    """Yield the lines that arrive; ends with the pipe, after `idle_s` of silence, or at a line that has no end."""
    waiting = b""
    while len(waiting) <= REQUEST_BYTES_MAX and select.select([descriptor], [], [], idle_s)[0]:
        part = os.read(descriptor, _PART_BYTES)
        if not part:
            return
        *lines, waiting = (waiting + part).split(b"\n")
        yield from lines


def answer(request: Request) -> Answer:
    """Return the answer to one question. Raises RefDataError where there is none."""
    match request:
        case SessionsWanted():
            return _sessions(request)
        case SymbolsWanted(bars_dir=bars_dir):
            found = bar_files.symbols(Path(bars_dir))
            return SymbolsFound(symbols=tuple(found[:SYMBOLS_MAX]), is_cut=len(found) > SYMBOLS_MAX)
        case BarsWanted():
            return _bars(request)
        case DailyWanted():
            return derive.daily(request, _sessions)
        case _:
            assert_never(request)


def _answer_line(text: bytes) -> Answer:
    try:
        return answer(decode_request(text))
    except msgspec.MsgspecError as error:
        return Failed(code="bad_request", text=str(error))
    except bar_files.BadBars as error:
        return Failed(code="bad_bars", text=str(error))
    except derive.NoBars as error:
        return Failed(code="no_bars", text=str(error))
    except RefDataError as error:
        return Failed(code="no_calendar", text=str(error))
    except Exception as error:  # noqa: BLE001  # Whatever a library died of is told; the daemon decides what follows.
        return Failed(code="internal", text=f"{type(error).__name__}: {error}")


def _sessions(request: SessionsWanted) -> SessionsFound:
    # Pandas takes half a second: only a question about days pays for it.
    from execd.refdata import calendars  # noqa: PLC0415

    return calendars.sessions(request)


def _bars(request: BarsWanted) -> BarsFound:
    files = bar_files.files_of(Path(request.bars_dir), request.symbol, request.span)
    bars = bar_files.read(files, request.symbol, request.span, from_ns=request.from_ns, to_ns=request.to_ns)
    return BarsFound(bars=tuple(bars[:BARS_MAX]), is_cut=len(bars) > BARS_MAX)


def _refuse(event: str, _: object) -> None:
    if event in _FORBIDDEN:
        _forbidden(event)


def _forbidden(event: str) -> NoReturn:
    raise PermissionError(f"the worker of reference data may not do this: {event}")


if __name__ == "__main__":
    sys.exit(main())
