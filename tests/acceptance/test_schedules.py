"""An order that is cut over time outlives the daemon that works it."""

import signal
import time
from decimal import Decimal

from tests.acceptance.daemon import buy
from tests.acceptance.venued import Venued

SLICES_N, INTERVAL_S = 10, 2
DEAD_S = 5.0
"""Longer than two slices: at least one goes by without a daemon."""


def test_a_schedule_goes_on_in_real_time_after_a_kill(venued: Venued) -> None:
    """Kill -9 of a twap of offset: what went by is spread over the rest, in time, and nothing is sent twice."""
    venued.start()
    venued.until_ready()
    tactic = {"name": "offset", "bps": 8}
    algo = {"name": "twap", "duration": f"{SLICES_N * INTERVAL_S}s", "interval": f"{INTERVAL_S}s", "tactic": tactic}
    venued.drop("cut.json", buy("cut", qty=100, algo=algo, deadline="5m", max_slippage_bps=100))
    venued.until(lambda: len(venued.report("cut").get("children", ())) >= 2, what="a second slice")
    venued.end(signal.SIGKILL)
    time.sleep(DEAD_S)
    venued.log.write_text("")
    venued.start()
    venued.until_ready()
    report = venued.ended("cut")
    venued.end()
    venued.end_venue()
    executions, holdings, orders = venued.ledger()

    assert ("filled", Decimal(100)) == (report["status"], Decimal(report["cum_qty"]))
    assert len(orders) == len(report["children"]) <= SLICES_N
    assert Decimal(100) == sum(Decimal(child["cum_qty"]) for child in report["children"])
    assert Decimal(100) == sum(execution.trade.last_qty for execution in executions)
    assert Decimal(100) == sum(holding.qty for held in holdings.values() for holding in held.values())
    # A slice went by without a daemon: those that were left are larger, and not one of them is all at once.
    sizes = [Decimal(child["order_qty"]) for child in report["children"]]
    assert [Decimal(10), Decimal(10)] == sizes[:2]
    assert Decimal(10) < max(sizes) < Decimal(50)
