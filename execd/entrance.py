"""How what somebody asks comes into a daemon: the inbox, the reading of its files, and what is known of their ids.

The half of the composition root that knows the room `intake`; `app.py` says
when the inbox begins and ends. A file is read with what holds at that moment:
the configuration in force, the session, the instruments. Nothing is decided
here; a new thing that reading must know is a field of `ParseContext`.
"""

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence

from execd.config.settings import Settings, ns_of_s
from execd.core.commands import AmendParent
from execd.core.events import Known
from execd.engine.engine import Engine
from execd.errors import IntentError
from execd.intake.doorway import ReadyFile
from execd.intake.parse import ParseContext, Parsed, amend_of, parse_steps
from execd.intake.watch import InboxScan
from execd.runtime.clock import SystemClock
from execd.runtime.inbox_task import InboxTask
from execd.runtime.paths import StatePaths
from execd.runtime.pump import Pump
from execd.runtime.replies import Replies
from execd.runtime.taking import Taker
from execd.surface.answers import Problem

KnownOf = Callable[[Sequence[str]], Awaitable[Mapping[str, Known]]]
"""Ids to what the journal says of them."""


class Entrance:
    """The one way in, for files and for the socket alike."""

    def __init__(
        self,
        *,
        settings: Callable[[], Settings],
        paths: StatePaths,
        engine: Engine,
        known_of: KnownOf,
        pump: Pump,
        replies: Replies,
        clock: SystemClock,
        on_refused: Callable[[object], None],
    ) -> None:
        """Join it; `settings` are those in force, also after a reload, and `on_refused` counts files."""
        self._settings = settings
        self._paths = paths
        self._engine = engine
        self._known_of = known_of
        self._pump = pump
        self._clock = clock
        self._on_refused = on_refused
        self.taker = Taker(steps=self._parse, known=self._known, pump=pump, replies=replies, clock=clock)

    def inbox(self, scan_s: float) -> InboxTask[ReadyFile]:
        """Return the task that looks into the inbox every `scan_s`."""
        return InboxTask(
            open_inbox=self.open_inbox,
            folder=self._paths.inbox,
            taker=self.taker,
            pump=self._pump,
            clock=self._clock,
            scan_s=scan_s,
            on_refused=self._on_refused,
        )

    def open_inbox(self) -> InboxScan:
        """Return the inbox as it is now. Raises ConfigError where it may not be used."""
        inbox, paths = self._settings().inbox, self._paths
        return InboxScan(
            inbox=paths.inbox,
            accepted=paths.accepted,
            rejected=paths.rejected,
            owners=inbox.owners,
            settle_ns=int(inbox.settle_ms * 1_000_000),
        )

    def amend(self, intent_id: str, fields: Mapping[str, object]) -> AmendParent:
        """Return the command that amends an intent as these fields of a document say. Raises Problem."""
        try:
            return amend_of(intent_id, fields, context=self._context(self._clock.now_ns()))
        except IntentError as error:
            raise Problem(error.code, error.message, field=error.field) from None

    def _parse(self, name: str, body: bytes, mtime_ns: int) -> Generator[None, None, Parsed]:
        return parse_steps(name, body, context=self._context(mtime_ns))

    def _context(self, mtime_ns: int) -> ParseContext:
        settings = self._settings()
        return ParseContext(
            now_ns=self._clock.now_ns(),
            mtime_ns=mtime_ns,
            accounts=tuple(settings.accounts),
            default_account=settings.default_account,
            session=self._engine.desk.rules.session,
            horizons=settings.horizons,
            instruments=self._engine.desk.rules.instruments,
            zone=settings.session.zone,
            default_life_ns=ns_of_s(settings.execution.default_life_s),
            always_open_valid_ns=ns_of_s(settings.session.file_valid_s),
            seed=settings.sim.seed,
            profiles=settings.refdata.profiles,
        )

    async def _known(self, ids: Sequence[str]) -> Mapping[str, Known]:
        """Return what the journal says of ids that are not in memory."""
        book = self._engine.book
        gone = [one for one in ids if one not in book.parents and one not in book.documents]
        return await self._known_of(gone) if gone else {}
