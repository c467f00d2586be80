"""From bytes that somebody handed in to the engine's answer: one road for the inbox and for the control API.

The bytes are read in slices, the journal is asked for ids that have left memory, the events are posted, and the
answers to all of them make one `Answer`. It moves no file (`inbox_task`) and knows no format (`intake`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from execd.core.events import DocumentReceived, Known, ListReceived, ParentReceived, Reply
from execd.errors import IntentError, RowFault
from execd.ports import Clock
from execd.runtime.pump import Pump
from execd.runtime.replies import Replies
from execd.runtime.slices import in_slices

STOPPING: Final = "stopping"
"""The engine's answer while it stops: what was handed in stays where it is, for the next start."""
ROWS_REFUSED: Final = "rows_refused"


class Parsed(Protocol):
    """What a file asks for."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that it uses."""

    @property
    def refused(self) -> tuple[RowFault, ...]:
        """Rows that are left out."""

    @property
    def parts_n(self) -> int:
        """How many events it takes."""

    def event(
        self, part: int, *, now_ns: int, known: Mapping[str, Known], ref: str
    ) -> ParentReceived | ListReceived | DocumentReceived:
        """Return one of the events that tell the engine of it."""

    def place_of(self, intent_id: str) -> tuple[int, int | None]:
        """Return the row and the line of an id."""


Steps = Callable[[str, bytes, int], Generator[None, None, Parsed]]
"""(name, body, mtime_ns) to what it asks for, in small steps; raises IntentError."""
KnownOf = Callable[[Sequence[str]], Awaitable[Mapping[str, Known]]]
"""Ids that are not in memory, to what the journal says of them."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what was handed in. `code`: accepted, duplicate, or why not; `rows` are those refused.

    `ids` are those taken, or, where nothing was, those that were asked for.
    """

    is_ok: bool
    code: str
    text: str
    ids: tuple[str, ...]
    field: str | None = None
    line: int | None = None
    rows: tuple[RowFault, ...] = ()

    @property
    def error(self) -> IntentError | None:
        """The refusal to be written down: of the whole, of rows, or None."""
        if self.is_ok and not self.rows:
            return None
        code = ROWS_REFUSED if self.is_ok else self.code
        return IntentError(code, self.text, field=self.field, line=self.line, rows=self.rows)


class Taker:
    """Hands what arrives to the engine."""

    def __init__(self, *, steps: Steps, known: KnownOf, pump: Pump, replies: Replies, clock: Clock) -> None:
        self._steps = steps
        self._known = known
        self._pump = pump
        self._replies = replies
        self._clock = clock

    async def parse(self, name: str, body: bytes, mtime_ns: int) -> Parsed:
        """Read bytes; the end of `name` says how. Raises IntentError."""
        return await in_slices(self._steps(name, body, mtime_ns))

    async def known(self, many: Sequence[Parsed]) -> Mapping[str, Known]:
        """Return what the journal knows of the ids of these."""
        return await self._known([intent_id for parsed in many for intent_id in parsed.ids])

    def post(
        self, parsed: Parsed, known: Mapping[str, Known], then: Callable[[Answer], None], *, asker: str = "inbox"
    ) -> None:
        """Tell the engine; `then` is called once, with its answer. Raises OverflowError where too many wait."""
        replies: list[Reply] = []

        def post_next() -> None:
            ref = self._replies.expect(asker, heard)
            # After the parse: an intent that may start at once is not made to wait for the instant of its own reading.
            self._pump.post(parsed.event(len(replies), now_ns=self._clock.now_ns(), known=known, ref=ref))

        def heard(reply: Reply) -> None:
            replies.append(reply)
            if len(replies) == parsed.parts_n:
                then(answer_of(parsed, replies))
            else:
                # One part at a time: a turn of the engine takes many events, and quotes wait for its end.
                post_next()

        post_next()

    async def submit(self, name: str, body: bytes, mtime_ns: int) -> asyncio.Future[Answer]:
        """Take bytes as if they had been dropped into the inbox; return what becomes the answer. Raises IntentError."""
        parsed = await self.parse(name, body, mtime_ns)
        known = await self.known([parsed])
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.post(parsed, known, lambda answer: None if answered.done() else answered.set_result(answer), asker="api")
        return answered


def answer_of(parsed: Parsed, replies: Sequence[Reply]) -> Answer:
    """Return one answer from those to all parts, and from the rows that no part held."""
    stopping = next((reply for reply in replies if _is_stopping(reply)), None)
    taken = [reply for reply in replies if reply.is_ok]
    # While the daemon stops, some parts may have been taken and others not: the file is read again at the next start.
    first = stopping or (taken[0] if taken else replies[0])
    rows = tuple(sorted((*parsed.refused, *_engine_rows(parsed, replies)), key=lambda fault: fault.row))
    refused = {row.id for row in rows}
    is_ok = bool(taken) and stopping is None
    place = rows[0] if rows else None
    text = first.text or first.code
    if rows and is_ok:
        text = f"{len(rows)} of {len(parsed.ids) + len(parsed.refused)} rows were refused; the others were taken"
    elif rows:
        more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
        text = f"row {rows[0].row}: {rows[0].message}{more}; nothing of the file was taken"
    return Answer(
        is_ok=is_ok,
        code=STOPPING if stopping is not None else first.code,
        text=text,
        ids=tuple(one for one in parsed.ids if one not in refused) if is_ok else parsed.ids,
        field=place.field if place else first.field or None,
        line=place.line if place else None,
        rows=rows,
    )


def _is_stopping(reply: Reply) -> bool:
    return reply.code == STOPPING or any(row.code == STOPPING for row in reply.rows)


def _engine_rows(parsed: Parsed, replies: Sequence[Reply]) -> list[RowFault]:
    found: list[RowFault] = []
    for reply in replies:
        for refusal in reply.rows:
            row, line = parsed.place_of(refusal.parent_id)
            found.append(RowFault(row, line, refusal.parent_id, refusal.code, refusal.text, refusal.field or None))
    return found
