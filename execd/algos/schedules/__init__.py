"""Schedules: how much of a parent should be done by when.

Each is a frozen value with `replans` and `piece(view, before)`; the language is in `base`. A new one is a file here
and a member of `Schedule`.
"""

from execd.algos.schedules.now import Now

Schedule = Now

__all__ = ["Now", "Schedule"]
