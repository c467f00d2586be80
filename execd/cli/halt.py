"""`execd halt`: take no new risk until somebody lifts it.

What works goes on, exits and cancels too; intents that would open wait. The
way back is `execd resume --halt`.
"""

import argparse

from execd.cli.command import command
from execd.cli.options import Subparsers, add_command, add_reason


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "halt", run, "take no new risk until execd resume --halt")
    parser.add_argument("--account", metavar="NAME", default="", help="only on this account (default: all)")
    add_reason(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for the halt."""
    return command(args, "halt", account=args.account, reason=args.reason)
