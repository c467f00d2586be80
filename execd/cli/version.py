"""`execd version`: which execd this is.

It asks no daemon.
"""

import argparse
import platform

from execd import __version__
from execd.cli.options import Subparsers, add_command
from execd.cli.show import as_json


def add(commands: Subparsers) -> None:
    """Add the command."""
    add_command(commands, "version", run, "print the version")


def run(args: argparse.Namespace) -> int:
    """Print the version."""
    if args.json:
        print(as_json({"version": __version__, "python": platform.python_version()}))
    else:
        print(f"execd {__version__} (Python {platform.python_version()})")
    return 0
