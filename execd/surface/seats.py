"""How many connections a door has room for, and who makes room when it is full.

Users do not share places: of the control socket, each kind of user has places
of its own, and each user a part of them, so that whoever may only read can
hold all of theirs and nobody who steers waits. Where a user has no place
left, its oldest connection that has not asked, or that does not read, gives
way to the new one. Who may do what is in `peers`; times are in `doorman`.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final, NamedTuple, Protocol

from execd.surface.peers import Role, Roles, peer_of


class Share(NamedTuple):
    """Places of one kind of user: at most `each_n` of one of them, and `all_n` together."""

    each_n: int
    all_n: int


PUBLIC_MAX: Final = 64
"""Scrapers and probes of one machine: nobody can tell them apart, so they share."""
OWN_MAX: Final = 48
"""The daemon's own user: operators and scripts that run as it."""
ROOT_MAX: Final = 16
"""Kept for root, whatever everybody else does."""
EACH_MAX: Final = 8
"""One user with a role; the execd command needs one place at a time."""
ROLELESS_EACH_MAX: Final = 2
ROLELESS_MAX: Final = 4
"""All they get is a refusal."""
ROLE_MAX: Final = 24
"""All users of one role together."""
SHARES: Final = {
    Role.NOBODY: Share(each_n=ROLELESS_EACH_MAX, all_n=ROLELESS_MAX),
    Role.VIEWER: Share(each_n=EACH_MAX, all_n=ROLE_MAX),
    Role.OPERATOR: Share(each_n=EACH_MAX, all_n=ROLE_MAX),
    Role.ADMIN: Share(each_n=EACH_MAX, all_n=ROLE_MAX),
}
ROOT_UID: Final = 0
NAMELESS: Final = -1
"""Who cannot be told from others."""


class Guest(NamedTuple):
    """Who wants a place: the user, the kind of user, and what that kind has."""

    uid: int
    kind: str
    share: Share


class Ease(IntEnum):
    """What a connection does; the first gives way before the next, and a busy one never."""

    SILENT = 0
    UNREAD = 1
    BUSY = 2


class Seat(Protocol):
    """A connection that has a place."""

    def ease(self) -> Ease:
        """Return what it does just now."""
        ...

    def give_way(self) -> None:
        """End at once."""
        ...


class Seats:
    """Who sits at one door, the oldest first."""

    def __init__(self, guest_of: Callable[[Any], Guest]) -> None:
        """`guest_of` says whose connection a socket is."""
        self.guest_of = guest_of
        self._taken: dict[Seat, Guest] = {}

    @property
    def taken_n(self) -> int:
        """Places that are taken."""
        return len(self._taken)

    def take(self, seat: Seat, guest: Guest) -> bool:
        """Give a place; an idle connection of the same user may have to leave. False: there is none."""
        mine = [one for one, who in self._taken.items() if (who.uid, who.kind) == (guest.uid, guest.kind)]
        kind_n = sum(who.kind == guest.kind for who in self._taken.values())
        if len(mine) >= guest.share.each_n or kind_n >= guest.share.all_n:
            # `min` keeps the first of equals, and that is the oldest.
            idlest = min(mine, key=lambda one: one.ease(), default=None)
            if idlest is None or idlest.ease() is Ease.BUSY:
                return False
            self.leave(idlest)
            idlest.give_way()
        self._taken[seat] = guest
        return True

    def leave(self, seat: Seat) -> None:
        """Give a place back."""
        self._taken.pop(seat, None)


def public_guest(_: Any) -> Guest:  # noqa: ANN401  # The transport hands out its socket untyped.
    """Return the one guest of a door at which peers have no names."""
    return Guest(NAMELESS, "peers", Share(each_n=PUBLIC_MAX, all_n=PUBLIC_MAX))


def guests(roles: Roles) -> Callable[[Any], Guest]:
    """Return what tells whose connection a socket of the control door is."""

    def guest_of(door: Any) -> Guest:  # noqa: ANN401  # The same.
        return _guest(roles, peer_of(door).uid)

    return guest_of


def _guest(roles: Roles, uid: int | None) -> Guest:
    if uid == ROOT_UID != roles.own_uid:
        return Guest(uid, "root", Share(each_n=ROOT_MAX, all_n=ROOT_MAX))
    role = roles.of(uid)
    if uid == roles.own_uid or (uid is None and role is Role.ADMIN):
        return Guest(roles.own_uid, "own", Share(each_n=OWN_MAX, all_n=OWN_MAX))
    return Guest(NAMELESS if uid is None else uid, role.word, SHARES[role])
