"""How each schedule is made from a plan's parameters: `SCHEDULES`, by name.

What may be asked of each is in `core.schedule_terms`; the registry joins a schedule with its tactic.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from execd.algos.base import ZERO
from execd.algos.schedules import Pov, Schedule, Shortfall, Twap, Vwap
from execd.algos.schedules.slices import CatchUp, Manner
from execd.algos.schedules.volume import Share
from execd.core.daily import Statistic

Parameters = Mapping[str, Any]


def decimal_of(given: Parameters, key: str) -> Decimal:
    """Return a parameter that has a value."""
    return Decimal(str(given[key]))


def decimal_or_none(given: Parameters, key: str) -> Decimal | None:
    """Return a parameter that may be left out."""
    return None if given.get(key) is None else decimal_of(given, key)


def _twap(given: Parameters) -> Schedule:
    return Twap(
        interval_ns=int(given["interval_ns"]),
        duration_ns=given.get("duration_ns"),
        child_notional=decimal_or_none(given, "child_usd"),
        manner=_manner(given),
    )


def _vwap(given: Parameters) -> Schedule:
    return Vwap(
        interval_ns=int(given["interval_ns"]),
        duration_ns=given.get("duration_ns"),
        start_ns=given.get("start_ns") or 0,
        end_ns=given.get("end_ns") or 0,
        profile=tuple(Decimal(str(part)) for part in given.get("profile") or ()),
        days=given.get("days"),
        statistic=None if given.get("statistic") is None else Statistic(str(given["statistic"])),
        manner=_manner(given),
    )


def _pov(given: Parameters) -> Schedule:
    share = Share(ratio_max=decimal_of(given, "participation_max"), quantum_qty=decimal_or_none(given, "child_min"))
    return Pov(
        rate=decimal_of(given, "rate"),
        interval_ns=int(given["interval_ns"]),
        share=share,
        tracking_ratio=decimal_or_none(given, "tracking"),
    )


def _is(given: Parameters) -> Schedule:
    return Shortfall(
        interval_ns=int(given["interval_ns"]),
        duration_ns=given.get("duration_ns"),
        risk_aversion=decimal_of(given, "risk_aversion"),
        temporary_ratio=decimal_of(given, "temporary_impact"),
        permanent_ratio=decimal_of(given, "permanent_impact"),
        volatility_ratio=decimal_or_none(given, "volatility"),
        adv_qty=decimal_or_none(given, "adv"),
        manner=_manner(given),
    )


def _manner(given: Parameters) -> Manner:
    child_min_qty, share_max = decimal_or_none(given, "child_min") or ZERO, decimal_or_none(given, "participation_max")
    return Manner(
        catch_up=CatchUp(str(given["catch_up"])),
        jitter_ratio=decimal_of(given, "jitter"),
        child_min_qty=child_min_qty,
        tracking_ratio=decimal_or_none(given, "tracking"),
        share=None if share_max is None else Share(ratio_max=share_max, quantum_qty=child_min_qty),
    )


SCHEDULES: Final[dict[str, Callable[[Parameters], Schedule]]] = {
    "twap": _twap,
    "vwap": _vwap,
    "pov": _pov,
    "is": _is,
}
