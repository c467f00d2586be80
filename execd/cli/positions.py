"""`execd positions`: what each sleeve owns, and what is on its way.

A sleeve is an account, a strategy and a horizon. Holdings that were declared
external are listed too. Without a daemon the journal answers.
"""

import argparse
from typing import Any, Final

from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.reading import read
from execd.cli.show import Cell, as_json, clip, or_dash, table

HEADS: Final = ("ACCOUNT", "STRATEGY", "HORIZON", "SYMBOL", "QTY", "NET PX", "BUYING", "SELLING", "IN DOUBT", "PAID")
_RIGHT: Final = frozenset(HEADS[4:])


def add(commands: Subparsers) -> None:
    """Add the command."""
    add_command(commands, "positions", run, "list what each sleeve owns, and what is on its way")


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    rows = read(paths_of(args), "/v1/positions")
    if args.json:
        print(as_json(rows))
    elif not rows:
        print("no positions")
    else:
        print(table(HEADS, [_row(row) for row in rows], right=_RIGHT))
    return 0


def _row(row: dict[str, Any]) -> list[Cell]:
    owner = ("external", "dim") if row["is_external"] else clip(row["strategy"])
    return [
        row["account"],
        owner,
        row["horizon"],
        row["symbol"],
        row["qty"],
        or_dash(row["net_px"]),
        row["buying_qty"],
        row["selling_qty"],
        (row["in_doubt_qty"], "bad" if row["in_doubt_qty"] != "0" else ""),
        row["paid"],
    ]
