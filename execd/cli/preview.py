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

EPILOG = "exit 0: every intent of the file would be taken; 1: at least one would not"
_MARKS: Final = {True: ("✓", "ok"), False: ("✗", "bad"), None: ("…", "queued")}


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
    verdict = ("would be taken", "ok") if told["is_ok"] else ("would be refused", "bad")
    lines = [f"{paint(told['id'], 'head')}  {safe(told['what'])}: {paint(*verdict)}"]
    for check in told["checks"]:
        mark, colour = _MARKS[check["is_ok"]]
        lines.append(f"  {paint(mark, colour)} {check['name']:<14} {readable(safe(check['text']))}")
    if told["plan"]:
        lines.append(f"  {paint('plan', 'head')} {safe(told['plan'])}")
        lines += [f"       {readable(safe(reason))}" for reason in told["reasons"]]
    return "\n".join(lines)
