"""Who is at the other end of the control socket, and what they may do.

The kernel says who (`SO_PEERCRED`); nothing that a peer sends is believed.
Halting needs less right than resuming: what takes risk up again is for
admins. A new right is a role on a route, not an `if` in a handler.
"""

import os
import socket
import struct
from enum import IntEnum
from typing import Any, Final

import msgspec

_PEERCRED: Final = "3i"
REFUSED_MAX: Final = 1_000
"""So many refused (user, verb) pairs are told apart; beyond it the oldest are forgotten."""
REFUSED_NS: Final = 60_000_000_000
"""The same user asking for the same verb again and again is journaled once in this time."""


class Role(IntEnum):
    """What a user may do; each role may what the one before it may."""

    NOBODY = 0
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """The role as a person says it."""
        return self.name.lower()


class Peer(msgspec.Struct, frozen=True):
    """The process that asks. `uid` None: this system does not say."""

    uid: int | None
    pid: int = 0

    @property
    def journal_uid(self) -> int:
        """The user to journal; who cannot be named passed because only our own user may open the socket."""
        return os.getuid() if self.uid is None else self.uid


class Roles(msgspec.Struct, frozen=True, kw_only=True):
    """Who has which role. The daemon's own user and root are admins; `is_owner_only`: nobody else can connect."""

    own_uid: int
    viewers: tuple[int, ...] = ()
    operators: tuple[int, ...] = ()
    admins: tuple[int, ...] = ()
    is_owner_only: bool = True

    def of(self, uid: int | None) -> Role:
        """Return the role of a user."""
        if uid is None:
            return Role.ADMIN if self.is_owner_only else Role.NOBODY
        if uid in {0, self.own_uid} or uid in self.admins:
            return Role.ADMIN
        if uid in self.operators:
            return Role.OPERATOR
        return Role.VIEWER if uid in self.viewers else Role.NOBODY


class Refusals:
    """Remembers who was refused what, so that a loop of requests cannot fill the journal."""

    def __init__(self) -> None:
        """Begin with none."""
        self._told_ns: dict[tuple[int, str], int] = {}

    def is_news(self, uid: int, verb: str, now_ns: int) -> bool:
        """Whether this refusal is to be journaled; asking counts."""
        key = (uid, verb)
        told_ns = self._told_ns.get(key)
        if told_ns is not None and now_ns - told_ns < REFUSED_NS:
            return False
        self._told_ns.pop(key, None)
        if len(self._told_ns) >= REFUSED_MAX:
            del self._told_ns[next(iter(self._told_ns))]
        self._told_ns[key] = now_ns
        return True


def peer_of(door: Any) -> Peer:  # noqa: ANN401  # The transport hands out its socket untyped.
    """Return who is connected through a unix socket."""
    if door is None or not hasattr(socket, "SO_PEERCRED"):
        return Peer(None)
    pid, uid, _ = struct.unpack(
        _PEERCRED, door.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_PEERCRED))
    )
    return Peer(uid, pid)
