"""What a preset gives an urgency: the tactic, how it is cut over time, and what follows where it ends.

An algorithm that an intent names itself gets its conduct here, too: from the urgency, and from what the algorithm is.
Prices, collars and permissions are in `plan`.
"""

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import IMMEDIATE
from execd.core.algo_terms import Unit
from execd.core.conduct import Conduct, Ending
from execd.core.enums import TimeInForce, Urgency
from execd.core.orders import AlgoSpec
from execd.core.preset import Preset
from execd.core.rules import Execution
from execd.core.schedule_terms import ALGO_TERMS
from execd.policy.gates import MIN_NS
from execd.policy.liquidity import Size, is_large, schedule_of, thresholds

ENDS_BY_ITSELF: Final = frozenset({"offset", "adaptive_offset", "marketable", "passthrough", "sweep"})
"""What has a time of its own, after which what is left is judged (SPEC 11); a plan does not cross for it."""

OWN_TERMS: Final = "trades on its own conditions alone, nothing crosses for it"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """An algorithm with its parameters and conduct, and why."""

    algo: str
    parameters: dict[str, Any] = {}
    conduct: Conduct = Conduct()
    reasons: tuple[str, ...] = ()


def by_urgency(preset: Preset, urgency: Urgency, size: Size, time_in_force: TimeInForce) -> Choice:
    """Return what a preset gives an order of this urgency and size."""
    way = preset.way(urgency)
    if time_in_force in IMMEDIATE:
        return _immediate(preset, urgency, time_in_force)
    tactic = way.tactic
    said = (f"preset {preset.name}, urgency {urgency}: {tactic['name']}",)
    conduct = _own_terms(way.conduct) if _has_conditions(str(tactic["name"])) else way.conduct
    if urgency is Urgency.HIGH:
        return _alone(tactic, conduct, (*said, "high urgency is never cut over time"))
    if not is_large(preset.slicing, size):
        return _alone(tactic, conduct, (*said, f"at once: {size.text}; {thresholds(preset.slicing)}"))
    method = preset.slicing.method
    parameters, unknown = schedule_of(preset.slicing, tactic)
    told = f"cut by {method}: {size.text}; {thresholds(preset.slicing)}"
    reasons = (*said, told, unknown) if unknown else (*said, told)
    return Choice(algo=method, parameters=parameters, conduct=conduct, reasons=reasons)


def by_name(preset: Preset, urgency: Urgency, algo: AlgoSpec, execution: Execution) -> Choice:
    """Return an algorithm that an intent names; its operator's parameters hold where the intent says nothing."""
    parameters: dict[str, Any] = {**execution.own.get(algo.name, {}), **algo.parameters}
    reasons: tuple[str, ...] = (f"algo {algo.name} was asked for, urgency {urgency}",)
    tactic_name = algo.name
    terms = ALGO_TERMS.get(algo.name)
    key = None if terms is None else next((term.stored for term in terms.terms if term.unit is Unit.TACTIC), None)
    if key is not None:
        given = parameters.get(key)
        tactic = preset.way(urgency).tactic if given is None else given
        tactic_name = str(tactic["name"])
        parameters[key] = {**execution.own.get(tactic_name, {}), **tactic}
        source = f"preset {preset.name}" if given is None else "asked for"
        reasons = (*reasons, f"tactic {tactic_name} ({source})")
    conduct = _conduct(preset, urgency, ends_by_itself=tactic_name in ENDS_BY_ITSELF)
    if _has_conditions(tactic_name):
        conduct, reasons = _own_terms(conduct), (*reasons, f"{tactic_name}: {OWN_TERMS}")
        if "tracking" in parameters:
            del parameters["tracking"]
            reasons = (*reasons, "tracking, which crosses, is left out")
    elif key is not None and conduct.at_end is Ending.END and urgency is not Urgency.LOW:
        # What a piece leaves over goes back to its schedule, but what is left of all of it crosses.
        conduct = replace(conduct, at_end=Ending.CROSS)
    return Choice(algo=algo.name, parameters=parameters, conduct=conduct, reasons=reasons)


def carried(preset: Preset) -> tuple[str, ...]:
    """Return what a preset says that nothing holds an order to yet."""
    gates, basket = preset.gates, preset.basket
    said = []
    if gates.first_ns or gates.last_ns:
        said.append(f"gates {gates.first_ns // MIN_NS}/{gates.last_ns // MIN_NS} min")
    if basket.notional_min or basket.drift_ratio:
        said.append(f"smallest trade {basket.notional_min}, drift {basket.drift_ratio}")
    return (f"not held yet: {', '.join(said)}",) if said else ()


def _immediate(preset: Preset, urgency: Urgency, time_in_force: TimeInForce) -> Choice:
    """Return what takes at once: one order is never cut over time, and cannot be worked by what rests."""
    tactic = preset.way(urgency).tactic
    terms = ALGO_TERMS.get(str(tactic["name"]))
    said = f"preset {preset.name}, urgency {urgency}: {tactic['name']}"
    asked = f"time_in_force {time_in_force}: never cut over time"
    if terms is None or not terms.only_rests:
        return _alone(tactic, preset.way(urgency).conduct, (said, asked))
    conduct = _conduct(preset, urgency, ends_by_itself=True)
    return _alone({"name": "marketable"}, conduct, (f"{said}, which rests: marketable instead", asked))


def _alone(tactic: dict[str, Any], conduct: Conduct, reasons: tuple[str, ...]) -> Choice:
    parameters = {key: value for key, value in tactic.items() if key != "name"}
    return Choice(algo=str(tactic["name"]), parameters=parameters, conduct=conduct, reasons=reasons)


def _has_conditions(tactic_name: str) -> bool:
    """Whether a tactic says itself when it trades."""
    terms = ALGO_TERMS.get(tactic_name)
    return terms is not None and terms.has_conditions


def _own_terms(conduct: Conduct) -> Conduct:
    """Return a conduct that waits for what its tactic wants until the deadline, whatever else would follow."""
    return replace(conduct, at_end=Ending.END, after_tactic=Ending.END, on_soft=Ending.END, quote_wait_ns=None)


def _conduct(preset: Preset, urgency: Urgency, *, ends_by_itself: bool) -> Conduct:
    """Return what follows where a named algorithm ends: by urgency, inside the collar, never with a market order."""
    way = preset.way(urgency).conduct
    ending = Ending.END if ends_by_itself or urgency is Urgency.LOW else Ending.CROSS
    on_soft = Ending.END if urgency is Urgency.LOW else Ending.CROSS
    return replace(way, at_end=ending, after_tactic=ending, on_soft=on_soft, on_no_quote=Ending.END)
