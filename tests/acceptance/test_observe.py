"""`mode: observe` on a whole daemon: it lives as always, and its venue never hears of an order.

The venue is a process of its own, so that its ledger can say what reached it.
"""

from typing import Any

from tests.acceptance.daemon import buy
from tests.acceptance.venued import Venued


def kinds(venued: Venued, intent_id: str) -> list[str]:
    """Return the kinds of the links of a chain."""
    return [one["kind"] for one in venued.json("explain", intent_id)["chain"]]


def test_observing_plans_and_reports_and_sends_nothing(venued: Venued) -> None:
    """SPEC 17: real streams, full plans and reports, and not one order at the venue; a refusal is one as always."""
    venued.start(EXECD_MODE="observe")
    venued.until_ready()
    venued.drop("a.json", buy("a", urgency="high"))
    venued.drop("b.json", buy("b", symbol="MSFT", limit_price="1.00", deadline="10m"))
    venued.drop("c.json", {"id": "c", "symbol": "AAPL", "side": "sell", "qty": 10})
    reports: list[dict[str, Any]] = [venued.ended(name) for name in ("a", "b", "c")]
    venue, status = venued.json("venue", "status"), venued.json("status")
    venued.end()
    venued.end_venue()
    executions, holdings, working = venued.ledger()

    planned = [(one["status"], one["reason"].partition(" 100 ")[0], one["children"]) for one in reports[:2]]
    full = [bool(one["plan_reasons"] and one["collar_px"] and one["arrival"]["mid_px"]) for one in reports[:2]]
    assert [("canceled", "observe: would place", [])] * 2 == planned
    assert ([True, True], "rejected", "observe") == (full, reports[2]["status"], status["mode"])
    assert (0, {}, []) == (venue["requests_in_flight"], holdings.get("sim", {}), list(working))
    assert [] == executions


def test_what_trading_left_out_is_held_while_observing(venued: Venued) -> None:
    """Orders of a life that traded stay as they are: nothing moves them but a cancel that somebody asks for."""
    venued.start()
    venued.until_ready()
    for name in ("a", "b"):
        venued.drop(f"{name}.json", buy(name, limit_price="1.00", deadline="3s", allow_duplicate=True))
    venued.until(lambda: len(venued.json("venue", "orders")) == 2, what="resting orders")
    venued.end()
    venued.log.write_text("")
    venued.start(EXECD_MODE="observe")
    venued.until_ready()
    held = {one["id"]: one["status"] for one in venued.json("orders", "--open")}
    canceled = venued.run("cancel", "a", "--reason", "by hand")
    venued.until(lambda: len(venued.json("venue", "orders")) == 1, what="cancel at the venue")
    requests = kinds(venued, "b").count("request")

    assert ({"a": "held", "b": "held"}, 0) == (held, canceled.returncode)
    assert ("canceled", 1) == (venued.ended("a")["status"], requests)
