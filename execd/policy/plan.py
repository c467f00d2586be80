"""Which algorithm works a parent, inside which bounds, and why (SPEC 5).

The order of the questions: is it allowed, was smart execution switched off, does somebody ask for the market, was an
algorithm named, is it an exit, is it small; else urgency picks the tactic and size the schedule, by the preset. Every
branch says its reason with the numbers. What a preset gives is in `presets`, size in `liquidity`, hours in `gates`.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import BPS, ONE, MarketView
from execd.algos.registry import ENTRIES, made
from execd.algos.schedules.volume import PARTIAL_COVERAGE
from execd.algos.tactics.pricing import touch_px
from execd.algos.worker import Worker
from execd.core.codec import plain
from execd.core.conduct import Ending
from execd.core.enums import OrdType, Side, Urgency
from execd.core.instrument import Instrument
from execd.core.market import Quote
from execd.core.orders import ParentOrder, Plan
from execd.core.preset import Preset
from execd.core.rules import Execution, Rules, S
from execd.core.session import AlwaysOpen, Session
from execd.policy.coverage import coverage_problem, without_caps
from execd.policy.gates import in_gate
from execd.policy.liquidity import PERCENT, size_of
from execd.policy.presets import Choice, by_name, by_urgency, carried

OPENS: Final = (Side.BUY, Side.SELL_SHORT)
"""Sides that open a position, as far as the word says."""
ARRIVAL: Final = "arrival mid "
COLLAR: Final = "collar "
NO_COLLAR: Final = "a market order has no collar"
SHORTENED: Final = "shortened: "
LIMIT: Final = "limit "
"""How the reasons begin that tell the bounds of a plan; no other begins so."""


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """No plan is allowed for this parent: a stable code, and what to do."""

    code: str
    text: str


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan is made from beside the intent. `quote` is usable; `now_ns` is when working starts."""

    quote: Quote
    instrument: Instrument
    execution: Execution
    preset: Preset
    now_ns: int
    market: MarketView = MarketView()
    session: Session = AlwaysOpen()

    @classmethod
    def of(cls, rules: Rules, parent: ParentOrder, quote: Quote, market: MarketView, now_ns: int) -> "Scene":
        """Return the scene of a parent that starts at this quote."""
        return cls(
            quote=quote,
            instrument=rules.instrument(parent.symbol),
            execution=rules.execution,
            preset=rules.preset_of(parent.strategy),
            now_ns=now_ns,
            market=market,
            session=rules.session,
        )


def make_plan(parent: ParentOrder, order_qty: Decimal, scene: Scene) -> Plan | Declined:
    """Return the plan for `order_qty` of a parent that starts now, or why there is none."""
    choice = _choose(parent, order_qty, scene)
    if isinstance(choice, Declined):
        return choice
    blindness = coverage_problem(choice, scene.market, is_named=parent.algo is not None)
    if blindness:
        return Declined(code=PARTIAL_COVERAGE, text=blindness)
    choice = without_caps(choice, scene.market)
    plan = Plan(algo=choice.algo, parameters=choice.parameters, conduct=choice.conduct, reasons=choice.reasons)
    bounded = _bounded(plan, parent, scene)
    refusal = _collar_refusal(bounded, parent, scene)
    if refusal is not None:
        return refusal
    held = carried(scene.preset) if scene.execution.is_smart else ()
    return replace(bounded, reasons=(*bounded.reasons, *_conduct_text(bounded), *held))


def shortened(plan: Plan, *, now_ns: int, expire_ns: int) -> Plan:
    """Return the plan, saying where its schedule was meant to last longer than its order does."""
    duration_ns, end_ns = plan.parameters.get("duration_ns"), plan.parameters.get("end_ns")
    begins_ns = max(now_ns, plan.parameters.get("start_ns") or 0)
    # A deadline counts from the file and a duration from the start, which is later by what it took to take it up.
    if isinstance(duration_ns, int) and begins_ns + duration_ns > expire_ns + S:
        left_s = max(0, expire_ns - begins_ns) // S
        told = f"{SHORTENED}its duration of {duration_ns // S} s is cut to {left_s} s by the deadline or the session"
    elif isinstance(end_ns, int) and end_ns > expire_ns + S:
        told = f"{SHORTENED}its end is {(end_ns - expire_ns) // S} s after the deadline, which ends it"
    else:
        return plan
    return replace(plan, reasons=(*plan.reasons, told))


def rebounded(plan: Plan, parent: ParentOrder, scene: Scene) -> Plan:
    """Return the plan of a parent whose limit or collar was amended: how it is worked stays, and its arrival."""
    return _bounded(plan, parent, scene)


def no_looser(plan: Plan, before: Plan, side: Side) -> Plan:
    """Return a new plan held to the collar of the one before it where its own would allow a worse price."""
    if plan.collar_px is None or before.collar_px is None or before.collar_bps is None:
        return plan
    if (plan.collar_px - before.collar_px) * side.sign <= 0:
        return plan
    told = _collar_text(before.collar_bps, "the plan before, a new one would be looser", before.collar_px)
    reasons = (told if one.startswith(COLLAR) else one for one in plan.reasons)
    return replace(plan, collar_bps=before.collar_bps, collar_px=before.collar_px, reasons=tuple(reasons))


def collar_bps_of(parent: ParentOrder, preset: Preset, instrument: Instrument) -> tuple[Decimal, str]:
    """Return the collar of a parent and who set it (SPEC 11): the intent, else its asset class, else the preset."""
    if parent.max_slippage_bps is not None:
        return parent.max_slippage_bps, "max_slippage_bps"
    cap_bps = preset.collar_class_bps.get(instrument.asset_class)
    if cap_bps is not None:
        return cap_bps, f"preset {preset.name}, {instrument.asset_class}"
    return preset.collar_bps, f"preset {preset.name}"


def flatten_plan() -> Plan:
    """Return the plan of a flatten's close: one market order at once, whatever is known of the market."""
    reasons = ("flatten: the end-of-day order, market", NO_COLLAR)
    return Plan(algo="passthrough", parameters={"ord_type": OrdType.MARKET, "is_exit": True}, reasons=reasons)


def _choose(parent: ParentOrder, order_qty: Decimal, scene: Scene) -> Choice | Declined:
    preset, execution = scene.preset, scene.execution
    if preset.protect is not None and not parent.is_unprotected and parent.side in OPENS:
        text = f"preset {preset.name} protects positions, which is not built yet; say protect: none, and place the exit"
        return Declined(code="not_supported", text=text)
    if not execution.is_smart:
        return _verbatim(parent)
    notional = order_qty * scene.quote.mid_px * scene.instrument.multiplier
    if parent.ord_type is OrdType.MARKET or _asks_for_market(parent):
        return _market(parent, notional, scene)
    if parent.algo is not None:
        if parent.algo.name not in ENTRIES:
            return Declined(code="not_supported", text=f"algo {parent.algo.name!r} is not built")
        if parent.algo.name == "passthrough":
            if parent.price is None:
                text = "passthrough with order_type limit needs a limit_price"
                return Declined(code="limit_price_required", text=text)
            return _passthrough(OrdType.LIMIT, "algo passthrough was asked for")
        return by_name(preset, parent.urgency, parent.algo, execution)
    if parent.is_close:
        return Choice(algo="sweep", reasons=("close: sweep out now, never cut over time",))
    is_free = parent.price is None and parent.max_slippage_bps is None
    if is_free and not _small_refusal(parent, notional, scene):
        return _passthrough(OrdType.MARKET, _small_text(notional, preset))
    return by_urgency(preset, parent.urgency, size_of(order_qty, notional, scene.market), parent.time_in_force)


def _verbatim(parent: ParentOrder) -> Choice | Declined:
    """Return one order as asked: the switch is the permission."""
    if parent.algo is not None and parent.algo.name != "passthrough":
        text = f"algo {parent.algo.name} needs execution.enable_smart_execution; leave it out for one order as asked"
        return Declined(code="smart_execution_off", text=text)
    is_market = parent.ord_type is OrdType.MARKET or parent.price is None
    return _passthrough(OrdType.MARKET if is_market else OrdType.LIMIT, "smart execution is off: one order as asked")


def _market(parent: ParentOrder, notional: Decimal, scene: Scene) -> Choice | Declined:
    """Return the market order that somebody asks for, where the preset or its size permits it."""
    preset = scene.preset
    if preset.allows_market:
        return _passthrough(OrdType.MARKET, f"a market order was asked for, preset {preset.name} permits it")
    refusal = _small_refusal(parent, notional, scene)
    if not refusal:
        return _passthrough(OrdType.MARKET, _small_text(notional, preset))
    text = f"preset {preset.name} permits market orders only where they are small, and {refusal}"
    return Declined(code="market_not_allowed", text=f"{text}; leave order_type out, or give a limit_price")


def _small_refusal(parent: ParentOrder, notional: Decimal, scene: Scene) -> str:
    """Return why an order does not go to the market for being small; empty where it does."""
    most = scene.preset.small_notional_max
    if notional > most:
        return f"notional {plain(notional)} is over {plain(most)}"
    if parent.urgency is Urgency.LOW:
        return "urgency is low"
    gate = in_gate(scene.session, scene.preset.gates, scene.now_ns)
    return f"this is {gate}" if gate else ""


def _small_text(notional: Decimal, preset: Preset) -> str:
    return f"small market order: notional {plain(notional)}, at most {plain(preset.small_notional_max)}"


def _passthrough(ord_type: OrdType, reason: str) -> Choice:
    return Choice(algo="passthrough", parameters={"ord_type": ord_type}, reasons=(reason,))


def _asks_for_market(parent: ParentOrder) -> bool:
    algo = parent.algo
    return (
        algo is not None
        and algo.name == "passthrough"
        and algo.parameters.get("ord_type", OrdType.LIMIT if parent.price is not None else OrdType.MARKET)
        == OrdType.MARKET
    )


def _bounded(plan: Plan, parent: ParentOrder, scene: Scene) -> Plan:
    """Return the plan with the one collar of its parent, fixed from the arrival mid, and the intent's limit."""
    quote, told = scene.quote, [f"{ARRIVAL}{plain(scene.quote.mid_px)} ({scene.quote.source})"]
    collar_bps = collar_px = None
    if plan.parameters.get("ord_type") == OrdType.MARKET:
        told.append(NO_COLLAR)
    elif plan.algo != "passthrough":
        collar_bps, source = collar_bps_of(parent, scene.preset, scene.instrument)
        wished = quote.mid_px * (ONE + parent.side.sign * collar_bps / BPS)
        collar_px = scene.instrument.passive(wished, is_buy=parent.side.is_buy)
        told.append(_collar_text(collar_bps, source, collar_px))
    if parent.price is not None:
        told.append(f"{LIMIT}{plain(parent.price)}")
    # The new bounds stand where those of a plan that is amended stood, and in their place: only what holds is told.
    is_bound = [one.startswith((ARRIVAL, COLLAR, NO_COLLAR, LIMIT)) for one in plan.reasons]
    first = is_bound.index(True) if any(is_bound) else len(is_bound)
    later = (one for one, is_old in zip(plan.reasons[first:], is_bound[first:], strict=True) if not is_old)
    reasons = (*plan.reasons[:first], *told, *later)
    return replace(plan, collar_bps=collar_bps, collar_px=collar_px, limit_px=parent.price, reasons=reasons)


def _collar_text(collar_bps: Decimal, source: str, collar_px: Decimal) -> str:
    return f"{COLLAR}{plain(collar_bps)} bps from arrival ({source}): {plain(collar_px)}"


def _collar_refusal(plan: Plan, parent: ParentOrder, scene: Scene) -> Declined | None:
    """Return why an order that is to trade at once cannot: its own collar is inside the touch.

    What may rest may wait at its collar until the market comes, and so may an exit; whoever is worked by `marketable`,
    by name or by urgency, and forbids the price of now has asked for nothing.
    """
    bps, side = parent.max_slippage_bps, parent.side
    if bps is None or plan.collar_px is None or plan.algo != "marketable" or side not in OPENS:
        return None
    quote = scene.quote
    touch = touch_px(quote, is_buy=side.is_buy)
    if (touch - plan.collar_px) * side.sign <= 0:
        return None
    needed_bps = plain(((touch - quote.mid_px) * side.sign / quote.mid_px * BPS).quantize(Decimal("0.1")))
    text = f"the touch {plain(touch)} is {needed_bps} bps from the middle, max_slippage_bps is {plain(bps)}"
    text = f"{text}; allow more, or ask for what may rest: another urgency, another algorithm"
    return Declined(code="collar_excludes_touch", text=text)


def _conduct_text(plan: Plan) -> tuple[str, ...]:
    """Return in words what follows where the tactic ends; nothing where that is only the end.

    Soft checks are told of what rests alone: nothing else waits for them.
    """
    conduct, algo = plan.conduct, made(plan)
    rests = isinstance(algo, Worker) and algo.tactic.is_resting
    said = []
    if conduct.after_tactic is not Ending.END:
        said.append(f"after the tactic {conduct.after_tactic}")
    if conduct.at_end is not Ending.END:
        said.append(f"{conduct.cross_lead_ns // S} s before the end {conduct.at_end}")
    if rests and conduct.soft_spread_ratio is not None:
        spread = plain(conduct.soft_spread_ratio * PERCENT)
        on_soft = "waits on" if conduct.on_soft is Ending.END else conduct.on_soft.value
        said.append(f"rests in spreads up to {spread}%, after {conduct.soft_wait_ns // S} s {on_soft}")
    if conduct.hard_spread_ratio is not None:
        said.append(f"prices nothing in spreads over {plain(conduct.hard_spread_ratio * PERCENT)}%")
    if conduct.quote_wait_ns is not None:
        then = "ends" if conduct.on_no_quote is Ending.END else conduct.on_no_quote.value
        said.append(f"waits {conduct.quote_wait_ns // S} s for a usable quote, then {then}")
    return ("; ".join(said),) if said else ()
