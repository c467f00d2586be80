"""`execd adopt`: declare a holding that was not traded here.

As a sleeve's own, which may then sell it; or as external, which is counted
and never touched. The baseline is journaled with its reason.
"""

import argparse
from typing import Final

from execd.cli.command import command
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_reason

HORIZONS: Final = ("intraday", "swing")
EPILOG = """\
execd adopt --symbol AAPL --qty 100 --px 180.20 --sleeve trend/swing --reason "bought by hand"
execd adopt --symbol MSFT --qty=-50 --external --reason "hedge of another desk" """


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "adopt", run, "declare a holding that was not traded here (admin)", epilog=EPILOG)
    parser.add_argument("--symbol", metavar="SYMBOL", required=True)
    parser.add_argument("--qty", metavar="QTY", required=True, help="signed: negative is short (--qty=-50)")
    parser.add_argument("--px", metavar="PX", help="what a share is taken to have cost")
    parser.add_argument("--account", metavar="NAME", default="", help="the account (needed where there are several)")
    owner = parser.add_mutually_exclusive_group(required=True)
    owner.add_argument("--sleeve", metavar="STRATEGY/HORIZON", help="who owns it; horizon intraday or swing")
    owner.add_argument("--external", action="store_true", help="nobody here: counted in exposure, never traded")
    add_reason(parser, is_required=True)


def run(args: argparse.Namespace) -> int:
    """Ask for the adoption."""
    fields = {"account": args.account, "symbol": args.symbol, "qty": args.qty, "px": args.px, "reason": args.reason}
    if args.external:
        return command(args, "adopt", is_external=True, **fields)
    strategy, _, horizon = args.sleeve.partition("/")
    if not strategy or horizon not in HORIZONS:
        raise CliError(Exit.USAGE, f"--sleeve {args.sleeve} is not STRATEGY/HORIZON, such as default/swing")
    return command(args, "adopt", strategy=strategy, horizon=horizon, **fields)
