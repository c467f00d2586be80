"""Positions as the journal has them, against positions as the broker shows them.

Expected is what the sleeves own, what was declared external, and what orders
of others have traded since. A difference is believed when two readings show
the same one with nothing on its way in the symbol between; of an account that
is met for the first time at once. An empty list is never taken for a flat
account. Nothing is ever sent to make a difference go away.
"""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from execd.core.book import Book
from execd.core.codec import plain
from execd.core.parents import HoldingKey, Position, PositionKey
from execd.core.rules import S
from execd.core.snapshot import AccountSnapshot
from execd.core.verdict import Drift, Suspect, Verdict

APART_NS: Final = 5 * S
"""Two readings that close together may both rest on the same moment."""
ZERO: Final = Decimal(0)
MISMATCH: Final = "position_mismatch"
UNKNOWN: Final = "account_unknown"
_HELP: Final = "compare with the broker, declare what was not traded here with execd adopt, then execd resume --halt"


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What else a comparison rests on, beside what is known and what is shown.

    `changed_ns` is when we last heard of or touched an order, by key, `moved_ns` the same of a symbol; `suspects` were
    seen once, `halted` the causes for which a symbol is halted, `drifts` what was found of positions that
    differ, `disowned` the names that bear our mark and that the journal does not know, `unreadable` the orders that are
    only read as a whole. News are not older than `heard_ns`. `is_first`: the account was never read whole before.
    """

    epochs: tuple[str, ...] = ()
    changed_ns: Mapping[str, int] = {}
    moved_ns: Mapping[str, int] = {}
    suspects: Mapping[str, Suspect] = {}
    halted: Mapping[str, tuple[str, ...]] = {}
    drifts: Mapping[str, Drift] = {}
    disowned: Mapping[str, None] = {}
    unreadable: Mapping[str, None] = {}
    heard_ns: int = 0
    is_first: bool = False
    halts_on_external: bool = True

    def is_ours(self, name: str) -> bool:
        """Whether a ClOrdID bears the mark of this journal."""
        return name.partition("-")[0] in self.epochs


def expected(
    account: str, held: Mapping[PositionKey, Position], external: Mapping[HoldingKey, Decimal]
) -> dict[str, Decimal]:
    """Return what an account holds going by the journal, by symbol; those that come to nothing are left out."""
    found: dict[str, Decimal] = {}
    for key, position in held.items():
        if key.sleeve.account == account:
            found[key.symbol] = found.get(key.symbol, ZERO) + position.qty
    for place, qty in external.items():
        if place.account == account:
            found[place.symbol] = found.get(place.symbol, ZERO) + qty
    return {symbol: qty for symbol, qty in found.items() if qty}


def expected_qty(book: Book, account: str, symbol: str) -> Decimal:
    """Return what an account holds of a symbol going by the journal."""
    sleeves = (position.qty for key, position in book.positions.items() if _is_of(key, account, symbol))
    return sum(sleeves, book.external_positions.get(HoldingKey(account, symbol), ZERO))


def _is_of(key: PositionKey, account: str, symbol: str) -> bool:
    return key.symbol == symbol and key.sleeve.account == account


def positions(
    mine: Mapping[str, Decimal], unsure: Collection[str], snapshot: AccountSnapshot, sight: Sight
) -> Iterator[Verdict | None]:
    """Yield what differs; `mine` is what is expected, `unsure` the symbols with something on its way."""
    shown = snapshot.positions
    if shown is None:
        return
    if not shown and any(qty for symbol, qty in mine.items() if symbol not in unsure):
        held = ", ".join(f"{plain(qty)} {symbol}" for symbol, qty in sorted(mine.items()) if qty)
        text = f"the list of positions is empty, and the journal has {held}: that is not believed"
        yield Verdict(rule="empty_positions", subject=snapshot.account, symbol="", right="neither", text=text)
        return
    for symbol in sorted(dict.fromkeys((*mine, *shown, *sight.drifts))):
        drift = Drift(mine.get(symbol, ZERO), shown.get(symbol, ZERO))
        moved_ns = sight.moved_ns.get(symbol, 0)
        if symbol in unsure or symbol in snapshot.unsteady or moved_ns > snapshot.asked_ns - APART_NS:
            yield None
        elif drift.expected == drift.seen:
            yield _agrees(symbol, drift, sight)
        else:
            yield _differs(symbol, drift, snapshot, sight)


def _agrees(symbol: str, drift: Drift, sight: Sight) -> Verdict | None:
    """Return that a position agrees again, where it did not; and which halt is over by that."""
    causes, before = sight.halted.get(symbol, ()), sight.drifts.get(symbol)
    if before is None and MISMATCH not in causes and UNKNOWN not in causes:
        return None
    lifts = UNKNOWN if UNKNOWN in causes else ""
    # Facts that came since have moved the journal to what the broker had said all along: the cause is known, and ours.
    if MISMATCH in causes and before is not None and before.seen == drift.seen != before.expected:
        lifts = MISMATCH
    rest = "" if lifts or not causes else "; whoever knows why it differed lifts the halt: execd resume --halt"
    text = f"{plain(drift.seen)} {symbol} here and at the broker{rest}"
    return Verdict(
        rule="position_agrees", subject=symbol, symbol=symbol, right="journal", text=text, lifts=lifts, drift=drift
    )


def _differs(symbol: str, drift: Drift, snapshot: AccountSnapshot, sight: Sight) -> Verdict:
    what = f"{plain(drift.seen)} {symbol} at the broker, {plain(drift.expected)} in the journal"
    if sight.is_first:
        text = (
            f"{what}, which is met for the first time: declare {plain(drift.seen - drift.expected)} with execd adopt "
            f"--symbol {symbol} (--sleeve or --external)"
        )
        return Verdict(
            rule="unknown_holding",
            subject=symbol,
            symbol=symbol,
            right="neither",
            text=text,
            halts=UNKNOWN,
            drift=drift,
        )
    suspect = sight.suspects.get(symbol)
    if suspect is None or suspect.what != what:
        suspect = Suspect(what, snapshot.read_ns)
    elif snapshot.asked_ns - suspect.read_ns >= APART_NS:
        cause = UNKNOWN if UNKNOWN in sight.halted.get(symbol, ()) else MISMATCH
        text = f"{what}, in two readings with nothing on its way: {_HELP}"
        return _of(symbol, MISMATCH, text, drift, suspect=suspect, halts=cause)
    return _of(symbol, "position_differs", f"{what}; it is read again before it is believed", drift, suspect=suspect)


def _of(symbol: str, rule: str, text: str, drift: Drift, *, suspect: Suspect | None = None, halts: str = "") -> Verdict:
    return Verdict(
        rule=rule,
        subject=symbol,
        symbol=symbol,
        right="neither",
        text=text,
        suspect=suspect,
        halts=halts,
        drift=drift,
    )
