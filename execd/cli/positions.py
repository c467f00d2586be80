"""`execd positions`: what each sleeve owns.

A sleeve is an account, a strategy and a horizon.
"""

import argparse
from typing import Final

from execd.cli.client import ask
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import as_json, table

HEADS: Final = ("ACCOUNT", "STRATEGY", "HORIZON", "SYMBOL", "QTY", "PAID")


def add(commands: Subparsers) -> None:
    """Add the command."""
    add_command(commands, "positions", run, "list what each sleeve owns")


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    rows = ask(paths_of(args), "GET", "/v1/positions")
    if args.json:
        print(as_json(rows))
    elif not rows:
        print("no positions")
    else:
        names = ("account", "strategy", "horizon", "symbol", "qty", "paid")
        print(table(HEADS, [[row[name] for name in names] for row in rows], right=frozenset({"QTY", "PAID"})))
    return 0
