"""From a file to its report, through a real daemon on the simulated venue."""

import json

from tests.acceptance.daemon import Execd, buy


def test_a_dropped_file_becomes_a_filled_report(running: Execd) -> None:
    """A file renamed into the inbox is worked to its end; its report says filled and the file lies in accepted/."""
    running.drop("first.json", buy("first"))
    report = running.ended("first")

    accepted = (running.root / "accepted" / "first.json").is_file()
    expected = ("filled", "100", "100", True)
    assert expected == (report["status"], report["qty"], report["cum_qty"], accepted)


def test_yaml_is_taken_like_json(running: Execd) -> None:
    """An intent may be written as YAML."""
    running.drop("yaml.yaml", "id: yaml-1\nsymbol: MSFT\nside: buy\nqty: 10\n")

    assert running.ended("yaml-1")["status"] == "filled"


def test_the_same_file_again_trades_nothing(running: Execd) -> None:
    """The same id with the same content is acknowledged; no order follows."""
    running.drop("again.json", buy("again", qty=7))
    running.ended("again")
    running.drop("again-2.json", buy("again", qty="7.0"))
    running.until((running.root / "accepted" / "again-2.json").is_file, what="acknowledgement")

    fills = [fill["last_qty"] for fill in running.json("fills", "again")]
    assert fills == ["7"]


def test_an_id_that_was_used_for_something_else_is_rejected(running: Execd) -> None:
    """The same id with other content is refused, and the first one stands."""
    running.drop("used.json", buy("used", qty=5))
    running.ended("used")
    running.drop("used-2.json", buy("used", qty=6))
    reason = running.root / "rejected" / "used-2.json.error.json"
    running.until((running.root / "rejected" / "used-2.json").is_file, what="refusal")

    assert (json.loads(reason.read_text())["code"], running.report("used")["cum_qty"]) == ("id_conflict", "5")


def test_a_malformed_file_is_rejected_with_its_reason_and_stops_nothing(running: Execd) -> None:
    """A typo moves the file to rejected/ beside code, message, field and line; the next file is worked."""
    running.drop("typo.json", '{\n "id": "typo",\n "symbol": "AAPL",\n "side": "buy",\n "qyt": 100\n}\n')
    running.drop("after.json", buy("after-typo", qty=1))
    running.ended("after-typo")
    reason = running.root / "rejected" / "typo.json.error.json"
    running.until(reason.is_file, what="reason")

    told = json.loads(reason.read_text())
    expected = ("unknown_field", "qyt", 5, True)
    assert expected == (told["code"], told["field"], told["line"], "qty" in told["message"])


def test_a_sell_of_what_is_not_owned_ends_rejected(running: Execd) -> None:
    """A refusal of the risk gate is a report, with a stable code."""
    running.drop("naked.json", buy("naked", side="sell", symbol="IBM"))
    report = running.ended("naked")

    assert (report["status"], report["reason"].split(":")[0]) == ("rejected", "sell_exceeds_owned")


def test_a_limit_far_away_expires_with_nothing_left_behind(running: Execd) -> None:
    """An intent that cannot fill ends by its deadline, and no order of it stays in the market."""
    running.drop("cheap.json", buy("cheap", limit_price="1.00", deadline="2s"))
    report = running.ended("cheap")

    live = [child["status"] for child in report["children"]]
    assert (report["status"], report["cum_qty"], set(live)) == ("expired", "0", {"canceled"})


def test_a_canceled_intent_ends_canceled(running: Execd) -> None:
    """`execd cancel` takes back what rests in the market and ends the intent."""
    running.drop("regret.json", buy("regret", limit_price="1.00", deadline="10m"))
    running.until(lambda: running.report("regret").get("children"), what="order")
    done = running.run("cancel", "regret")
    report = running.ended("regret")

    assert (done.returncode, report["status"]) == (0, "canceled")


def test_explain_tells_the_chain_from_file_to_fill(running: Execd) -> None:
    """The chain of a filled intent is: file, plan and decision with the quote they saw, request, broker, fill, end."""
    running.drop("why.json", buy("why"))
    running.ended("why")
    chain = running.json("explain", "why")["chain"]

    kinds = [link["kind"] for link in chain]
    story = [kind for kind in dict.fromkeys(kinds) if kind != "wait"]
    expected = ["file", "plan", "decision", "request", "broker", "fill", "end"]
    saw = [bool(link["quote"]) for link in chain if link["kind"] in {"plan", "decision"}]
    assert (story, all(saw), sorted(link["ns"] for link in chain)) == (expected, True, [link["ns"] for link in chain])


def test_fills_say_what_scripts_need(running: Execd) -> None:
    """A row of `fills --json` has the promised names."""
    running.drop("row.json", buy("row", qty=3))
    running.ended("row")
    row = running.json("fills", "row")[0]

    promised = ("intent_id", "parent_id", "cl_ord_id", "exec_id", "symbol", "side", "last_qty", "last_px", "ts")
    assert ([name for name in promised if name not in row], row["intent_id"], row["last_qty"]) == ([], "row", "3")
