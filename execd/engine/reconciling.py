"""What a broker shows of an account, compared in slices, and what follows from the comparison as a whole.

`reconcile` says what differs, `carrying_out` does what follows from each
verdict, `asking` says when an account is read. Nothing is ever sent to a
broker to make a difference go away. A reading that failed proves nothing.
"""

from itertools import islice
from typing import Final, assert_never

from msgspec.structs import replace

from execd.core.events import Reply
from execd.core.reading import Reading, ReadingAsked, ReadingWorked, SnapshotFailed, SnapshotReceived
from execd.core.reconciled import AccountMet
from execd.core.rules import S
from execd.core.snapshot import AccountSnapshot
from execd.engine import flattening, halting
from execd.engine.carrying_out import carry_out
from execd.engine.desk import Desk
from execd.engine.readings import OVERLAP_NS, TIMER, ask, ask_for, next_ns, stale_text
from execd.engine.reconcile import known_of, reconcile
from execd.engine.reconcile_positions import Sight, expected_qty
from execd.engine.staying_out import pull
from execd.engine.watches import Watch, Work

STALE: Final = "reconcile_stale"
ROWS_MAX: Final = 50
"""Things that one step looks at; where all of them differ that is some milliseconds."""
RECHECK_NS: Final = 6 * S
"""What was seen once is read again after this; readings must be five seconds apart to count as two."""
RETRY_NS: Final = 10 * S
"""After a reading that failed, which was tried four times."""


def on_timer(desk: Desk, account: str, now_ns: int) -> None:
    """Read again; tell where no reading has succeeded for too long."""
    watch, rules = desk.comparing.watches.get(account), desk.rules.reconcile
    if watch is None or rules is None:
        return
    if not watch.is_stale_told and now_ns - (watch.good_ns or watch.begun_ns) >= rules.stale_ns:
        watch.is_stale_told = True
        text = f"{stale_text(desk, account, '', now_ns)}: no new risk there until it is; see execd reconcile"
        desk.alert(STALE, text, severity="critical", about=account)
    desk.set_timer(f"{TIMER}{account}", next_ns(desk, now_ns))
    ask(desk, account, now_ns)


def on_reading(desk: Desk, event: Reading) -> None:
    """Take a reading, the word that there was none, or the turn to go on with one."""
    match event:
        case SnapshotReceived(snapshot=snapshot):
            _open(desk, event, snapshot)
            flattening.look_soon(desk, event.now_ns)
        case SnapshotFailed():
            _failed(desk, event)
            flattening.look_soon(desk, event.now_ns)
        case ReadingWorked(now_ns=now_ns):
            _go_on(desk, now_ns)
        case ReadingAsked(account=account, now_ns=now_ns):
            ask_for(desk, account, now_ns, event.ref, is_dry=event.is_dry)
        case _:
            assert_never(event)


def _open(desk: Desk, event: SnapshotReceived, snapshot: AccountSnapshot) -> None:
    """Begin to compare; the steps follow between other events."""
    account = snapshot.account
    desk.comparing.seen[account] = replace(snapshot, orders=None, trades=None)
    watch = desk.comparing.watches.get(account)
    if watch is None and desk.rules.reconcile is None and not event.ref:
        return  # Somebody wanted to see it, and that is all.
    if watch is None:
        watch = desk.comparing.watches[account] = Watch(is_first=False, begun_ns=event.now_ns)
    if 0 < snapshot.broker_ns < watch.broker_ns:
        # Somebody answered who is behind: what he does not know of has happened all the same.
        text = f"the broker's time of {account} went back by {(watch.broker_ns - snapshot.broker_ns) / S:.3f} s"
        desk.alert("broker_time", text, about=account)
        _failed(desk, SnapshotFailed(now_ns=event.now_ns, account=account, text=text, ref=event.ref))
        return
    if not watch.broker_ns and snapshot.broker_ns:
        # Until the broker has told its time nobody could say by its clock since when there may be news.
        watch.heard_ns = min(watch.heard_ns, snapshot.broker_ns - OVERLAP_NS)
    watch.broker_ns = max(watch.broker_ns, snapshot.broker_ns)
    halted: dict[str, tuple[str, ...]] = {}
    for key in desk.book.halts:
        if key.account == account and key.symbol:
            halted[key.symbol] = (*halted.get(key.symbol, ()), key.cause)
    recent = desk.comparing.recent(account)
    rules = desk.rules.reconcile
    sight = Sight(
        epochs=desk.epochs,
        changed_ns=recent.orders.seen(),
        moved_ns=recent.symbols.seen(),
        suspects=dict(watch.suspects),
        halted=halted,
        drifts=dict(watch.drifts),
        disowned=dict(watch.disowned),
        unreadable=dict(desk.book.unreadable),
        heard_ns=watch.news_ns,
        is_first=watch.is_first,
        halts_on_external=rules is None or rules.halts_on_external,
    )
    steps = reconcile(known_of(desk.book), snapshot, sight)
    desk.comparing.works.append(Work(snapshot=snapshot, steps=steps, ref=event.ref, is_dry=event.is_dry))


def _go_on(desk: Desk, now_ns: int) -> None:
    """Do one step of the reading that came first."""
    work = desk.comparing.works[0]
    watch = desk.comparing.watches[work.snapshot.account]
    drawn_n = 0
    for verdict in islice(work.steps, ROWS_MAX):
        drawn_n += 1
        if verdict is not None:
            carry_out(desk, watch, work, verdict, now_ns)
    if drawn_n < ROWS_MAX:
        desk.comparing.works.popleft()
        _close(desk, watch, work, now_ns)


def _close(desk: Desk, watch: Watch, work: Work, now_ns: int) -> None:
    """Take note of what a reading came to, and answer who asked."""
    snapshot, account = work.snapshot, work.snapshot.account
    if work.ref:
        told_n = len(work.verdicts)
        text = f"{told_n} differences" if told_n != 1 else "1 difference"
        verdicts = tuple(work.verdicts)
        text = text if verdicts else "nothing differs"
        desk.effect(Reply(ref=work.ref, is_ok=True, code="reconciled", text=text, verdicts=verdicts))
    if work.is_dry:
        return
    if not work.ref:
        watch.asked_ns = 0
    watch.suspects, watch.drift_qty = work.suspects, work.drift_qty
    _pull_left(desk, account, now_ns)
    _ask_prices(desk, account)
    if snapshot.is_whole and not work.is_unbelievable:
        watch.positions = snapshot.positions
        watch.good_ns = max(watch.good_ns, snapshot.asked_ns)
        if snapshot.since_ns <= watch.back_ns:
            watch.back_ns = 0
        # By the broker's clock, which may be hours from ours: its rows bear its own instants.
        watch.shown_ns = max(watch.shown_ns, snapshot.broker_ns or snapshot.asked_ns)
        watch.heard_ns = max(watch.heard_ns, watch.shown_ns - OVERLAP_NS)
        if account not in desk.book.met:
            desk.record(AccountMet(now_ns=now_ns, account=account, broker_ns=snapshot.broker_ns))
        watch.is_first = False
        if watch.is_failure_told:
            watch.is_failure_told = False
            desk.over("snapshot_failed", f"what {account} holds is read again", about=account)
        if watch.is_stale_told:
            watch.is_stale_told = False
            desk.over(STALE, f"what {account} holds is read again", about=account)
    if work.missed_n:
        text = f"{work.missed_n} things that nobody had reported were found on {account}; see execd explain"
        desk.alert("reports_missed", text, about=account)
    if watch.is_wanted:
        ask(desk, account, now_ns)
    elif any(one not in watch.drifts for one in watch.suspects):
        # What is believed already is read with everything else: it goes far back, and nothing hangs on seconds.
        desk.set_timer(f"{TIMER}{account}", now_ns + RECHECK_NS)


def _failed(desk: Desk, event: SnapshotFailed) -> None:
    """Tell of a reading that failed. It proves nothing, and least of all that nothing is there."""
    text = f"what {event.account} holds could not be read: {event.text}"
    desk.reply(event.ref, "snapshot_failed", text)
    watch = desk.comparing.watches.get(event.account)
    if event.ref or watch is None:
        return
    watch.asked_ns, watch.is_failure_told = 0, True
    desk.alert("snapshot_failed", text, about=event.account, is_standing=True)
    desk.set_timer(f"{TIMER}{event.account}", event.now_ns + RETRY_NS)


def _pull_left(desk: Desk, account: str, now_ns: int) -> None:
    """Cancel what lives of intents that have ended: it came back when nobody steered it any more."""
    for order in desk.all_live(account):
        parent = desk.parent(order.first.parent_id)
        if parent.status.is_terminal:
            pull(desk, parent, now_ns, "its intent has ended")


def _ask_prices(desk: Desk, account: str) -> None:
    """Ask again about fills of which only a quantity was told: the first answer may have been wrong, or lost."""
    for key in desk.comparing.unpriced:
        order = desk.book.orders[key]
        if order.first.account == account:
            desk.ask_about(order)


def after_adoption(desk: Desk, account: str, symbol: str, now_ns: int) -> None:
    """Lift what waited for a holding to be declared, where it now agrees with what the broker showed last."""
    watch = desk.comparing.watches.get(account)
    if watch is None or watch.positions is None:
        return
    if expected_qty(desk.book, account, symbol) == watch.positions.get(symbol, 0):
        reason = "what is held was declared"
        for cause in watch.causes_of_position:
            if halting.lift(desk, account=account, cause=cause, symbol=symbol, reason=reason, now_ns=now_ns):
                desk.over(cause, f"{account}: {reason}", about=f"{account} {symbol}")
        watch.drifts.pop(symbol, None)
        watch.suspects.pop(symbol, None)
