"""Parameters of an algorithm that are well-formed one by one, and contradict each other or the order.

What holds between two parameters of one algorithm is refused before, where presets are read as well.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from execd.config.strict_text import refusal
from execd.core.codec import plain
from execd.core.orders import AlgoSpec
from execd.core.schedule_terms import ALGO_TERMS

LEARNED: Final = ("days", "statistic")
"""Parameters that name a volume profile of past days."""


def agree(algo: AlgoSpec, *, qty: Decimal | None, notional: Decimal | None) -> None:
    """Refuse what contradicts itself: a ValueError with the field, as every refusal of a model."""
    _has_one_profile(algo.parameters)
    _crosses_for_nobody_who_waits(algo.parameters)
    tactic = algo.parameters.get("tactic")
    for at, given in (("algo", algo.parameters), ("algo.tactic", tactic if isinstance(tactic, dict) else {})):
        _fits(at, given, qty=qty, notional=notional)


def _has_one_profile(given: Mapping[str, object]) -> None:
    """Refuse a profile of past days beside one that is given."""
    asked = next((name for name in LEARNED if name in given), None)
    if asked is not None and "profile" in given:
        text = f"{asked} is of a learned profile, and profile gives one; leave one of the two out"
        raise refusal("conflicting_fields", text, field=f"algo.{asked}")


def _crosses_for_nobody_who_waits(given: Mapping[str, object]) -> None:
    """Refuse a tracking bound, which crosses, for a tactic that says itself when it trades."""
    tactic = given.get("tactic")
    name = str(tactic["name"]) if isinstance(tactic, dict) else ""
    if "tracking" in given and name and ALGO_TERMS[name].has_conditions:
        text = f"{name} trades on its own conditions alone, and tracking crosses; leave one of the two out"
        raise refusal("conflicting_fields", text, field="algo.tracking")


def _fits(at: str, given: Mapping[str, object], *, qty: Decimal | None, notional: Decimal | None) -> None:
    """Refuse a piece that is larger than the whole."""
    for name, whole in (("display", qty), ("child_min", qty), ("child_usd", notional)):
        piece = given.get(name)
        if whole is not None and isinstance(piece, str) and Decimal(piece) > whole:
            text = f"{name} {piece} is more than the whole order, {plain(whole)}"
            raise refusal("out_of_range", text, field=f"{at}.{name}")
