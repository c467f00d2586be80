"""`execd fills`: executions, as the journal has them.

Each counts once, however often it was reported. Without a daemon the journal
answers.
"""

import argparse
from typing import Any, Final
from urllib.parse import quote

from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.reading import read
from execd.cli.show import Cell, as_json, clip, table

HEADS: Final = ("TIME (UTC)", "INTENT", "SIDE", "SYMBOL", "QTY", "PRICE", "FEE", "", "EXEC ID")
_RIGHT: Final = frozenset({"QTY", "PRICE", "FEE"})


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "fills", run, "list executions")
    parser.add_argument("id", nargs="?", help="of this intent only")


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    chosen = f"?id={quote(args.id, safe='')}" if args.id else ""
    rows = read(paths_of(args), f"/v1/fills{chosen}")
    if args.json:
        print(as_json(rows))
    elif not rows:
        print("no fills yet")
    else:
        print(table(HEADS, [_row(row) for row in rows], right=_RIGHT))
    return 0


def _row(row: dict[str, Any]) -> list[Cell]:
    rested = {True: "rested", False: "took", None: ""}[row["is_passive"]]
    return [
        row["ts"][11:26],
        clip(row["intent_id"]),
        (row["side"], row["side"]),
        row["symbol"],
        row["last_qty"],
        row["last_px"],
        row["commission"],
        (rested, "dim"),
        clip(row["exec_id"]),
    ]
