"""Orders that the book does not know: those of others, and our own that the journal has forgotten.

None of them is ever touched. One of our present epoch proves that the journal
has lost its end, for it is in the journal before it is sent: no new risk.
One alert tells of all those of others, another of all that carry our mark,
each with every id, so that none hides another; the same again, after somebody
has acknowledged it, is no news.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Final

from execd.core.codec import plain
from execd.core.events import RecallAnswered
from execd.core.ids import parent_key
from execd.core.parents import HaltKey
from execd.core.reports import Canceled, DoneForDay, ExecReport, Expired, Rejected, Trade
from execd.core.rules import S
from execd.engine import halting, memory
from execd.engine.desk import Desk
from execd.engine.readings import TIMER, ask
from execd.engine.receiving import USED_BEFORE_RESTORE
from execd.engine.reconcile_rows import rule_of

LOST: Final = "journal_lost"
SHOWN_MAX: Final = 20
N_MAX: Final = 9_999
"""Requests of one intent that are believed; a number beyond it was never ours."""
SCAN_MAX: Final = 1_000
"""The latest of them; somebody who trades the account by hand for years must not slow down each of his reports."""
AFTER_RECALL_NS: Final = 6 * S
"""Longer than the pause after which a row is believed (`reconcile.GRACE_NS`)."""
ENDS: Final = (Canceled, Expired, DoneForDay, Rejected)


def tell(desk: Desk, cl_ord_id: str) -> None:
    """Alert about an order that was told of, and about all of its kind."""
    is_ours = memory.is_ours(desk, cl_ord_id)
    _skip(desk, cl_ord_id)
    latest = islice(reversed(desk.book.external.items()), SCAN_MAX)
    found = {one: told for one, told in latest if memory.is_ours(desk, one) == is_ours}
    # What may work still comes first. All of it is of the book alone: a restart tells of each again in the same words.
    ordered = sorted(found, key=lambda one: _is_over(found[one]))
    more = f" and {len(found) - SHOWN_MAX} more" if len(found) > SHOWN_MAX else ""
    ids = _forgotten(desk) if is_ours else {}
    told = ", ".join(_text(one, found[one], ids) for one in ordered[:SHOWN_MAX]) + more
    about = cl_ord_id if len(found) == 1 else f"{len(found)} orders"
    if is_ours:
        text = (
            f"marked as ours, but the journal does not know them (was a backup restored?): {told}. What works still "
            "nobody steers: cancel it at the broker, and declare with execd adopt what was traded"
        )
        desk.alert("orphan_order", text, severity="critical", about=about, is_standing=True)
    else:
        desk.alert("external_order", f"orders that are not ours: {told}", about=about, is_standing=True)


def distrust(desk: Desk, account: str, cl_ord_id: str, now_ns: int) -> None:
    """Draw the consequences of an order of ours that is news, and that the journal does not know."""
    key = cl_ord_id.split("-")[1:2]
    for parent_id in desk.open_parents:
        if [desk.key_of(desk.parent(parent_id))] == key:
            # Its algorithm would do again what that order does, or has done.
            text = f"orphan_order: the broker knows {cl_ord_id} of it, the journal does not: compare, then release it"
            desk.hold(parent_id, text, now_ns)
            break
    if cl_ord_id.partition("-")[0] == desk.epoch and HaltKey(account, LOST) not in desk.book.halts:
        text = (
            f"the broker knows {cl_ord_id}, which was sent since the journal was begun, and the journal does not: its "
            "last records were lost. Compare orders and positions with the broker, then execd resume --halt"
        )
        halting.halt(desk, account=account, cause=LOST, text=text, now_ns=now_ns)
        desk.alert(LOST, text, severity="critical")


def on_shown(desk: Desk, event: RecallAnswered) -> bool:
    """Take the journal's word on an order that a reading showed; say whether it must come back into memory."""
    name, now_ns = event.cl_ord_id, event.now_ns
    account = next((one for one, watch in desk.comparing.watches.items() if name in watch.recalling), None)
    if account is None:
        return False
    watch = desk.comparing.watches[account]
    row, undone, since_ns = watch.recalling.pop(name)
    if event.parent is not None:
        order = next((one for one in event.orders if any(request.cl_ord_id == name for request in one.requests)), None)
        differs = order is None or (not undone if row is None else bool(rule_of(order, row)))
        # A correction may leave the sum as it was.
        differs |= order is not None and any(one not in order.fills.busted for one in undone)
        if differs:
            # What was told beside the row was told of an order that was not there: it must be told again.
            watch.go_back(since_ns)
            # Not at once: what has just come back was touched a moment ago, and its row would be passed over.
            desk.set_timer(f"{TIMER}{account}", now_ns + AFTER_RECALL_NS)
        return differs
    watch.disown(name)
    distrust(desk, account, name, now_ns)
    text = (
        f"{name} is marked as ours and lives or traded at the broker of {account}, but the journal does not know it: "
        "what works still nobody steers; cancel it there, and compare positions"
    )
    desk.alert("orphan_order", text, severity="critical", about=name)
    ask(desk, account, now_ns)
    return False


def _skip(desk: Desk, cl_ord_id: str) -> None:
    """Never make this id again, where it is of our epoch and so may be the next one of its intent."""
    epoch, key, n = (*cl_ord_id.split("-"), "", "")[:3]
    if epoch == desk.epoch and n.isascii() and n.isdecimal() and int(n) <= N_MAX:
        desk.forgotten_n[key] = max(int(n), desk.forgotten_n.get(key, 0))


def _is_over(told: Sequence[ExecReport]) -> bool:
    return any(isinstance(one, ENDS) for one in told)


def _forgotten(desk: Desk) -> dict[str, str]:
    """Return the ids that a restore has forgotten, by what stands for them in a ClOrdID; the latest of too many."""
    ids = islice(reversed(desk.book.tombstones.items()), SCAN_MAX)
    return {
        parent_key(account, one): one
        for one, code in ids
        if code == USED_BEFORE_RESTORE
        for account in desk.rules.limits
    }


def _text(cl_ord_id: str, told: Sequence[ExecReport], ids: Mapping[str, str]) -> str:
    whose = [one for one in (ids.get(key) for key in cl_ord_id.split("-")[1:2]) if one]
    cl_ord_id = f"{cl_ord_id} of {whose[0]}" if whose else cl_ord_id
    traded = sum((one.last_qty for one in told if isinstance(one, Trade)), Decimal(0))
    words = [f"{plain(traded)} traded"] if traded else []
    words += ["ended"] if _is_over(told) else []
    return f"{cl_ord_id} ({', '.join(words)})" if words else cl_ord_id
