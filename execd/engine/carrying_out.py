"""One verdict carried out: facts folded, questions asked, a symbol halted or set free, somebody told.

A verdict is journaled where it changes something: where its facts were news,
or a halt began or ended by it. The same reading again therefore makes no
record. Facts are true whenever they are folded; a verdict on a position is
not, so it is looked at again first.
"""

from typing import Final

from execd.core.parents import HaltKey
from execd.core.reconciled import ExternalKey, ExternalSeen, Reconciled
from execd.core.records import Found, Reported
from execd.core.reports import OrderSnapshot
from execd.core.snapshot import name_of
from execd.core.verdict import Verdict
from execd.engine import facts, halting, memory
from execd.engine.desk import Desk, Severity
from execd.engine.reconcile import EXTERNAL
from execd.engine.reconcile_positions import MISMATCH, UNKNOWN, expected_qty
from execd.engine.watches import Recalled, Watch, Work

VERDICTS_MAX: Final = 1_000
"""Verdicts of one reading that are told to who asked; all of them are carried out."""
MISSED: Final = (
    "missed_trade",
    "missed_bust",
    "missed_fill",
    "recounted",
    "missed_end",
    "missed_terms",
    "missed_acceptance",
    "came_back",
)
CRITICAL: Final = ("contradiction", "unreadable", MISMATCH, "unknown_holding")
ALERTS: Final = {
    "contradiction": "contradiction",
    "unreadable": "unreadable_row",
    "empty_positions": "empty_positions",
    "external_order": EXTERNAL,
    "external_trade": EXTERNAL,
    "unknown_holding": UNKNOWN,
    MISMATCH: MISMATCH,
    "position_agrees": MISMATCH,
    "came_back": "came_back",
}
"""Which alert a verdict of a rule raises; those of other rules are told in one."""
STANDING: Final = ("empty_positions", "unreadable")


def carry_out(desk: Desk, watch: Watch, work: Work, verdict: Verdict, now_ns: int) -> None:
    """Do what follows from a verdict."""
    if len(work.verdicts) < VERDICTS_MAX:
        work.verdicts.append(verdict)
    if verdict.rule == "empty_positions" or (verdict.rule == "unreadable" and not verdict.symbol):
        work.is_unbelievable = True
    if work.is_dry or _is_past(desk, work, verdict):
        return
    if verdict.suspect is not None:
        work.suspects[verdict.subject] = verdict.suspect
    mark, account = desk.mark(), work.snapshot.account
    is_news = _fold(desk, verdict, now_ns)
    is_halt = _latch(desk, work, verdict, now_ns)
    is_lifted = _lift(desk, work, verdict, now_ns)
    is_new = is_news or is_halt or is_lifted
    if is_new:
        desk.record_before(
            mark,
            Reconciled(
                now_ns=now_ns,
                account=account,
                rule=verdict.rule,
                subject=verdict.subject,
                symbol=verdict.symbol,
                right=verdict.right,
                text=verdict.text,
            ),
        )
    work.missed_n += is_news and verdict.rule in MISSED
    if verdict.ask and (order := desk.book.order_of(verdict.ask)) is not None:
        desk.ask_about(order)
    if verdict.recall:
        _recall(desk, watch, work, verdict.recall)
    agrees = _note_drift(watch, work, verdict)
    _tell(desk, verdict, account, is_new=is_new or agrees)


def _recall(desk: Desk, watch: Watch, work: Work, name: str) -> None:
    """Ask the journal whose an order of our mark is; what it looks like is compared once that is known."""
    row = next((one for one in work.snapshot.orders or () if name_of(one) == name), None)
    undone = tuple(one.exec_ref_id for one in work.snapshot.undone if one.cl_ord_id == name)
    watch.recalling[name] = Recalled(row, undone, work.snapshot.since_ns)
    memory.recall(desk, "", name)


def _is_past(desk: Desk, work: Work, verdict: Verdict) -> bool:
    """Whether a verdict on a position was overtaken: the journal has it otherwise by now."""
    drift = verdict.drift
    return drift is not None and expected_qty(desk.book, work.snapshot.account, verdict.symbol) != drift.expected


def _fold(desk: Desk, verdict: Verdict, now_ns: int) -> bool:
    """Fold the facts of a verdict; say whether any of them was news."""
    told = [fact for fact in verdict.facts if isinstance(fact, Reported | Found)]
    is_news = bool(told) and facts.on_facts(desk, verdict.subject, told, now_ns)
    for fact in verdict.facts:
        if isinstance(fact, ExternalSeen) and _known_as(desk, fact) != fact.seen:
            desk.record(fact)
            desk.comparing.count_external(desk.book)
            is_news = True
    return is_news


def _known_as(desk: Desk, fact: ExternalSeen) -> OrderSnapshot | None:
    return desk.book.external_orders.get(ExternalKey(fact.account, name_of(fact.seen)))


def _latch(desk: Desk, work: Work, verdict: Verdict, now_ns: int) -> bool:
    """Halt the symbol where the verdict says so; say whether it was not halted for that yet."""
    account, cause, symbol = work.snapshot.account, verdict.halts, verdict.symbol
    if not cause or HaltKey(account, cause, symbol) in desk.book.halts:
        return False
    halting.halt(desk, account=account, cause=cause, symbol=symbol, text=verdict.text, now_ns=now_ns)
    return True


def _lift(desk: Desk, work: Work, verdict: Verdict, now_ns: int) -> bool:
    if not verdict.lifts:
        return False
    account, symbol, text = work.snapshot.account, verdict.symbol, verdict.text
    return bool(halting.lift(desk, account=account, cause=verdict.lifts, symbol=symbol, reason=text, now_ns=now_ns))


def _note_drift(watch: Watch, work: Work, verdict: Verdict) -> bool:
    """Remember how a position stands; say whether it agrees again for the first time."""
    drift, symbol = verdict.drift, verdict.symbol
    if drift is None:
        return False
    if verdict.rule == "position_agrees":
        is_new = symbol not in watch.agreed
        watch.agreed[symbol] = None
        watch.drifts.pop(symbol, None)
        return is_new
    work.drift_qty += abs(drift.seen - drift.expected)
    watch.agreed.pop(symbol, None)
    if verdict.halts:
        watch.drifts.setdefault(symbol, drift)
    return False


def _subject_of(verdict: Verdict, account: str) -> str:
    """Return what an alert about no order of ours is about; a symbol may differ on several accounts."""
    return f"{account} {verdict.symbol}" if verdict.drift is not None else verdict.subject or account


def _tell_agrees(desk: Desk, code: str, verdict: Verdict, account: str, text: str) -> None:
    """Tell that a position agrees again; where its halt waits for a person, so does the alert."""
    about = _subject_of(verdict, account)
    if HaltKey(account, MISMATCH, verdict.symbol) in desk.book.halts:
        desk.alert(code, f"over: {text}", severity="info", about=about)
    else:
        desk.over(MISMATCH, text, about=about)
    if verdict.lifts == UNKNOWN:
        desk.over(UNKNOWN, text, about=about)


def _tell(desk: Desk, verdict: Verdict, account: str, *, is_new: bool) -> None:
    """Alert about what somebody should look at; how things stand is told once."""
    code = ALERTS.get(verdict.rule)
    if code is None or not (is_new or verdict.rule in STANDING):
        return
    order = desk.book.order_of(verdict.subject)
    parent_id = "" if order is None else order.first.parent_id
    severity: Severity = "critical" if verdict.rule in CRITICAL else "warning"
    text = f"{account}: {verdict.text}"
    about = "" if parent_id else _subject_of(verdict, account)
    if verdict.rule == "position_agrees":
        _tell_agrees(desk, code, verdict, account, text)
        return
    desk.alert(code, text, parent_id=parent_id, severity=severity, about=about, is_standing=verdict.rule in STANDING)
