"""`execd schema`: the JSON schema of what people write and read.

The texts lie beside this file, made by `python -m execd.cli.schema` from the
models themselves (a test compares them): building the models anew takes
longer than a command may. A new schema is a line in `made`.
"""

import argparse
from pathlib import Path
from typing import Any, Final

from execd.cli.options import Subparsers, add_command

FOLDER: Final = Path(__file__).parent / "schemas"
KINDS: Final = ("intent", "report")


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "schema", run, "print the JSON schema of an intent or a report")
    parser.add_argument("of", choices=KINDS, help="intent: a file of the inbox; report: a file of the outbox")


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    print((FOLDER / f"{args.of}.json").read_text(encoding="utf-8"), end="")
    return 0


def made() -> dict[str, dict[str, Any]]:
    """Return the schemas, made from the models."""
    import msgspec

    from execd.engine.summary import FillReport
    from execd.intake.parse import intent_schema

    report = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "execd report"}
    return {"intent": intent_schema(), "report": report | msgspec.json.schema(FillReport)}


if __name__ == "__main__":
    from execd.cli.show import as_json

    for name, schema in made().items():
        (FOLDER / f"{name}.json").write_text(f"{as_json(schema)}\n", encoding="utf-8")
