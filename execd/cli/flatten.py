"""`execd flatten`: get out of a symbol, a sleeve or an account.

What works there is stopped and cancelled, then what the sleeves own is closed
at the market, and it is verified against the broker. `execd cancel ID`, with
the id that is answered, ends it on its way.
"""

import argparse

from execd.cli.command import command
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_reason
from execd.cli.scoping import add_scope, add_yes, confirm, has_scope, scope_fields

EPILOG = """\
execd flatten --symbol AAPL --reason "bad news"
execd flatten --sleeve trend/intraday
execd flatten --account paper --symbol AAPL      only that symbol on that account"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands, "flatten", run, "cancel what works in a scope and close what is owned", epilog=EPILOG
    )
    add_scope(parser)
    add_reason(parser)
    add_yes(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for it."""
    if not has_scope(args):
        raise CliError(Exit.USAGE, "name --symbol, --sleeve or --account; everything: execd kill --level flatten")
    fields = scope_fields(args)
    confirm(args, f"close at the market what is owned of {', '.join(f'{name} {fields[name]}' for name in fields)}?")
    return command(args, "flatten", reason=args.reason, **fields)
