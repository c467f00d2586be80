"""What a record of an operator, of trouble or of retention says, in one line for people.

Used by the log and by `explain`, so that both say the same. What happened to
orders is told by each of them in its own way. A new such record is a case here.
"""

from typing import assert_never

from execd.core.codec import plain
from execd.core.commands import (
    AdoptPosition,
    AmendParent,
    CancelParent,
    Command,
    FlattenScope,
    HaltNew,
    KillTrading,
    Operated,
    PauseParent,
    PauseScope,
    ReleaseParent,
    ResolveOrder,
    ResumeNew,
    ResumeParent,
    ResumeScope,
    UnkillTrading,
)
from execd.core.latching import Controlled, Killed, Latching, ScopePaused, ScopeResumed, Unkilled
from execd.core.lists import ListAccepted, ListDropped, ListStaged
from execd.core.reconciled import AccountMet, Comparison, ExternalSeen, Reconciled
from execd.core.records import (
    Adopted,
    DocumentTaken,
    Halted,
    HaltLifted,
    Missed,
    ParentAmended,
    ParentPaused,
    ParentRecalled,
    ParentReleased,
    ParentResumed,
    ParentsRetired,
    Poisoned,
    PoisonSetAside,
    Resent,
    Resolved,
    Tombstoned,
)
from execd.core.snapshot import name_of

Administrative = (
    ParentAmended
    | ParentPaused
    | ParentResumed
    | ParentReleased
    | DocumentTaken
    | Tombstoned
    | Halted
    | HaltLifted
    | Adopted
    | ParentsRetired
    | ParentRecalled
    | Poisoned
    | PoisonSetAside
    | ListStaged
    | ListAccepted
    | ListDropped
    | Latching
    | Comparison
)


def said(record: Administrative) -> str:
    """Return a record in one line."""
    match record:
        case ParentAmended():
            return f"amended: {record.text}"
        case ParentPaused():
            return _because("paused", record.reason)
        case ParentResumed():
            return _because("resumed", record.reason)
        case ParentReleased():
            return _because("released", record.reason)
        case DocumentTaken():
            return f"{record.kind} {record.document_id} about {record.target}: {record.code}"
        case Tombstoned():
            return f"{record.code} by {record.by}: {record.parent_id} is refused when it comes"
        case Halted():
            return f"no new risk on {_where(record)}, {record.cause}: {record.text}"
        case HaltLifted():
            return _because(f"{record.cause} lifted on {_where(record)}", record.reason)
        case Adopted():
            whose = "external" if record.is_external else f"{record.strategy}/{record.horizon}"
            return f"adopted {plain(record.qty)} {record.symbol} on {record.account} as {whose}"
        case ParentsRetired():
            return f"{len(record.parent_ids)} ended intents left memory"
        case ParentRecalled():
            return "back in memory: something was said of an order of it"
        case Poisoned():
            return f"{record.kind} could not be digested ({record.error}); it is set aside at the next start"
        case PoisonSetAside():
            return "set aside: it is not looked at again"
        case ListStaged():
            return f"{len(record.rows)} rows of a list written down, not yet accepted"
        case ListAccepted():
            return f"a list of {record.rows_n} rows accepted"
        case ListDropped():
            return f"a list not accepted: {record.reason}"
        case Killed() | Unkilled() | ScopePaused() | ScopeResumed() | Controlled():
            return _latch_said(record)
        case Reconciled() | ExternalSeen() | AccountMet():
            return _comparison_said(record)
        case _:
            assert_never(record)


def _comparison_said(record: Comparison) -> str:
    match record:
        case Reconciled():
            return f"{record.rule}, {record.right} is right: {record.text}"
        case ExternalSeen(seen=seen):
            state = "live" if seen.is_live else "ended"
            told = f"{seen.side or 'side not told'} {plain(seen.order_qty)} {seen.symbol}"
            return f"not ours on {record.account}: {name_of(seen)}, {told}, {plain(seen.cum_qty)} traded, {state}"
        case AccountMet():
            return f"the account {record.account} was read whole for the first time"
        case _:
            assert_never(record)


def _latch_said(record: Latching) -> str:
    match record:
        case Killed():
            where = record.account or "all accounts"
            return _because(f"killed, {record.level} on {where} by {door_of(record.by, record.uid)}", record.reason)
        case Unkilled():
            forced = " by force" if record.is_forced else ""
            return _because(f"kill lifted{forced} on {record.account or 'all accounts'}", record.reason)
        case ScopePaused():
            return _because(f"paused {record.scope.text}", record.reason)
        case ScopeResumed():
            return _because(f"resumed {record.scope.text}", record.reason)
        case Controlled():
            return record.text
        case _:
            assert_never(record)


def door_of(by: str, uid: int | None) -> str:
    """Return through which door a kill came, and whose it was where that is known."""
    return by if uid is None else f"{by}, user {uid}"


def doubt_said(record: Missed | Resent | Resolved) -> str:
    """Return in one line what came to be known of a request in doubt."""
    match record:
        case Missed():
            return "asked: the broker shows no trace of it"
        case Resent():
            return "written again under the same id"
        case Resolved():
            told = "lost" if record.is_lost else f"live {record.order_id}".rstrip()
            return f"resolved by a person: {told} ({record.reason})"
        case _:
            assert_never(record)


def parent_of(record: Administrative) -> str:
    """Return the id of the intent that a record is about; empty where it is about none or many."""
    match record:
        case ParentAmended() | ParentPaused() | ParentResumed() | ParentReleased() | Tombstoned() | Poisoned():
            return record.parent_id
        case DocumentTaken():
            return record.target
        case ParentRecalled():
            return record.parent.order.parent_id
        case Controlled():
            return record.controller_id
        case (
            Killed()
            | Unkilled()
            | ScopePaused()
            | ScopeResumed()
            | Halted()
            | HaltLifted()
            | Adopted()
            | ParentsRetired()
            | PoisonSetAside()
            | ListStaged()
            | ListAccepted()
            | ListDropped()
            | Reconciled()
            | ExternalSeen()
            | AccountMet()
        ):
            return ""
        case _:
            assert_never(record)


def verb_of(command: Command) -> tuple[str, str]:
    """Return the name of a command and the intent it is about; empty where it is about none."""
    match command:
        case CancelParent(parent_id=parent_id):
            return "cancel", parent_id
        case AmendParent(parent_id=parent_id):
            return "amend", parent_id
        case PauseParent(parent_id=parent_id):
            return "pause", parent_id
        case ResumeParent(parent_id=parent_id):
            return "resume", parent_id
        case ReleaseParent(parent_id=parent_id):
            return "release", parent_id
        case HaltNew():
            return "halt", ""
        case ResumeNew():
            return "resume_new", ""
        case AdoptPosition():
            return "adopt", ""
        case KillTrading():
            return "kill", ""
        case UnkillTrading():
            return "unkill", ""
        case PauseScope():
            return "pause_scope", ""
        case ResumeScope():
            return "resume_scope", ""
        case FlattenScope(flatten_id=flatten_id):
            return "flatten", flatten_id
        case ResolveOrder():
            return "resolve", ""
        case Operated(verb=verb):
            return verb, ""
        case _:
            assert_never(command)


def _where(record: Halted | HaltLifted) -> str:
    account = record.account or "all accounts"
    return f"{record.symbol} on {account}" if record.symbol else account


def _because(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else what
