"""`execd schema`: the JSON schema of what people write.

`intent` for now; a report's schema comes here too.
"""

import argparse

from execd.cli.options import Subparsers, add_command
from execd.cli.show import as_json


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "schema", run, "print the JSON schema of an intent")
    parser.add_argument("of", choices=["intent"], help="what to describe")


def run(_: argparse.Namespace) -> int:
    """Print the schema."""
    from execd.intake.parse import intent_schema

    print(as_json(intent_schema()))
    return 0
