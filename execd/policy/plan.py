"""Which algorithm works a parent, inside which bounds, and why.

Until presets exist: `low` and `normal` get `offset`, `high` gets `marketable`,
`close` gets `sweep`, a market order only where it is small or smart execution
is off. Every branch says its reason with the numbers.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

from execd.algos.registry import ENTRIES
from execd.core.codec import plain
from execd.core.enums import OrdType, Urgency
from execd.core.instrument import Instrument
from execd.core.market import Quote
from execd.core.orders import ParentOrder, Plan
from execd.core.rules import Execution

BPS: Final = Decimal(10_000)
ONE: Final = Decimal(1)


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """No plan is allowed for this parent: a stable code, and what to do."""

    code: str
    text: str


class _Choice(msgspec.Struct, frozen=True):
    algo: str
    parameters: dict[str, Any]
    reason: str


def make_plan(
    parent: ParentOrder, order_qty: Decimal, quote: Quote, instrument: Instrument, execution: Execution
) -> Plan | Declined:
    """Return the plan for `order_qty` of a parent that starts at this quote, or why there is none."""
    choice = _choose(parent, order_qty, quote, instrument, execution)
    if isinstance(choice, Declined):
        return choice
    reasons = [choice.reason, f"arrival mid {plain(quote.mid_px)} ({quote.source})"]
    collar_bps = collar_px = None
    if choice.parameters.get("ord_type") == OrdType.MARKET:
        reasons.append("a market order has no collar")
    elif choice.algo != "passthrough":
        collar_bps = parent.max_slippage_bps if parent.max_slippage_bps is not None else execution.collar_bps
        wished = quote.mid_px * (ONE + parent.side.sign * collar_bps / BPS)
        collar_px = instrument.passive(wished, is_buy=parent.side.is_buy)
        reasons.append(f"collar {plain(collar_bps)} bps from arrival: {plain(collar_px)}")
    if parent.price is not None:
        reasons.append(f"limit {plain(parent.price)}")
    return Plan(
        algo=choice.algo,
        parameters=choice.parameters,
        collar_bps=collar_bps,
        collar_px=collar_px,
        limit_px=parent.price,
        reasons=tuple(reasons),
    )


def _choose(
    parent: ParentOrder, order_qty: Decimal, quote: Quote, instrument: Instrument, execution: Execution
) -> _Choice | Declined:
    wants_market = parent.ord_type is OrdType.MARKET
    notional = order_qty * quote.mid_px * instrument.multiplier
    if not execution.is_smart:
        if parent.algo is not None and parent.algo.name != "passthrough":
            text = (
                f"algo {parent.algo.name} needs execution.enable_smart_execution; leave it out for one order as asked"
            )
            return Declined(code="smart_execution_off", text=text)
        ord_type = OrdType.MARKET if wants_market or parent.price is None else OrdType.LIMIT
        return _Choice("passthrough", {"ord_type": ord_type}, "smart execution is off: one order as asked")
    if wants_market or _asks_for_market(parent):
        if notional > execution.small_market_notional_max:
            most = plain(execution.small_market_notional_max)
            return Declined(
                code="market_not_allowed",
                text=f"notional {plain(notional)} is over {most}; leave order_type out, or give a limit_price",
            )
        return _Choice("passthrough", {"ord_type": OrdType.MARKET}, f"small market order: notional {plain(notional)}")
    if parent.algo is not None:
        if parent.algo.name not in ENTRIES:
            return Declined(code="not_supported", text=f"algo {parent.algo.name!r} is not built")
        if parent.algo.name == "passthrough" and parent.price is None:
            return Declined(code="limit_price_required", text="passthrough with order_type limit needs a limit_price")
        return _named(parent, execution)
    if parent.is_close:
        return _Choice("sweep", {}, "close: sweep out now")
    if parent.urgency is Urgency.HIGH:
        fraction = plain(execution.high_spread_fraction)
        given = {"spread_fraction": fraction, "ttl_ns": execution.high_ttl_ns}
        return _Choice("marketable", given, f"urgency high: now x marketable, touch + {fraction} of the spread")
    bps = plain(execution.offset_bps)
    given = {"bps": bps, "ttl_ns": execution.offset_ttl_ns}
    return _Choice("offset", given, f"urgency {parent.urgency}: now x offset {bps} bps")


def flatten_plan() -> Plan:
    """Return the plan of a flatten's close: one market order at once, whatever is known of the market."""
    reasons = ("flatten: the end-of-day order, market", "a market order has no collar")
    return Plan(algo="passthrough", parameters={"ord_type": OrdType.MARKET, "is_exit": True}, reasons=reasons)


def _asks_for_market(parent: ParentOrder) -> bool:
    algo = parent.algo
    return (
        algo is not None
        and algo.name == "passthrough"
        and algo.parameters.get("ord_type", OrdType.LIMIT if parent.price is not None else OrdType.MARKET)
        == OrdType.MARKET
    )


def _named(parent: ParentOrder, execution: Execution) -> _Choice:
    algo = parent.algo
    if algo is None:
        message = "only called for a parent that names its algorithm"
        raise AssertionError(message)
    own = {"bps": plain(execution.offset_bps), "ttl_ns": execution.offset_ttl_ns} if algo.name == "offset" else {}
    parameters = {**own, **algo.parameters}
    if algo.name == "passthrough":
        parameters["ord_type"] = OrdType.LIMIT
    return _Choice(algo.name, parameters, f"algo {algo.name} was asked for")
