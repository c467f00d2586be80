"""`execd pause`: place nothing more for an intent, or take no new risk in a symbol, a sleeve or an account.

An intent's orders are pulled, and its deadline goes on. A paused scope lets its
exits go on. Both stay until somebody resumes them, whatever restarts.
"""

import argparse

from execd.cli.command import command
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_reason
from execd.cli.scoping import add_scope, has_scope, scope_fields

EPILOG = """\
execd pause ID                               one intent: its orders are pulled, exits or not
execd pause --symbol AAPL --reason "news"    what adds risk there is pulled and waits; exits go on"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "pause", run, "pause an intent, a symbol, a sleeve or an account", epilog=EPILOG)
    parser.add_argument("id", nargs="?", help="the intent's id")
    add_scope(parser)
    add_reason(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for the pause."""
    if has_scope(args) == bool(args.id):
        raise CliError(Exit.USAGE, "name an intent, or a scope (--symbol, --sleeve, --account); see execd pause --help")
    if args.id:
        return command(args, "pause", args.id, reason=args.reason)
    return command(args, "pause_scope", reason=args.reason, **scope_fields(args))
