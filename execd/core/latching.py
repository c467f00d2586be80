"""Records of latches that operators set on more than one intent, and of the controllers that carry them out.

Their fold is in `core/noting.py`. A controller's state is kept whole at each
change, as an algorithm's is; what it does to parents are records of theirs.
"""

import msgspec

from execd.core.parents import SavedAlgo
from execd.core.scopes import KillLevel, Scope


class Killed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A kill level holds from here on, on an account or on all (empty). `by` is the door: control, file, signal."""

    now_ns: int
    account: str
    level: KillLevel
    by: str
    uid: int | None = None
    reason: str = ""


class Unkilled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The kill level of an account, or of all (empty), holds no more: a person took risk up again."""

    now_ns: int
    account: str
    reason: str
    is_forced: bool = False
    uid: int | None = None


class ScopePaused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """No new risk in a scope."""

    now_ns: int
    scope: Scope
    reason: str = ""
    uid: int | None = None


class ScopeResumed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A paused scope goes on."""

    now_ns: int
    scope: Scope
    reason: str = ""


class Controlled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A controller begins or changes its state; `text` says what it does and why. One that is over is not saved."""

    now_ns: int
    controller_id: str
    state: SavedAlgo
    text: str
    is_over: bool = False


Latching = Killed | Unkilled | ScopePaused | ScopeResumed | Controlled
