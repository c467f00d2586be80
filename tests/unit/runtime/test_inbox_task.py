"""The task `inbox` over real files and a real engine.

What is taken, in which order, what moves where, and what happens while there is no inbox.
"""

import asyncio
import json
import os
from itertools import count
from pathlib import Path

import pytest

from execd.core.enums import ParentStatus
from execd.core.events import Alert, Known, Reply, StopRequested
from tests.unit.runtime.inbox_hall import Hall, buy


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    """Return a fresh state directory."""
    return Hall(tmp_path)


async def test_a_file_moves_to_accepted_once_its_order_is_durable(hall: Hall) -> None:
    """Accepted files move once journaled (SPEC 2)."""
    async with hall.running():
        hall.drop("a.json", buy("a"))
        await hall.accepted_all("a.json")

    assert (["a"], []) == (list((await hall.journal.load()).parents), list(hall.inbox.iterdir()))


async def test_a_renamed_file_is_taken_without_waiting_for_a_scan(hall: Hall) -> None:
    """The kernel's notice is a wake-up: with a scan a minute a renamed file is still taken at once."""
    dropped = count()

    def is_taken() -> bool:
        # The watch may begin a moment after the task, so one more file is dropped at each look.
        hall.drop(f"{next(dropped)}.json", buy("a"))
        return bool(list(hall.accepted.glob("*.json")))

    async with hall.running(scan_s=60, settle_ms=60_000):
        await hall.until(is_taken)

    assert ["a"] == list(hall.book.parents)


async def test_a_file_of_which_nobody_was_told_is_found_by_the_scan(hall: Hall) -> None:
    """Fault A7: the queue of the kernel may overflow; the full scan is the truth."""
    hall.drop("a.json", buy("a"))
    async with hall.running():
        await hall.accepted_all("a.json")

    assert ["a"] == list(hall.book.parents)


async def test_a_half_written_file_is_refused_and_stops_no_other(hall: Hall) -> None:
    """Fault A1: what its writer left half is quarantined, never guessed; the file behind it is taken."""
    hall.drop("half.json", '{"id": "half", "symbol": "AAPL", "side": "bu', age_s=2)
    hall.drop("whole.json", buy("whole"), age_s=1)
    async with hall.running():
        await hall.accepted_all("whole.json")
        await hall.until(lambda: hall.told("half.json"))

    assert (["whole"], "syntax", 1) == (list(hall.book.parents), hall.told("half.json")["code"], len(hall.refused))


async def test_the_same_file_seen_twice_is_one_order(hall: Hall) -> None:
    """Fault A3: the kernel's notice and the scan see the same file; the same id is acknowledged and trades nothing."""
    async with hall.running():
        hall.drop("a.json", buy("a"))
        hall.drop("b.json", buy("a", qty="100.0"))
        await hall.accepted_all("a.json", "b.json")

    assert (["a"], []) == (list(hall.book.parents), hall.refused)


async def test_the_same_id_with_another_body_is_refused_and_told(hall: Hall) -> None:
    """Fault A4: the first one stands, somebody is told."""
    async with hall.running():
        hall.drop("a.json", buy("a"))
        await hall.accepted_all("a.json")
        hall.drop("b.json", buy("a", qty=101))
        await hall.until((hall.rejected / "b.json").exists)
    alerts = [effect.code for effect in hall.effects if isinstance(effect, Alert)]

    assert ("id_conflict", ["id_conflict"]) == (hall.told("b.json")["code"], alerts)


async def test_a_file_that_was_journaled_and_not_moved_is_only_moved(hall: Hall) -> None:
    """Fault A5: a crash after the commit and before the move; the next life knows the id."""
    async with hall.running():
        hall.drop("a.json", buy("a"))
        await hall.accepted_all("a.json")
    (hall.accepted / "a.json").rename(hall.inbox / "a.json")
    records_n = len([one async for one in hall.journal.records()])
    async with hall.running():
        await hall.accepted_all("a.json")

    assert records_n == len([one async for one in hall.journal.records()])


async def test_a_file_that_was_read_and_not_journaled_is_taken_by_the_next_life(hall: Hall) -> None:
    """Fault A6: a crash before the commit leaves the file, which is then worked once."""
    hall.drop("a.json", buy("a"))
    async with hall.running():
        pass
    async with hall.running():
        await hall.accepted_all("a.json")

    assert ["a"] == list(hall.book.parents)


@pytest.mark.parametrize("name", ["a.json", "l.csv"])
async def test_a_file_that_comes_while_the_daemon_stops_is_left_for_the_next_start(hall: Hall, name: str) -> None:
    """What the engine answers with `stopping` was neither taken nor refused: it stays where it is, lists too."""
    text = "id,symbol,side,qty,on_error\na,AAPL,buy,1,skip\n" if name == "l.csv" else json.dumps(buy("a"))
    async with hall.running():
        hall.pump.post(StopRequested(now_ns=hall.clock.now_ns(), reason="test"))
        await hall.pump.drained()
        hall.drop(name, text)
        await hall.until(lambda: any(isinstance(effect, Reply) for effect in hall.effects))
        hall.drop("after.json", "{")
        await hall.until(lambda: hall.told("after.json") and not (hall.inbox / "after.json").exists())
        left = sorted(path.name for path in hall.inbox.iterdir())
    async with hall.running():
        await hall.accepted_all(name)

    assert ([name], ["a"]) == (left, list(hall.book.parents))


async def test_an_id_that_left_memory_is_still_known(hall: Hall) -> None:
    """The journal is asked for every id before the engine is: same content is acknowledged, other content refused."""
    hall.known = {"old": Known("0" * 32, ParentStatus.FILLED)}
    async with hall.running():
        hall.drop("a.json", buy("old"))
        await hall.until(lambda: hall.told("a.json"))

    assert ("id_conflict", {}, [("old",)]) == (hall.told("a.json")["code"], hall.book.parents, hall.asked)


async def test_yesterdays_file_is_never_traded(hall: Hall) -> None:
    """Fault A12: a file whose time has passed when it is found is refused, by its modification time."""
    async with hall.running():
        hall.drop("a.json", buy("a"), age_s=86_400)
        await hall.until(lambda: hall.told("a.json"))

    assert "stale_file" == hall.told("a.json")["code"]


async def test_a_file_from_the_future_is_refused(hall: Hall) -> None:
    """Fault A13: the clock that stamped it is ahead of ours by more than 5 s."""
    async with hall.running():
        hall.drop("a.json", buy("a"), age_s=-60)
        await hall.until(lambda: hall.told("a.json"))

    assert "future_file" == hall.told("a.json")["code"]


async def test_a_cancel_that_comes_before_its_order_wins(hall: Hall) -> None:
    """Fault A15: a tombstone waits for the order, which is refused `cancelled_before`."""
    async with hall.running():
        hall.drop("c.yaml", "{kind: cancel, id: c, target: a}")
        await hall.accepted_all("c.yaml")
        hall.drop("a.json", buy("a"))
        await hall.until(lambda: hall.told("a.json"))

    assert "cancelled_before" == hall.told("a.json")["code"]


async def test_a_cancel_and_an_amend_by_file_reach_their_target(hall: Hall) -> None:
    """Documents change the order; the same document again changes nothing, and a bad one is refused with its code."""
    async with hall.running():
        hall.drop("a.json", buy("a", limit_price=10))
        await hall.accepted_all("a.json")
        hall.drop("m.json", {"kind": "amend", "id": "m", "target": "a", "qty": 50})
        await hall.accepted_all("m.json")
        hall.drop("loose.json", {"kind": "amend", "id": "m2", "target": "a", "limit_price": 11})
        await hall.until(lambda: hall.told("loose.json"))
        qty = hall.book.parents["a"].order.order_qty
        hall.drop("c.json", {"kind": "cancel", "id": "c", "target": "a"})
        hall.drop("c2.json", {"kind": "cancel", "id": "c", "target": "a"})
        await hall.accepted_all("c.json", "c2.json")

    assert ("50", "amend_loosens", ParentStatus.CANCELED) == (
        str(qty),
        hall.told("loose.json")["code"],
        hall.book.parents["a"].status,
    )


async def test_a_list_is_taken_whole_or_not_at_all(hall: Hall) -> None:
    """One row that the engine refuses refuses the file; its line is told, and nothing is traded."""
    rows = [buy("l1"), buy("l2", qty=20_000), buy("l3", deadline="1m")]
    async with hall.running():
        hall.drop("l.json", "[\n" + ",\n".join(map(str, rows)).replace("'", '"') + "\n]")
        await hall.until(lambda: hall.told("l.json"))
    told = hall.told("l.json")

    assert ({}, "max_order_qty", 3) == (hall.book.parents, told["code"], told["line"])
    assert [{"row": 2, "line": 3, "id": "l2", "code": "max_order_qty"}] == [
        {key: row[key] for key in ("row", "line", "id", "code")}
        for row in told["rows"]  # type: ignore[attr-defined]
    ]


async def test_the_good_rows_of_a_list_that_skips_are_taken_and_the_bad_ones_told(hall: Hall) -> None:
    """Rows are refused while they are read or by the engine; the file goes to accepted/, the reasons to rejected/."""
    text = "id,symbol,side,qty,on_error\nl1,AAPL,buy,100,skip\nl2,AAPL,buy,x,\nl3,AAPL,buy,20000,\nl4,AAPL,buy,5,\n"
    async with hall.running():
        hall.drop("l.csv", text)
        await hall.accepted_all("l.csv")
    told = hall.told("l.csv")
    rows = [(row["row"], row["line"], row["code"]) for row in told["rows"]]  # type: ignore[attr-defined]

    assert ["l1", "l4"] == [one for one, parent in hall.book.parents.items() if parent.status is ParentStatus.QUEUED]
    assert ("rows_refused", [(2, 3, "bad_number"), (3, 4, "max_order_qty")]) == (told["code"], rows)
    assert ["l.csv.error.json"] == [path.name for path in hall.rejected.iterdir()]


async def test_a_flood_of_files_is_taken_in_bounded_batches_and_in_order(hall: Hall) -> None:
    """Fault A8: the oldest first, never more in flight than the limit, and others have their turns meanwhile."""
    for n in range(300):
        hall.drop(f"{n:03}.json", buy(f"f{n:03}"), age_s=300 - n)
    most = turns = 0
    async with hall.running() as task:
        while task.counts()["in_flight"] or len(hall.book.parents) < 300:
            most = max(most, task.counts()["in_flight"])
            turns += 1
            await asyncio.sleep(0)

    assert list(hall.book.parents) == sorted(hall.book.parents)
    assert 0 < most <= 2 * 64
    assert turns > 300


async def test_an_inbox_that_has_gone_halts_new_risk_until_it_is_back(hall: Hall) -> None:
    """Fault A16: told once in plain words, waited for, and lifted when it is back; what was taken goes on."""
    async with hall.running():
        hall.drop("a.json", buy("a"))
        await hall.accepted_all("a.json")
        away = hall.inbox.rename(hall.inbox.with_name("elsewhere"))
        await hall.until(lambda: hall.book.halts)
        halted = [(halt.cause, halt.text) for halt in hall.book.halts.values()]
        away.rename(hall.inbox)
        await hall.until(lambda: not hall.book.halts)
        hall.drop("b.json", buy("b"))
        await hall.accepted_all("b.json")
    ((cause, text),) = halted

    assert (("inbox_gone", ["a", "b"]), True) == ((cause, list(hall.book.parents)), "No such file" in text)
    assert "ExceptionGroup" not in text


@pytest.mark.parametrize("mode", [0o777, 0o757])
async def test_an_inbox_that_became_open_to_everybody_takes_nothing(hall: Hall, mode: int) -> None:
    """Faults A16 and I16: rights that were lost or given away while the daemon runs count as a lost inbox."""
    async with hall.running():
        hall.inbox.chmod(mode)
        await hall.until(lambda: hall.book.halts)
        hall.drop("a.json", buy("a"))
        hall.inbox.chmod(0o750)
        await hall.accepted_all("a.json")

    assert {} == hall.book.halts


async def test_a_read_only_inbox_takes_nothing(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault A16: a file that cannot be moved away would be read for ever; nothing is taken until it can."""
    async with hall.running():
        await hall.until(hall.accepted.exists)
        with monkeypatch.context() as patch:
            patch.setattr(os, "access", lambda *_, **__: False)
            await hall.until(lambda: hall.book.halts)
        await hall.until(lambda: not hall.book.halts)

    assert any(isinstance(effect, Alert) for effect in hall.effects)


async def test_an_inbox_that_is_missing_at_a_restart_of_the_task_is_waited_for(hall: Hall) -> None:
    """Fault A16: where the directory cannot even be made, the task waits instead of dying again and again."""
    hall.inbox.rmdir()
    hall.inbox.write_text("in the way")
    async with hall.running():
        await hall.until(lambda: hall.book.halts)
        hall.inbox.unlink()
        await hall.until(lambda: not hall.book.halts)
        hall.drop("a.json", buy("a"))
        await hall.accepted_all("a.json")

    assert ["a"] == list(hall.book.parents)


async def test_a_folder_that_was_taken_away_is_made_again(hall: Hall) -> None:
    """Fault A18: accepted/ and rejected/ are ours; where they are missing, nothing is lost and nothing stops."""
    async with hall.running():
        await hall.until(hall.rejected.exists)
        hall.accepted.rmdir()
        hall.rejected.rmdir()
        hall.drop("a.json", buy("a"))
        hall.drop("b.json", "{")
        await hall.accepted_all("a.json")
        await hall.until(lambda: hall.told("b.json"))

    assert "syntax" == hall.told("b.json")["code"]
