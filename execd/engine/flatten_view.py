"""What a flatten sees: the part of the book that its scope covers, and what the broker was seen to hold.

It reads the desk and changes nothing. What a flatten concludes from it is in
`controllers/flatten.py`.
"""

from decimal import Decimal
from typing import Final

from execd.core.book import Parent
from execd.core.codec import plain
from execd.core.enums import ParentStatus
from execd.core.parents import HoldingKey, PositionKey
from execd.engine.controllers.flatten import Flatten
from execd.engine.controllers.flatten_terms import FlattenView, Leg
from execd.engine.desk import Desk

ZERO: Final = Decimal(0)


def view_of(desk: Desk, flatten: Flatten, now_ns: int) -> FlattenView:
    """Return the book as a flatten sees it."""
    book, scope = desk.book, flatten.scope
    others = [
        parent
        for parent_id in desk.open_parents
        if not (parent := desk.parent(parent_id)).order.flatten_id
        and scope.covers(parent.order.sleeve, parent.order.symbol)
    ]
    live = [book.orders[key] for parent in others for key in parent.live]
    doubtful_n = sum(order.is_in_doubt for order in live)
    session = desk.rules.session
    window = None if session.is_open(now_ns) else session.window(now_ns)
    return FlattenView(
        now_ns=now_ns,
        legs=_legs(desk, flatten),
        working=tuple(parent.order.parent_id for parent in others if parent.stopping is None),
        unconfirmed_n=len(live) - doubtful_n,
        doubtful_n=doubtful_n,
        untold_n=len(desk.comparing.recalls),
        is_open=session.is_open(now_ns),
        opens_ns=None if window is None else window.open_ns,
        unread=_unread(desk, flatten),
        drifts=_drifts(desk, flatten),
        is_placing=any(_is_closing(desk, desk.parent(one)) for one in closes_of(desk, flatten.flatten_id)),
    )


def _legs(desk: Desk, flatten: Flatten) -> tuple[Leg, ...]:
    """Return what is owned in the scope, in a stable order, with its bounds."""
    book = desk.book
    held = _held(desk)
    closes = [desk.parent(one).order for one in desk.open_parents if _is_closing(desk, desk.parent(one))]
    busy = {HoldingKey(order.account, order.symbol): None for order in closes}
    owned = [
        (key, position.qty)
        for key, position in book.positions.items()
        if position.qty and flatten.scope.covers(key.sleeve, key.symbol)
    ]
    legs: list[Leg] = []
    for key, qty in sorted(owned):
        holding = HoldingKey(key.sleeve.account, key.symbol)
        legs.append(
            Leg(
                key=key,
                instrument=desk.rules.instrument(key.symbol),
                owned_qty=qty,
                account_qty=held[holding],
                external_qty=book.external_positions.get(holding, ZERO),
                broker_qty=shown_qty(desk, holding, flatten.phase_ns),
                out_qty=_out_qty(desk, key, is_buy=qty < ZERO, is_of_sleeve=True),
                account_out_qty=_out_qty(desk, key, is_buy=qty < ZERO, is_of_sleeve=False),
                is_busy=holding in busy,
            )
        )
    return tuple(legs)


def shown_qty(desk: Desk, holding: HoldingKey, since_ns: int) -> Decimal | None:
    """Return what the broker was seen to hold, by a reading that was asked for since then; None where it is unread."""
    seen = desk.comparing.seen.get(holding.account)
    if seen is None or seen.positions is None or seen.asked_ns < since_ns or holding.symbol in seen.unsteady:
        return None
    if any(row.what == "position" and row.symbol in {"", holding.symbol} for row in seen.unreadable):
        return None
    return seen.positions.get(holding.symbol, ZERO)


def _unread(desk: Desk, flatten: Flatten) -> tuple[str, ...]:
    """Return the accounts of what was closed that were not read since the flatten's phase began."""
    holdings = [HoldingKey(key.sleeve.account, key.symbol) for key in flatten.closed]
    return tuple(dict.fromkeys(one.account for one in holdings if shown_qty(desk, one, flatten.phase_ns) is None))


def _drifts(desk: Desk, flatten: Flatten) -> tuple[str, ...]:
    """Return where a broker shows something else than what is owned and declared, of what the flatten has closed."""
    held = _held(desk)
    told: list[str] = []
    for key in dict.fromkeys(flatten.closed):
        holding = HoldingKey(key.sleeve.account, key.symbol)
        shown = shown_qty(desk, holding, flatten.phase_ns)
        ours = held.get(holding, ZERO) + desk.book.external_positions.get(holding, ZERO)
        if shown is not None and shown != ours:
            told.append(f"{plain(shown)} {key.symbol} on {holding.account}, not {plain(ours)}")
    return tuple(told)


def _held(desk: Desk) -> dict[HoldingKey, Decimal]:
    """Return what all sleeves of an account together own of a symbol."""
    held: dict[HoldingKey, Decimal] = {}
    for key, position in desk.book.positions.items():
        holding = HoldingKey(key.sleeve.account, key.symbol)
        held[holding] = held.get(holding, ZERO) + position.qty
    return held


def _out_qty(desk: Desk, key: PositionKey, *, is_buy: bool, is_of_sleeve: bool) -> Decimal:
    """Return what live orders of a sleeve, or of its whole account, may still do on a side; those in doubt count."""
    total = ZERO
    for order_key in desk.live.get((key.sleeve.account, key.symbol), ()):
        order = desk.book.orders[order_key]
        is_meant = not is_of_sleeve or desk.parent(order.first.parent_id).order.sleeve == key.sleeve
        if is_meant and order.first.side.is_buy == is_buy:
            total += order.exposure_qty
    return total


def closes_of(desk: Desk, flatten_id: str) -> list[str]:
    """Return a flatten's own intents that have not ended."""
    return [one for one in desk.open_parents if desk.parent(one).order.flatten_id == flatten_id]


def _is_closing(desk: Desk, parent: Parent) -> bool:
    """Whether a close is under way. One in doubt is not waited for: what it may trade is left to it."""
    if not parent.order.flatten_id or parent.status is ParentStatus.HELD:
        return False
    return not parent.live or not all(desk.book.orders[key].is_in_doubt for key in parent.live)
