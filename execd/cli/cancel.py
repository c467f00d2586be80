"""`execd cancel`: stop working an intent and cancel what it has out.

What is filled stays filled.
"""

import argparse

from execd.cli.command import command
from execd.cli.options import Subparsers, add_command, add_reason


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "cancel", run, "stop working an intent; what is filled stays filled")
    parser.add_argument("id", help="the intent's id")
    add_reason(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for the cancel; the order ends when the broker confirms it."""
    return command(args, "cancel", args.id, reason=args.reason)
