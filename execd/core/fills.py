"""How the trades of one order are counted.

Trades, busts and corrections are kept as facts; sums are kept beside them.
Two trades with equal cumulative intervals are one trade under two names; one
ExecID with two contents counts as the earlier. A broker that only tells
cumulative quantities leaves a synthetic part, which shrinks as real trades
cover it. Such a word is about its own instant: what was traded or taken back
later is counted beside it.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.core.codec import encode
from execd.core.reports import Trade

ZERO: Final = Decimal(0)
UNPRICED: Final = ZERO
"""The average price of a cumulative word that tells a quantity alone; any price that is told counts before it."""


class Seen(msgspec.Struct, frozen=True, gc=False, order=True):
    """CumQty and AvgPx of an order as the broker told them at `transact_ns`; the latest counts."""

    transact_ns: int
    cum_qty: Decimal
    avg_px: Decimal


class Bust(msgspec.Struct, frozen=True, gc=False, order=True):
    """When a trade was taken back; of several instants the earliest counts."""

    exec_id: str
    transact_ns: int


class Fills(msgspec.Struct, frozen=True, kw_only=True):
    """The trades of one order (sorted, each once), and their running sums.

    `busted` and `corrections` are ExecIDs, `busts` says when (it knows nothing of those that an older version kept).
    `synthetic_qty` is the part of `seen` that no trade covers; it is in `cum_qty` and `notional`.
    """

    trades: tuple[Trade, ...] = ()
    busted: tuple[str, ...] = ()
    busts: tuple[Bust, ...] = ()
    corrections: tuple[str, ...] = ()
    seen: Seen | None = None
    cum_qty: Decimal = ZERO
    notional: Decimal = ZERO
    commission: Decimal = ZERO
    synthetic_qty: Decimal = ZERO

    @property
    def is_unpriced(self) -> bool:
        """Whether of some of it only the quantity was told, by the word of an end: nobody knows yet what it cost."""
        return bool(self.synthetic_qty) and self.seen is not None and self.seen.avg_px == UNPRICED

    @property
    def counted(self) -> tuple[Trade, ...]:
        """The trades that count, in order of (transact_ns, exec_id)."""
        return tuple(_counted(self))

    @property
    def distinct(self) -> tuple[Trade, ...]:
        """One trade for each ExecID, counted or not, in order of (transact_ns, exec_id)."""
        return tuple(_by_exec_id(self.trades).values())

    @property
    def conflicts(self) -> tuple[Trade, ...]:
        """Trades that share an ExecID with another content that counts instead."""
        if len(self.trades) < 2:  # noqa: PLR2004  # One alone conflicts with nothing.
            return ()
        chosen = _by_exec_id(self.trades)
        return tuple(trade for trade in self.trades if chosen[trade.exec_id] != trade)


def add_trade(fills: Fills, trade: Trade) -> Fills:
    """Return the fills with one more trade; the same trade again changes nothing."""
    if trade in fills.trades:
        return fills
    grown = replace(fills, trades=_inserted(fills.trades, trade))
    if _is_plain(fills, trade):
        return replace(
            grown,
            cum_qty=fills.cum_qty + trade.last_qty,
            notional=fills.notional + trade.last_qty * trade.last_px,
            commission=fills.commission + trade.commission,
        )
    return recounted(grown)


def add_bust(fills: Fills, exec_ref_id: str, transact_ns: int) -> Fills:
    """Return the fills knowing since `transact_ns` that `exec_ref_id` never happened, whether or not it was seen."""
    bust = Bust(exec_ref_id, transact_ns)
    known = next((one for one in fills.busts if one.exec_id == exec_ref_id), None)
    if known is not None and known <= bust:
        return fills
    busts = tuple(sorted((*(one for one in fills.busts if one != known), bust)))
    busted = tuple(sorted({*fills.busted, exec_ref_id}))
    return recounted(replace(fills, busted=busted, busts=busts))


def add_correction(fills: Fills, exec_ref_id: str, trade: Trade, transact_ns: int) -> Fills:
    """Return the fills with `trade` in the place of `exec_ref_id` since `transact_ns`."""
    fills = add_trade(add_bust(fills, exec_ref_id, transact_ns), trade)
    if trade.exec_id in fills.corrections:
        return fills
    return recounted(replace(fills, corrections=tuple(sorted((*fills.corrections, trade.exec_id)))))


def add_seen(fills: Fills, cum_qty: Decimal, avg_px: Decimal, transact_ns: int) -> Fills:
    """Return the fills knowing the broker's cumulative word; an older word than the one known changes nothing."""
    seen = Seen(transact_ns, cum_qty, avg_px)
    if fills.seen is not None and seen <= fills.seen:
        return fills
    return recounted(replace(fills, seen=seen))


def only_new(before: Fills, after: Fills) -> Trade | None:
    """Return the one trade by which `after` is more than `before`; None where anything else may count differently.

    A trade that arrives in order costs no look at the others.
    """
    if (
        after.seen is not None
        or len(after.trades) != len(before.trades) + 1
        or after.trades[:-1] != before.trades
        or (after.busted, after.corrections) != (before.busted, before.corrections)
    ):
        return None
    trade = after.trades[-1]
    return trade if trade.last_qty and after.cum_qty == before.cum_qty + trade.last_qty else None


def recounted(fills: Fills) -> Fills:
    """Return the fills with every sum computed anew from the facts."""
    counted = _counted(fills)
    cum_qty = sum((trade.last_qty for trade in counted), ZERO)
    notional = sum((trade.last_qty * trade.last_px for trade in counted), ZERO)
    commission = sum((trade.commission for trade in counted), ZERO)
    synthetic_qty = ZERO
    if fills.seen is not None:
        covered_qty, covered_notional = _covered(fills, counted, fills.seen)
        synthetic_qty = max(ZERO, fills.seen.cum_qty - covered_qty)
        if synthetic_qty and fills.seen.avg_px == UNPRICED:
            # Until it is told, as dear as the rest.
            notional += synthetic_qty * notional / cum_qty if cum_qty else ZERO
        elif synthetic_qty:
            notional += max(ZERO, fills.seen.cum_qty * fills.seen.avg_px - covered_notional)
    return replace(
        fills,
        cum_qty=cum_qty + synthetic_qty,
        notional=notional,
        commission=commission,
        synthetic_qty=synthetic_qty,
    )


def _inserted(trades: tuple[Trade, ...], trade: Trade) -> tuple[Trade, ...]:
    # Fills nearly always arrive in order: then no other trade is looked at.
    if not trades or (trades[-1].transact_ns, trades[-1].exec_id) < (trade.transact_ns, trade.exec_id):
        return (*trades, trade)
    return tuple(sorted((*trades, trade), key=_rank))


def _is_plain(fills: Fills, trade: Trade) -> bool:
    """Whether `trade` only adds: nothing known of the order can change how it counts."""
    if fills.busted or fills.seen is not None:
        return False
    return not any(
        known.exec_id == trade.exec_id or (known.cum_after is not None and known.cum_after == trade.cum_after)
        for known in fills.trades
    )


def _counted(fills: Fills) -> list[Trade]:
    chosen = _by_exec_id(fills.trades)
    groups: dict[object, list[Trade]] = {}
    for trade in chosen.values():
        groups.setdefault(_identity(trade), []).append(trade)
    counted: list[Trade] = []
    for group in groups.values():
        standing = [trade for trade in group if trade.exec_id not in fills.busted]
        corrected = [trade for trade in standing if trade.exec_id in fills.corrections]
        if corrected:
            counted.append(max(corrected, key=_rank))
        elif standing and len(standing) == len(group):
            counted.append(standing[0])
    return sorted(counted, key=_rank)


def _by_exec_id(trades: Iterable[Trade]) -> dict[str, Trade]:
    chosen: dict[str, Trade] = {}
    for trade in trades:  # Sorted by rank: the first of one ExecID is the one that counts.
        chosen.setdefault(trade.exec_id, trade)
    return chosen


def _identity(trade: Trade) -> object:
    if trade.cum_before is None or trade.cum_after is None:
        return trade.exec_id
    return (trade.cum_before, trade.cum_after)


def _covered(fills: Fills, counted: list[Trade], seen: Seen) -> tuple[Decimal, Decimal]:
    """Return quantity and notional of a cumulative word that the trades account for.

    What was taken back after the word is in it, and so covers its part of it; a correction then only stands in its
    place. Places in CumQty are believed until something was taken back: then a broker counts anew.
    """
    busts = {bust.exec_id: bust.transact_ns for bust in fills.busts}
    are_placed = all(at_ns > seen.transact_ns for at_ns in busts.values())
    later = [one for one in _by_exec_id(fills.trades).values() if busts.get(one.exec_id, 0) > seen.transact_ns]
    included = [*later, *(one for one in counted if one not in later)]
    qty = notional = ZERO
    for trade in included:
        if are_placed and trade.cum_before is not None and trade.cum_after is not None:
            is_stand_in = trade.exec_id in fills.corrections and trade.transact_ns > seen.transact_ns
            part = ZERO if is_stand_in else max(ZERO, min(trade.cum_after, seen.cum_qty) - trade.cum_before)
        else:
            part = trade.last_qty if trade.transact_ns <= seen.transact_ns else ZERO
        qty += part
        notional += part * trade.last_px
    return qty, notional


def _rank(trade: Trade) -> tuple[int, str, bytes]:
    return (trade.transact_ns, trade.exec_id, encode(trade))
