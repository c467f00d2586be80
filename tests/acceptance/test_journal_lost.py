"""What a real daemon makes of a journal that is gone, while its account and its state directory remember it.

Nothing trades a second time, nothing that is live or held goes unmentioned, and each message says how to go on.
"""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.daemon import buy
from tests.acceptance.venued import Venued


def killed(venued: Venued) -> None:
    """Fill one order, leave another one resting, and kill the daemon."""
    venued.begin()
    venued.drop("a.json", buy("a", urgency="high"))
    venued.drop("b.json", buy("b", symbol="MSFT", limit_price="1.00", deadline="10m"))
    venued.ended("a")
    venued.until(lambda: venued.report("b").get("children"), what="a report of the resting order")
    venued.until(lambda: venued.json("venue", "orders"), what="a resting order")
    venued.end(signal.SIGKILL)


def delete_all(root: Path) -> None:
    """Delete the journal and everything beside it."""
    for file in root.glob("journal.*"):
        file.unlink()


def delete_tail(root: Path) -> None:
    """Delete the write-ahead file, in which all records still are, and empty the mark."""
    for suffix in ("-wal", "-shm"):
        (root / f"journal.db{suffix}").unlink(missing_ok=True)
    (root / "journal.high").write_bytes(b"")


def causes(daemon: Venued) -> list[tuple[str, str]]:
    """Return the halts in force, by cause and symbol."""
    return sorted((halt["cause"], halt["symbol"]) for halt in daemon.json("status")["halts"])


def written(root: Path) -> dict[str, bytes]:
    """Return the journal's files, byte by byte."""
    return {file.name: file.read_bytes() for file in root.glob("journal.*")}


@pytest.mark.parametrize("harm,word", [(delete_all, "is missing"), (delete_tail, "has no record")])
def test_a_journal_that_is_gone_is_no_first_start(venued: Venued, harm: Callable[[Path], None], word: str) -> None:
    """Faults B8, B9. Refused with 78 and untouched; begun anew, no id trades again and what lives there is named."""
    killed(venued)
    harm(venued.root)
    left = written(venued.root)
    refused = venued.run("run")
    untouched = written(venued.root)
    rebuilt = venued.run("journal", "rebuild", "--yes")
    venued.begin()
    venued.drop("again.json", buy("a", urgency="high"))
    venued.drop("new.json", buy("new", urgency="high"))
    venued.until((venued.root / "rejected" / "again.json").exists, what="the refusal of the id")
    venued.until(lambda: venued.report("new").get("reason") == "halted", what="the wait of a new intent")
    halts = {halt["cause"]: halt["text"] for halt in venued.json("status")["halts"]}
    reason = json.loads((venued.root / "rejected" / "again.json.error.json").read_text())["code"]
    executed = [row["last_qty"] for row in venued.json("venue", "executions")]

    assert (78, left, 0) == (refused.returncode, untouched, rebuilt.returncode)
    for part in (word, "2 accepted files", "2 reports", "execd journal restore", "execd journal rebuild --yes"):
        assert part in refused.stderr
    assert ("used_before_restore", ["100"]) == (reason, executed)
    assert {"journal_restored", "account_unknown", "external_order"} == halts.keys()
    for part in ("100 AAPL", "declare 100", "execd adopt"):
        assert part in halts["account_unknown"]


def test_an_account_that_holds_something_is_begun_without_new_risk(venued: Venued, tmp_path: Path) -> None:
    """SPEC 15. Another state directory on an account that trades: that symbol is halted until it is declared."""
    killed(venued)
    other = Venued(tmp_path / "other", tmp_path, EXECD_SIM__VENUE_DIR=str(venued.venue))
    other.environment |= {"PYTHONPYCACHEPREFIX": venued.environment["PYTHONPYCACHEPREFIX"]}
    try:
        other.begin()
        first = causes(other)
        other.end(signal.SIGKILL)
        other.begin()
        again = causes(other)
        other.run("adopt", "--symbol", "AAPL", "--qty", "100", "--external", "--reason", "it is mine")
        declared = causes(other)
        other.run("resume", "--halt", "--cause", "external_order", "--reason", "it is mine, too")
        other.end()
        other.begin()
        after = causes(other)
    finally:
        other.close()

    assert [("account_unknown", "AAPL"), ("external_order", "MSFT")] == first == again
    assert ([("external_order", "MSFT")], []) == (declared, after)


def test_a_tail_that_is_gone_is_told_by_what_was_accepted(venued: Venued) -> None:
    """Fault B8. Nothing beside the journal knows it, but the files: no id again, no new risk, another epoch."""
    venued.begin()
    venued.drop("first.json", buy("first", urgency="high"))
    venued.ended("first")
    venued.end()
    mark = (venued.root / "journal.high").read_bytes()
    venued.begin()
    venued.drop("a.json", buy("a", urgency="high"))
    venued.ended("a")
    venued.end(signal.SIGKILL)
    for suffix in ("-wal", "-shm"):
        (venued.root / f"journal.db{suffix}").unlink()
    # As if the last second had been cut: the mark is written once a second.
    (venued.root / "journal.high").write_bytes(mark)
    venued.begin()
    (halt,) = [one for one in venued.json("status")["halts"] if one["cause"] == "journal_doubtful"]
    venued.drop("again.json", buy("a", urgency="high"))
    venued.until((venued.root / "rejected" / "again.json").exists, what="the refusal of the id")
    venued.end(signal.SIGKILL)
    epoch = json.loads((venued.root / "journal.high").read_text())["epoch"]
    venued.begin()
    executed = [row["last_qty"] for row in venued.json("venue", "executions")]

    assert (["100", "100"], True) == (executed, epoch != json.loads(mark)["epoch"])
    assert "1 ids were taken that it does not know (a)" in halt["text"]
