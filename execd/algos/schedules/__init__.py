"""Schedules: how much of a parent should be done by now, and when to ask again.

Each is a frozen value. A new one is a file here and a member of `Schedule`.
"""

from execd.algos.schedules.now import Now

Schedule = Now

__all__ = ["Now", "Schedule"]
