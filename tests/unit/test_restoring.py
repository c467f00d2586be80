"""What a restored journal has forgotten: found in the journal it replaced, in the outbox, in accepted files."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from execd import opening, restoring
from execd.core.batch import Batch
from execd.core.events import IdsLost, TroubleReported
from execd.core.lists import ListAccepted, ListedRow, ListStaged
from execd.core.projection import Rows
from execd.errors import JournalError
from execd.journal.backup import backup, restore
from execd.journal.marks import ReduceOnly, read_reduce_only, write_reduce_only
from execd.journal.remains import unused, used_in
from execd.journal.salvage import rebuild
from execd.journal.sync import SyncJournal
from execd.restoring import Lost
from execd.runtime.clock import SystemClock
from execd.runtime.paths import StatePaths
from tests.properties.stories import START_NS, parent
from tests.unit.journal.files import meta, told

NOW_NS = START_NS + 86_400 * 10**9


@pytest.fixture
def paths(tmp_path: Path) -> StatePaths:
    """Return a state directory whose journal is an early backup of the one that was moved aside."""
    paths = StatePaths(tmp_path / "state")
    for folder in paths.folders:
        folder.mkdir(parents=True, exist_ok=True)
    early = tmp_path / "early" / "journal.db"
    told(early, steps_n=20)
    backup(early, tmp_path / "backup.db", is_live=False, now_ns=NOW_NS)
    told(paths.journal)
    restore(paths.journal, tmp_path / "backup.db", now_ns=NOW_NS)
    return paths


def found(paths: StatePaths) -> list[Lost]:
    """Return what is lost, as the next start sees it."""
    told_why = read_reduce_only(paths.root)
    assert told_why is not None
    return restoring.lost(paths, told_why)


def test_what_the_replaced_journal_used_and_the_backup_does_not_know_is_lost(paths: StatePaths) -> None:
    """Fault B9. Every id of before is either known to the restored journal or told as lost; none is both."""
    moved = read_reduce_only(paths.root)
    assert moved is not None
    before = [one for one in used_in(Path(moved.moved[0]) / "journal.db") if "~" not in one]
    known = used_in(paths.journal)
    lost = [one.id for one in found(paths)]

    assert sorted(set(before) - set(known)) == sorted(lost)
    assert lost
    assert lost == unused(paths.journal, lost)


def test_two_restores_without_a_start_between_forget_nothing(paths: StatePaths, tmp_path: Path) -> None:
    """The first journal that was moved aside still tells."""
    once = sorted(one.id for one in found(paths))
    restore(paths.journal, tmp_path / "backup.db", now_ns=NOW_NS + 1)

    assert once == sorted(one.id for one in found(paths))


def test_reports_and_accepted_files_tell_where_no_journal_does(paths: StatePaths) -> None:
    """A journal that was lost altogether, and a copy put in its place by hand, leave the state directory to tell."""
    (paths.outbox / "o-1.json").write_text('{"id": "o-1", "status": "filled", "cum_qty": "7", "qty": "7"}')
    (paths.outbox / "o-2.json").write_text("{")
    (paths.outbox / ".o-3.tmp").write_text("half")
    (paths.accepted / "a.yaml").write_text("id: a-1\nsymbol: AAPL\nside: buy\nqty: 1\nsupersedes: a-0\n")
    (paths.accepted / "list.json").write_text('[{"id": "a-2"}, {"id": "a-3", "qty": 1}]')
    (paths.accepted / "rows.csv").write_text("id,symbol\na-4,AAPL\na-5,IBM\n")
    (paths.accepted / "cancel.json").write_text('{"kind": "cancel", "id": "c-1", "target": "never-came"}')
    (paths.accepted / "broken.json").write_text('{"id": ')
    write_reduce_only(paths.root, ReduceOnly(now_ns=1, reason="put there by hand"))
    lost = dict(found(paths))

    assert {"o-1", "o-2", "a-0", "a-1", "a-2", "a-3", "a-4", "a-5", "c-1", "never-came"} == set(lost)
    assert ("filled, 7 of 7 filled", "its report cannot be read", "") == (lost["o-1"], lost["o-2"], lost["a-1"])


def test_only_what_came_in_this_epoch_proves_a_loss(paths: StatePaths) -> None:
    """Fault B9. A restored journal may forget with everybody's consent; what came since then it may not."""
    (paths.accepted / "a.json").write_text('{"id": "lost-1"}')
    (paths.outbox / "lost-2.json").write_text('{"id": "lost-2"}')
    (paths.outbox / "lost-3~2.json").write_text('{"id": "lost-3~2"}')
    came_ns = max(file.stat().st_ctime_ns for file in (*paths.accepted.iterdir(), *paths.outbox.iterdir()))

    assert ["lost-1", "lost-2"] == restoring.forgotten(paths, since_ns=0)
    assert [] == restoring.forgotten(paths, since_ns=came_ns)


def test_a_row_that_has_not_had_its_turn_is_not_lost(paths: StatePaths) -> None:
    """An accepted list is ours by one record, long before each of its rows is an intent in the tables."""
    rows = (ListedRow(parent=parent(99), content_hash="h"),)
    with SyncJournal(paths.journal, created_ns=START_NS) as journal:
        for record in (ListStaged(now_ns=NOW_NS, rows=rows), ListAccepted(now_ns=NOW_NS, rows_n=1)):
            journal.commit(Batch(now_ns=NOW_NS, records=(record,), rows=Rows()))
    (paths.accepted / "list.json").write_text('[{"id": "p99"}]')

    assert [] == restoring.forgotten(paths, since_ns=0)


def test_a_journal_that_is_gone_begins_anew_and_knows_its_epochs(paths: StatePaths) -> None:
    """Fault B8. The reports name the orders that were sent, so those at the broker are known as ours."""
    for file in paths.root.glob("journal.*"):
        file.unlink()
    (paths.outbox / "o-1.json").write_text('{"id": "o-1", "children": [{"cl_ord_id": "0ldep0c-0123-1"}]}')
    (paths.outbox / "o-2.json").write_text('{"id": "o-2", "children": [{"cl_ord_id": "0ldep0c-0123-2"}]}')
    shown = restoring.traces(paths)
    with pytest.raises(JournalError, match="there is no journal"):
        rebuild(paths.journal, now_ns=NOW_NS)
    made = rebuild(paths.journal, now_ns=NOW_NS, is_gone=True, epochs=restoring.epochs(paths))

    assert (["2 reports"], 0, "0ldep0c") == (shown, made.records, meta(paths.journal)["epochs"].split()[0])
    assert {"o-1", "o-2"} <= {one.id for one in found(paths)}


def test_the_next_start_refuses_what_is_lost_unless_somebody_said_otherwise(paths: StatePaths) -> None:
    """In parts of a bounded size, and told in the alert; with --may-repeat only told."""
    clock = SystemClock(floor_ns=0)
    ids = [one.id for one in found(paths)]
    *refused, trouble = opening.restored(paths, clock)
    told_why = read_reduce_only(paths.root)
    assert told_why is not None
    write_reduce_only(paths.root, replace(told_why, may_repeat=True))
    (allowed,) = opening.restored(paths, clock)

    assert ids == [one for part in refused if isinstance(part, IdsLost) for one in part.ids]
    assert isinstance(trouble, TroubleReported)
    assert f"forgotten {len(ids)} ids, which are refused as used_before_restore: {ids[0]}" in trouble.text
    assert isinstance(allowed, TroubleReported)
    assert "may be used again" in allowed.text
