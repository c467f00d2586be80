"""Small calendars and answers for the tests of this room, and a program that gives prepared answers."""

import json
import sys
from decimal import Decimal

from execd.core.daily import DailyValues
from execd.refdata.values import CalendarTable, Closure, SessionRow
from execd.refdata.wire import Answer, line

DAY_NS = 86_400 * 10**9
NOW_NS = 1_795_262_400 * 10**9
"""2026-11-21 12:00 UTC, a Saturday."""
MONDAY_OPEN_NS = 1_795_444_200 * 10**9
"""2026-11-23 09:30 in New York."""
PREPARED = """
import json, sys
answers = json.loads(sys.argv[1])
for question in sys.stdin:
    kind = json.loads(question)["type"]
    told = answers[kind].pop(0) if len(answers[kind]) > 1 else answers[kind][0]
    print(told, end="", flush=True)
"""


def prepared(**answers: list[Answer]) -> tuple[str, ...]:
    """Return a program that speaks the worker's protocol: by kind of question, the next answer; the last one stays."""
    texts = {kind: [line(answer).decode() for answer in rows] for kind, rows in answers.items()}
    return (sys.executable, "-I", "-S", "-c", PREPARED, json.dumps(texts))


def program(text: str) -> tuple[str, ...]:
    """Return a program of a few lines."""
    return (sys.executable, "-I", "-S", "-c", text)


def week(*, first_open_ns: int = MONDAY_OPEN_NS) -> tuple[SessionRow, ...]:
    """Return Monday to Friday of the week of Thanksgiving 2026: Thursday closed, Friday until 13:00."""
    hours = (("2026-11-23", 0, 390), ("2026-11-24", 1, 390), ("2026-11-25", 2, 390), ("2026-11-27", 4, 210))
    rows = []
    for day, days, minutes in hours:
        open_ns = first_open_ns + days * DAY_NS
        rows.append(
            SessionRow(date=day, open_ns=open_ns, close_ns=open_ns + minutes * 60 * 10**9, is_early=minutes < 390)
        )
    return tuple(rows)


def calendar(*closures: str, to_date: str = "2026-12-31", built_ns: int = NOW_NS) -> CalendarTable:
    """Return a calendar of that week with an operator's closures."""
    return CalendarTable(
        calendar="XNYS",
        zone="America/New_York",
        source="by hand",
        built_ns=built_ns,
        from_date="2026-11-21",
        to_date=to_date,
        rows=week(),
        closures=tuple(Closure.of(text) for text in closures),
    )


def values(symbol: str) -> DailyValues:
    """Return derived values of which only the last close is known."""
    return DailyValues(symbol=symbol, as_of_date="2026-11-20", prev_close_px=Decimal(10), adv_qty=None, atr_px=None)
