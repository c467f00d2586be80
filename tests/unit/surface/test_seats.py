"""Places at a door: whoever may only look, or nothing at all, cannot keep out who steers."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from execd.surface import seats as seats_room
from execd.surface.doorman import Doorman
from execd.surface.gate import Route
from execd.surface.peers import Role, Roles
from execd.surface.seats import EACH_MAX, OWN_MAX, PUBLIC_MAX, ROOT_MAX, Ease, Guest, Seats, Share, _guest
from tests.unit.surface.door import OWN_UID, STRANGER, connected, door, whoami

OWN, VIEWER, OPERATOR, ADMIN, ROLELESS = 100, 200, 300, 400, 500
HALF: Final = b"GET /v1/status HTTP/1.1\r\nHo"
ASKING: Final = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"
ROLES: Final = Roles(
    own_uid=OWN,
    viewers=tuple(range(VIEWER, VIEWER + 50)),
    operators=(OPERATOR,),
    admins=(ADMIN,),
    is_owner_only=False,
)


class Sitter:
    """A connection that does what a story says."""

    def __init__(self, ease: Ease = Ease.BUSY) -> None:
        self.does = ease
        self.is_gone = False

    def ease(self) -> Ease:
        """Return what it does."""
        return self.does

    def give_way(self) -> None:
        """Note that it had to leave."""
        self.is_gone = True


@given(
    who=st.lists(
        st.tuples(st.sampled_from([*range(VIEWER, VIEWER + 50), ROLELESS, ROLELESS + 1]), st.sampled_from(Ease))
    )
)
def test_who_may_not_steer_never_keeps_out_who_may(who: list[tuple[int, Ease]]) -> None:
    """Fault I15, a law: whatever viewers and strangers hold, own user, root, admin and operator find their places."""
    seats = Seats(lambda uid: _guest(ROLES, uid))
    for uid, ease in who:
        seats.take(Sitter(ease), seats.guest_of(uid))
    steering = {OWN: OWN_MAX, 0: ROOT_MAX, ADMIN: EACH_MAX, OPERATOR: EACH_MAX}
    got = {uid: sum(seats.take(Sitter(), seats.guest_of(uid)) for _ in range(OWN_MAX + 1)) for uid in steering}

    assert steering == got


@given(who=st.lists(st.tuples(st.integers(0, 600), st.sampled_from(Ease)), max_size=300))
def test_no_kind_of_user_holds_more_than_its_share(who: list[tuple[int, Ease]]) -> None:
    """Fault I15, a law: the places of a door have a sum, whoever comes, and no user has more than its own part."""
    seats, held = Seats(lambda uid: _guest(ROLES, uid)), []
    for uid, ease in who:
        guest, one = seats.guest_of(uid), Sitter(ease)
        if seats.take(one, guest):
            held.append((one, guest))
    sitting = [guest for one, guest in held if not one.is_gone]

    kinds = {guest.kind: guest.share.all_n for guest in sitting}
    assert all(sum(guest.kind == kind for guest in sitting) <= all_n for kind, all_n in kinds.items())
    assert all(sitting.count(guest) <= guest.share.each_n for guest in sitting)
    assert len(sitting) == seats.taken_n


def test_who_has_an_idle_connection_gives_it_for_a_new_one() -> None:
    """The silent go first, then who does not read, of each the oldest; who works stays."""
    seats = Seats(lambda _: Guest(1, "peers", Share(each_n=3, all_n=3)))
    doing = [Ease.BUSY, Ease.UNREAD, Ease.SILENT]
    sitters = [Sitter(ease) for ease in doing]
    order = []
    for one in sitters:
        seats.take(one, seats.guest_of(None))
    for _ in range(3):
        is_seated = seats.take(Sitter(), seats.guest_of(None))
        order.append((is_seated, [one.does for one in sitters if one.is_gone]))

    assert [
        (True, [Ease.SILENT]),
        (True, [Ease.UNREAD, Ease.SILENT]),
        (False, [Ease.UNREAD, Ease.SILENT]),
    ] == order


def test_nobody_gives_way_to_another_user() -> None:
    """A full kind of user: the next user of it is refused, and nobody is thrown out for it."""
    seats = Seats(lambda uid: Guest(uid, "viewer", Share(each_n=1, all_n=2)))
    sitters = [Sitter(Ease.SILENT) for _ in range(2)]
    taken = [seats.take(one, seats.guest_of(uid)) for uid, one in enumerate(sitters)]

    assert ([True, True], False, False) == (
        taken,
        seats.take(Sitter(), seats.guest_of(2)),
        any(one.is_gone for one in sitters),
    )


@pytest.mark.parametrize(
    "uid, kind, each_n",
    [
        (OWN, "own", seats_room.OWN_MAX),
        (0, "root", seats_room.ROOT_MAX),
        (ADMIN, "admin", seats_room.EACH_MAX),
        (OPERATOR, "operator", seats_room.EACH_MAX),
        (VIEWER, "viewer", seats_room.EACH_MAX),
        (ROLELESS, "nobody", seats_room.ROLELESS_EACH_MAX),
        (None, "nobody", seats_room.ROLELESS_EACH_MAX),
    ],
)
def test_each_kind_of_user_has_places_of_its_own(uid: int | None, kind: str, each_n: int) -> None:
    """Where the system does not say who asks, that is nobody; root has its own places beside the daemon's user."""
    guest = _guest(ROLES, uid)

    assert (kind, each_n) == (guest.kind, guest.share.each_n)


def test_where_only_the_owner_can_connect_the_nameless_is_the_owner() -> None:
    """A system without SO_PEERCRED and a socket of mode 0600: who is in is the daemon's user."""
    guest = _guest(Roles(own_uid=OWN), None)

    assert (OWN, "own") == (guest.uid, guest.kind)


@pytest.mark.parametrize("roles", [Roles(own_uid=OWN_UID), Roles(own_uid=OWN_UID, viewers=(STRANGER,))])
async def test_a_user_that_holds_its_places_keeps_out_nobody_else(roles: Roles) -> None:
    """Fault I15: a viewer, and a user without a role, open 90 connections and send half a question each."""
    status = Route("GET", "/v1/status", "status", Role.VIEWER, whoami)
    mine = Roles(own_uid=os.geteuid(), viewers=roles.viewers) if os.geteuid() == 0 else roles
    async with door(status, roles=mine) as one:
        # As many as the loop lets the kernel keep in front of the door.
        held = []
        for _ in range(90):
            line = connected(one.path, as_stranger=True)
            line.send(HALF)
            held.append(line)
        # Nobody has been let in so far: all of them stand in front of us.
        answered, told = (
            await one.knock("GET /v1/status", as_stranger=False) if os.geteuid() == 0 else (200, {"uid": os.geteuid()})
        )
        for line in held:
            line.close()

    assert (200, os.geteuid()) == (answered, told["uid"])


@asynccontextmanager
async def public() -> AsyncIterator[tuple[Doorman, int]]:
    """Serve "ok" at a door at which peers have no names."""

    async def ok(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/", ok)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    assert runner.server is not None
    doorman = Doorman(runner.server)
    server = await asyncio.get_running_loop().create_server(doorman, "127.0.0.1", 0, backlog=512)
    try:
        async with asyncio.timeout(10):
            yield doorman, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await runner.cleanup()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost"])
async def test_a_scrape_is_answered_beside_more_stuck_peers_than_there_are_places(sent: bytes) -> None:
    """Fault G14: silent and half-asking connections make room, and the newest is served."""
    async with public() as (doorman, port):
        lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(PUBLIC_MAX + 3)]
        for _, writer in lines:
            writer.write(sent)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ASKING)
        told = await reader.read()
        for _, one in (*lines, (reader, writer)):
            one.close()
            await asyncio.gather(one.wait_closed(), return_exceptions=True)

    assert (True, True) == (told.endswith(b"ok"), doorman.refused_n >= 1)


async def test_who_finds_no_place_is_told_why_and_what_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full door answers in JSON with the code busy, the way to see who holds it, and the ways around it."""
    monkeypatch.setattr(seats_room, "PUBLIC_MAX", 0)
    async with public() as (doorman, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        told = await reader.read()
        writer.close()

    head, _, body = told.partition(b"\r\n\r\n")
    answer = json.loads(body)
    assert (True, "busy", 1) == (head.startswith(b"HTTP/1.1 429 "), answer["code"], doorman.refused_n)
    assert all(word in answer["message"] for word in ("ss -xp", "inbox", "SIGTERM"))
