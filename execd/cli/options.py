"""Options that several commands share, and a parser whose complaints end like every other error.

A new shared option is added here once. Importing this loads only argparse.
"""

import argparse
import os
from collections.abc import Callable
from typing import Any, Final, NoReturn

from execd.cli.exits import CliError, Exit
from execd.runtime.paths import StatePaths, state_dir

Subparsers = Any  # argparse's own type of it is private.
Run = Callable[[argparse.Namespace], int]
REASON_LEN_MAX: Final = 200


class Parser(argparse.ArgumentParser):
    """A parser that raises where argparse would print and leave."""

    def error(self, message: str) -> NoReturn:
        """Raise CliError with exit code 2; how the command is used goes with it."""
        refused = CliError(Exit.USAGE, f"{message}; see {self.prog} --help")
        refused.usage = self.format_usage()
        raise refused


def add_command(commands: Subparsers, name: str, run: Run, text: str, *, epilog: str = "") -> argparse.ArgumentParser:
    """Add a command with --state-dir and --json to the parser and return its own parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--state-dir", metavar="DIR", help="the daemon's directory (else EXECD_STATE_DIR)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)
    return parser


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add --config."""
    parser.add_argument("--config", metavar="FILE", help="configuration file (else EXECD_CONFIG)")


def add_reason(parser: argparse.ArgumentParser, *, is_required: bool = False) -> None:
    """Add --reason; it is required where risk is taken up again."""
    text = "why; it is journaled" + (" (required)" if is_required else "")
    parser.add_argument("--reason", metavar="TEXT", type=reason_text, required=is_required, default="", help=text)


def reason_text(text: str) -> str:
    """Return a reason that may be journaled: one printable line. Raises argparse's own error."""
    if len(text) > REASON_LEN_MAX or not text.isprintable():
        raise argparse.ArgumentTypeError(f"one line of at most {REASON_LEN_MAX} printable characters")
    return text.strip()


def paths_of(args: argparse.Namespace) -> StatePaths:
    """Return the state directory that a command is about."""
    return state_dir(args.state_dir, os.environ)
