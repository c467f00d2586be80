"""Changing what a parent was asked, while it waits or works.

No limit of the plan is ever loosened: a limit price or a collar may only
become tighter, a quantity not less than what is filled and working. A deadline
may move either way within the session. What is out under the old terms is
pulled and decided afresh where it may no longer stand.
"""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from execd.algos.registry import made
from execd.core.book import Parent
from execd.core.codec import plain
from execd.core.commands import AmendParent
from execd.core.enums import OrdType
from execd.core.orders import Plan
from execd.core.records import ParentAmended
from execd.core.telling import describe
from execd.engine import risk
from execd.engine.desk import Desk
from execd.engine.sizing import free_to_exit
from execd.engine.staying_out import pull
from execd.engine.touching import touch
from execd.policy.plan import Declined, Scene, collar_bps_of, make_plan, no_looser, rebounded

ZERO: Final = Decimal(0)
AMENDED: Final = "operator: amended"


def amend(desk: Desk, parent: Parent, command: AmendParent, now_ns: int) -> risk.Refusal | None:
    """Change a parent's terms; return why not."""
    refusal = _refusal(desk, parent, command, now_ns)
    if refusal is not None:
        return refusal
    plan = _plan(desk, parent, command, now_ns)
    if isinstance(plan, Declined):
        return risk.Refusal(code=plan.code, text=plan.text)
    record = ParentAmended(
        now_ns=now_ns,
        parent_id=command.parent_id,
        order_qty=command.order_qty,
        price=command.price,
        expire_ns=_deadline_ns(desk, parent, command, now_ns),
        urgency=command.urgency,
        max_slippage_bps=command.max_slippage_bps,
        plan=plan,
    )
    told = describe(record) + (f" ({command.reason})" if command.reason else "")
    desk.record(replace(record, text=told))
    parent_id = command.parent_id
    if plan is not None and parent.plan is not None and _is_other(plan, parent.plan):
        desk.algos[parent_id] = made(plan)
    desk.write_report(parent_id)
    if plan is not None:
        pull(desk, desk.parent(parent_id), now_ns, AMENDED)
    touch(desk, parent_id, now_ns, "amend")
    return None


def _refusal(desk: Desk, parent: Parent, command: AmendParent, now_ns: int) -> risk.Refusal | None:
    given = (command.order_qty, command.price, command.expire_ns, command.urgency, command.max_slippage_bps)
    if all(value is None for value in given):
        return risk.Refusal(
            code="amend_nothing", text="give at least one of qty, limit_price, deadline, urgency, max_slippage_bps"
        )
    if parent.stopping is not None:
        return risk.Refusal(code="already_ended", text=f"{command.parent_id} is stopping: {parent.reason}")
    if command.expire_ns is not None and command.expire_ns <= now_ns:
        return risk.Refusal(code="deadline_passed", text="the new deadline is not in the future", field="deadline")
    return _qty_refusal(desk, parent, command.order_qty) or _price_refusal(desk, parent, command)


def _qty_refusal(desk: Desk, parent: Parent, qty: Decimal | None) -> risk.Refusal | None:
    if qty is None:
        return None
    order, instrument = parent.order, desk.rules.instrument(parent.order.symbol)
    if order.is_close or order.target_qty is not None:
        return risk.Refusal(
            code="bad_value", text="close and target_qty find their quantity; cancel, and send anew", field="qty"
        )
    if instrument.floor_qty(qty) != qty or qty < instrument.min_qty:
        return risk.Refusal(
            code="qty_step", text=f"{plain(qty)} is no multiple of {plain(instrument.qty_step)}", field="qty"
        )
    limits = desk.rules.limits_of(order)
    if limits is None or not qty <= limits.order_qty_max:
        most = "none is set" if limits is None else plain(limits.order_qty_max)
        return risk.Refusal(code="max_order_qty", text=f"{plain(qty)} shares, at most {most}", field="qty")
    if parent.order_qty is None:
        return None
    out_qty = sum((desk.book.orders[key].exposure_qty for key in parent.live), parent.cum_qty)
    if qty < out_qty:
        text = f"{plain(out_qty)} are filled or working; pause the intent, amend it, and resume it"
        return risk.Refusal(code="amend_below_filled", text=text, field="qty")
    more = qty - parent.order_qty
    free = free_to_exit(desk, parent)
    if limits.is_owned_required and free is not None and more > free - parent.leaves_qty:
        return risk.Refusal(
            code="sell_exceeds_owned", text=f"{plain(free)} are owned and free for {order.side}", field="qty"
        )
    return None


def _price_refusal(desk: Desk, parent: Parent, command: AmendParent) -> risk.Refusal | None:
    order, sign = parent.order, parent.order.side.sign
    if command.price is not None:
        if order.ord_type is OrdType.MARKET:
            return risk.Refusal(code="bad_value", text="a market order has no limit", field="limit_price")
        if order.price is not None and command.price * sign > order.price * sign:
            text = f"limit_price {plain(command.price)} is looser than {plain(order.price)}; cancel, and send anew"
            return risk.Refusal(code="amend_loosens", text=text, field="limit_price")
    if command.max_slippage_bps is not None:
        now_bps = order.max_slippage_bps
        if now_bps is None and parent.plan is not None:
            now_bps = parent.plan.collar_bps
        elif now_bps is None:
            rules = desk.rules
            now_bps, _ = collar_bps_of(order, rules.preset_of(order.strategy), rules.instrument(order.symbol))
        if now_bps is not None and command.max_slippage_bps > now_bps:
            text = f"max_slippage_bps {plain(command.max_slippage_bps)} is looser than {plain(now_bps)}"
            return risk.Refusal(code="amend_loosens", text=text, field="max_slippage_bps")
    return None


def _is_other(plan: Plan, before: Plan) -> bool:
    """Whether a plan is worked by another algorithm than the one before it."""
    return (plan.algo, plan.parameters) != (before.algo, before.parameters)


def _plan(desk: Desk, parent: Parent, command: AmendParent, now_ns: int) -> Plan | Declined | None:
    """Return the plan under new terms; None where the plan stays. The collar still counts from the arrival.

    Only another urgency changes how it is worked; what was a market order is planned anew, too.
    """
    changes = (command.price, command.urgency, command.max_slippage_bps)
    if parent.plan is None or parent.arrival is None or all(value is None for value in changes):
        return None
    order = parent.order
    changed = replace(
        order,
        price=command.price if command.price is not None else order.price,
        urgency=command.urgency if command.urgency is not None else order.urgency,
        max_slippage_bps=(command.max_slippage_bps if command.max_slippage_bps is not None else order.max_slippage_bps),
    )
    qty = command.order_qty if command.order_qty is not None else parent.order_qty or ZERO
    scene = Scene.of(desk.rules, order, parent.arrival, desk.markets.view(order.symbol, now_ns), now_ns)
    stays = changed.urgency is order.urgency and parent.plan.collar_px is not None
    plan = rebounded(parent.plan, changed, scene) if stays else make_plan(changed, qty, scene)
    # A collar of the configuration that has grown since is no reason to pay more.
    return no_looser(plan, parent.plan, order.side) if isinstance(plan, Plan) else plan


def _deadline_ns(desk: Desk, parent: Parent, command: AmendParent, now_ns: int) -> int | None:
    if command.expire_ns is None or parent.started_ns is None:
        return command.expire_ns
    window = desk.rules.session.window(now_ns)
    return command.expire_ns if window is None else min(command.expire_ns, window.close_ns)
