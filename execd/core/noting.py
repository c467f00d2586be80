"""The fold of what is about no parent's own life: files, halts, holdings, poison, staged lists.

A part of `Book.apply`, in a file of its own; it changes the book's dictionaries
and nothing else. What happens to parents and orders is folded in `core/book`.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final, assert_never

from msgspec.structs import replace

from execd.core.latching import Controlled, Killed, Latching, ScopePaused, ScopeResumed, Unkilled
from execd.core.lists import ListAccepted, ListDropped, ListStaged
from execd.core.orders import Sleeve
from execd.core.parents import Document, Halt, HaltKey, HoldingKey, Poison, PositionKey
from execd.core.reconciled import AccountMet, Comparison, ExternalKey, ExternalSeen, Reconciled
from execd.core.records import (
    Adopted,
    Commanded,
    DocumentTaken,
    Halted,
    HaltLifted,
    Poisoned,
    PoisonSetAside,
    Tombstoned,
)
from execd.core.scopes import Kill, Pause
from execd.core.snapshot import name_of

if TYPE_CHECKING:
    from execd.core.book import Book

ZERO: Final = Decimal(0)
EXTERNAL_ORDERS_MAX: Final = 20_000
"""Orders of others that are remembered; of more the one that ended and was seen longest ago is forgotten."""
Noted = (
    Commanded
    | DocumentTaken
    | Tombstoned
    | Halted
    | HaltLifted
    | Adopted
    | Poisoned
    | PoisonSetAside
    | ListStaged
    | ListAccepted
    | ListDropped
    | Latching
    | Comparison
)


def note(book: "Book", record: Noted) -> None:
    """Fold one record into a book."""
    match record:
        case Reconciled():
            pass  # The facts that were made of it are records that follow it. First, for they come by the thousand.
        case Commanded():
            pass  # The command's own consequences are records that follow it.
        case DocumentTaken():
            book.documents[record.document_id] = Document(
                document_id=record.document_id,
                kind=record.kind,
                target=record.target,
                content_hash=record.content_hash,
                code=record.code,
                received_ns=record.now_ns,
            )
            book.touched.documents[record.document_id] = None
        case Tombstoned():
            book.tombstones[record.parent_id] = record.code
        case Halted():
            book.halts[HaltKey(record.account, record.cause, record.symbol)] = Halt(
                now_ns=record.now_ns,
                account=record.account,
                cause=record.cause,
                text=record.text,
                symbol=record.symbol,
            )
        case HaltLifted():
            book.halts.pop(HaltKey(record.account, record.cause, record.symbol), None)
        case Adopted():
            _adopted(book, record)
        case Poisoned():
            _poisoned(book, record)
        case PoisonSetAside():
            poison = book.poisons[record.poisoned_ns]
            book.poisons[record.poisoned_ns] = replace(poison, is_set_aside=True)
        case ListStaged():
            book.staged.update((row.parent.parent_id, row) for row in record.rows)
        case ListAccepted():
            # An id that became an intent meanwhile, by the same content in another file, is that intent.
            book.listed.update((name, row) for name, row in book.staged.items() if name not in book.parents)
            book.staged.clear()
        case ListDropped():
            book.staged.clear()
        case ExternalSeen():
            _external_seen(book, record)
        case AccountMet():
            book.met.setdefault(record.account, record.broker_ns or record.now_ns)
        case Killed() | Unkilled() | ScopePaused() | ScopeResumed() | Controlled():
            _latched(book, record)
        case _:
            assert_never(record)


def _latched(book: "Book", record: Latching) -> None:
    match record:
        case Killed():
            book.kills[record.account] = Kill(
                now_ns=record.now_ns,
                account=record.account,
                level=record.level,
                by=record.by,
                uid=record.uid,
                reason=record.reason,
            )
        case Unkilled():
            book.kills.pop(record.account, None)
        case ScopePaused():
            book.pauses[record.scope] = Pause(
                now_ns=record.now_ns, scope=record.scope, uid=record.uid, reason=record.reason
            )
        case ScopeResumed():
            book.pauses.pop(record.scope, None)
        case Controlled(is_over=True):
            book.controllers.pop(record.controller_id, None)
        case Controlled():
            book.controllers[record.controller_id] = record.state
        case _:
            assert_never(record)


def _adopted(book: "Book", record: Adopted) -> None:
    if record.is_external:
        key = HoldingKey(record.account, record.symbol)
        book.external_positions[key] = book.external_positions.get(key, ZERO) + record.qty
        return
    sleeve = Sleeve(account=record.account, strategy=record.strategy, horizon=record.horizon)
    book.move(PositionKey(sleeve, record.symbol), record.qty, record.qty * (record.px or ZERO))


def _external_seen(book: "Book", record: ExternalSeen) -> None:
    seen = record.seen
    key = ExternalKey(record.account, name_of(seen))
    before = book.external_orders.pop(key, None)
    if before is not None and before.transact_ns > seen.transact_ns:
        seen = before
    book.external_orders[key] = seen
    if seen.side is not None:
        place = HoldingKey(record.account, seen.symbol)
        traded = seen.cum_qty - (ZERO if before is None else before.cum_qty)
        book.external_positions[place] = book.external_positions.get(place, ZERO) + seen.side.sign * traded
    if len(book.external_orders) > EXTERNAL_ORDERS_MAX:
        oldest = next((one for one, order in book.external_orders.items() if not order.is_live), key)
        del book.external_orders[oldest]


def _poisoned(book: "Book", record: Poisoned) -> None:
    book.poisons[record.now_ns] = Poison(
        now_ns=record.now_ns,
        kind=record.kind,
        parent_id=record.parent_id,
        cl_ord_id=record.cl_ord_id,
        symbol=record.symbol,
        error=record.error,
    )
    key = book.chains.get(record.cl_ord_id)
    if key is not None:
        book.unreadable[key] = None
