"""Every verb against a real daemon: what it does, what it refuses, and that the journal knows who gave it.

One daemon serves the module. Its duplicate window is open, so that the second of two equal intents is held and can be
released; the venue lives inside it, because nothing here outlives it.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.daemon import Execd, buy, clean_environment

FAR: Final = {"limit_price": "1", "deadline": "10m"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, pycache: Path) -> Iterator[Execd]:
    """Return a daemon that holds the second of two equal intents."""
    own = {"EXECD_SIM__PROCESS": "false", "EXECD_RISK__DUPLICATE_WINDOW_S": "600"}
    one = Execd(tmp_path_factory.mktemp("verbs") / "state", clean_environment(pycache) | own)
    one.start()
    try:
        one.until_ready()
        yield one
    finally:
        one.close()


def resting(desk: Execd, intent_id: str, **fields: object) -> None:
    """Have an intent that works and does not fill; each has its own quantity, for equal ones are held."""
    text = json.dumps(buy(intent_id, **(FAR | {"allow_duplicate": True} | fields)))
    done = desk.run("submit", "-", text=text)
    assert done.returncode == 0, done.stderr
    desk.until(lambda: row(desk, intent_id)["working"], what=f"order of {intent_id}")


def row(desk: Execd, intent_id: str) -> dict[str, Any]:
    """Return what `orders` says of an intent."""
    (told,) = desk.json("orders", "--id", intent_id)
    return dict(told)


def refused(desk: Execd, *words: str) -> tuple[int, str, str | None]:
    """Run a command that is refused; return exit code, code and field of its JSON error."""
    done = desk.run(*words, "--json")
    told = json.loads(done.stdout)
    assert set(told) == {"code", "message", "field", "line"}, told
    return done.returncode, told["code"], told["field"]


def commands(desk: Execd) -> list[dict[str, Any]]:
    """Return every command that the journal has."""
    with sqlite3.connect(f"file:{desk.root / 'journal.db'}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT body FROM records WHERE kind = 'Commanded' ORDER BY seq").fetchall()
    connection.close()
    return [json.loads(body) for (body,) in rows]


def test_a_paused_intent_has_nothing_out_until_it_is_resumed(desk: Execd) -> None:
    """Pause pulls the orders and says so; resume places anew; twice is refused by code."""
    resting(desk, "pausing", qty=11)
    paused = desk.run("pause", "pausing", "--reason", "news")
    desk.until(lambda: not row(desk, "pausing")["working"], what="pulled order")
    reason, again = row(desk, "pausing")["reason"], refused(desk, "pause", "pausing")
    resumed = desk.run("resume", "pausing")
    desk.until(lambda: row(desk, "pausing")["working"], what="order after the pause")

    assert (0, "paused", (1, "already_paused", None), 0, (1, "not_paused", None)) == (
        paused.returncode,
        reason,
        again,
        resumed.returncode,
        refused(desk, "resume", "pausing"),
    )


def test_an_amendment_tightens_and_never_loosens(desk: Execd) -> None:
    """A closer limit is taken, a looser one refused; a number that is none is refused with its field."""
    resting(desk, "amending", qty=12)
    tighter = desk.run("amend", "amending", "--limit", "0.90", "--reason", "cheaper")
    desk.until(lambda: [one["price"] for one in row(desk, "amending")["working"]] == ["0.9"], what="new price")

    assert (0, (1, "amend_loosens", "limit_price"), (1, "bad_number", "qty"), (2, "usage", None)) == (
        tighter.returncode,
        refused(desk, "amend", "amending", "--limit", "5"),
        refused(desk, "amend", "amending", "--qty", "many"),
        refused(desk, "amend", "amending"),
    )


def test_a_cancel_says_why(desk: Execd) -> None:
    """The reason of a cancel is the reason of the end; an ended intent is not canceled again."""
    resting(desk, "canceling", qty=13)
    done = desk.run("cancel", "canceling", "--reason", "changed my mind")
    ended = desk.ended("canceling")

    assert (0, "canceled", "canceled: changed my mind", (1, "already_ended", None), (4, "not_found", None)) == (
        done.returncode,
        ended["status"],
        ended["reason"],
        refused(desk, "cancel", "canceling"),
        refused(desk, "cancel", "nobody"),
    )


def test_a_halt_lets_nothing_new_in_until_it_is_lifted_with_a_reason(desk: Execd) -> None:
    """New risk waits while halted, status and doctor say so; lifting needs a reason. Fault H7."""
    desk.run("halt", "--reason", "looking")
    desk.drop("waits.json", buy("waits", qty=14))
    desk.until(lambda: desk.report("waits").get("reason") == "halted", what="wait for the halt")
    status, doctor = desk.json("status"), desk.run("doctor", "--json")
    without = refused(desk, "resume", "--halt")
    lifted = desk.run("resume", "--halt", "--cause", "operator", "--reason", "looked")
    filled = desk.ended("waits")

    halts = [(halt["cause"], halt["text"]) for halt in status["halts"]]
    failed = [one["name"] for one in json.loads(doctor.stdout)["checks"] if one["level"] == "fail"]
    assert ([("operator", "looking")], 1, ["halt"], (2, "usage", None), 0, "filled", []) == (
        halts,
        doctor.returncode,
        failed,
        without,
        lifted.returncode,
        filled["status"],
        desk.json("status")["halts"],
    )
    assert (1, "not_halted", None) == refused(desk, "resume", "--halt", "--reason", "again")


def test_a_held_intent_is_released_with_a_reason(desk: Execd) -> None:
    """The second of two equal intents is held, as its answer says; explain says why, release lets it go on."""
    first, second = (
        desk.run("submit", "-", text=json.dumps(buy(name, qty=15))).stdout.strip() for name in ("twin-1", "twin-2")
    )
    assert ("twin-1: accepted", True) == (first, second.startswith("twin-2: accepted, held: duplicate_suspected"))
    desk.until(lambda: desk.report("twin-2").get("status") == "held", what="held twin")
    told, held = desk.run("explain", "twin-2").stdout, desk.json("status")["intents_held"]
    without = refused(desk, "release", "twin-2")
    released = desk.run("release", "twin-2", "--reason", "both are meant")

    assert (True, 1, (2, "usage", None), 0, "filled", (1, "not_held", None)) == (
        "duplicate" in told,
        held,
        without,
        released.returncode,
        desk.ended("twin-2")["status"],
        _still(desk),
    )


def _still(desk: Execd) -> tuple[int, str, str | None]:
    resting(desk, "not-held", qty=16)
    return refused(desk, "release", "not-held", "--reason", "x")


def test_an_adopted_holding_is_owned_or_external(desk: Execd) -> None:
    """A sleeve may sell what it adopted; what is external is shown and is nobody's."""
    own = desk.run("adopt", "--symbol", "IBM", "--qty", "30", "--px", "100", "--sleeve", "a/swing", "--reason", "moved")
    external = desk.run("adopt", "--symbol", "SPY", "--qty=-7", "--external", "--reason", "another desk")
    rows = {(one["symbol"], one["is_external"]): (one["qty"], one["net_px"]) for one in desk.json("positions")}
    desk.drop("sells.json", {"id": "sells", "symbol": "IBM", "side": "sell", "qty": 30, "strategy": "a"})

    assert (0, 0, ("30", "100"), ("-7", None), "filled") == (
        own.returncode,
        external.returncode,
        rows["IBM", False],
        rows["SPY", True],
        desk.ended("sells")["status"],
    )


@pytest.mark.parametrize(
    "words, code, field",
    [
        (["--symbol", "ibm", "--qty", "1", "--external", "--reason", "r"], "bad_value", "symbol"),
        (["--symbol", "IBM", "--qty", "nan", "--external", "--reason", "r"], "bad_value", "qty"),
        (["--symbol", "IBM", "--qty", "0", "--external", "--reason", "r"], "bad_value", "qty"),
        (["--symbol", "IBM", "--qty", "1", "--px", "1e9", "--external", "--reason", "r"], "bad_value", "px"),
        (
            ["--symbol", "IBM", "--qty", "1", "--external", "--reason", "r", "--account", "x"],
            "unknown_account",
            "account",
        ),
    ],
)
def test_a_bad_adoption_is_refused_with_its_field(desk: Execd, words: list[str], code: str, field: str) -> None:
    """Numbers are read strictly, names must be known."""
    assert (1, code, field) == refused(desk, "adopt", *words)


def test_an_alert_is_open_until_somebody_acknowledges_it(desk: Execd) -> None:
    """Alerts are listed, acknowledged by code, and open again when they come again."""
    desk.drop("same-1.json", buy("same", qty=17))
    desk.ended("same")
    desk.drop("same-2.json", buy("same", qty=18))
    desk.until(lambda: "id_conflict" in codes(desk, "--open"), what="alert")
    acked = desk.run("ack", "id_conflict", "--reason", "seen")
    after, (alarm,) = codes(desk, "--open"), [one for one in desk.json("alerts") if one["code"] == "id_conflict"]

    assert (0, False, (os.getuid(), "seen"), (4, "not_found", None)) == (
        acked.returncode,
        "id_conflict" in after,
        (alarm["acked_uid"], alarm["acked_reason"]),
        refused(desk, "ack", "id_conflict"),
    )


def codes(desk: Execd, *words: str) -> list[str]:
    """Return the codes of the alerts."""
    return [one["code"] for one in desk.json("alerts", *words)]


def test_a_preview_takes_nothing(desk: Execd, tmp_path: Path) -> None:
    """The checks, the plan and the first order are told, and the id is still free."""
    file = tmp_path / "seen.json"
    file.write_text(json.dumps(buy("seen", symbol="BAC", qty=90)))
    told, text = desk.json("preview", str(file)), desk.run("preview", str(file)).stdout
    file.write_text(json.dumps(buy("seen", symbol="BAC", qty=10**6)))
    too_large = desk.run("preview", str(file), "--json")

    (one,) = told["intents"]
    failing = [check["name"] for check in json.loads(too_large.stdout)["intents"][0]["checks"] if not check["is_ok"]]
    assert (True, "offset", "90", True, 1, True, (4, "not_found", None)) == (
        told["is_ok"],
        one["algo"],
        one["first"]["qty"],
        "an order would leave now" in text,
        too_large.returncode,
        "accept" in failing,
        refused(desk, "orders", "--id", "seen"),
    )


def test_a_bad_file_is_refused_with_field_and_line(desk: Execd) -> None:
    """A script learns the same of a refusal as the .error.json file tells."""
    text = "id: bad\nsymbol: AAPL\nside: buy\nqty: 1\nstop_los: 5\n"
    done = desk.run("submit", "-", "--json", text=text)
    told = json.loads(done.stdout)

    assert (1, "unknown_field", "stop_los", 5) == (done.returncode, told["code"], told["field"], told["line"])


def test_a_list_is_submitted_and_waited_for_as_a_whole(desk: Execd) -> None:
    """A list answers with all its ids; waiting is for the last of them."""
    text = json.dumps([buy("l-1", qty=21), buy("l-2", qty=22)])
    done = desk.run("submit", "--wait", "20", "-", "--json", text=text)

    assert (0, [("l-1", "filled"), ("l-2", "filled")]) == (
        done.returncode,
        [(one["id"], one["status"]) for one in json.loads(done.stdout)],
    )


def test_every_command_is_journaled_with_who_and_why(desk: Execd) -> None:
    """Each mutating verb of this module left a record with user, process and reason."""
    told = commands(desk)
    kinds = {one["command"]["type"] for one in told}
    wanted = {"CancelParent", "AmendParent", "PauseParent", "ResumeParent", "ReleaseParent", "HaltNew", "ResumeNew"}
    reasons = {one["command"].get("reason") for one in told}
    results = {one["code"] for one in told}

    assert {"accepted", "already_paused", "amend_loosens", "already_ended", "not_halted", "not_held"} <= results
    assert (set(), {os.getuid()}, True, True) == (
        wanted | {"AdoptPosition", "Operated"} - kinds if not wanted <= kinds else set(),
        {one["uid"] for one in told},
        all(one["pid"] > 0 for one in told),
        {"news", "cheaper", "changed my mind", "looking", "looked", "both are meant", "moved", "seen"} <= reasons,
    )


def test_the_doctor_finds_nothing_wrong_with_a_daemon_that_is_well(desk: Execd) -> None:
    """No check fails; every check that is no `ok` says what to do."""
    done = desk.run("doctor", "--json")
    checks = json.loads(done.stdout)["checks"]

    names = {one["name"] for one in checks}
    wanted = {"versions", "configuration", "state", "disk", "journal", "inbox", "outbox", "daemon", "venue", "clock"}
    assert (0, [], set()) == (
        done.returncode,
        [one for one in checks if one["level"] == "fail" or (one["level"] == "warn" and not one["next"])],
        wanted - names,
    )
