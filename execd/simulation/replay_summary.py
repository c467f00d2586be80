"""A replay in numbers: what went in, what became of it, for all symbols and for each.

Made from the book and the inputs alone, so equal runs have equal summaries. Money is in the account's currency,
`slippage_bps` positive when worse for us. How long the run took is not here: it would differ.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from execd.core.book import Book, Parent
from execd.core.enums import QueueRule
from execd.simulation.outputs import KIND

ZERO: Final = Decimal(0)
BPS: Final = Decimal(10_000)
_TWO_PLACES: Final = Decimal("0.01")
_FOUR_PLACES: Final = Decimal("0.0001")


class TapeInput(msgspec.Struct, frozen=True, kw_only=True):
    """One tape file."""

    file: str
    symbol: str
    sha256: str


class TapeRead(msgspec.Struct, frozen=True, kw_only=True):
    """What a symbol's tapes held; `prints` are those that count for the continuous market."""

    rows: int
    quotes: int
    prints: int
    first_ns: int | None
    last_ns: int


class DayInput(msgspec.Struct, frozen=True, kw_only=True):
    """Up to which day the past of a symbol was known from an instant on, and from which files."""

    symbol: str
    from_ns: int
    as_of_date: str
    source: str


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a run depends on beside the program."""

    tapes: tuple[TapeInput, ...]
    intents_file: str
    intents_sha256: str
    queue: QueueRule
    latency_ns: int
    seed: int
    is_isolated: bool
    config_sha256: str | None
    days: tuple[DayInput, ...] = ()


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What became of some intents. Ratios and averages are None where nothing was asked or filled.

    `slippage_bps` and `slippage` (money) are against the mid at arrival; the former is weighted by arrival notional.
    """

    intents: int
    statuses: dict[str, int]
    orders: int
    fills: int
    asked_qty: Decimal
    filled_qty: Decimal
    fill_ratio: Decimal | None
    passive_ratio: Decimal | None
    notional: Decimal
    commission: Decimal
    slippage: Decimal
    slippage_bps: Decimal | None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The whole; `kind` marks the folder as one that a replay may write over."""

    kind: str
    version: str
    inputs: Inputs
    tapes: dict[str, TapeRead]
    alerts: dict[str, int]
    total: Outcomes
    symbols: dict[str, Outcomes]


def summary(
    *, version: str, inputs: Inputs, tapes: Mapping[str, TapeRead], alerts: Mapping[str, int], book: Book
) -> Summary:
    """Return the summary of a finished run."""
    by_symbol: dict[str, list[Parent]] = {}
    for parent in book.parents.values():
        by_symbol.setdefault(parent.order.symbol, []).append(parent)
    return Summary(
        kind=KIND,
        version=version,
        inputs=inputs,
        tapes=dict(sorted(tapes.items())),
        alerts=dict(sorted(alerts.items())),
        total=outcomes(book, book.parents.values()),
        symbols={symbol: outcomes(book, parents) for symbol, parents in sorted(by_symbol.items())},
    )


def outcomes(book: Book, parents: Iterable[Parent]) -> Outcomes:
    """Return what became of some parents."""
    statuses: dict[str, int] = {}
    orders = fills = intents = 0
    asked = filled = passive = notional = arrival = slippage = commission = ZERO
    for parent in parents:
        intents += 1
        statuses[parent.status] = statuses.get(parent.status, 0) + 1
        asked += parent.order_qty if parent.order_qty is not None else parent.order.order_qty or ZERO
        filled += parent.cum_qty
        notional += parent.notional
        commission += parent.commission
        orders += len(parent.children)
        for key in parent.children:
            counted = book.orders[key].fills.counted
            fills += len(counted)
            passive += sum((trade.last_qty for trade in counted if trade.is_passive), ZERO)
        if parent.arrival is not None:
            worth = parent.cum_qty * parent.arrival.mid_px
            arrival += worth
            slippage += (parent.notional - worth) * parent.order.side.sign
    return Outcomes(
        intents=intents,
        statuses=dict(sorted(statuses.items())),
        orders=orders,
        fills=fills,
        asked_qty=asked,
        filled_qty=filled,
        fill_ratio=(filled / asked).quantize(_FOUR_PLACES) if asked else None,
        passive_ratio=(passive / filled).quantize(_FOUR_PLACES) if filled else None,
        notional=notional,
        commission=commission,
        slippage=slippage.quantize(_FOUR_PLACES),
        slippage_bps=(slippage / arrival * BPS).quantize(_TWO_PLACES) if arrival else None,
    )
