"""Small worlds for the tests of the replay: tapes of a few rows, intents, and what a run of them left.

Nothing here decides what is right. Instants of rows are milliseconds after `OPEN_NS`.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from execd.core.book import Book
from execd.core.codec import encode
from execd.core.enums import QueueRule
from execd.core.rules import MS
from execd.engine.summary import report
from execd.intake.parse import ParsedIntent
from execd.simulation.intents import isolated, read_intents, research_rules
from execd.simulation.lane import Lane
from execd.simulation.outputs import fills_csv, orders_csv
from execd.simulation.past_days import PastDays
from execd.simulation.replay import Commits, Replay
from execd.simulation.segments import first_regular_ns, read_segments
from execd.venue.commission import Commission
from execd.venue.latency import Latency
from execd.venue.matching import Matching
from execd.venue.tape_text import HEADER

OPEN_NS = 1_381_152_600_000_000_000
LATENCY_NS = 100 * MS
Doc = dict[str, Any]


def instant(at_ms: float) -> str:
    """Return an instant as an intent writes it."""
    seconds, ns = divmod(OPEN_NS + int(at_ms * MS), 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ns:09d}Z"


def quote(at_ms: int, bid: str, ask: str, bid_size: int = 300, ask_size: int = 300) -> str:
    """Return a quote row."""
    return f"{OPEN_NS + at_ms * MS},Q,{bid},{bid_size},{ask},{ask_size},,,NN,,"


def trade(at_ms: int, px: str, size: int = 100, *, cond: str = "", is_eligible: bool = True) -> str:
    """Return a trade row."""
    return f"{OPEN_NS + at_ms * MS},T,,,,,{px},{size},N,{cond},{int(is_eligible)}"


def tape(folder: Path, symbol: str, rows: Sequence[str], name: str = "day") -> Path:
    """Write a tape."""
    path = folder / f"{symbol.lower()}_{name}.csv"
    path.write_text("\n".join([HEADER.decode(), *rows, ""]), encoding="ascii")
    return path


def intent(intent_id: str, symbol: str = "ABC", **fields: Any) -> Doc:  # noqa: ANN401  # Fields of an intent.
    """Return an intent for 100 shares that may start a second after the open, unless `fields` say otherwise."""
    return {"id": intent_id, "symbol": symbol, "side": "buy", "qty": 100, "not_before": instant(1_000), **fields}


def parsed(docs: Sequence[Doc], tapes: dict[str, list[Path]]) -> list[ParsedIntent]:
    """Return intents as the command reads them."""

    def begins_ns(symbol: str) -> int:
        return first_regular_ns(tapes[symbol][0], symbol) or 0

    return read_intents("intents.json", json.dumps(docs).encode(), begins_ns=begins_ns)


def replayed(
    tapes: dict[str, list[Path]],
    docs: Sequence[Doc],
    *,
    queue: QueueRule = QueueRule.PESSIMISTIC,
    latency_ns: int = LATENCY_NS,
    is_isolated: bool = False,
    skips: bool = True,
    journal: Commits | None = None,
    days: Sequence[PastDays] = (),
) -> Replay:
    """Run intents over tapes by symbol."""
    intents = parsed(docs, tapes)
    rules = research_rules(intents)
    if is_isolated:
        intents, rules = isolated(intents, rules)
    replay = Replay(
        rules=rules,
        venue=Matching(
            queue=queue, commission=Commission(), instrument=rules.instrument, isolates_accounts=is_isolated
        ),
        latency=Latency(base_ns=latency_ns),
        lanes=[Lane(symbol, read_segments(paths, symbol)) for symbol, paths in sorted(tapes.items())],
        journal=journal,
        skips=skips,
        days=days,
    )
    replay.run(intents)
    return replay


def written(book: Book) -> bytes:
    """Return all that a run says of its intents, as the files say it."""
    reports = [encode(report(book, parent_id)) for parent_id in book.parents]
    return b"\n".join([fills_csv(book), orders_csv(book), *reports])


def fills(book: Book) -> list[list[str]]:
    """Return the rows of fills.csv, instants as milliseconds after the open."""
    rows = [line.split(",") for line in fills_csv(book).decode().splitlines()[1:]]
    return [[name, f"{(int(ns) - OPEN_NS) / MS:g}", *rest] for name, ns, *rest in rows]
