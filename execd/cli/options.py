"""Options that several commands share, and how an error is shown.

A new shared option is added here once. Importing this loads only argparse.
"""

import argparse
import os
from collections.abc import Callable
from typing import Any

from execd.runtime.paths import StatePaths, state_dir

Subparsers = Any  # argparse's own type of it is private.
Run = Callable[[argparse.Namespace], int]


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


def paths_of(args: argparse.Namespace) -> StatePaths:
    """Return the state directory that a command is about."""
    return state_dir(args.state_dir, os.environ)
