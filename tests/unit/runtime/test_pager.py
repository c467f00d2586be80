"""Pages go out by real programs and a real web server on loopback, until somebody acknowledges."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from execd.core.events import Alert
from execd.intake.outbox import write_whole
from execd.runtime import pager as room
from execd.runtime.alerts import Alerts
from execd.runtime.pager import DeadMan, Pager, PagerRules
from execd.runtime.routes import ExecRoute, Route, RouteError, WebhookRoute
from tests.unit.runtime.ports import S, SetClock


class Trap:
    """A route that keeps what it is given, and fails as often as it is told."""

    def __init__(self, fails_n: int = 0, name: str = "trap") -> None:
        self.name = name
        self.pages: list[dict[str, object]] = []
        self.fails_n = fails_n
        self.tries_n = 0
        self._more = asyncio.Event()

    async def send(self, body: bytes) -> None:
        """Keep a page."""
        self.tries_n += 1
        if self.fails_n:
            self.fails_n -= 1
            raise RouteError("nobody is there")
        self.pages.append(json.loads(body))
        self._more.set()

    async def until(self, n: int) -> list[object]:
        """Return the codes of the pages once there are `n`."""
        async with asyncio.timeout(5):
            while len(self.pages) < n:
                self._more.clear()
                await self._more.wait()
        return [page["code"] for page in self.pages]


def alerts_in(folder: Path, clock: SetClock) -> Alerts:
    """Return alarms that are kept in a folder."""
    return Alerts(folder / "alerts.json", clock=clock, write=partial(write_whole, is_durable=False))


@asynccontextmanager
async def paging(
    alerts: Alerts, clock: SetClock, *routes: Route, rules: PagerRules | None = None
) -> AsyncIterator[Pager]:
    """Run a pager over these routes."""
    pager = Pager(alerts=alerts, clock=clock, routes=routes, rules=rules or PagerRules())
    running = asyncio.create_task(pager.run())
    try:
        yield pager
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def breathe() -> None:
    """Let everything that can run now run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_page_comes_again_until_somebody_acknowledges(tmp_path: Path) -> None:
    """Not before `repeat_s`, again after it, and never after the ack."""
    clock, trap = SetClock(), Trap()
    alerts = alerts_in(tmp_path, clock)
    async with paging(alerts, clock, trap):
        alerts.raise_alarm(Alert(code="held", text="look", severity="critical"))
        await trap.until(1)
        alerts.on_change()
        await breathe()
        early_n = len(trap.pages)
        clock.ns += 300 * S
        alerts.on_change()
        await trap.until(2)
        alerts.ack("held", 7, "seen")
        clock.ns += 900 * S
        alerts.on_change()
        await breathe()

    assert (1, 2, 2) == (early_n, len(trap.pages), alerts.rows()[0].pages_n)


async def test_a_restart_does_not_page_at_once_again(tmp_path: Path) -> None:
    """What was paged a moment before a crash waits for its turn."""
    clock = SetClock()
    alerts, first = alerts_in(tmp_path, clock), Trap()
    async with paging(alerts, clock, first) as pager:
        alerts.raise_alarm(Alert(code="held", text="look", severity="critical"))
        await first.until(1)
        await breathe()
        await pager.save()
    again, second = alerts_in(tmp_path, clock), Trap()
    async with paging(again, clock, second):
        await breathe()
        at_once_n = second.tries_n
        clock.ns += 301 * S
        again.on_change()
        await second.until(1)

    assert at_once_n == 0


async def test_the_severe_go_first_and_the_mild_below_the_bound_not_at_all(tmp_path: Path) -> None:
    """`severity_min` bounds what pages; what is listed is everything."""
    clock, trap = SetClock(), Trap()
    alerts = alerts_in(tmp_path, clock)
    alerts.raise_alarm(Alert(code="mild", text="x", severity="info"))
    alerts.raise_alarm(Alert(code="odd", text="x", severity="warning"))
    alerts.raise_alarm(Alert(code="grave", text="x", severity="critical"))
    async with paging(alerts, clock, trap):
        codes = await trap.until(2)
        await breathe()

    assert (["grave", "odd"], 3, 2) == (codes, len(alerts.rows()), len(trap.pages))


async def test_a_route_that_fails_is_tried_again_and_shown_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its failure raises no alarm of its own; the other route has paged meanwhile."""
    monkeypatch.setattr(room, "RETRY_S_MIN", 0.001)
    clock, broken, well = SetClock(), Trap(fails_n=3, name="broken"), Trap()
    alerts = alerts_in(tmp_path, clock)
    async with paging(alerts, clock, broken, well) as pager:
        alerts.raise_alarm(Alert(code="held", text="look", severity="critical"))
        await well.until(1)
        shown = [(state.name, state.error) for state in pager.routes()]
        await broken.until(1)
        states = {state.name: (state.error, state.failed_n, state.sent_n) for state in pager.routes()}

    expected = {"broken": ("", 3, 1), "trap": ("", 0, 1)}
    assert (("broken", "nobody is there"), expected, 1) == (shown[0], states, len(alerts.rows()))


async def test_a_storm_is_paced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A route sends no more than its number in a minute, however many alarms are open."""
    monkeypatch.setattr(room, "PAGES_PER_MIN_MAX", 3)
    clock, trap = SetClock(), Trap()
    alerts = alerts_in(tmp_path, clock)
    for n in range(20):
        alerts.raise_alarm(Alert(code=f"c{n}", text="x", severity="critical"))
    async with paging(alerts, clock, trap):
        await trap.until(3)
        await breathe()

    assert len(trap.pages) == 3


async def test_a_test_page_tells_of_each_route(tmp_path: Path) -> None:
    """`doctor --page` learns which route works and why another does not."""
    clock = SetClock()
    pager = Pager(
        alerts=alerts_in(tmp_path, clock),
        clock=clock,
        routes=[Trap(fails_n=1, name="a"), Trap(name="b")],
        rules=PagerRules(),
    )
    told = [(one.route, one.is_ok, one.error) for one in await pager.page_test()]

    assert [("a", False, "nobody is there"), ("b", True, "")] == told


async def test_other_routes_are_taken_while_it_runs(tmp_path: Path) -> None:
    """After a reload the new route pages, and the old one is left alone."""
    clock, old, new = SetClock(), Trap(), Trap()
    alerts = alerts_in(tmp_path, clock)
    async with paging(alerts, clock, old) as pager:
        await breathe()
        pager.configure([new], PagerRules())
        await breathe()
        alerts.raise_alarm(Alert(code="held", text="look", severity="critical"))
        await new.until(1)

    assert ([], 1) == (old.pages, len(new.pages))


def program(code: str) -> list[str]:
    """Return a program that runs this Python."""
    return [sys.executable, "-c", code]


async def test_a_program_gets_the_page_on_its_input_and_nothing_of_ours(tmp_path: Path) -> None:
    """One JSON object; no secret of our environment, and no socket of the service manager."""
    said = tmp_path / "said.json"
    code = f"import json,os,sys; json.dump([json.load(sys.stdin), sorted(os.environ)], open({str(said)!r}, 'w'))"
    env = {"KEPT": "1", "EXECD_ALERTS__WEBHOOK": "secret", "NOTIFY_SOCKET": "/x", "CREDENTIALS_DIRECTORY": "/y"}
    await ExecRoute(program(code), 10, env).send(b'{"code":"held"}')
    body, names = json.loads(said.read_text())

    assert ({"code": "held"}, True, False) == (body, "KEPT" in names, bool(set(names) & (set(env) - {"KEPT"})))


PROGRAMS = [
    ("import sys; sys.exit('no route to \\033[1mhost')", "ended with 1: no route to ?[1mhost"),
    ("print('begun'); print('no such pager'); raise SystemExit(4)", "ended with 4: begun no such pager"),
    ("import sys; print('x' * 9_000 + ' at last'); sys.exit(5)", "xxx at last"),
    ("import time; time.sleep(60)", "has not ended within 0.5 s"),
    ("import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])", "0.5 s"),
    ("import sys; sys.stderr.write('x' * 5_000_000); sys.exit(3)", f"ended with 3: {'x' * 200}"),
]


@pytest.mark.parametrize("code, expected", PROGRAMS)
async def test_a_program_that_fails_hangs_or_chatters_is_told_of(code: str, expected: str) -> None:
    """Its time and its words are bounded; what it leaves running is killed with it."""
    timeout_s = 0.5 if "0.5 s" in expected else 20
    with pytest.raises(RouteError) as caught:
        await ExecRoute(program(code), timeout_s, {}).send(b"{}" * 100_000)

    assert expected in str(caught.value)


async def test_a_program_that_is_not_there_is_told_of() -> None:
    """A path that leads nowhere is an error of the route, not of the daemon."""
    with pytest.raises(RouteError, match="cannot be started: No such file"):
        await ExecRoute(["/nowhere/page-me"], 1, {}).send(b"{}")


@asynccontextmanager
async def server(answer: Callable[[web.Request], web.StreamResponse]) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve on loopback; the base URL, and the bodies that came."""
    bodies: list[bytes] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.read())
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", bodies
    finally:
        await runner.cleanup()


async def test_a_webhook_gets_the_page_as_json() -> None:
    """A POST with the JSON object; 204 is as good as 200."""
    async with server(lambda _: web.Response(status=204)) as (url, bodies):
        await WebhookRoute(f"{url}/hook?key=secret", 5).send(b'{"code":"held"}')

    assert [b'{"code":"held"}'] == bodies


@pytest.mark.parametrize("status", [302, 400, 500])
async def test_a_webhook_that_refuses_is_told_of_without_its_address(status: int) -> None:
    """Fault I12: the URL is a secret. No redirect is followed: it could lead anywhere."""
    headers = {"Location": "/elsewhere"} if status == 302 else {}
    async with server(lambda _: web.Response(status=status, headers=headers)) as (url, bodies):
        with pytest.raises(RouteError) as caught:
            await WebhookRoute(f"{url}/hook?key=secret", 5).send(b"{}")

    told = str(caught.value)
    assert (f"answered with status {status}", 1) == (told, len(bodies))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/secret", "http://[secret", "gopher://secret", "secret"])
async def test_a_webhook_that_cannot_be_reached_is_told_of_without_its_address(url: str) -> None:
    """Fault I12: neither a refused connection nor a bad URL shows the address."""
    with pytest.raises(RouteError) as caught:
        await WebhookRoute(url, 5).send(b"{}")

    assert ("secret" not in str(caught.value), caught.value.__cause__) == (True, None)


async def test_a_dead_mans_clock_is_pinged_only_while_all_is_well() -> None:
    """Silence is the alarm: halted, not ready or without progress there is no ping."""
    wells = iter([True, True, False])
    done = asyncio.Event()

    def is_well() -> bool:
        is_so = next(wells, None)
        if is_so is None:
            done.set()
        return bool(is_so)

    async with server(lambda _: web.Response()) as (url, bodies), asyncio.timeout(5):
        dead_man = DeadMan(url=f"{url}/ping", every_s=0.01, timeout_s=5, is_well=is_well)
        running = asyncio.create_task(dead_man.run())
        await done.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert ([b"", b""], 2) == (bodies, dead_man.state.sent_n)


async def test_a_code_that_is_about_many_things_is_one_page(tmp_path: Path) -> None:
    """A hundred orders of others are no hundred pages; an intent of ours has its own."""
    clock, trap = SetClock(), Trap()
    alerts = alerts_in(tmp_path, clock)
    for about in ("x", "y", "z"):
        alerts.raise_alarm(Alert(code="external_order", text=about, about=about))
    alerts.raise_alarm(Alert(code="in_doubt", text="p", parent_id="p"))
    alerts.raise_alarm(Alert(code="in_doubt", text="q", parent_id="q"))
    async with paging(alerts, clock, trap):
        await trap.until(3)
        await breathe()
    paged = {one.id: one.pages_n for one in alerts.rows()}

    assert (["external_order", "in_doubt", "in_doubt"], {1}) == (
        sorted(str(page["code"]) for page in trap.pages),
        set(paged.values()),
    )
