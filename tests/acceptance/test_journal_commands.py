"""The journal's commands over a real daemon: whole, carried away, brought back, damaged, rebuilt."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.acceptance.daemon import Execd, buy


def halts(execd: Execd) -> list[str]:
    """Return the causes for which no new risk is taken."""
    return [halt["cause"] for halt in execd.json("status")["halts"]]


def test_a_backup_of_a_running_daemon_is_whole_and_comes_back(execd: Execd, tmp_path: Path) -> None:
    """Faults B9, B10. Backed up while it trades, restored when stopped: known ids stay known, new risk waits."""
    copy = tmp_path / "copy.db"
    execd.start()
    execd.until_ready()
    execd.drop("first.json", buy("first"))
    execd.ended("first")
    running = execd.run("journal", "verify")
    made = execd.run("journal", "backup", str(copy))
    execd.drop("second.json", buy("second"))
    execd.ended("second")
    busy = execd.run("journal", "restore", str(copy), "--yes")
    execd.end()
    asked = execd.run("journal", "restore", str(copy))
    restored = execd.run("journal", "restore", str(copy), "--yes")
    execd.log.write_text("")
    execd.start()
    execd.until_ready()
    known = [row["id"] for row in execd.json("orders")]
    halted = halts(execd)
    execd.drop("third.json", buy("third"))
    execd.until(lambda: execd.report("third").get("reason") == "halted", what="the wait of the third")
    resumed = execd.run("resume", "--halt", "--reason", "positions agree")
    third = execd.ended("third")

    assert [0, 0, 1, 2, 0, 0] == [one.returncode for one in (running, made, busy, asked, restored, resumed)]
    assert (["first"], ["journal_restored"], "filled") == (known, halted, third["status"])
    assert "whole" in running.stdout


def test_a_file_of_after_the_backup_does_not_trade_a_second_time(execd: Execd, tmp_path: Path) -> None:
    """Fault B9. The restored journal has forgotten it, the state directory has not: refused, told, its report stays."""
    copy = tmp_path / "copy.db"
    execd.start()
    execd.until_ready()
    execd.run("journal", "backup", str(copy))
    execd.drop("twice.json", buy("twice"))
    first = execd.ended("twice")
    execd.end()
    told = execd.json("journal", "restore", str(copy), "--yes")["forgotten"]
    execd.log.write_text("")
    execd.start()
    execd.until_ready()
    execd.run("resume", "--halt", "--reason", "positions agree")
    execd.drop("twice.json", buy("twice"))
    refused = execd.root / "rejected" / "twice.json.error.json"
    execd.until(refused.exists, what="the refusal")
    alert = next(one["text"] for one in execd.json("alerts") if one["code"] == "journal_restored")

    assert [{"id": "twice", "text": "filled, 100 of 100 filled"}] == told
    assert "used_before_restore" == json.loads(refused.read_text())["code"]
    assert (first, []) == (execd.report("twice"), execd.json("fills"))
    assert "forgotten 1 ids, which are refused as used_before_restore: twice" in alert


def test_a_damaged_journal_is_refused_and_rebuilt(execd: Execd) -> None:
    """Fault B7. Refused with 78 and untouched; rebuilt up to the break; the next start takes no new risk."""
    execd.start()
    execd.until_ready()
    execd.drop("one.json", buy("one"))
    execd.ended("one")
    execd.end()
    path = execd.root / "journal.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM checkpoints")
        connection.execute("DROP TRIGGER records_never_change")
        connection.execute("UPDATE records SET body = replace(body, 'one', 'two') WHERE kind = 'ParentEnded'")
    before = path.read_bytes()
    refused = execd.run("run")
    untouched = before == path.read_bytes()
    looked = execd.run("journal", "verify")
    rebuilt = execd.run("journal", "rebuild", "--yes")
    again = execd.run("journal", "verify")
    execd.log.write_text("")
    execd.start()
    execd.until_ready()

    codes = [one.returncode for one in (refused, looked, rebuilt, again)]
    assert ([78, 1, 0, 0], True, ["journal_restored"]) == (codes, untouched, halts(execd))
    assert "record" in refused.stderr
    assert "execd journal rebuild" in refused.stderr
    assert "lost" in rebuilt.stdout


def test_an_older_copy_in_the_place_of_the_journal_is_refused(execd: Execd, tmp_path: Path) -> None:
    """Fault B9. The file is whole, but it is not the one: ids that were sent would come again."""
    execd.start()
    execd.until_ready()
    execd.end()
    shutil.copy(execd.root / "journal.db", tmp_path / "old.db")
    execd.start()
    execd.until_ready()
    execd.drop("one.json", buy("one"))
    execd.ended("one")
    execd.end()
    shutil.copy(tmp_path / "old.db", execd.root / "journal.db")
    refused = execd.run("run")

    assert (78, True) == (refused.returncode, "execd journal restore" in refused.stderr)


def test_a_journal_is_exported_beside_the_daemon(execd: Execd, tmp_path: Path) -> None:
    """One file a table, while it runs."""
    execd.start()
    execd.until_ready()
    execd.drop("one.json", buy("one"))
    execd.ended("one")
    counts = execd.json("journal", "export", str(tmp_path / "csv"))

    assert counts["fills"] >= 1
    assert sorted(f"{name}.csv" for name in counts) == sorted(file.name for file in (tmp_path / "csv").iterdir())


def test_commands_without_a_journal_say_so(execd: Execd) -> None:
    """Nothing is made by asking."""
    codes = [
        execd.run("journal", *words).returncode
        for words in (
            ("verify",),
            ("backup", "/nowhere/a.db"),
            ("restore", "/nowhere/a.db", "--yes"),
            ("nonsense",),
        )
    ]

    assert ([4, 1, 4, 2], False) == (codes, (execd.root / "journal.db").exists())
