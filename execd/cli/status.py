"""`execd status`: whether the daemon is ready, and how it does.

Exit 0 once it is ready, 1 while it starts or stops, 3 when it does not run.
"""

import argparse
from collections.abc import Iterator
from typing import Any

from execd.cli.client import ask
from execd.cli.exits import Exit
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import as_json, or_dash, paint, safe, table


def add(commands: Subparsers) -> None:
    """Add the command."""
    add_command(commands, "status", run, "show whether the daemon is ready, and how it does")


def run(args: argparse.Namespace) -> int:
    """Print the status."""
    told = ask(paths_of(args), "GET", "/v1/status")
    print(as_json(told) if args.json else _text(told))
    return Exit.OK if told["is_ready"] else Exit.ERROR


def _text(told: dict[str, Any]) -> str:
    state = paint("STUCK" if told["hindrance"] else told["state"].upper(), "ok" if told["is_ready"] else "bad")
    lines = [f"execd {told['version']}  {state}  pid {told['pid']}, up {told['uptime_s']:.0f} s, {told['loop']}"]
    lines += [f"  {name:<10} {text}" for name, text in _facts(told)]
    lines += ["", _tasks(told["tasks"])]
    return "\n".join(lines)


def _facts(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is worth a line; what is wrong comes first."""
    if told["hindrance"]:
        yield "STUCK", paint(safe(told["hindrance"]), "bad")
    for kill in told["kills"]:
        who = kill["by"] if kill["uid"] is None else f"{kill['by']}, user {kill['uid']}"
        where = kill["account"] or "all accounts"
        why = f": {kill['reason']}" if kill["reason"] else ""
        text = f"{kill['level']} on {where} since {kill['since'][:19]}Z by {who}{why}; execd unkill lifts it"
        yield "KILLED", paint(safe(text), "bad")
    for flatten in told["flattens"]:
        text = f"{flatten['scope']}: {flatten['phase']}, round {flatten['round']} ({flatten['id']})"
        yield "FLATTEN", paint(safe(text), "bad")
    for pause in told["pauses"]:
        why = f": {pause['reason']}" if pause["reason"] else ""
        who = "" if pause["uid"] is None else f" by user {pause['uid']}"
        text = f"{pause['scope']} since {pause['since'][:19]}Z{who}{why}; exits go on; execd resume lifts it"
        yield "PAUSED", paint(safe(text), "held")
    for halt in told["halts"]:
        where = f"{halt['symbol']} on {halt['account']}" if halt["symbol"] else halt["account"] or "all accounts"
        text = safe(f"no new risk on {where} since {halt['since'][:19]}Z ({halt['cause']}: {halt['text']})")
        yield "HALTED", paint(text, "bad")
    if told["mode"] == "observe":
        yield "mode", paint("observe: plans are made, nothing is sent", "held")
    if told["intents_held"]:
        text = f"{told['intents_held']} wait for an operator: execd explain ID, then execd release ID"
        yield "held", paint(text, "bad")
    alerts = ", ".join(f"{number} {severity}" for severity, number in told["alerts_open"].items() if number)
    if alerts:
        yield "alerts", paint(f"{alerts}, not acknowledged: execd alerts", "held")
    failing = ", ".join(f"{one['name']} ({safe(one['error'])})" for one in told["alert_routes"] if one["error"])
    if failing:
        yield "paging", paint(f"fails: {failing}", "bad")
    doubt = f", {paint(str(told['orders_in_doubt']) + ' in doubt', 'bad')}" if told["orders_in_doubt"] else ""
    yield "accounts", ", ".join(f"{name} ({venue})" for name, venue in told["accounts"].items())
    yield "session", f"{told['session']}, last quote proof {or_dash(told['market_age_s'])} s ago"
    yield "intents", ", ".join(f"{count} {status}" for status, count in told["intents"].items()) or "none yet"
    yield "orders", f"{told['orders_working']} working{doubt}"
    yield "reconciled", _reconciled(told["reconciled"]) or "no account is read"
    yield "inbox", told["inbox"]
    yield "outbox", told["outbox"]
    journal = told["journal"]
    yield "journal", f"{mib(journal['size_bytes'])}, write-ahead {mib(journal['wal_bytes'])}"
    yield "metrics", or_dash(told["metrics_url"])
    yield "config", f"{told['config_file'] or 'built-in defaults'} ({told['config_digest'][:12]})"
    if not told["instruments_n"]:
        yield "", "no instruments.yaml beside it: every symbol is an ordinary US share"


def _reconciled(rows: list[dict[str, Any]]) -> str:
    """Return how long ago each account was compared with its broker."""
    return ", ".join(f"{row['account']} {_age(row)}{_beside(row)}" for row in rows)


def _age(row: dict[str, Any]) -> str:
    if row["age_s"] is None:
        return paint("not read yet: no new risk there", "bad")
    return f"{row['age_s']:.0f} s ago"


def _beside(row: dict[str, Any]) -> str:
    """Return what stands out in a comparison."""
    words = [f"{row['external_orders']} orders of others"] if row["external_orders"] else []
    words += [f"{row['suspects']} in question"] if row["suspects"] else []
    return paint(f" ({', '.join(words)})", "held") if words else ""


def mib(size: int) -> str:
    """Return a size in MiB."""
    return f"{size / 1_048_576:.1f} MiB"


def _tasks(tasks: list[dict[str, Any]]) -> str:
    rows = [
        [
            task["name"],
            task["kind"],
            ("up", "ok") if task["is_up"] else ("down", "bad"),
            str(task["restarts"]),
            or_dash(task["error"]),
        ]
        for task in tasks
    ]
    return table(["TASK", "KIND", "STATE", "RESTARTS", "LAST ERROR"], rows, right=frozenset({"RESTARTS"}))
