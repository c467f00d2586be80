"""What the daemon asks the worker and what it answers: one JSON object a line, each line with a longest length.

Plain values of both sides; the pipe is in `client`, the work in `worker`. A new question is a class in `Request`, an
answer in `Answer`, and a case in `worker.answer`.
"""

from typing import Final

import msgspec

from execd.core.codec import decoder, encode
from execd.core.daily import BarSpan, DailyValues
from execd.core.market import Bar
from execd.refdata.values import SessionRow

REQUEST_BYTES_MAX: Final = 64 * 1024
ANSWER_BYTES_MAX: Final = 8 * 1024 * 1024
"""Two thousand bars are about 400 kilobytes, five thousand symbols sixty kilobytes."""
BARS_MAX: Final = 2_000
"""So many bars an answer; decoding them takes the daemon's loop some milliseconds."""
SYMBOLS_MAX: Final = 5_000


class SessionsWanted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The sessions of a calendar, both dates included."""

    calendar: str
    from_date: str
    to_date: str


class SymbolsWanted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The symbols with daily or minute bars in a folder."""

    bars_dir: str


class BarsWanted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The bars of a symbol that lie in [from_ns, to_ns): begun, and over."""

    bars_dir: str
    symbol: str
    span: BarSpan
    from_ns: int
    to_ns: int


class DailyWanted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The derived values of a symbol from the bars that were over before `before_ns`.

    `profiles` are days and a statistic, such as "20 median"; the first is the one that is used unless asked.
    """

    bars_dir: str
    symbol: str
    calendar: str
    before_ns: int
    profiles: tuple[str, ...] = ("20 median",)


class SessionsFound(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The sessions, the exchange's time zone, and the library with its version."""

    rows: tuple[SessionRow, ...]
    zone: str
    source: str


class SymbolsFound(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The symbols in order; `is_cut`: there are more than an answer holds."""

    symbols: tuple[str, ...]
    is_cut: bool = False


class BarsFound(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The bars in order; `is_cut`: there are more, ask again from the end of the last."""

    bars: tuple[Bar, ...]
    is_cut: bool = False


class DailyFound(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The derived values, and the names of the files they come from."""

    values: DailyValues
    source: str


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Why there is no answer. Codes: no_calendar, no_bars, bad_bars, bad_request, internal."""

    code: str
    text: str


Request = SessionsWanted | SymbolsWanted | BarsWanted | DailyWanted
Answer = SessionsFound | SymbolsFound | BarsFound | DailyFound | Failed

decode_request: Final = decoder(Request).decode
decode_answer: Final = decoder(Answer).decode


def line(message: Request | Answer) -> bytes:
    """Return a message as its line."""
    return encode(message) + b"\n"
