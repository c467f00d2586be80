"""`execd ack`: say that somebody has seen an alert, so that it is not sent again.

It changes nothing else: a halt stays, a held intent stays held. An alert that
is raised anew is open again.
"""

import argparse

from execd.cli.command import command
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_reason


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "ack", run, "acknowledge alerts: they are not sent again")
    parser.add_argument("which", metavar="CODE", nargs="?", help="the alerts of this code (execd alerts)")
    parser.add_argument("--all", action="store_true", help="all of them")
    add_reason(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for it."""
    if args.all == bool(args.which):
        raise CliError(Exit.USAGE, "name a code, or say --all; see execd alerts")
    return command(args, "ack", which=args.which or "", reason=args.reason)
