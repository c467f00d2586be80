"""Lists, csv files and documents through a real daemon, dropped and submitted."""

import json

from tests.acceptance.daemon import Execd, buy

HEADER = "id,symbol,side,qty,on_error\n"


def test_a_csv_file_becomes_orders(running: Execd) -> None:
    """Each row is an order with a report of its own; the file lies in accepted/."""
    running.drop("rows.csv", HEADER + "csv-1,AAPL,buy,5,\ncsv-2,MSFT,buy,7,\n")
    filled = [running.ended(one)["cum_qty"] for one in ("csv-1", "csv-2")]

    assert (["5", "7"], True) == (filled, (running.root / "accepted" / "rows.csv").is_file())


def test_a_list_with_one_bad_row_trades_nothing(running: Execd) -> None:
    """All or none: the reason names the row and its line, and the good row has no report."""
    running.drop("bad.json", "[\n" + json.dumps(buy("bad-1")) + ",\n" + json.dumps(buy("bad-2", qty="x")) + "\n]")
    reason = running.root / "rejected" / "bad.json.error.json"
    running.until(reason.is_file, what="reason")
    told = json.loads(reason.read_text())

    assert ("bad_number", "qty", 3, {}) == (told["code"], told["field"], told["line"], running.report("bad-1"))


def test_submit_takes_the_good_rows_of_a_file_that_skips_and_tells_the_bad_ones(running: Execd) -> None:
    """`execd submit` is the same door as the inbox; scripts get the rows."""
    file = running.root / "skip.csv"
    file.write_text(HEADER + "skip-1,AAPL,buy,5,skip\nskip-2,aapl,buy,5,\n")
    told = running.json("submit", str(file))

    assert (["skip-1"], [(2, 3, "bad_symbol")]) == (
        told["ids"],
        [(row["row"], row["line"], row["code"]) for row in told["rows"]],
    )
    assert running.ended("skip-1")["status"] == "filled"


def test_an_order_is_amended_and_cancelled_by_files(running: Execd) -> None:
    """Documents about an order change it as the commands do."""
    running.drop("long.json", buy("long", limit_price="1.00", deadline="10m"))
    running.until(lambda: running.report("long").get("children"), what="order")
    running.drop("shorter.yaml", "kind: amend\nid: amend-long\ntarget: long\nqty: 150\n")
    running.until(lambda: running.report("long").get("qty") == "150", what="amendment")
    running.drop("off.yaml", "kind: cancel\nid: cancel-long\ntarget: long\nnote: enough\n")
    report = running.ended("long")

    assert ("canceled", "0", True) == (report["status"], report["cum_qty"], "enough" in report["reason"])


def test_a_cancel_that_came_first_keeps_its_order_from_trading(running: Execd) -> None:
    """Fault A15: the order is refused `cancelled_before`, also after it is sent again."""
    running.drop("early.json", {"kind": "cancel", "id": "cancel-early", "target": "early"})
    running.until((running.root / "accepted" / "early.json").is_file, what="cancel")
    running.drop("late.json", buy("early"))
    reason = running.root / "rejected" / "late.json.error.json"
    running.until(reason.is_file, what="refusal")

    assert "cancelled_before" == json.loads(reason.read_text())["code"]


def test_a_target_is_reached_from_where_the_sleeve_is(running: Execd) -> None:
    """target_qty trades the difference between what is wanted and what is owned."""
    running.drop("t1.yaml", "{id: t-1, symbol: IBM, target_qty: 30, strategy: targets}")
    first = running.ended("t-1")
    running.drop("t2.yaml", "{id: t-2, symbol: IBM, target_qty: 10, strategy: targets}")
    second = running.ended("t-2")

    assert [("buy", "30"), ("sell", "20")] == [(one["side"], one["cum_qty"]) for one in (first, second)]


def test_an_inbox_that_has_gone_is_told_and_taken_up_again(running: Execd) -> None:
    """Fault A16: status says so in plain words, commands go on, and the inbox works again when it is back."""
    away = (running.root / "inbox").rename(running.root / "elsewhere")
    running.until(lambda: "inbox_gone" in running.run("status", "--json").stdout, what="halt")
    told = running.run("status", "--json").stdout
    away.rename(running.root / "inbox")
    running.until(lambda: "inbox_gone" not in running.run("status", "--json").stdout, what="end of the halt")
    running.drop("back.json", buy("back", qty=1))

    assert (False, "filled") == ("ExceptionGroup" in told, running.ended("back")["status"])
