"""`execd kill`: stop. No new risk, or everything that works cancelled, or what is owned closed, too.

Latched in the journal first, kept by restarts, lifted only by `execd unkill`.
With `--direct` it needs no daemon: it leaves the file that the next start
reads before anything is sent, and that a running daemon sees within a second.
"""

import argparse
import time
from typing import Final

from execd.cli.command import command
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_reason, paths_of
from execd.cli.scoping import add_yes, confirm
from execd.cli.show import as_json

LEVELS: Final = ("halt_new", "cancel_all", "flatten")
TAKEN_S_MAX: Final = 3.0
LOOK_S: Final = 0.05
EPILOG = """\
halt_new    no new risk; exits go on, what rests stays
cancel_all  nothing is placed, and every working order is cancelled and confirmed
flatten     that, and what the sleeves own is closed, intraday and swing; external holdings are never touched

the same without this command: touch <state>/KILL, or kill -USR1 PID"""
CANNOT: Final = (
    "without a daemon nothing is cancelled and nothing is closed: what rests at the broker goes on resting there, and "
    "may fill. Start execd, or cancel at the broker"
)


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "kill", run, "stop: no new risk, cancel all, or get flat", epilog=EPILOG)
    parser.add_argument("--level", choices=LEVELS, help="how much (default: kill.default_level, cancel_all)")
    parser.add_argument("--account", metavar="NAME", default="", help="only this account (default: all)")
    parser.add_argument("--direct", action="store_true", help="leave a file for the daemon; works while it is down")
    add_reason(parser)
    add_yes(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for the kill, or leave the file."""
    if args.direct:
        return _direct(args)
    if args.level == "flatten":
        confirm(args, f"close everything that is owned on {args.account or 'all accounts'}?")
    try:
        return command(args, "kill", level=args.level, account=args.account, reason=args.reason)
    except CliError as error:
        if error.code not in {Exit.NOT_RUNNING, Exit.TIMEOUT}:
            raise
        raise CliError(error.code, f"{error}. To have it latched all the same: execd kill --direct") from None


def _direct(args: argparse.Namespace) -> int:
    if args.account:
        raise CliError(Exit.USAGE, "--direct is for all accounts; leave --account out")
    from execd.core.scopes import KillLevel
    from execd.runtime.kill_file import write_note

    paths = paths_of(args)
    if not paths.root.is_dir():
        raise CliError(Exit.NOT_FOUND, f"{paths.root} is no state directory; name it with --state-dir")
    write_note(paths, None if args.level is None else KillLevel(args.level), args.reason)
    until_s = time.monotonic() + (TAKEN_S_MAX if paths.socket.exists() else 0)
    while (is_waiting := paths.kill.exists()) and time.monotonic() < until_s:
        time.sleep(LOOK_S)
    text = f"{paths.kill} is written, and no daemon has read it; the next start latches it first. {CANNOT}"
    told = text if is_waiting else "killed: the daemon has read the file and latched it; see execd status"
    if args.json:
        print(as_json({"code": "written" if is_waiting else "killed", "message": told, "file": str(paths.kill)}))
    else:
        print(told)
    return Exit.OK
