"""`execd alerts`: what was raised, and what nobody has acknowledged yet.

An open alert is sent again until it is: `execd ack CODE`.
"""

import argparse
from typing import Any, Final

from execd.cli.client import ask
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import Cell, as_json, clip, or_dash, table

HEADS: Final = ("LAST (UTC)", "SEVERITY", "CODE", "ABOUT", "COUNT", "ACKED BY", "TEXT")
_COLOURS: Final = {"critical": "bad", "warning": "held", "info": "dim"}


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "alerts", run, "list alerts; --open: only those that nobody has acknowledged")
    parser.add_argument("--open", action="store_true", help="only those that nobody has acknowledged")


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    rows = [row for row in ask(paths_of(args), "GET", "/v1/alerts") if not (args.open and row["is_acked"])]
    if args.json:
        print(as_json(rows))
    elif not rows:
        print("no open alerts" if args.open else "no alerts")
    else:
        print(table(HEADS, [_row(row) for row in rows], right=frozenset({"COUNT"})))
    return 0


def _row(row: dict[str, Any]) -> list[Cell]:
    acked = f"user {row['acked_uid']} {row['acked_reason']}".rstrip() if row["is_acked"] else ""
    return [
        row["last"][:19].replace("T", " "),
        (row["severity"], _COLOURS.get(row["severity"], "")),
        row["code"],
        clip(or_dash(row["about"])),
        str(row["count"]),
        or_dash(acked),
        row["text"],
    ]
