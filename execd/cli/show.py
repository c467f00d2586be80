"""How tables and amounts look in a terminal: plain text, aligned, coloured only for people.

Standard library only. Colour is off when standard output is not a terminal or
NO_COLOR is set. What others wrote (a broker's text, a reason) is shown with
its control characters escaped, so it cannot draw on the terminal.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

NS_PER_S: Final = 1_000_000_000
S_PER_DAY: Final = 86_400
_INSTANT: Final = re.compile(r"\b1[0-9]{18}\b")
"""Nanoseconds of any instant from 2001 to 2033."""
_COLOURS: Final = {
    "filled": "32",
    "working": "34",
    "queued": "33",
    "held": "33",
    "partially_filled": "36",
    "canceled": "35",
    "expired": "90",
    "rejected": "31",
    "failed": "31",
    "buy": "32",
    "sell": "31",
    "head": "1",
    "dim": "2",
    "ok": "32",
    "bad": "31",
}
Cell = str | tuple[str, str]
"""A text, or a text and the name of its colour."""
ID_WIDTH: Final = 28
"""Longer ids are cut in tables; --json has them whole."""


def has_colour() -> bool:
    """Whether colour helps whoever reads."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def paint(text: str, colour: str) -> str:
    """Return `text` in a named colour where colours are shown."""
    code = _COLOURS.get(colour)
    return f"\x1b[{code}m{text}\x1b[0m" if code and has_colour() else text


def as_json(value: Any) -> str:  # noqa: ANN401  # JSON has no narrower type.
    """Return JSON as people can read it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, right: frozenset[str] = frozenset()) -> str:
    """Return a table; the columns named in `right` hold numbers."""
    texts = [
        [(safe(cell[0]), cell[1]) if isinstance(cell, tuple) else (safe(cell), "") for cell in row] for row in rows
    ]
    widths = [max([len(head), *(len(row[n][0]) for row in texts)]) for n, head in enumerate(heads)]

    def padded(text: str, n: int) -> str:
        return text.rjust(widths[n]) if heads[n] in right else text.ljust(widths[n])

    lines = [paint("  ".join(padded(head, n) for n, head in enumerate(heads)).rstrip(), "head")]
    lines += [
        "  ".join(paint(padded(text, n), colour) for n, (text, colour) in enumerate(row)).rstrip() for row in texts
    ]
    return "\n".join(lines)


def safe(text: str) -> str:
    """Return a text in one line without control characters: each is shown as its escape."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def clip(text: str, width: int = ID_WIDTH) -> str:
    """Return a text that is no longer than `width`; an ellipsis says that it was cut."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def readable(text: str) -> str:
    """Return a text in which instants (nanoseconds since 1970) stand as times of day, UTC."""
    return _INSTANT.sub(_time_of_day, text)


def _time_of_day(found: "re.Match[str]") -> str:
    seconds = int(found.group()) // NS_PER_S % S_PER_DAY
    return f"{seconds // 3_600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d} UTC"


def because(status: str, reason: str) -> str:
    """Return a reason without the status that stands beside it."""
    return "" if reason == status else reason.removeprefix(f"{status}: ")


def or_dash(value: object) -> str:
    """Return a value as text, a dash where there is none."""
    return "–" if value is None or value == "" else str(value)


def program() -> str:
    """Return how the user can type this program's name: bare if it is on the path, else as it was called."""
    return "execd" if shutil.which("execd") else os.path.relpath(sys.argv[0])
