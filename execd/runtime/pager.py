"""The task `alerts`: open alarms become pages, again and again until somebody acknowledges them.

Each route has a lane of its own with one page under way at a time, so a slow
program does not hold up a webhook, and neither holds up trading. A route that
fails is tried again with a growing pause, is shown in the status, and raises
no alarm: that would only ask the same route for help. `DeadMan` pings
somebody else's clock while all is well; silence is its alarm.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog

from execd.core.codec import encode
from execd.ports import Clock
from execd.runtime.alerts import RANKS, Alarm, Alerts, Severity
from execd.runtime.clock import NS_PER_S
from execd.runtime.routes import Route, RouteError, request

PAGES_PER_MIN_MAX: Final = 30
"""Pages of one route in a minute: in a storm of alarms the most severe get through, the others wait."""
RETRY_S_MIN: Final = 1.0
RETRY_S_MAX: Final = 300.0
LOOK_S: Final = 0.05
"""How often a stop looks whether its last pages are out."""
SAVE_S: Final = 0.25
"""The least time between two writings of the alarms' file."""

log = structlog.get_logger("execd.alerts")


class PagerRules(msgspec.Struct, frozen=True, kw_only=True):
    """When a page is due: from which severity on, and how often again."""

    repeat_ns: int = 300 * NS_PER_S
    severity_min: Severity = "warning"


class RouteState(msgspec.Struct, kw_only=True):
    """What is known of a route, for status."""

    name: str
    error: str = ""
    sent_n: int = 0
    failed_n: int = 0
    last_ok_ns: int | None = None


class PageTest(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a test page on one route."""

    route: str
    is_ok: bool
    seconds: float
    error: str = ""


class Lane:
    """One route and what goes through it."""

    def __init__(self, route: Route, alerts: Alerts, clock: Clock, rules: PagerRules) -> None:
        """Begin with nothing sent; what an earlier life has paged is not paged at once again."""
        self.route = route
        self.state = RouteState(name=route.name)
        self.wake = asyncio.Event()
        self._alerts = alerts
        self._clock = clock
        self._rules = rules
        self._sent_ns: dict[str, int] = {}
        for one in alerts.open_rows():
            if one.paged_ns is not None:
                self._sent_ns[one.page_id] = max(one.paged_ns, self._sent_ns.get(one.page_id, 0))
        self._recent_s: deque[float] = deque(maxlen=PAGES_PER_MIN_MAX)
        self._failed_in_a_row = 0

    async def run(self) -> None:
        """Page for ever."""
        while True:
            self.wake.clear()
            now_ns = self._clock.now_ns()
            waiting = self._waiting()
            names = [one.page_id for one in waiting]
            self._sent_ns = {name: self._sent_ns[name] for name in names if name in self._sent_ns}
            due_ns = {one.page_id: self._due_ns(one) for one in waiting}
            due = next((one for one in waiting if due_ns[one.page_id] <= now_ns), None)
            if due is None:
                await self._rest(min(due_ns.values(), default=None), now_ns)
                continue
            await self._keep_pace()
            if await self.send(due):
                self._sent_ns[due.page_id] = self._clock.now_ns()
                self._alerts.paged(due.page_id)
            else:
                await asyncio.sleep(min(RETRY_S_MAX, RETRY_S_MIN * 2.0 ** min(self._failed_in_a_row, 16)))

    def has_due(self) -> bool:
        """Whether a page should go out now."""
        now_ns = self._clock.now_ns()
        return any(self._due_ns(one) <= now_ns for one in self._waiting())

    def _waiting(self) -> list[Alarm]:
        """Return what may be paged: of alarms that share a page the most severe, then the one that came last."""
        first: dict[str, Alarm] = {}
        for one in self._alerts.open_rows():
            known = first.setdefault(one.page_id, one)
            if known.severity == one.severity and one.last_ns > known.last_ns:
                first[one.page_id] = one
        return [one for one in first.values() if RANKS[one.severity] >= self._least]

    async def send(self, alarm: Alarm, *, is_test: bool = False) -> bool:
        """Send one page; whether it got through."""
        try:
            await self.route.send(encode(_page(alarm, is_test=is_test)))
        except RouteError as error:
            if not self._failed_in_a_row:
                log.critical("alert_route_failed", route=self.route.name, error=str(error), code=alarm.code)
            self._failed_in_a_row += 1
            self.state.failed_n += 1
            self.state.error = str(error)
            return False
        if self._failed_in_a_row:
            log.info("alert_route_recovered", route=self.route.name, failed_n=self._failed_in_a_row)
        self._failed_in_a_row = 0
        self.state.sent_n += 1
        self.state.error = ""
        self.state.last_ok_ns = self._clock.now_ns()
        return True

    @property
    def _least(self) -> int:
        return RANKS[self._rules.severity_min]

    def _due_ns(self, alarm: Alarm) -> int:
        # Our own pages only: that another route got through is no reason to be silent.
        sent_ns = self._sent_ns.get(alarm.page_id)
        return 0 if sent_ns is None else sent_ns + self._rules.repeat_ns

    async def _rest(self, until_ns: int | None, now_ns: int) -> None:
        rest_s = None if until_ns is None else (until_ns - now_ns) / NS_PER_S
        try:
            async with asyncio.timeout(rest_s):
                await self.wake.wait()
        except TimeoutError:
            pass  # Something has become due.

    async def _keep_pace(self) -> None:
        if len(self._recent_s) == PAGES_PER_MIN_MAX:
            await asyncio.sleep(self._recent_s[0] + 60 - time.monotonic())
        self._recent_s.append(time.monotonic())


class Pager:
    """All lanes, and the writing of the alarms' file."""

    def __init__(self, *, alerts: Alerts, clock: Clock, routes: Sequence[Route], rules: PagerRules) -> None:
        """Page what `alerts` holds by every one of `routes`."""
        self._alerts = alerts
        self._clock = clock
        self._again = asyncio.Event()
        self._to_save = asyncio.Event()
        self._saving = asyncio.Lock()
        self.configure(routes, rules)
        alerts.on_change = self._changed

    def configure(self, routes: Sequence[Route], rules: PagerRules) -> None:
        """Take other routes and rules from here on."""
        self._lanes = [Lane(route, self._alerts, self._clock, rules) for route in routes]
        self._again.set()

    def routes(self) -> list[RouteState]:
        """Return how each route does."""
        return [lane.state for lane in self._lanes]

    async def paged(self) -> None:
        """Return once no page is due any more, for who is about to end."""
        while any(lane.has_due() for lane in self._lanes):  # noqa: ASYNC110  # What is due is a matter of time, too.
            await asyncio.sleep(LOOK_S)

    async def page_test(self) -> list[PageTest]:
        """Send a test page by every route, all at once, and return what became of each."""
        return list(await asyncio.gather(*(self._test(lane) for lane in self._lanes)))

    async def run(self) -> None:
        """Page and save for ever."""
        while True:
            self._again.clear()
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(lane.run()) for lane in self._lanes]
                tasks.append(group.create_task(self._save_for_ever()))
                await self._again.wait()
                for task in tasks:
                    task.cancel()

    async def _save_for_ever(self) -> None:
        while True:
            await self.save()
            await asyncio.sleep(SAVE_S)
            await self._to_save.wait()
            self._to_save.clear()

    async def save(self) -> None:
        """Write the alarms where they have changed."""
        async with self._saving:
            body = self._alerts.unsaved()
            if body is None:
                return
            writing = asyncio.ensure_future(asyncio.to_thread(self._alerts.save, body))
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:
                # A thread cannot be called back: what is older must not be written over what is newer.
                await writing
                raise

    def _changed(self) -> None:
        self._to_save.set()
        for lane in self._lanes:
            lane.wake.set()

    async def _test(self, lane: Lane) -> PageTest:
        now_ns = self._clock.now_ns()
        text = "this is a test of execd's alert routes; nothing is wrong"
        alarm = Alarm(id="test", code="test", text=text, severity="info", first_ns=now_ns, last_ns=now_ns)
        began_s = time.monotonic()
        is_ok = await lane.send(alarm, is_test=True)
        seconds = round(time.monotonic() - began_s, 3)
        return PageTest(route=lane.route.name, is_ok=is_ok, seconds=seconds, error=lane.state.error)


class DeadMan:
    """The task `dead_man`: pings a URL while all is well, and is silent otherwise."""

    def __init__(self, *, url: str, every_s: float, timeout_s: float, is_well: Callable[[], bool]) -> None:
        """Ping nobody where `url` is empty."""
        self.state = RouteState(name="dead_man")
        self._is_well = is_well
        self._again = asyncio.Event()
        self.configure(url=url, every_s=every_s, timeout_s=timeout_s)

    def configure(self, *, url: str, every_s: float, timeout_s: float) -> None:
        """Take another place or pace from here on."""
        self._url, self._every_s, self._timeout_s = url, every_s, timeout_s
        self._again.set()

    async def run(self) -> None:
        """Ping for ever."""
        while True:
            self._again.clear()
            if self._url and self._is_well():
                await self._ping()
            try:
                async with asyncio.timeout(self._every_s):
                    await self._again.wait()
            except TimeoutError:
                pass  # The next ping is due.

    async def _ping(self) -> None:
        try:
            await request(self._url, self._timeout_s)
        except RouteError as error:
            if not self.state.error:
                log.critical("dead_man_failed", error=str(error))
            self.state.failed_n += 1
            self.state.error = str(error)
        else:
            self.state.sent_n += 1
            self.state.error = ""


def _page(alarm: Alarm, *, is_test: bool) -> dict[str, object]:
    """Return what a page says; `text` alone is what most chat systems show."""
    return {
        "source": "execd",
        "id": alarm.id,
        "code": alarm.code,
        "severity": alarm.severity,
        "text": f"execd {alarm.severity}: {alarm.code}: {alarm.text}",
        "parent_id": alarm.parent_id,
        "count": alarm.count,
        "first_ns": alarm.first_ns,
        "last_ns": alarm.last_ns,
        "is_test": is_test,
    }
