"""A list at the door: taken as a whole or row by row, as its author asked.

A short one is one event. A long atomic one is worked in bounded steps between
other events, so that quotes, reports and cancels need not wait for its end:
its rows are judged, then written down as staged, then one record accepts them
all and the answer is given, and then each becomes an intent in its turn. A
crash before that one record leaves nothing of the list, and the file is read
again; a crash after it goes on with the rows that are left.
"""

from collections.abc import Generator, Iterator, Sequence
from typing import Final

from execd.core.events import ListItem, ListReceived, Reply, RowRefusal
from execd.core.lists import ListAccepted, ListDropped, ListedRow, ListStaged
from execd.engine.desk import Desk
from execd.engine.receiving import ACCEPTED, DUPLICATE, Verdict, judge, take, take_listed

ROWS_MAX: Final = 64
"""Rows of one step; a longer atomic list is worked in several."""

Work = Generator[None, int, None]
"""A list in steps; each is told the instant at which it is done."""


def receive_list(desk: Desk, event: ListReceived) -> None:
    """Take the intents of a list: all or none where it is atomic, else those that can be taken."""
    if event.is_atomic and len(event.items) > ROWS_MAX:
        work = _work(desk, event)
        next(work)
        desk.lists.append((event, work))
        return
    verdicts = [judge(desk, item, event.now_ns) for item in event.items]
    refused = _refused(event.items, verdicts)
    if refused and (event.is_atomic or len(refused) == len(verdicts)):
        _refuse(desk, event, refused)
        return
    for item, verdict in zip(event.items, verdicts, strict=True):
        take(desk, item, verdict, event.now_ns)
    _accept(desk, event, verdicts, refused)


def go_on(desk: Desk, now_ns: int) -> None:
    """Do one step of the list that came first; where none is at the door, let one accepted row become an intent."""
    if not desk.lists:
        desk.subject = desk.next_listed()
        take_listed(desk, desk.subject, now_ns)
        return
    try:
        desk.lists[0][1].send(now_ns)
    except StopIteration:
        desk.lists.popleft()


def drop_staged(desk: Desk, now_ns: int) -> None:
    """Forget what a list had written down when the process ended before it was accepted."""
    if desk.book.staged:
        desk.record(ListDropped(now_ns=now_ns, reason="the process ended before the list was accepted"))


def _work(desk: Desk, event: ListReceived) -> Work:
    """Judge, stage, accept: as if all of it were done at once, for what came between is looked at before the end."""
    now_ns = yield
    verdicts: list[Verdict] = []
    for begin in range(0, len(event.items), ROWS_MAX):
        verdicts += [judge(desk, item, event.now_ns) for item in event.items[begin : begin + ROWS_MAX]]
        now_ns = yield
    refused = _refused(event.items, verdicts)
    if refused:
        _refuse(desk, event, refused)
        return
    fresh = [item for item, verdict in zip(event.items, verdicts, strict=True) if verdict.code == ACCEPTED]
    for begin in range(0, len(fresh), ROWS_MAX):
        part = fresh[begin : begin + ROWS_MAX]
        rows = tuple(ListedRow(parent=item.parent, content_hash=item.content_hash) for item in part)
        desk.record(ListStaged(now_ns=now_ns, rows=rows))
        now_ns = yield
    verdicts = list(_judged_again(desk, event, verdicts))
    refused = _refused(event.items, verdicts)
    if refused:
        desk.record(ListDropped(now_ns=now_ns, reason=f"{refused[0].parent_id}: {refused[0].text or refused[0].code}"))
        _refuse(desk, event, refused)
        return
    if fresh:
        desk.record(ListAccepted(now_ns=now_ns, rows_n=len(fresh)))
        desk.listed.extend(item.parent.parent_id for item in fresh)
    _accept(desk, event, verdicts, ())


def _judged_again(desk: Desk, event: ListReceived, verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
    """Yield what becomes of each row now: an id may have been used up, or the daemon begun to stop, meanwhile."""
    book = desk.book
    for item, verdict in zip(event.items, verdicts, strict=True):
        parent_id = item.parent.parent_id
        is_used = parent_id in book.parents or parent_id in book.documents or parent_id in book.tombstones
        if verdict.code == ACCEPTED and (is_used or desk.is_stopping):
            yield judge(desk, item, event.now_ns)
        else:
            yield verdict


def _refused(items: Sequence[ListItem], verdicts: Sequence[Verdict]) -> tuple[RowRefusal, ...]:
    return tuple(
        RowRefusal(parent_id=item.parent.parent_id, code=verdict.code, text=verdict.text, field=verdict.field)
        for item, verdict in zip(items, verdicts, strict=True)
        if not verdict.is_ok
    )


def _refuse(desk: Desk, event: ListReceived, refused: tuple[RowRefusal, ...]) -> None:
    first, more = refused[0], f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
    text = f"{first.parent_id}: {first.text or first.code}{more}; nothing of the list was taken"
    if event.ref:
        desk.effect(Reply(ref=event.ref, is_ok=False, code=first.code, text=text, rows=refused))


def _accept(desk: Desk, event: ListReceived, verdicts: Sequence[Verdict], refused: tuple[RowRefusal, ...]) -> None:
    code = DUPLICATE if all(verdict.code == DUPLICATE for verdict in verdicts) else ACCEPTED
    if event.ref:
        desk.effect(Reply(ref=event.ref, is_ok=True, code=code, rows=refused))
