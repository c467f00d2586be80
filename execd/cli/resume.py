"""`execd resume`: go on with a paused intent or scope, or lift what halts new risk.

Halting needs less right than resuming: `--halt` is for admins and wants a
reason. A held intent is another matter: `execd release`; a kill: `execd unkill`.
"""

import argparse

from execd.cli.command import command
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_reason
from execd.cli.scoping import add_scope, has_scope, scope_fields

EPILOG = """\
execd resume ID                             go on with a paused intent
execd resume --symbol AAPL                  go on in a scope, named as it was paused (admin)
execd resume --halt --reason "disk cleaned" lift every halt (--cause, --account: only those)"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "resume", run, "go on with a paused intent or scope, or lift a halt", epilog=EPILOG)
    parser.add_argument("id", nargs="?", help="the paused intent's id")
    parser.add_argument("--halt", action="store_true", help="lift halts of new risk instead (admin)")
    parser.add_argument("--cause", metavar="CAUSE", default="", help="with --halt: only of this cause (execd status)")
    add_scope(parser)
    add_reason(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for it."""
    if args.halt == bool(args.id or (has_scope(args) and not args.halt)):
        raise CliError(Exit.USAGE, "name a paused intent or scope, or say --halt; see execd resume --help")
    if not args.halt:
        if args.cause or (args.id and has_scope(args)):
            raise CliError(Exit.USAGE, "--cause goes with --halt, and an id with neither; see execd resume --help")
        if args.id:
            return command(args, "resume", args.id, reason=args.reason)
        return command(args, "resume_scope", reason=args.reason, **scope_fields(args))
    if args.symbol or args.sleeve:
        raise CliError(Exit.USAGE, "a halt has an account and a cause; see execd resume --help")
    if not args.reason:
        raise CliError(Exit.USAGE, "--halt needs --reason: it is journaled who took risk up again, and why")
    return command(args, "resume", account=args.account, cause=args.cause, reason=args.reason)
