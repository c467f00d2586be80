"""`execd cancel`: stop working an intent and cancel what it has out.

What is filled stays filled.
"""

import argparse
from urllib.parse import quote

from execd.cli.client import ask
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import as_json


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "cancel", run, "stop working an intent")
    parser.add_argument("id", help="the intent's id")


def run(args: argparse.Namespace) -> int:
    """Ask for the cancel; the order ends when the broker confirms it."""
    answer = ask(paths_of(args), "POST", f"/v1/cancel/{quote(args.id, safe='')}")
    print(as_json(answer) if args.json else f"{args.id}: {answer['message']}")
    return 0
