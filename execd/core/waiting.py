"""Until when a server wants to be left alone, from what its answer says.

`Retry-After` holds seconds or one of the three dates of HTTP (RFC 9110, 5.6.7),
a rate limit's reset the second of its end. What cannot be read, or is past,
says nothing: then whoever waits takes a pause of its own. Adapters translate
with it; how long is really waited is `engine/throttle`'s.
"""

import re
from datetime import UTC, datetime
from typing import Final

from execd.core.rules import S

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER: Final = re.compile(r"[0-9]{1,12}")
_CLOCK: Final = r"(?P<h>[0-9]{2}):(?P<m>[0-9]{2}):(?P<s>[0-9]{2})"
_DATES: Final = (
    re.compile(rf"[A-Z][a-z]{{2}}, (?P<day>[0-9]{{2}}) (?P<month>[A-Z][a-z]{{2}}) (?P<year>[0-9]{{4}}) {_CLOCK} GMT"),
    re.compile(rf"[A-Z][a-z]+, (?P<day>[0-9]{{2}})-(?P<month>[A-Z][a-z]{{2}})-(?P<year>[0-9]{{2}}) {_CLOCK} GMT"),
    re.compile(rf"[A-Z][a-z]{{2}} (?P<month>[A-Z][a-z]{{2}}) (?P<day>[ 0-9][0-9]) {_CLOCK} (?P<year>[0-9]{{4}})"),
)


def until_ns(*, now_ns: int, retry_after: str = "", reset: str = "") -> int:
    """Return the later instant of the two that lies ahead; 0 where neither says one. `reset` is a Unix second."""
    told_ns = [_retry_ns(retry_after.strip(), now_ns), _seconds(reset.strip()) * S]
    latest_ns = max(told_ns)
    return latest_ns if latest_ns > now_ns else 0


def _retry_ns(text: str, now_ns: int) -> int:
    if _NUMBER.fullmatch(text):
        return now_ns + int(text) * S
    for form in _DATES:
        if found := form.fullmatch(text):
            return _date_ns(found, now_ns)
    return 0


def _date_ns(found: re.Match[str], now_ns: int) -> int:
    if found["month"] not in MONTHS:
        return 0
    year = int(found["year"])
    if len(found["year"]) == len("99"):
        # Two digits mean the year of that ending that is at most fifty years ahead.
        this_year = datetime.fromtimestamp(now_ns // S, UTC).year
        year += this_year - this_year % 100
        year -= 100 if year > this_year + 50 else 0
    month, day = MONTHS.index(found["month"]) + 1, int(found["day"])
    try:
        # A leap second is the one after it.
        at = datetime(year, month, day, int(found["h"]), int(found["m"]), min(int(found["s"]), 59), tzinfo=UTC)
    except ValueError:
        return 0
    return int(at.timestamp()) * S


def _seconds(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else 0
