"""Who may do what at the control socket: real sockets, real credentials."""

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from execd.core.commands import Operated
from execd.core.events import CommandReceived
from execd.surface.gate import Route
from execd.surface.peers import REFUSED_MAX, REFUSED_NS, Refusals, Role, Roles
from tests.unit.surface.door import BODY_BYTES_MAX, OWN_UID, STRANGER, door, whoami

SEE = Route("GET", "/see", "see", Role.VIEWER, whoami)
WORK = Route("POST", "/work", "work", Role.OPERATOR, whoami)
RULE = Route("POST", "/rule", "rule", Role.ADMIN, whoami)
UIDS = st.integers(1, 70_000)


@given(viewers=st.sets(UIDS), operators=st.sets(UIDS), admins=st.sets(UIDS), uid=UIDS, own_uid=UIDS)
def test_a_user_has_the_highest_of_its_roles(
    viewers: set[int], operators: set[int], admins: set[int], uid: int, own_uid: int
) -> None:
    """Roles are a ladder; the daemon's user and root stand on its top; who is named nowhere is nobody."""
    roles = Roles(own_uid=own_uid, viewers=tuple(viewers), operators=tuple(operators), admins=tuple(admins))
    ladder = [Role.ADMIN] * (uid == own_uid or uid in admins)
    ladder += [Role.OPERATOR] * (uid in operators) + [Role.VIEWER] * (uid in viewers) + [Role.NOBODY]

    assert (max(ladder), Role.ADMIN, Role.ADMIN) == (roles.of(uid), roles.of(own_uid), roles.of(0))


def test_who_cannot_be_named_is_trusted_only_where_nobody_else_can_connect() -> None:
    """On a system without peer credentials a shared socket serves nobody."""
    alone, shared = (Roles(own_uid=1, is_owner_only=is_alone) for is_alone in (True, False))

    assert (Role.ADMIN, Role.NOBODY) == (alone.of(None), shared.of(None))


ME = (STRANGER,)
ROWS: list[tuple[Roles, list[int]]] = [
    (Roles(own_uid=OWN_UID), [403, 403, 403]),
    (Roles(own_uid=OWN_UID, viewers=ME), [200, 403, 403]),
    (Roles(own_uid=OWN_UID, operators=ME), [200, 200, 403]),
    (Roles(own_uid=OWN_UID, admins=ME), [200, 200, 200]),
]


@pytest.mark.parametrize("roles, statuses", ROWS, ids=["nobody", "viewer", "operator", "admin"])
async def test_each_role_passes_as_far_as_it_may(roles: Roles, statuses: list[int]) -> None:
    """The kernel says who asks; what the role does not allow is 403. Fault I14."""
    async with door(SEE, WORK, RULE, roles=roles) as one:
        told = [(await one.knock(request))[0] for request in ("GET /see", "POST /work", "POST /rule")]

    assert statuses == told


async def test_a_refused_peer_is_journaled_once_and_told_what_is_needed() -> None:
    """Who was refused what is a record; a loop of requests makes one in a minute, not a full journal. Fault I14."""
    async with door(RULE, roles=Roles(own_uid=OWN_UID)) as one:
        _, told = await one.knock("POST /rule")
        await one.knock("POST /rule")
        once = [event.command for event in one.sink.events if isinstance(event, CommandReceived)]
        one.clock.ns += REFUSED_NS
        await one.knock("POST /rule")

    assert ("forbidden", True, [Operated(verb="refused:rule", text=f"user {STRANGER} is nobody")], 2) == (
        told["code"],
        "role admin" in told["message"] and "control.admins" in told["message"],
        once,
        len(one.sink.events),
    )


async def test_a_handler_knows_who_asks() -> None:
    """User and process of the asker are what is journaled."""
    async with door(SEE, roles=Roles(own_uid=OWN_UID, viewers=(STRANGER,))) as one:
        _, stranger = await one.knock("GET /see")

    assert {"uid": STRANGER, "has_pid": True, "n": 0} == stranger


FROM_A_BROWSER = [
    ("Host: evil.example",),
    ("Host: execd", "Origin: http://evil.example"),
    ("Host: execd", "Sec-Fetch-Site: cross-site"),
    ("Host: 127.0.0.1:8080",),
]


@pytest.mark.parametrize("headers", FROM_A_BROWSER, ids=lambda headers: headers[-1])
async def test_a_browser_is_refused_whoever_it_runs_for(headers: tuple[str, ...]) -> None:
    """A page of the web that reached the socket through a proxy may not even read. Fault I13."""
    async with door(SEE, roles=Roles(own_uid=OWN_UID, admins=(STRANGER,))) as one:
        status, told = await one.knock("GET /see", *headers)

    assert (403, "forbidden") == (status, told["code"])


@pytest.mark.parametrize("host", ["execd", "localhost"])
async def test_a_client_of_the_socket_is_served(host: str) -> None:
    """The names that clients of a unix socket give."""
    async with door(SEE, roles=Roles(own_uid=OWN_UID, viewers=(STRANGER,))) as one:
        status, _ = await one.knock("GET /see", f"Host: {host}")

    assert 200 == status


async def test_a_body_that_is_too_large_is_refused() -> None:
    """Nobody makes the daemon keep a large body in memory. Fault I15."""
    async with door(WORK, roles=Roles(own_uid=OWN_UID, operators=(STRANGER,))) as one:
        fits, _ = await one.knock("POST /work", body=b"x" * BODY_BYTES_MAX)
        status, told = await one.knock("POST /work", body=b"x" * (BODY_BYTES_MAX + 1))

    assert (200, 422, "too_large") == (fits, status, told["code"])


@pytest.mark.parametrize("request_line", ["GET /nowhere", "DELETE /see", "GET /../etc/passwd"])
async def test_what_is_no_route_is_refused_in_json(request_line: str) -> None:
    """A script can read every refusal."""
    async with door(SEE, roles=Roles(own_uid=OWN_UID, viewers=(STRANGER,))) as one:
        status, told = await one.knock(request_line)

    assert (True, {"code", "message", "field", "line"}) == (status in {404, 405}, set(told))


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.integers(0, 2 * REFUSED_NS))))
def test_a_refusal_is_news_once_in_a_while(asked: list[tuple[int, str, int]]) -> None:
    """Two refusals of one user and verb within the time are one piece of news."""
    refusals, told, now_ns = Refusals(), dict[tuple[int, str], int](), 0
    for uid, verb, later_ns in asked:
        now_ns += later_ns
        is_news = (uid, verb) not in told or now_ns - told[uid, verb] >= REFUSED_NS
        if is_news:
            told[uid, verb] = now_ns

        assert is_news == refusals.is_news(uid, verb, now_ns)


def test_what_is_remembered_of_refusals_is_bounded() -> None:
    """However many users and verbs are tried, the memory stays."""
    refusals = Refusals()
    for uid in range(REFUSED_MAX + 10):
        refusals.is_news(uid, "v", 0)

    assert (True, False) == (refusals.is_news(0, "v", 1), refusals.is_news(REFUSED_MAX + 9, "v", 1))


async def test_a_defect_of_a_handler_is_answered_and_logged_with_its_traceback() -> None:
    """Whoever asked is told that it is a defect; the log says where it is, by route and not by what was asked."""

    async def breaks(_: web.Request) -> web.Response:
        message = "no such parent"
        raise KeyError(message)

    broken = Route("GET", "/broken/{id}", "broken", Role.VIEWER, breaks)
    with capture_logs() as logs:
        async with door(broken, roles=Roles(own_uid=OWN_UID, viewers=(STRANGER,))) as one:
            status, told = await one.knock("GET /broken/secret")
    (line,) = [one for one in logs if one["event"] == "handler_failed"]

    assert (500, "internal", {"code", "message", "field", "line"}) == (status, told["code"], set(told))
    assert ("error", True, "/broken/{id}") == (line["log_level"], line["exc_info"], line["route"])
