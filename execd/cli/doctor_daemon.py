"""What `execd doctor` reads from the status of a running daemon.

Plain functions from the status to checks; a new one is a line in `alive`.
"""

from collections.abc import Iterator
from typing import Any, Final

from execd.cli.checks import Check, Level

SKEW_S_WARN: Final = 2.0
SKEW_S_FAIL: Final = 30.0
MARKET_AGE_S_MAX: Final = 30.0
LAG_S_MAX: Final = 1.0


def alive(status: dict[str, Any]) -> list[Check]:
    """Return the checks of a running daemon."""
    return [*_daemon(status), *_tasks(status), *_halts(status), *_people(status)]


def _daemon(status: dict[str, Any]) -> Iterator[Check]:
    text = f"{status['state']}, pid {status['pid']}, up {status['uptime_s']:.0f} s, version {status['version']}"
    if status["is_ready"]:
        yield Check("daemon", "ok", text)
    else:
        yield Check("daemon", "warn", text, "wait, or look into its log")
    if status["mode"] == "observe":
        yield Check("mode", "warn", "observe: plans are made and nothing is sent", "set mode: trade, and restart")
    skew_s = abs(status["clock_skew_s"])
    if skew_s > SKEW_S_WARN:
        level: Level = "fail" if skew_s > SKEW_S_FAIL else "warn"
        yield Check("clock", level, f"the wall clock differs by {skew_s:.1f} s", "look at NTP; then restart")
    else:
        yield Check("clock", "ok", f"within {skew_s * 1_000:.0f} ms of the wall clock")
    lag_s = status["loop_lag_s_max"]
    if lag_s > LAG_S_MAX:
        yield Check("loop", "warn", f"was late by {lag_s:.2f} s", "is the machine short of CPU or swapping?")


def _tasks(status: dict[str, Any]) -> Iterator[Check]:
    for task in status["tasks"]:
        if not task["is_up"]:
            yield Check(f"task {task['name']}", "fail", f"down: {task['error'] or 'ended'}", "see the log")
        elif task["error"]:
            text = f"up again after {task['restarts']} restarts: {task['error']}"
            yield Check(f"task {task['name']}", "warn", text, "see the log of that time")
    reports = [task for task in status["tasks"] if task["name"].startswith("listener.reports")]
    if reports and all(task["is_up"] for task in reports):
        accounts = ", ".join(f"{name} ({venue})" for name, venue in status["accounts"].items())
        yield Check("venue", "ok", f"reports come from {accounts}")
    age_s = status["market_age_s"]
    if age_s is not None and age_s > MARKET_AGE_S_MAX:
        yield Check("quotes", "warn", f"the last proof is {age_s:.0f} s old", "is the market's feed up?")
    else:
        yield Check("quotes", "ok", "none asked for yet" if age_s is None else f"last proof {age_s:.1f} s ago")


def _halts(status: dict[str, Any]) -> Iterator[Check]:
    for kill in status["kills"]:
        where = kill["account"] or "all accounts"
        text = f"{kill['level']} on {where} by {kill['by']} {kill['reason']}".rstrip()
        yield Check("kill", "fail", text, 'mend the cause, then execd unkill --reason "..."')
    for halt in status["halts"]:
        where, cause = halt["account"] or "all accounts", halt["cause"]
        lift = f'execd resume --halt --cause {cause} --reason "..."'
        yield Check("halt", "fail", f"no new risk on {where}: {cause}: {halt['text']}", f"mend the cause, then {lift}")
    if not status["halts"] and not status["kills"]:
        yield Check("halts", "ok", "none in force")
    if status["intents_held"]:
        text = f"{status['intents_held']} wait for an operator"
        yield Check("held intents", "warn", text, "execd orders --open, execd explain ID, execd release ID")
    if status["orders_in_doubt"]:
        text = f"{status['orders_in_doubt']} in doubt: nobody knows yet whether they are live"
        yield Check("orders", "warn", text, "the broker is being asked; they count as live meanwhile")
    if status["poison"]:
        text = f"{status['poison']} events could not be digested"
        yield Check("poison", "warn", text, "execd alerts; report it with the log of that time")


def _people(status: dict[str, Any]) -> Iterator[Check]:
    waiting = {severity: number for severity, number in status["alerts_open"].items() if number}
    if waiting:
        text = f"{', '.join(f'{number} {severity}' for severity, number in waiting.items())} not acknowledged"
        yield Check("alerts", "warn", text, "execd alerts --open, then execd ack CODE")
    else:
        yield Check("alerts", "ok", "all acknowledged")
    ways = ", ".join(route["name"] for route in status["alert_routes"])
    if ways:
        yield Check("alert routes", "ok", f"{ways} (proved by --page)")
    else:
        text = "none: an alert is only logged and listed"
        yield Check(
            "alert routes", "warn", text, "set alerts.exec or alerts.webhook, execd reload, execd doctor --page"
        )
    for route in status["alert_routes"]:
        if route["error"]:
            yield Check(f"route {route['name']}", "fail", route["error"], "mend it, then execd doctor --page")
