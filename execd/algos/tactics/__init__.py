"""Tactics: at what price one child should rest now, and when that changes.

Each is a frozen value with `is_exit`, `is_resting` and `ask(view, job)`; the language is in `base`. A new one is a
file here and a member of `Tactic`; one that remembers what others showed is a case in `renewed`.
"""

from execd.algos.tactics.adaptive_join import AdaptiveJoin
from execd.algos.tactics.adaptive_offset import AdaptiveOffset
from execd.algos.tactics.anchor import Anchor
from execd.algos.tactics.iceberg import Iceberg
from execd.algos.tactics.market import Market
from execd.algos.tactics.marketable import Marketable
from execd.algos.tactics.offset import Offset
from execd.algos.tactics.progressive import Progressive
from execd.algos.tactics.sniper import Sniper

Tactic = Offset | AdaptiveOffset | Marketable | Market | Progressive | Anchor | Iceberg | Sniper | AdaptiveJoin


def renewed(fresh: Tactic, was: Tactic) -> Tactic:
    """Return `fresh` as it begins a try after `was`: a child may still be out, which must not be taken for others'."""
    match fresh, was:
        case Anchor(), Anchor():
            return fresh.anew(was)
        case Iceberg(), Iceberg():
            return fresh.anew(was)
        case AdaptiveJoin(), AdaptiveJoin():
            return fresh.anew(was)
        case Progressive(), Progressive():
            return fresh.anew(was)
        case _:
            return fresh


__all__ = [
    "AdaptiveJoin",
    "AdaptiveOffset",
    "Anchor",
    "Iceberg",
    "Market",
    "Marketable",
    "Offset",
    "Progressive",
    "Sniper",
    "Tactic",
    "renewed",
]
