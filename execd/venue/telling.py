"""The stream of one account's reports, to one connection.

First what was missed, from the ledger; then what happens, as it is told. Each
report has its number, so whoever listens can see that one is missing. The
faults of reports are done here, and only to what happens now: what is told
again is told right.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from execd.core.reports import ExecReport
from execd.ports import Clock
from execd.venue.faults import Faults
from execd.venue.keeper import Keeper
from execd.venue.lane import Lane
from execd.venue.ledger_file import LedgerFile
from execd.venue.wire import Alive, FromVenue, Report, Skip

REORDER_S: Final = 0.2
"""A report that should change places goes alone where none follows so soon."""
CATCH_UP_S_MAX: Final = 10.0
"""Who does not read a page of missed reports within this time is cut off."""
NO_MESSAGE: Final = b"\x00\xff no report"
NO_KIND: Final = b'{"type":"Omen","text":"a kind of report that nobody knows"}'
SILENCED_MAX: Final = 10_000


class Silence:
    """The orders of which nothing is told, by any of their names; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def add(self, cl_ord_id: str) -> None:
        """Tell nothing more of an order."""
        self._names[cl_ord_id] = None
        if len(self._names) > SILENCED_MAX:
            del self._names[next(iter(self._names))]

    def covers(self, report: ExecReport) -> bool:
        """Whether a report is about such an order; an OrderID is made of the chain's first ClOrdID."""
        return report.cl_ord_id in self._names or report.order_id.removeprefix("S-") in self._names

    def clear(self) -> None:
        """Tell of every order again, from now on."""
        self._names.clear()


class Stream:
    """`say` writes a frame, `garble` one that holds no message; `drained` waits for the reader.

    `seq` is the last number that was passed on.
    """

    def __init__(
        self,
        account: str,
        *,
        say: Callable[[FromVenue], None],
        garble: Callable[[bytes], None],
        faults: Faults,
        silence: Silence,
        clock: Clock,
    ) -> None:
        self.seq = 0
        self.live = asyncio.Event()
        self._account = account
        self._say = say
        self._garble = garble
        self._faults = faults
        self._silence = silence
        self._clock = clock
        self._swapped: FromVenue | None = None
        self._lane = Lane()

    async def catch_up(self, keeper: Keeper, since_seq: int, drained: Callable[[], Awaitable[None]]) -> None:
        """Tell what came after `since_seq`, then listen. Raises TimeoutError where nobody reads."""
        self.seq = since_seq
        while self.seq < keeper.seq_of(self._account):
            after_seq = self.seq
            for seq, report in await keeper.read(partial(_page, self._account, after_seq)):
                self._say(self._told(seq, report))
                self.seq = seq
            async with asyncio.timeout(CATCH_UP_S_MAX):
                await drained()
        self.live.set()

    def tell(self, seq: int, report: ExecReport) -> None:
        """Tell what happens now; before the stream is live, `catch_up` will find it in the ledger."""
        if not self.live.is_set() or seq <= self.seq:
            return
        self.seq = seq
        message = self._told(seq, report)
        if isinstance(message, Skip):
            self._pass(message)
            return
        now_ns = self._clock.now_ns()
        if self._faults.hit("mute-report", self._account, now_ns):
            self._pass(Skip(seq=seq))
            return
        if self._faults.hit("drop-report", self._account, now_ns):
            return
        if self._faults.hit("garble-report", self._account, now_ns):
            self._garble(NO_MESSAGE)
            return
        if self._faults.hit("strange-report", self._account, now_ns):
            self._garble(NO_KIND)
        delay = self._faults.hit("delay-report", self._account, now_ns)
        delay_s = delay.seconds if delay is not None else 0.0
        if self._faults.hit("reorder-reports", self._account, now_ns):
            self._release()
            self._swapped = message
            asyncio.get_running_loop().call_later(REORDER_S, self._release)
            return
        self._pass(message, delay_s)
        if self._faults.hit("duplicate-report", self._account, now_ns):
            self._pass(message)
        self._release()

    async def replay(self, keeper: Keeper) -> None:
        """Tell everything again that was told, from the first report that is kept."""
        after_seq, last_seq = 0, self.seq
        while page := await keeper.read(partial(_page, self._account, after_seq)):
            for seq, report in page:
                if seq > last_seq:
                    return
                self._say(self._told(seq, report))
                after_seq = seq

    def alive(self) -> Alive:
        """Return the sign of life; its number is no further than what has left."""
        is_behind = self._swapped is not None or len(self._lane) > 0
        return Alive(now_ns=self._clock.now_ns(), seq=0 if is_behind else self.seq)

    def close(self) -> None:
        """Say nothing more."""
        self.live.clear()
        self._lane.clear()
        self._swapped = None

    def _told(self, seq: int, report: ExecReport) -> Report | Skip:
        return Skip(seq=seq) if self._silence.covers(report) else Report(seq=seq, report=report)

    def _pass(self, message: FromVenue, delay_s: float = 0.0) -> None:
        """Say it now, or behind what is delayed."""
        self._lane.add(partial(self._say, message), delay_s)

    def _release(self) -> None:
        message, self._swapped = self._swapped, None
        if message is not None:
            self._pass(message)


def _page(account: str, after_seq: int, file: LedgerFile) -> list[tuple[int, ExecReport]]:
    return file.reports(account, after_seq)
