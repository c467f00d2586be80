"""Tactics: at what price one child should rest now, and when that changes.

Each is a frozen value with `is_exit`, `is_resting` and `ask(view, job)`; the language is in `base`. A new one is a
file here and a member of `Tactic`.
"""

from execd.algos.tactics.market import Market
from execd.algos.tactics.marketable import Marketable
from execd.algos.tactics.offset import Offset

Tactic = Offset | Marketable | Market

__all__ = ["Market", "Marketable", "Offset", "Tactic"]
