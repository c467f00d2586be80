"""What a real daemon makes of a journal that is behind: of an earlier version, or older than what its broker knows."""

from pathlib import Path

import pytest

from execd.journal import sql
from tests.acceptance.daemon import Execd, buy
from tests.acceptance.venued import Venued
from tests.unit.journal.test_migrations import old_file

PAPER = """
accounts:
  paper:
    adapter: sim
    limits: {order_qty_max: 10000, order_notional_usd_max: 250000, price_collar_ratio: 0.03, open_orders_max: 500}
"""


@pytest.mark.parametrize("version", range(1, sql.version()))
def test_a_journal_of_an_earlier_version_is_gone_on_with(execd: Execd, tmp_path: Path, version: int) -> None:
    """Fault B11. Open orders, fills and positions are there, the whole is verified, and an intent trades."""
    execd.root.mkdir()
    old_file(execd.root / "journal.db", version)
    (tmp_path / "paper.yaml").write_text(PAPER)
    execd.environment["EXECD_CONFIG"] = str(tmp_path / "paper.yaml")
    execd.start()
    execd.until_ready()
    rows = {row["id"]: row["cum_qty"] for row in execd.json("orders")}
    filled = {row["intent_id"] for row in execd.json("fills")}
    execd.drop("new.json", buy("new"))
    new = execd.ended("new")
    ended = execd.end()
    verified = execd.json("journal", "verify")
    execd.log.write_text("")
    execd.start()
    execd.until_ready()

    # One of the old orders still rests, and may be filled as soon as there is a market.
    assert ({"p2": "60", "p3": "50", "p4": "10", "p106": "0"}, "filled", 0) == (
        _without(rows, "p1"),
        new["status"],
        ended,
    )
    assert {"p2", "p3", "p4"} <= filled
    assert ([], sql.version()) == (verified["problems"], verified["version"])
    assert (execd.root / f"journal.db.v{version}.bak").exists()


def test_what_was_sent_after_the_backup_is_not_sent_again(venued: Venued, tmp_path: Path) -> None:
    """Faults B9, H8. An old backup over a newer journal, and the producer sends the day again: the ledger stays."""
    copy = tmp_path / "copy.db"
    venued.start()
    venued.until_ready()
    venued.drop("first.json", buy("first", urgency="high"))
    venued.ended("first")
    made = venued.run("journal", "backup", str(copy))
    venued.drop("second.json", buy("second", urgency="high"))
    venued.ended("second")
    venued.end()
    restored = venued.run("journal", "restore", str(copy), "--yes")
    venued.log.write_text("")
    venued.start()
    venued.until_ready()
    for name in ("first", "second"):
        venued.drop(f"{name}-again.json", buy(name, urgency="high"))
    resumed = venued.run("resume", "--halt", "--reason", "positions agree")
    refused = venued.root / "rejected" / "second-again.json"
    # Held where only the broker tells of it, refused where the state directory still knows the id.
    venued.until(
        lambda: venued.report("second").get("status") == "held" or refused.exists(), what="an answer to the second"
    )
    venued.end()
    venued.end_venue()
    executions, _, _ = venued.ledger()

    assert [0, 0, 0] == [one.returncode for one in (made, restored, resumed)]
    assert 2 == len({one.trade.cl_ord_id for one in executions})


def _without(rows: dict[str, str], left_out: str) -> dict[str, str]:
    return {name: value for name, value in rows.items() if name != left_out}
