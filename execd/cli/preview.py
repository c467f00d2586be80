"""`execd preview`: what execd would do with a file, without taking it.

The running daemon reads the file, asks every gate and makes the plan with the
standing market. Nothing is journaled but that it was asked, nothing is sent.
"""

import argparse
from typing import Any, Final
from urllib.parse import quote

from execd.cli.charts import steps
from execd.cli.client import ask
from execd.cli.exits import Exit
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import as_json, paint, readable, safe, table
from execd.cli.submit import read_file

EPILOG = "exit 0: an order would leave now for every intent of the file; 1: not for all, and the checks say why"
PIECES_MIN: Final = 2
ROWS_MAX: Final = 40
"""So many pieces are listed; --json has them all."""
CHART_WIDTH: Final = 60
CHART_HEIGHT: Final = 8
HEADS: Final = ("piece", "due (UTC)", "qty", "in all")
_MARKS: Final = {True: ("✓", "ok"), False: ("✗", "bad")}


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "preview", run, "show what would be done with a file", epilog=EPILOG)
    parser.add_argument("file", metavar="FILE", help="intent file (.json, .yaml, .csv), or - for standard input")


def run(args: argparse.Namespace) -> int:
    """Print the checks and the plan of each intent."""
    name, body = read_file(args.file)
    told = ask(paths_of(args), "POST", f"/v1/preview?name={quote(name, safe='')}", body)
    print(as_json(told) if args.json else "\n\n".join(_text(one) for one in told["intents"]))
    return Exit.OK if told["is_ok"] else Exit.ERROR


def _schedule(told: dict[str, Any]) -> list[str]:
    """Return the pieces of a plan as a table, and a chart of what should be done by when; nothing for one piece."""
    pieces = told["schedule"]
    if len(pieces) < PIECES_MIN:
        return []
    shown = pieces if len(pieces) <= ROWS_MAX else [*pieces[: ROWS_MAX - 1], pieces[-1]]
    rows = [(str(one["n"]), one["due"][11:23], one["qty"], one["cum_qty"]) for one in shown]
    lines = ["", *table(HEADS, rows, right=frozenset(HEADS)).splitlines()]
    if len(shown) < len(pieces):
        lines.insert(-1, f"... {len(pieces) - len(shown)} more ...")
    points = [(one["due_ns"], float(one["cum_qty"]) / float(told["qty"])) for one in pieces]
    # The last piece has a time, too: as long as the one before it.
    until = points[-1][0] + points[-1][0] - points[-2][0]
    labels = (told["qty"], "0", pieces[0]["due"][11:19], f"{pieces[-1]['due'][11:19]}Z")
    chart = steps(points, until=until, width=CHART_WIDTH, height=CHART_HEIGHT, labels=labels)
    return [f"    {line}".rstrip() for line in [*lines, "", *chart, ""]]


def _text(told: dict[str, Any]) -> str:
    verdict = (told["verdict"], "ok" if told["is_ok"] else "bad")
    lines = [f"{paint(told['id'], 'head')}  {safe(told['what'])}: {paint(*verdict)}"]
    for check in told["checks"]:
        mark, colour = _MARKS[check["is_ok"]]
        lines.append(f"  {paint(mark, colour)} {check['name']:<12} {readable(safe(check['text']))}")
    if told["algo"]:
        lines.append(
            f"    {'plan':<12} {told['algo']} for {told['side']} {told['qty']}, until {told['deadline'][:19]}Z"
        )
        lines += [f"    {'':<12} {readable(safe(reason))}" for reason in told["reasons"]]
    lines += _schedule(told)
    if told["first"]:
        first = told["first"]
        at = f" @ {first['price']}" if first["price"] else ""
        text = f"{first['ord_type']} {first['side']} {first['qty']}{at} ({first['text']})"
        lines.append(f"    {'first order':<12} {safe(text)}")
    return "\n".join(lines)
