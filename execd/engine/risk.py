"""The two gates, and the one table of what binds whom.

`accept` looks at an intent when it arrives, `send` at a request last before
the journal. Each refusal has a stable code. Cancels are never refused. A new
limit is a row in `ROWS` and a check below; a limit that is not given refuses.
"""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from execd.algos.base import MarketView, stand_in_px, valued_px
from execd.core.codec import plain
from execd.core.instrument import Instrument
from execd.core.order import Order
from execd.core.orders import NewOrder, ParentOrder, ReplaceRequest
from execd.core.rules import Execution, Limits, Rules
from execd.core.session import in_new_york

ZERO: Final = Decimal(0)
OPEN_ORDERS: Final = "max_open_orders"


class Kind(StrEnum):
    """What a request does to risk."""

    NEW = "new"
    REPLACE = "replace"
    PROTECTIVE = "protective"
    FLATTEN = "flatten"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A gate said no. `is_passing`: the same may be allowed a little later; `field` is whose value it is about."""

    code: str
    text: str
    is_passing: bool = False
    field: str = ""


class SendContext(msgspec.Struct, frozen=True, kw_only=True):
    """All that the send gate may look at.

    `rival` is the account's live order on the other side of the symbol that would be met first, `siblings` every order
    the parent ever had but the chain concerned, `chain_cum_qty` what that chain has filled. `halt` says why no new risk
    may be taken (empty: it may), `stale` why what the account holds is not known well enough for it, `is_reducing` that
    the request takes none.
    """

    kind: Kind
    request: NewOrder | ReplaceRequest
    order_qty: Decimal
    chain_cum_qty: Decimal
    siblings: tuple[Order, ...]
    rival: Order | None
    open_orders_n: int
    market: MarketView
    instrument: Instrument
    limits: Limits
    execution: Execution
    now_ns: int = 0
    halt: str = ""
    stale: str = ""
    is_reducing: bool = False


Check = Callable[[SendContext], Refusal | None]


class Row(msgspec.Struct, frozen=True):
    """One limit: whom it binds, and how it is asked."""

    code: str
    binds: tuple[Kind, ...]
    check: Check


def _qty(context: SendContext) -> Refusal | None:
    qty, most = context.request.order_qty, context.limits.order_qty_max
    if qty <= most:
        return None
    return Refusal(code="max_order_qty", text=f"{plain(qty)} shares, at most {plain(most)}")


def _notional(context: SendContext) -> Refusal | None:
    px = valued_px(context.market, context.request.price)
    if px is None:
        return Refusal(code="no_quote", text="a market order needs a quote to be valued", is_passing=True)
    notional = context.request.order_qty * px * context.instrument.multiplier
    most = context.limits.order_notional_max
    if notional <= most:
        return None
    qty = context.request.order_qty
    text = f"{plain(qty)} at {plain(px)} is worth {plain(notional)}, one order at most {plain(most)}"
    return Refusal(code="max_order_notional", text=text)


def _halted(context: SendContext) -> Refusal | None:
    if not context.halt or context.is_reducing:
        return None
    return Refusal(code="halted", text=context.halt, is_passing=True)


def _reconciled(context: SendContext) -> Refusal | None:
    if not context.stale or context.is_reducing:
        return None
    return Refusal(code="reconcile_stale", text=context.stale, is_passing=True)


def _fresh(context: SendContext) -> Refusal | None:
    market, most_ns = context.market, context.execution.quote_age_marketable_ns_max
    if _reference_px(context) is not None:
        return None
    text = "no usable quote to hold the price against"
    if market.quote is not None and market.quote.is_priceable:
        text = f"quote age {market.quote_age_ns} ns, at most {most_ns}"
    return Refusal(code="stale_reference", text=text, is_passing=True)


def _reference_px(context: SendContext) -> Decimal | None:
    """Return what a price is held against: the middle of a fresh quote, else for a limit what stands in for it."""
    market, most_ns = context.market, context.execution.quote_age_marketable_ns_max
    if market.quote is not None and market.quote.is_priceable and market.quote_age_ns <= most_ns:
        return market.quote.mid_px
    stand_in = None if context.request.price is None else stand_in_px(market, context.now_ns, most_ns)
    return None if stand_in is None else stand_in[0]


def _collar(context: SendContext) -> Refusal | None:
    px, reference_px = context.request.price, _reference_px(context)
    if px is None or reference_px is None:
        return None
    # Only the side that pays too much is dangerous: a resting limit far away costs nothing.
    worse = (px - reference_px) * context.request.side.sign
    most = reference_px * context.limits.price_collar_ratio
    if worse <= most:
        return None
    return Refusal(
        code="price_collar",
        text=f"price {plain(px)} is {plain(worse)} beyond {plain(reference_px)}, at most {plain(most)}",
    )


def _open_orders(context: SendContext) -> Refusal | None:
    if context.open_orders_n < context.limits.open_orders_max:
        return None
    return Refusal(
        code=OPEN_ORDERS,
        text=f"{context.open_orders_n} orders are open, at most {context.limits.open_orders_max}",
        is_passing=True,
    )


def _opposing(context: SendContext) -> Refusal | None:
    rival = context.rival
    if rival is None:
        return None
    px, theirs = context.request.price, rival.price
    crosses = px is None or theirs is None or (px >= theirs if context.request.side.is_buy else px <= theirs)
    if not crosses:
        return None
    return Refusal(
        code="opposing_order",
        text=f"it could trade with our own {rival.first.side} {rival.key}",
        is_passing=True,
    )


def _within_parent(context: SendContext) -> Refusal | None:
    # Summed from the orders' own facts, not from what the parent believes: this is the last look before the wire.
    filled_qty = sum((order.cum_qty for order in context.siblings), context.chain_cum_qty)
    out_qty = sum((order.exposure_qty for order in context.siblings), ZERO)
    asked_qty = context.request.order_qty - context.chain_cum_qty
    if filled_qty + out_qty + asked_qty <= context.order_qty:
        return None
    return Refusal(
        code="children_over_parent",
        text=(
            f"filled {plain(filled_qty)} + out {plain(out_qty)} + new {plain(asked_qty)}"
            f" is over {plain(context.order_qty)}"
        ),
    )


_ALL: Final = (Kind.NEW, Kind.REPLACE, Kind.PROTECTIVE, Kind.FLATTEN)
_RISK_ADDING: Final = (Kind.NEW, Kind.REPLACE)
ROWS: Final = (
    Row("children_over_parent", _ALL, _within_parent),
    Row("halted", _RISK_ADDING, _halted),
    Row("reconcile_stale", _RISK_ADDING, _reconciled),
    Row("max_order_qty", _RISK_ADDING, _qty),
    Row("max_order_notional", _RISK_ADDING, _notional),
    Row("stale_reference", _RISK_ADDING, _fresh),
    Row("price_collar", _RISK_ADDING, _collar),
    Row(OPEN_ORDERS, (Kind.NEW,), _open_orders),
    Row("opposing_order", (Kind.NEW, Kind.REPLACE, Kind.FLATTEN), _opposing),
)


def send(context: SendContext) -> Refusal | None:
    """Return why a request may not leave; None where it may. Asked last before the journal."""
    for row in ROWS:
        if context.kind in row.binds:
            refusal = row.check(context)
            if refusal is not None:
                return refusal
    return None


def accept(parent: ParentOrder, rules: Rules, now_ns: int) -> Refusal | None:
    """Return why an intent cannot become a parent; None where it can."""
    limits = rules.limits_of(parent)
    if limits is None:
        return Refusal(code="no_limits", text=f"account {parent.account!r} has no limits; give it some under accounts")
    if parent.order_qty is not None and not parent.order_qty <= limits.order_qty_max:
        text = f"{plain(parent.order_qty)} shares, at most {plain(limits.order_qty_max)}"
        return Refusal(code="max_order_qty", text=text, field="qty")
    if parent.notional is not None and not parent.notional <= limits.order_notional_max:
        text = f"{plain(parent.notional)}, at most {plain(limits.order_notional_max)}"
        return Refusal(code="max_order_notional", text=text, field="notional")
    if parent.target_qty is not None and not abs(parent.target_qty) <= limits.order_qty_max:
        text = f"a target of {plain(parent.target_qty)} shares, at most {plain(limits.order_qty_max)}"
        return Refusal(code="max_order_qty", text=text, field="target_qty")
    if now_ns > parent.start_by_ns:
        return Refusal(
            code="stale_file", text="valid_until is past: it will not be started any more", field="valid_until"
        )
    if parent.expire_ns is not None and parent.effective_ns < parent.expire_ns <= now_ns:
        return Refusal(code="deadline_passed", text="the deadline was over when this was read", field="deadline")
    if parent.expire_ns is not None and parent.expire_ns <= parent.effective_ns:
        return Refusal(code="deadline_passed", text="the deadline is not after the start", field="deadline")
    return _window_refusal(parent, rules, max(now_ns, parent.effective_ns))


def _window_refusal(parent: ParentOrder, rules: Rules, first_ns: int) -> Refusal | None:
    """Return why the window that a schedule was given cannot be kept by working that begins at `first_ns`."""
    given = {} if parent.algo is None else parent.algo.parameters
    start_ns, end_ns = given.get("start_ns"), given.get("end_ns")
    if end_ns is not None and end_ns <= first_ns:
        return Refusal(code="window_passed", text="the end of the window is past", field="algo.end")
    if start_ns is not None and parent.expire_ns is not None and parent.expire_ns <= start_ns:
        return Refusal(code="window_passed", text="the deadline is before the window", field="algo.start")
    session = rules.session.window(first_ns)
    if session is None:
        return None
    for name, at_ns in (("start", start_ns), ("end", end_ns)):
        if at_ns is not None and not session.open_ns <= at_ns <= session.close_ns:
            hours = f"{in_new_york(session.open_ns)} to {in_new_york(session.close_ns)}"
            text = f"the {name} at {in_new_york(at_ns)} is outside the session of {hours}"
            return Refusal(code="window_outside_session", text=text, field=f"algo.{name}")
    return None
