"""`execd amend`: change what an intent asks for, without ever loosening a limit.

The same as an `amend` document in the inbox, and checked by the same rules.
"""

import argparse

from execd.cli.command import command
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_reason


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "amend", run, "change an intent's quantity, limit, deadline, urgency or collar")
    parser.add_argument("id", help="the intent's id")
    parser.add_argument("--qty", metavar="QTY", help="the new total; at least what is filled and working")
    parser.add_argument("--limit", metavar="PX", help="a limit price that is no looser than the one it has")
    parser.add_argument("--deadline", metavar="TIME", help="last instant of a fill: RFC 3339, HH:MM, or from now (10m)")
    parser.add_argument("--urgency", choices=["low", "normal", "high"], help="how it is worked")
    parser.add_argument("--max-slippage-bps", metavar="BPS", help="a collar that is no wider than the one it has")
    add_reason(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for the change."""
    fields = {
        "qty": args.qty,
        "limit_price": args.limit,
        "deadline": args.deadline,
        "urgency": args.urgency,
        "max_slippage_bps": args.max_slippage_bps,
    }
    if not any(fields.values()):
        raise CliError(Exit.USAGE, "say what to change, such as --limit; see execd amend --help")
    return command(args, "amend", args.id, **fields, reason=args.reason)
