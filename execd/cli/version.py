"""`execd version`: which execd this is.

It asks no daemon.
"""

import argparse
import sys

from execd import __version__
from execd.cli.options import Subparsers, add_command
from execd.cli.show import as_json


def add(commands: Subparsers) -> None:
    """Add the command."""
    add_command(commands, "version", run, "print the version")


def run(args: argparse.Namespace) -> int:
    """Print the version."""
    if args.json:
        print(as_json({"version": __version__, "python": _python()}))
    else:
        print(f"execd {__version__} (Python {_python()})")
    return 0


def _python() -> str:
    return ".".join(str(part) for part in sys.version_info[:3])
