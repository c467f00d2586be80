"""`execd resolve`: say what became of a request that nobody can find out about.

execd asks its broker first, on a schedule; what is still in doubt then is held
and needs somebody who looks there. What they say is journaled with their name.
"""

import argparse

from execd.cli.command import command
from execd.cli.options import Subparsers, add_command, add_reason


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "resolve", run, "say what became of an order in doubt (admin)")
    parser.add_argument("id", metavar="CLORDID", help="the order, as execd explain and the alert name it")
    found = parser.add_mutually_exclusive_group(required=True)
    found.add_argument("--lost", action="store_true", help="the broker does not have it, and never had")
    found.add_argument("--found", action="store_true", help="it lives at the broker")
    parser.add_argument("--order-id", metavar="ID", default="", help="with --found: the broker's own id of it")
    add_reason(parser, is_required=True)


def run(args: argparse.Namespace) -> int:
    """Ask for it."""
    return command(args, "resolve", args.id, is_lost=args.lost, order_id=args.order_id, reason=args.reason)
