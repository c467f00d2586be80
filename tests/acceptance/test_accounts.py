"""A journal and its account, over real processes: another one is refused untouched, and the right one is gone on with.

The account is the venue's, which has a ledger of its own; losing that, or moving between venues, makes another account.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.acceptance.daemon import buy
from tests.acceptance.venued import Venued

ELSEWHERE = """
accounts:
  elsewhere:
    adapter: sim
    limits: {order_qty_max: 10000, order_notional_usd_max: 250000, price_collar_ratio: 0.03, open_orders_max: 500}
"""


def traded(venued: Venued) -> None:
    """Fill one order, leave another one resting, and stop the daemon and its venue."""
    venued.begin()
    venued.drop("a.json", buy("a", urgency="high"))
    venued.drop("b.json", buy("b", symbol="MSFT", limit_price="1.00", deadline="10m"))
    venued.ended("a")
    venued.until(lambda: venued.json("venue", "orders"), what="resting order")
    assert venued.end() == 0
    venued.end_venue()


def written(venued: Venued) -> list[str]:
    """Return everything that the journal of a stopped daemon holds, as SQL."""
    with closing(sqlite3.connect(venued.root / "journal.db")) as connection:
        return list(connection.iterdump())


def test_a_venue_that_lost_its_ledger_is_another_account(venued: Venued, tmp_path: Path) -> None:
    """Fault H4. Refused with 78, the reason and the next step; nothing changes; with the ledger back all goes on."""
    traded(venued)
    before, ledger, aside = written(venued), venued.venue / "ledger.db", tmp_path / "ledger.db"
    ledger.rename(aside)
    refused = venued.run("run")
    again = venued.run("run")
    venued.end_venue()
    lost = venued.ledger()
    untouched = written(venued)
    ledger.unlink()
    aside.rename(ledger)
    venued.begin()
    (resting,) = venued.json("venue", "orders")

    assert ([78, 78], ([], {}, ())) == ([refused.returncode, again.returncode], lost)
    assert before == untouched
    assert "MSFT" == resting["symbol"]
    for part in ("another account sim", "sim, begun 20", "put the venue's own ledger.db back", "--state-dir"):
        assert part in refused.stderr


def test_a_journal_does_not_move_between_a_venue_inside_and_one_outside(venued: Venued) -> None:
    """Fault H4. Each way back is named; a start that fits goes on as if nothing had been."""
    traded(venued)
    before = written(venued)
    inside = venued.run("run", "--in-process")
    untouched = before == written(venued)
    venued.begin()

    assert (78, True, 1) == (inside.returncode, untouched, len(venued.json("venue", "orders")))
    assert "start without --in-process (sim.process: true)" in inside.stderr


def test_an_account_that_was_renamed_is_not_left_to_nobody(venued: Venued, tmp_path: Path) -> None:
    """Fault H4. What is open is counted, and nothing starts, not even a venue."""
    traded(venued)
    before, config = written(venued), tmp_path / "execd.yaml"
    config.write_text(ELSEWHERE)
    refused = venued.run("run", "--config", str(config))

    assert (78, 0, before) == (refused.returncode, venued.venue_pid(), written(venued))
    assert "1 open intents, 1 working orders, 1 positions of the account sim, which is not configured" in refused.stderr
    assert "accounts.sim" in refused.stderr


def test_what_the_venue_did_after_a_backup_is_known_once_it_is_restored(venued: Venued, tmp_path: Path) -> None:
    """Fault H8. No new risk; orders that the backup has never seen are told of, and its own are not sent again."""
    copy = tmp_path / "copy.db"
    venued.begin()
    venued.drop("a.json", buy("a", urgency="high"))
    venued.ended("a")
    assert venued.run("journal", "backup", str(copy)).returncode == 0
    venued.drop("later.json", buy("later", qty=7, urgency="high"))
    venued.ended("later")
    assert venued.end() == 0
    assert venued.run("journal", "restore", str(copy), "--yes").returncode == 0
    venued.begin()
    venued.drop("new.json", buy("new", urgency="high"))
    venued.until(lambda: venued.report("new").get("reason") == "halted", what="the wait of a new intent")
    causes = [halt["cause"] for halt in venued.json("status")["halts"]]
    executed = [row["last_qty"] for row in venued.json("venue", "executions")]

    assert (True, ["100", "7"]) == ("journal_restored" in causes, executed)
    assert "orphan_order" in venued.log.read_text()
