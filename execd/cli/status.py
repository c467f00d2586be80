"""`execd status`: whether the daemon is ready, and how it does.

Exit 0 once it is ready, 1 while it starts or stops, 3 when it does not run.
"""

import argparse
from typing import Any

from execd.cli.client import ask
from execd.cli.exits import Exit
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import as_json, or_dash, paint, table


def add(commands: Subparsers) -> None:
    """Add the command."""
    add_command(commands, "status", run, "show whether the daemon is ready, and how it does")


def run(args: argparse.Namespace) -> int:
    """Print the status."""
    told = ask(paths_of(args), "GET", "/v1/status")
    print(as_json(told) if args.json else _text(told))
    return Exit.OK if told["is_ready"] else Exit.ERROR


def _text(told: dict[str, Any]) -> str:
    state = paint(told["state"].upper(), "ok" if told["is_ready"] else "bad")
    intents = ", ".join(f"{count} {status}" for status, count in told["intents"].items()) or "none yet"
    doubt = f", {paint(str(told['orders_in_doubt']) + ' in doubt', 'bad')}" if told["orders_in_doubt"] else ""
    lines = [
        f"execd {told['version']}  {state}  pid {told['pid']}, up {told['uptime_s']:.0f} s, {told['loop']}",
        f"  accounts   {', '.join(f'{name} ({venue})' for name, venue in told['accounts'].items())}",
        f"  session    {told['session']}, last quote proof {or_dash(told['market_age_s'])} s ago",
        f"  intents    {intents}",
        f"  orders     {told['orders_working']} working{doubt}",
        f"  inbox      {told['inbox']}",
        f"  outbox     {told['outbox']}",
        f"  metrics    {or_dash(told['metrics_url'])}",
        "",
        table(
            ["TASK", "KIND", "STATE", "RESTARTS", "LAST ERROR"],
            [
                [
                    task["name"],
                    task["kind"],
                    ("up", "ok") if task["is_up"] else ("down", "bad"),
                    str(task["restarts"]),
                    or_dash(task["error"]),
                ]
                for task in told["tasks"]
            ],
            right=frozenset({"RESTARTS"}),
        ),
    ]
    return "\n".join(lines)
