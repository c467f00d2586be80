"""What a restored journal has forgotten: found in the journal it replaced, in the outbox, in accepted files."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from execd import opening, restoring
from execd.core.events import IdsLost, TroubleReported
from execd.journal.backup import backup, restore
from execd.journal.marks import ReduceOnly, read_reduce_only, write_reduce_only
from execd.journal.remains import unused, used_in
from execd.restoring import Lost
from execd.runtime.clock import SystemClock
from execd.runtime.paths import StatePaths
from tests.properties.stories import START_NS
from tests.unit.journal.files import told

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
