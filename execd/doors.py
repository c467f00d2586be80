"""The doors of a daemon, joined: the control socket with its verbs and roles, metrics and health on loopback.

The half of the composition root that knows the surface; `app.py` hands over
the parts. Nothing is decided here. A new verb is a route in `surface`; what
it needs beyond these parts is a field of `Parts`.
"""

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import NamedTuple

from execd.config.settings import Settings
from execd.core.orders import ParentOrder
from execd.core.records import Record
from execd.engine.engine import Engine
from execd.errors import IntentError
from execd.intake.parsed import ParsedIntent, ParsedList
from execd.runtime.alerts import Alerts
from execd.runtime.clock import SystemClock
from execd.runtime.health import Health
from execd.runtime.kill_file import KillFile
from execd.runtime.pager import Pager
from execd.runtime.paths import StatePaths
from execd.runtime.pump import Pump
from execd.runtime.replies import Replies
from execd.runtime.stopping import StopWish
from execd.runtime.supervisor import Supervisor
from execd.runtime.taking import Taker
from execd.surface.answers import Problem
from execd.surface.control import BODY_BYTES_MAX, Control
from execd.surface.gate import Gate
from execd.surface.gauges import Gauges
from execd.surface.latches import Latches
from execd.surface.metrics import Metrics
from execd.surface.peers import Roles
from execd.surface.previews import Previews
from execd.surface.reconciling import Reconciling
from execd.surface.status import About, Status
from execd.surface.stopping import Stopping
from execd.surface.verbs import Amend, Reload, Verbs
from execd.surface.web import Surface, public_app


class Parts(NamedTuple):
    """What the doors open on. `settings` are those in force, also after a reload; `more` are further keys of status.

    `heard` are the alerts, who is paged of them, and the file that kills.
    """

    settings: Callable[[], Settings]
    paths: StatePaths
    engine: Engine
    pump: Pump
    replies: Replies
    clock: SystemClock
    supervisor: Supervisor
    health: Health
    metrics: Metrics
    venues: Mapping[str, str]
    heard: tuple[Alerts, Pager, KillFile]
    taker: Taker
    records: Callable[[str], AsyncIterator[Record]]
    inbox: Callable[[], Mapping[str, int]]
    subscribe: Callable[[tuple[str, ...]], None]
    amend: Amend
    reload: Reload
    stop_wish: StopWish
    more: Mapping[str, Callable[[], object]]


def open_doors(parts: Parts) -> Surface:
    """Return the surface that serves these parts; it is bound when it is told to."""
    settings, metrics = parts.settings(), parts.metrics
    alerts, pager, kill_file = parts.heard
    status = _status(parts, lambda: surface.url)
    control = Control(
        engine=parts.engine,
        pump=parts.pump,
        clock=parts.clock,
        status=status.read,
        taker=parts.taker,
        records=parts.records,
        on_refused=lambda _: metrics.count_intent("rejected", "api"),
    )
    verbs = Verbs(
        pump=parts.pump,
        replies=parts.replies,
        clock=parts.clock,
        accounts=tuple(settings.accounts),
        amend=parts.amend,
        alerts=alerts,
        pager=pager,
        reload=parts.reload,
    )
    kill_file.replies = parts.replies
    latches = Latches(
        verbs=verbs,
        accounts=tuple(settings.accounts),
        kill_file=kill_file,
        default=lambda: parts.settings().kill.default_level,
    )
    previews = Previews(
        engine=parts.engine,
        pump=parts.pump,
        clock=parts.clock,
        read=lambda name, body: _intents(parts, name, body),
        subscribe=parts.subscribe,
    )
    reconciling = Reconciling(
        pump=parts.pump, replies=parts.replies, clock=parts.clock, accounts=tuple(settings.accounts)
    )
    stopping = Stopping(wish=parts.stop_wish, post=parts.pump.post, clock=parts.clock)
    roles = _roles(settings)
    gate = Gate(roles=roles, post=parts.pump.post, clock=parts.clock)
    gauges = Gauges(meters=metrics.meters, status=status, journal=parts.paths.journal, inbox=parts.inbox)
    surface = Surface(
        control=gate.app(
            (*control.routes, *previews.routes, *verbs.routes, *latches.routes, *stopping.routes, *reconciling.routes),
            body_bytes_max=BODY_BYTES_MAX,
        ),
        public=public_app(registry=metrics.registry, read=gauges.read, health=parts.health),
        path=parts.paths.socket,
        host=settings.surface.http_host,
        port=settings.surface.http_port,
        roles=roles,
        group=settings.control.socket_group,
    )
    return surface


def _status(parts: Parts, url: Callable[[], str]) -> Status:
    alerts, pager, _ = parts.heard
    about = About(
        venues=parts.venues,
        url=url,
        mode=lambda: str(parts.settings().mode),
        digest=lambda: parts.settings().digest(),
        alerts=alerts,
        pager=pager,
        more=parts.more,
    )
    return Status(
        engine=parts.engine,
        pump=parts.pump,
        supervisor=parts.supervisor,
        health=parts.health,
        clock=parts.clock,
        paths=parts.paths,
        about=about,
    )


def _roles(settings: Settings) -> Roles:
    control = settings.control
    return Roles(
        own_uid=os.getuid(),
        viewers=control.viewers,
        operators=control.operators,
        admins=control.admins,
        is_owner_only=not control.socket_group,
    )


async def _intents(parts: Parts, name: str, body: bytes) -> Sequence[ParentOrder]:
    """Return the intents of a file. Raises Problem."""
    try:
        parsed = await parts.taker.parse(name, body, parts.clock.now_ns())
    except IntentError as error:
        raise Problem(error.code, error.message, field=error.field, line=error.line) from None
    match parsed:
        case ParsedIntent(parent=parent):
            return (parent,)
        case ParsedList(intents=intents):
            return tuple(one.parent for one in intents)
        case _:
            raise Problem("not_supported", "a preview is of orders; a cancel or an amend has no plan", field="kind")
