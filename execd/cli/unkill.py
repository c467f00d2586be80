"""`execd unkill`: lift the kill switch. For admins, and with a reason.

It is refused while something is open that a person should know of: an order in
doubt, one that is not confirmed as cancelled, a flatten at work, the file KILL.
"""

import argparse

from execd.cli.command import command
from execd.cli.options import Subparsers, add_command, add_reason


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "unkill", run, "lift the kill switch; what waited goes on (admin)")
    parser.add_argument("--account", metavar="NAME", default="", help="only the kill of this account (default: every)")
    parser.add_argument("--force", action="store_true", help="also while orders are in doubt or not yet cancelled")
    add_reason(parser, is_required=True)


def run(args: argparse.Namespace) -> int:
    """Ask for it."""
    return command(args, "unkill", account=args.account, is_forced=args.force, reason=args.reason)
