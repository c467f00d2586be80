"""Algorithms by name, and how each is made from a plan's parameters.

`ENTRIES` lists what a user may name in `algo` (and what the policy chooses); what may be asked of each is in
`core.algo_terms`. A schedule's `tactic` is made by `tactic_of`, a schedule by `scheduling`. Saved states are in
`saving`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from execd.algos.base import ZERO, Algo
from execd.algos.passthrough import Passthrough
from execd.algos.schedules import Now, Schedule
from execd.algos.scheduling import SCHEDULES, decimal_of, decimal_or_none
from execd.algos.tactics import (
    AdaptiveJoin,
    AdaptiveOffset,
    Anchor,
    Iceberg,
    Marketable,
    Offset,
    Progressive,
    Sniper,
    Tactic,
)
from execd.algos.tactics.pegging import Peg, PegAt
from execd.algos.worker import Worker
from execd.core.enums import OrdType
from execd.core.orders import Plan
from execd.core.rules import S
from execd.core.schedule_terms import ALGO_TERMS

Parameters = Mapping[str, Any]
PLAIN_TACTIC: Final = {"name": "offset"}
"""What a schedule works with where neither the intent nor the plan names a tactic."""
SWEEP: Final = Marketable(interval_ns=15 * S, reprices_max=5, first_k=1, is_exit=True)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One algorithm: its name, and how it is made from a plan's parameters, which have a value for each term."""

    name: str
    make: Callable[[Parameters], Algo]


def make(plan: Plan) -> Algo | None:
    """Return the algorithm of a plan as it begins; None where this execd does not know it.

    A plan of an earlier version may lack parameters that came later: their defaults hold.
    """
    name = _FORMER.get(plan.algo, plan.algo)
    entry = ENTRIES.get(name)
    if entry is None:
        return None
    terms = ALGO_TERMS.get(name)
    return entry.make({**({} if terms is None else terms.defaults()), **plan.parameters})


def made(plan: Plan) -> Algo:
    """Return the algorithm of a plan that was just made, which is known."""
    algo = make(plan)
    if algo is None:
        raise AssertionError(plan.algo)
    return algo


def tactic_of(spec: Mapping[str, Any]) -> Tactic:
    """Return the tactic that a mapping with `name` and parameters describes; what it leaves out has its default."""
    name = str(spec["name"])
    return _TACTICS[name]({**ALGO_TERMS[name].defaults(), **spec})


def _beyond_mid(kind: type[Offset] | type[AdaptiveOffset]) -> Callable[[Parameters], Tactic]:
    """Return how a tactic is made that keeps a distance from the middle."""
    return lambda given: kind(
        bps=decimal_of(given, "bps"), ttl_ns=int(given["ttl_ns"]), has_day_factor=given["day_factors"] is True
    )


def _marketable(given: Parameters) -> Tactic:
    return Marketable(
        spread_fraction=decimal_of(given, "spread_fraction"),
        interval_ns=int(given["interval_ns"]),
        reprices_max=int(given["reprices"]),
        ttl_ns=int(given["ttl_ns"]),
    )


def _progressive(given: Parameters) -> Tactic:
    is_slowed = given["aggression"] is True
    return Progressive(
        fractions=tuple(Decimal(str(one)) for one in given["steps"]),
        buy_step_ns=int(given["step_buy_ns"]),
        sell_step_ns=int(given["step_sell_ns"]),
        ttl_ns=int(given["ttl_ns"]),
        is_adaptive=given["adaptive_step"] is True,
        buy_aggression=decimal_of(given, "aggression_buy") if is_slowed else Decimal(1),
        sell_aggression=decimal_of(given, "aggression_sell") if is_slowed else Decimal(1),
    )


def _anchor(given: Parameters) -> Tactic:
    return Anchor(peg=_peg(given), repegs_max=int(given["repegs"]))


def _iceberg(given: Parameters) -> Tactic:
    return Iceberg(peg=_peg(given), display_qty=decimal_or_none(given, "display"), jitter=decimal_of(given, "jitter"))


def _sniper(given: Parameters) -> Tactic:
    return Sniper(
        spread_bps=decimal_or_none(given, "spread_bps"),
        size_min=decimal_or_none(given, "size"),
        price=decimal_or_none(given, "price"),
    )


def _adaptive_join(given: Parameters) -> Tactic:
    return AdaptiveJoin(
        look_ns=int(given["look_ns"]),
        ttl_ns=None if (ttl_ns := given.get("ttl_ns")) is None else int(ttl_ns),
        take_first=decimal_of(given, "take_first"),
        take_last=decimal_of(given, "take_last"),
        improve_share=decimal_of(given, "improve_share"),
        calm_ns=int(given["calm_ns"]),
        show_ratio=decimal_of(given, "show_ratio"),
        queue_ratio=decimal_of(given, "queue_ratio"),
    )


def _peg(given: Parameters) -> Peg:
    return Peg(
        at=PegAt(str(given["peg"])),
        offset_ticks=int(given["offset_ticks"]),
        move_bps=decimal_of(given, "move_bps"),
        join_ratio=decimal_or_none(given, "join_ratio"),
    )


def _sweep(given: Parameters) -> Algo:
    del given
    return Worker.of(Now(), SWEEP)


def _passthrough(given: Parameters) -> Algo:
    is_exit = given.get("is_exit", False) is True
    return Passthrough(ord_type=OrdType(str(given["ord_type"])), is_exit=is_exit)


def _over_time(schedule: Callable[[Parameters], Schedule]) -> Callable[[Parameters], Algo]:
    """Return how a schedule is made with the tactic that its parameters describe."""
    return lambda given: Worker.of(
        schedule(given),
        tactic_of(given.get("tactic") or PLAIN_TACTIC),
        child_min_qty=decimal_or_none(given, "child_min") or ZERO,
        displayed_ratio_max=decimal_or_none(given, "displayed_max"),
    )


def _at_once(tactic: Callable[[Parameters], Tactic]) -> Callable[[Parameters], Algo]:
    return lambda given: Worker.of(Now(), tactic(given))


_TACTICS: Final[dict[str, Callable[[Parameters], Tactic]]] = {
    "adaptive_offset": _beyond_mid(AdaptiveOffset),
    "adaptive_join": _adaptive_join,
    "anchor": _anchor,
    "iceberg": _iceberg,
    "marketable": _marketable,
    "offset": _beyond_mid(Offset),
    "progressive": _progressive,
    "sniper": _sniper,
}
ENTRIES: Final[dict[str, Entry]] = {
    entry.name: entry
    for entry in (
        Entry(name="passthrough", make=_passthrough),
        Entry(name="sweep", make=_sweep),
        *(Entry(name=name, make=_at_once(tactic)) for name, tactic in _TACTICS.items()),
        *(Entry(name=name, make=_over_time(schedule)) for name, schedule in SCHEDULES.items()),
    )
}
_FORMER: Final = {"touch": "marketable"}
"""What an earlier version called an algorithm."""
