"""`execd release`: let a held intent go on, because somebody has looked.

`execd explain ID` says why it is held. While an order of it is in doubt it
stays held: the broker is asked first.
"""

import argparse

from execd.cli.command import command
from execd.cli.options import Subparsers, add_command, add_reason


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "release", run, "let a held intent go on (admin)")
    parser.add_argument("id", help="the held intent's id")
    add_reason(parser, is_required=True)


def run(args: argparse.Namespace) -> int:
    """Ask for the release."""
    return command(args, "release", args.id, reason=args.reason)
