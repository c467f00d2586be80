"""Tactics: at what price one child should rest now, and how long.

Each is a frozen value with `ttl_ns`, `is_exit` and `price(view, attempt)`. A
new one is a file here and a member of `Tactic`.
"""

from execd.algos.tactics.offset import Offset
from execd.algos.tactics.sweep import Sweep
from execd.algos.tactics.touch import Touch

Tactic = Offset | Touch | Sweep

__all__ = ["Offset", "Sweep", "Tactic", "Touch"]
