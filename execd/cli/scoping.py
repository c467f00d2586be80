"""The options that name a scope, and the question before something that trades; no command of its own.

Shared by pause, resume, flatten and kill.
"""

import argparse
import sys
from typing import Any, Final

from execd.cli.exits import CliError, Exit

HORIZONS: Final = ("intraday", "swing")


def add_scope(parser: argparse.ArgumentParser) -> None:
    """Add --symbol, --sleeve and --account; several together mean what all of them cover."""
    parser.add_argument("--symbol", metavar="SYMBOL", default="", help="what is traded in this symbol")
    parser.add_argument("--sleeve", metavar="STRATEGY[/HORIZON]", default="", help="what this sleeve does")
    parser.add_argument("--account", metavar="NAME", default="", help="what is done on this account")


def has_scope(args: argparse.Namespace) -> bool:
    """Whether a scope was named."""
    return bool(args.symbol or args.sleeve or args.account)


def scope_fields(args: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of the scope that was named. Raises CliError where the sleeve is none."""
    strategy, slash, horizon = args.sleeve.partition("/")
    if args.sleeve and (not strategy or (slash and horizon not in HORIZONS)):
        raise CliError(Exit.USAGE, f"--sleeve {args.sleeve} is not STRATEGY[/HORIZON], such as trend/intraday")
    named = {"symbol": args.symbol, "strategy": strategy, "horizon": horizon, "account": args.account}
    return {name: value for name, value in named.items() if value}


def add_yes(parser: argparse.ArgumentParser) -> None:
    """Add --yes."""
    parser.add_argument("--yes", action="store_true", help="do not ask at a terminal")


def confirm(args: argparse.Namespace, question: str) -> None:
    """Ask a person at a terminal; a script has said what it wants. Raises CliError where the answer is no."""
    if args.yes or args.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    if input(f"{question} [yes/no] ").strip().lower() not in {"y", "yes"}:
        raise CliError(Exit.ERROR, "nothing was done", kind="not_confirmed")
