"""`execd pause`: pull what an intent has out, and place nothing for it until it is resumed.

Its deadline goes on. All intents of an account: `execd halt`.
"""

import argparse

from execd.cli.command import command
from execd.cli.options import Subparsers, add_command, add_reason


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "pause", run, "pull an intent's orders and place none until it is resumed")
    parser.add_argument("id", help="the intent's id")
    add_reason(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for the pause."""
    return command(args, "pause", args.id, reason=args.reason)
