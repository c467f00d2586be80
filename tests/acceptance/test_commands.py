"""The commands as scripts see them: exit codes and texts."""

import json
from pathlib import Path

import pytest

from tests.acceptance.daemon import Execd, buy

NEED_A_DAEMON = ["status", "orders", "fills", "positions", "explain x", "cancel x", "submit -"]


@pytest.mark.parametrize("command", NEED_A_DAEMON)
def test_a_command_without_a_daemon_ends_with_3(execd: Execd, command: str) -> None:
    """Without a daemon the exit code is 3 and the text says how to start one."""
    done = execd.run(*command.split(), text="{}")

    assert (done.returncode, "execd run --state-dir" in done.stderr) == (3, True)


def test_status_is_zero_once_ready(running: Execd) -> None:
    """`status` ends with 0 when the daemon is ready, and names every task, all of them up."""
    told = running.json("status")

    names = {task["name"] for task in told["tasks"]}
    wanted = {"engine", "throttler", "scheduler", "inbox", "listener.quotes", "listener.reports", "surface"}
    assert (told["state"], wanted - names, [task for task in told["tasks"] if not task["is_up"]]) == (
        "ready",
        set(),
        [],
    )


@pytest.mark.parametrize("command", ["explain nobody", "cancel nobody"])
def test_an_unknown_intent_ends_with_4(running: Execd, command: str) -> None:
    """What is about an intent that nobody sent ends with 4."""
    done = running.run(*command.split())

    assert (done.returncode, "nobody" in done.stderr) == (4, True)


@pytest.mark.parametrize("command", ["", "dance", "explain", "submit", "schema dance"])
def test_a_wrong_use_ends_with_2(running: Execd, command: str) -> None:
    """What the parser does not know ends with 2."""
    assert running.run(*command.split()).returncode == 2


def test_submit_answers_as_the_inbox_does(running: Execd, tmp_path: Path) -> None:
    """`submit` ends with 0 when taken or known, and with 1 and the reason when refused."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(buy("handed-in", qty=2)))
    bad.write_text(json.dumps(buy("handed-in-2", qty="two")))
    first, second, third = (running.run("submit", str(file)) for file in (good, good, bad))

    codes = (first.returncode, second.returncode, third.returncode)
    assert (codes, "duplicate" in second.stdout, "qty" in third.stderr or "number" in third.stderr) == (
        (0, 0, 1),
        True,
        True,
    )


def test_submit_waits_for_the_end(running: Execd) -> None:
    """With --wait the exit code tells how it ended: 0 filled, 1 otherwise, 5 not yet."""
    filled = running.run("submit", "--wait", "20", "-", text=json.dumps(buy("w-1", qty=1)))
    expired = running.run("submit", "--wait", "20", "-", text=json.dumps(buy("w-2", limit_price="1", deadline="1s")))
    working = running.run("submit", "--wait", "0.2", "-", text=json.dumps(buy("w-3", limit_price="1", deadline="30s")))

    assert (filled.returncode, expired.returncode, working.returncode) == (0, 1, 5)


def test_every_list_has_a_form_for_people_and_one_for_scripts(running: Execd) -> None:
    """Lists print a table, and with --json JSON."""
    running.drop("listed.json", buy("listed", qty=4))
    running.ended("listed")
    tables = [running.run(name).stdout for name in ("orders", "fills", "positions")]
    lists = [running.json(name) for name in ("orders", "fills", "positions")]

    assert (["AAPL" in text for text in tables], [bool(rows) for rows in lists]) == ([True] * 3, [True] * 3)


def test_what_needs_no_daemon_runs_without_one(execd: Execd) -> None:
    """`version`, `schema intent` and `check-config` ask nobody."""
    codes = [execd.run(*command.split()).returncode for command in ("version", "schema intent", "check-config")]
    schema = execd.json("schema", "intent")

    assert ([0, 0, 0], "execd intent") == (codes, schema["title"])
