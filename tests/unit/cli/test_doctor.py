"""What the doctor finds: each trouble made for real in a directory, or said by a status."""

import os
from pathlib import Path
from typing import Any, Final

import pytest

from execd.cli import doctor_checks as room
from execd.cli.checks import Check
from execd.cli.doctor_checks import configuration, folders, journal, local, state
from execd.cli.doctor_daemon import alive
from execd.config.loader import load
from execd.runtime.paths import StatePaths

WELL: Final[dict[str, Any]] = {
    "state": "ready",
    "is_ready": True,
    "pid": 1,
    "uptime_s": 1.0,
    "version": "0",
    "mode": "trade",
    "clock_skew_s": 0.001,
    "loop_lag_s_max": 0.01,
    "tasks": [{"name": "listener.reports", "is_up": True, "error": "", "restarts": 0}],
    "accounts": {"sim": "sim"},
    "market_age_s": 0.1,
    "halts": [],
    "kills": [],
    "intents_held": 0,
    "orders_in_doubt": 0,
    "poison": 0,
    "alerts_open": {"critical": 0, "warning": 0, "info": 0},
    "alert_routes": [{"name": "exec", "error": ""}],
}


def worst(checks: list[Check]) -> str:
    """Return the worst level of checks."""
    return max((one.level for one in checks), key=["ok", "warn", "fail"].index)


def test_a_daemon_that_is_well_passes() -> None:
    """Nothing is wrong with what is well."""
    assert "ok" == worst(alive(WELL))


KILL: Final = {"account": "", "level": "flatten", "by": "file", "uid": 0, "reason": "mad", "since": "2026-01-01"}
HALT: Final = {"account": "", "cause": "disk_low", "text": "full", "since": "2026-11-21T12:00:00.0Z"}
DOWN: Final = {"name": "inbox", "is_up": False, "error": "OSError: gone", "restarts": 3}
CAME_BACK: Final = {"name": "inbox", "is_up": True, "error": "OSError: gone", "restarts": 3}
TROUBLES: Final = [
    ({"is_ready": False, "state": "starting"}, "daemon", "warn"),
    ({"mode": "observe"}, "mode", "warn"),
    ({"clock_skew_s": -3.0}, "clock", "warn"),
    ({"clock_skew_s": 31.0}, "clock", "fail"),
    ({"loop_lag_s_max": 2.0}, "loop", "warn"),
    ({"tasks": [DOWN]}, "task inbox", "fail"),
    ({"tasks": [CAME_BACK]}, "task inbox", "warn"),
    ({"market_age_s": 60.0}, "quotes", "warn"),
    ({"halts": [HALT]}, "halt", "fail"),
    ({"kills": [KILL]}, "kill", "fail"),
    ({"intents_held": 2}, "held intents", "warn"),
    ({"orders_in_doubt": 1}, "orders", "warn"),
    ({"poison": 1}, "poison", "warn"),
    ({"alerts_open": {"critical": 1}}, "alerts", "warn"),
    ({"alert_routes": [{"name": "webhook", "error": "no answer"}]}, "route webhook", "fail"),
    ({"alert_routes": []}, "alert routes", "warn"),
]


@pytest.mark.parametrize("told, name, level", TROUBLES, ids=[f"{row[1]}-{row[2]}" for row in TROUBLES])
def test_each_trouble_of_a_daemon_has_its_check_and_its_next_step(told: dict[str, Any], name: str, level: str) -> None:
    """What is wrong is found by name, as bad as it is, with what to do."""
    checks = alive(WELL | told)
    wrong = [(one.name, one.level, bool(one.next)) for one in checks if one.level != "ok"]

    assert [(name, level, True)] == wrong


def made(tmp_path: Path) -> StatePaths:
    """Return a state directory as a start makes it."""
    paths = StatePaths(tmp_path / "state")
    for folder in paths.folders:
        folder.mkdir(mode=0o750)
    return paths


def levels(checks: list[Check]) -> dict[str, str]:
    """Return levels by name."""
    return {one.name: one.level for one in checks}


def test_a_directory_that_everybody_may_write_fails(tmp_path: Path) -> None:
    """State and inbox must not be open to everybody. Fault I16."""
    paths = made(tmp_path)
    before = levels([*state(paths, None), *folders(paths, is_running=True)])
    for folder in (paths.root, paths.inbox):
        folder.chmod(0o777)
    after = levels([*state(paths, None), *folders(paths, is_running=True)])

    assert (("ok", "ok"), ("fail", "fail")) == ((before["state"], before["inbox"]), (after["state"], after["inbox"]))


def test_a_directory_that_is_not_there_is_no_failure_before_the_first_start(tmp_path: Path) -> None:
    """The doctor can be asked before anything was started, and makes nothing."""
    paths = StatePaths(tmp_path / "state")
    _, checks = local(paths, None, {"HOME": str(tmp_path)}, status=None)

    assert (False, False) == ("fail" in levels(checks).values(), paths.root.exists())


def test_refused_and_waiting_files_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals of the last day, and files that nobody takes, are warnings; hidden and growing files do not count."""
    paths = made(tmp_path)
    (paths.rejected / "a.json.error.json").write_text("{}")
    for name in ("b.json", ".c.json", "d.tmp"):
        (paths.inbox / name).write_text("{}")
    monkeypatch.setattr(room, "OLD_S", -1.0)
    told = {one.name: one for one in folders(paths, is_running=True)}

    assert ("warn", "warn", True) == (
        told["rejected"].level,
        told["inbox"].level,
        "1 waiting, 1 for over a minute" in told["inbox"].text,
    )


def test_a_journal_that_is_gone_is_no_first_start(tmp_path: Path) -> None:
    """Fault B8. The doctor says what the start would: nobody is told that a new one will do."""
    paths = StatePaths(tmp_path)
    before = [one.level for one in journal(paths)]
    paths.starts.write_text("{}")
    (check,) = journal(paths)

    assert (["ok"], "fail", True) == (before, check.level, "starts.json" in check.text)
    assert "execd journal rebuild --yes" in check.next


@pytest.mark.parametrize("content", [b"hello", b"SQLite format 3\x00" + b"x" * 4_000])
def test_a_journal_that_is_none_fails_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    """The doctor reads; it never repairs."""
    paths = made(tmp_path)
    paths.journal.write_bytes(content)
    (check,) = journal(paths)

    files = [file.name for file in paths.root.iterdir() if file.is_file()]
    assert (content, ["journal.db"], "fail", True) == (
        paths.journal.read_bytes(),
        files,
        check.level,
        bool(check.next),
    )


def test_a_configuration_that_cannot_be_used_is_one_failure_among_the_checks(tmp_path: Path) -> None:
    """The other checks are still made."""
    file = tmp_path / "execd.yaml"
    file.write_text("accuonts: {}\n")
    file.chmod(0o600)
    settings, checks = local(StatePaths(tmp_path / "state"), str(file), dict(os.environ), status=None)

    assert (None, "fail", True) == (settings, levels(checks)["configuration"], len(checks) > 5)


def written(folder: Path, mode: str) -> Path:
    """Write a configuration below a folder and return it."""
    folder.mkdir(parents=True)
    file = folder / "execd.yaml"
    file.write_text(f"mode: {mode}\n")
    file.chmod(0o600)
    return file


def test_the_configuration_that_is_judged_is_the_daemons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is called from, and told where the daemon runs with another; without one it says which, and why."""
    theirs, here = written(tmp_path / "etc", "observe"), written(tmp_path / "config", "trade")
    monkeypatch.chdir(tmp_path)
    env = {"HOME": str(tmp_path)}
    digest = load(theirs, env).digest()
    running = {"config_file": str(theirs), "config_digest": digest}

    def told(flag: Path | None, status: dict[str, str] | None) -> list[tuple[str, str]]:
        _, checks = configuration(None if flag is None else str(flag), env, status)
        return [(one.level, one.text) for one in checks if one.name == "configuration"]

    assert [("ok", f"{theirs} (the daemon's): mode observe, sim (sim)")] == told(None, running)
    assert [("ok", f"{here} (found below the current directory): mode trade, sim (sim)")] == told(None, None)
    assert ["ok", "warn"] == [level for level, _ in told(None, running | {"config_digest": "other"})]
    assert ("warn", f"the daemon runs with {theirs}") == told(here, running)[1]
