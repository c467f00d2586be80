"""`execd reconcile`: compare what the accounts hold at their brokers with the journal, now.

Each difference is a verdict: by which rule, about what, who was right, and what
follows. With --dry-run it is only told; without, it is carried out as every
minute's comparison is.
"""

import argparse
import json
from typing import Any, Final
from urllib.parse import quote

from execd.cli.client import ask
from execd.cli.options import Subparsers, add_command, add_reason, paths_of
from execd.cli.show import Cell, as_json, clip, or_dash, safe, table

HEADS: Final = ("ACCOUNT", "RULE", "ABOUT", "SYMBOL", "RIGHT", "FOLLOWS", "WHAT DIFFERS")
WAIT_S_MAX: Final = 40.0
"""A little longer than the daemon waits for one broker."""
TEXT_WIDTH: Final = 110
EPILOG: Final = """\
execd reconcile --dry-run                 what differs, and nothing is done about it
execd reconcile --account sim             book what was missed, ask about what is doubtful"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "reconcile", run, "compare the accounts with their brokers now", epilog=EPILOG)
    parser.add_argument("--account", metavar="NAME", default="", help="only this account")
    parser.add_argument("--dry-run", action="store_true", help="only tell; no record is made")
    add_reason(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for a comparison and print the verdicts."""
    if args.dry_run:
        where = f"/v1/reconcile?account={quote(args.account, safe='')}"
        told = ask(paths_of(args), "GET", where, timeout_s=WAIT_S_MAX)
    else:
        body = {"account": args.account, "reason": args.reason or ""}
        told = ask(paths_of(args), "POST", "/v1/reconcile", json.dumps(body).encode(), timeout_s=WAIT_S_MAX)
    if args.json:
        print(as_json(told))
    elif told["verdicts"]:
        print(table(HEADS, [_row(row) for row in told["verdicts"]]))
        print(safe(told["message"] + ("; nothing was done about it" if args.dry_run else "")))
    else:
        print(safe(told["message"]))
    return 0


def _row(row: dict[str, Any]) -> list[Cell]:
    return [
        row["account"],
        row["rule"],
        clip(or_dash(row["subject"])),
        or_dash(row["symbol"]),
        row["right"],
        row["follows"],
        clip(row["text"], TEXT_WIDTH),
    ]
