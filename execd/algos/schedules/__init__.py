"""Schedules: how much of a parent should be done by when.

Each is a frozen value with `replans`, `piece(view, before)`, `last_ns`, `limit` and `outline`; the language is in
`base`. A new one is a file here and a member of `Schedule`.
"""

from execd.algos.schedules.now import Now
from execd.algos.schedules.pov import Pov
from execd.algos.schedules.shortfall import Shortfall
from execd.algos.schedules.twap import Twap
from execd.algos.schedules.vwap import Vwap

Schedule = Now | Twap | Vwap | Pov | Shortfall

__all__ = ["Now", "Pov", "Schedule", "Shortfall", "Twap", "Vwap"]
