"""`execd orders`: every intent and how far it is.

With --open only those that have not ended. A request of which nobody knows
whether it reached the broker stands before the reason, with how long that is
so. Without a daemon the journal answers.
"""

import argparse
import time
from typing import Any, Final
from urllib.parse import quote

from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.reading import read
from execd.cli.show import NS_PER_S, Cell, as_json, because, clip, or_dash, table

HEADS: Final = (
    "ID",
    "STATUS",
    "SIDE",
    "SYMBOL",
    "QTY",
    "FILLED",
    "AVG PX",
    "LIMIT",
    "BPS",
    "ALGO",
    "WORKING",
    "REASON",
)
_RIGHT: Final = frozenset({"QTY", "FILLED", "AVG PX", "LIMIT", "BPS"})
REASON_WIDTH: Final = 72


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "orders", run, "list intents and how far they are")
    parser.add_argument("--open", action="store_true", help="only those that have not ended")
    parser.add_argument("--id", metavar="ID", help="only this intent, also one of long ago")
    parser.add_argument("--ids", action="store_true", help="print only the ids, a line each")


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    chosen = f"id={quote(args.id, safe='')}" if args.id else f"open={int(args.open)}"
    rows = read(paths_of(args), f"/v1/orders?{chosen}")
    if args.ids:
        print(as_json([row["id"] for row in rows]) if args.json else "\n".join(row["id"] for row in rows))
    elif args.json:
        print(as_json(rows))
    elif not rows:
        print(
            "no open intents" if args.open else "no intents yet: drop a file into the inbox (execd status says where)"
        )
    else:
        now_ns = time.time_ns()
        print(table(HEADS, [_row(row, now_ns) for row in rows], right=_RIGHT))
    return 0


def doubt_text(in_doubt: list[dict[str, Any]], now_ns: int) -> str:
    """Return which requests of an intent are in doubt, and for how long; empty where none is."""
    told = [f"{one['cl_ord_id']} for {max(0, now_ns - one['since_ns']) // NS_PER_S} s" for one in in_doubt]
    return f"in doubt: {', '.join(told)}" if told else ""


def _row(row: dict[str, Any], now_ns: int) -> list[Cell]:
    doubt = doubt_text(row["in_doubt"], now_ns)
    working = ", ".join(f"{one['leaves_qty']}@{one['price'] or 'market'}" for one in row["working"])
    return [
        clip(row["id"]),
        ("paused", "held") if row["is_paused"] else (row["status"], row["status"]),
        (row["side"], row["side"]),
        row["symbol"],
        or_dash(row["qty"]),
        row["cum_qty"],
        or_dash(row["avg_px"]),
        or_dash(row["limit_px"]),
        or_dash(row["slippage_bps"]),
        or_dash(row["algo"]),
        or_dash(working),
        (doubt, "bad")
        if doubt
        else clip(because("paused" if row["is_paused"] else row["status"], row["reason"]), REASON_WIDTH),
    ]
