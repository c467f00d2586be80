"""The kill switch, pauses and flatten, on a real daemon: every door, every restart, and a kill -9 in the middle."""

import json
import os
import signal
import sqlite3
from typing import Any, Final

from tests.acceptance.daemon import Execd, buy
from tests.acceptance.venued import Venued

FAR: Final = {"limit_price": "1", "deadline": "10m"}
NOW: Final = {"urgency": "high"}


def status(one: Execd) -> dict[str, Any]:
    """Return what the daemon says of itself."""
    told: dict[str, Any] = one.json("status")
    return told


def owned(one: Execd, symbol: str = "AAPL") -> str:
    """Return what is owned of a symbol."""
    return next((str(row["qty"]) for row in one.json("positions") if row["symbol"] == symbol), "0")


def kinds(one: Execd) -> list[str]:
    """Return the kinds of the records, in order."""
    with sqlite3.connect(f"file:{one.root / 'journal.db'}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT kind FROM records ORDER BY seq").fetchall()
    connection.close()
    return [kind for (kind,) in rows]


def again(one: Execd) -> None:
    """Start the daemon anew and wait until it is ready."""
    one.log.write_text("")
    one.start()
    one.until_ready()


def working(one: Execd) -> int:
    """Return how many orders work."""
    return int(status(one)["orders_working"])


def test_a_kill_is_kept_by_restarts_until_somebody_lifts_it(execd: Execd) -> None:
    """Kill, kill -9, start: still killed, nothing new leaves; unkill needs a reason and lets what waited go on."""
    execd.start()
    execd.until_ready()
    execd.drop("far.json", buy("far", **FAR))
    execd.until(lambda: working(execd) == 1, what="resting order")
    done = execd.run("kill", "--reason", "went mad")
    execd.until(lambda: working(execd) == 0, what="cancelled order")
    execd.end(signal.SIGKILL)
    again(execd)
    execd.drop("new.json", buy("new", **NOW))
    execd.until(lambda: execd.report("new").get("reason") == "killed", what="waiting intent")
    shown = execd.run("status").stdout
    without = execd.run("unkill").returncode
    lifted = execd.run("unkill", "--reason", "looked")
    filled = execd.ended("new")

    assert (0, 2, 0) == (done.returncode, without, lifted.returncode), lifted.stderr
    assert "KILLED" in shown
    assert "went mad" in shown
    assert "2 intents go on" in lifted.stdout
    assert "filled" == filled["status"]
    assert [] == status(execd)["kills"]


def test_a_signal_and_a_file_kill_like_the_command(execd: Execd) -> None:
    """SIGUSR1 is the empty file; the file's content names the level, and unkill waits until nobody's file is there."""
    execd.start()
    execd.until_ready()
    assert execd.process is not None
    execd.process.send_signal(signal.SIGUSR1)
    execd.until(lambda: status(execd)["kills"], what="kill by signal")
    by_signal = status(execd)["kills"][0]
    execd.run("unkill", "--reason", "test")
    (execd.root / "KILL").write_text("halt_new somebody looked\n")
    execd.until(lambda: status(execd)["kills"], what="kill by file")
    by_file = status(execd)["kills"][0]
    execd.until(lambda: not (execd.root / "KILL").exists(), what="file put aside")
    aside = (execd.root / "KILL.latched").exists()
    lifted = execd.run("unkill", "--reason", "test").returncode

    assert ("cancel_all", "signal") == (by_signal["level"], by_signal["by"])
    assert ("halt_new", "file", "somebody looked") == (by_file["level"], by_file["by"], by_file["reason"])
    assert (True, 0, False) == (aside, lifted, (execd.root / "KILL.latched").exists())


def test_a_file_that_was_left_while_nobody_ran_is_latched_before_anything_is_sent(execd: Execd) -> None:
    """`kill --direct` needs no daemon, says what it cannot do, and the next start has the latch first."""
    execd.start()
    execd.until_ready()
    execd.end()
    execd.drop("new.json", buy("new", **NOW))
    direct = execd.run("kill", "--direct", "--reason", "from the phone")
    before = len(kinds(execd))
    again(execd)
    execd.until(lambda: execd.report("new").get("reason") == "killed", what="waiting intent")
    made = kinds(execd)[before:]

    assert 0 == direct.returncode
    assert "nothing is cancelled and nothing is closed" in direct.stdout
    assert made.index("Killed") < made.index("ParentAccepted")
    assert "Sending" not in made


def test_a_signal_during_the_start_is_kept(execd: Execd) -> None:
    """Who kills while the journal is read must not end the process, and must not be forgotten."""
    execd.start()
    assert execd.process is not None
    execd.until((execd.root / "lock").exists, what="start")
    execd.process.send_signal(signal.SIGUSR1)
    execd.until_ready()
    execd.until(lambda: status(execd)["kills"], what="kill")

    assert "cancel_all" == status(execd)["kills"][0]["level"]


def test_flatten_by_command_and_by_file_closes_what_is_owned(execd: Execd) -> None:
    """What works in the symbol is cancelled, what is owned is sold; another symbol stays; the same file counts once."""
    execd.start()
    execd.until_ready()
    for intent_id, symbol in (("a", "AAPL"), ("m", "MSFT")):
        execd.drop(f"{intent_id}.json", buy(intent_id, symbol=symbol, **NOW))
        execd.ended(intent_id)
    execd.drop("far.json", buy("far", **FAR))
    execd.until(lambda: working(execd) == 1, what="resting order")
    done = execd.run("flatten", "--symbol", "AAPL", "--reason", "bad news")
    execd.until(lambda: owned(execd) == "0", what="flat AAPL")
    execd.until(lambda: not status(execd)["flattens"], what="end of the flatten")
    stopped = execd.report("far")
    kept = owned(execd, "MSFT")
    execd.drop("flat.json", {"kind": "flatten", "id": "flat-1", "scope": "account", "value": "sim"})
    execd.until(lambda: owned(execd, "MSFT") == "0", what="flat account")
    explained = execd.run("explain", "flat-1~f1").stdout

    assert 0 == done.returncode, done.stderr
    assert ("canceled", "100") == (stopped["status"], kept)
    assert "flatten account sim" in stopped["reason"] or "flatten symbol AAPL" in stopped["reason"]
    assert "market" in explained


def test_the_level_flatten_gets_flat_and_a_scope_that_is_paused_takes_no_new_risk(execd: Execd) -> None:
    """Kill flatten closes; pause and resume of a symbol hold back what opens there, and only there."""
    execd.start()
    execd.until_ready()
    paused = execd.run("pause", "--symbol", "AAPL", "--reason", "news")
    execd.drop("a.json", buy("a", **NOW))
    execd.drop("m.json", buy("m", symbol="MSFT", **NOW))
    other = execd.ended("m")["status"]
    execd.until(lambda: execd.report("a")["reason"] == "scope_paused", what="paused intent")
    shown = execd.run("status").stdout
    twice = execd.run("pause", "--symbol", "AAPL", "--json")
    resumed = execd.run("resume", "--symbol", "AAPL")
    filled = execd.ended("a")["status"]
    execd.run("kill", "--level", "flatten")
    execd.until(lambda: (owned(execd), owned(execd, "MSFT")) == ("0", "0"), what="flat")

    assert (0, "filled", 0, "filled") == (paused.returncode, other, resumed.returncode, filled)
    assert "already_paused" == json.loads(twice.stdout)["code"]
    assert f"by user {os.getuid()}: news; exits go on" in shown


def test_a_flatten_that_is_killed_in_the_middle_goes_on_and_sells_once(venued: Venued) -> None:
    """Fault F8: kill -9 of the daemon between the cancel and the close, again and again; the venue's book ends flat."""
    venued.begin()
    for n in range(3):
        venued.drop(f"p{n}.json", buy(f"p{n}", symbol=("AAPL", "MSFT", "IBM")[n], **NOW))
        venued.ended(f"p{n}")
    venued.drop("far.json", buy("far", **FAR))
    venued.until(lambda: working(venued) == 1, what="resting order")
    venued.run("flatten", "--account", "sim")
    for _ in range(3):
        venued.end(signal.SIGKILL)
        venued.begin()
    venued.until(lambda: not status(venued)["flattens"], what="end of the flatten")
    venued.until(lambda: {owned(venued, one) for one in ("AAPL", "MSFT", "IBM")} == {"0"}, what="flat")
    venued.end()
    venued.end_venue()
    executions, holdings, orders = venued.ledger()

    assert {} == {symbol: held.qty for symbol, held in holdings.get("sim", {}).items() if held.qty}
    assert [] == [one.cl_ord_id for one in orders if not one.ended]
    assert 300 == sum(one.trade.last_qty for one in executions if not one.side.is_buy)
