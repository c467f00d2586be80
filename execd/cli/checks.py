"""One thing that was looked at, as `execd check-config` and `execd doctor` tell it.

It looks at nothing itself, and loads nothing heavy.
"""

from typing import Literal, NamedTuple

Level = Literal["ok", "warn", "fail"]


class Check(NamedTuple):
    """One thing that was looked at; `next` is what to do about it."""

    name: str
    level: Level
    text: str
    next: str = ""
