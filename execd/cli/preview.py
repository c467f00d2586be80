"""`execd preview`: what execd would do with a file, without taking it.

The running daemon reads the file, asks every gate and makes the plan with the
standing market. Nothing is journaled but that it was asked, nothing is sent.
"""

import argparse
from typing import Any, Final
from urllib.parse import quote

from execd.cli.client import ask
from execd.cli.exits import Exit
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import as_json, paint, readable, safe
from execd.cli.submit import read_file

EPILOG = "exit 0: an order would leave now for every intent of the file; 1: not for all, and the checks say why"
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
    if told["first"]:
        first = told["first"]
        at = f" @ {first['price']}" if first["price"] else ""
        text = f"{first['ord_type']} {first['side']} {first['qty']}{at} ({first['text']})"
        lines.append(f"    {'first order':<12} {safe(text)}")
    return "\n".join(lines)
