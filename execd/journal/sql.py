"""The SQL of the journal, read from the files beside this one.

Nothing here opens a database. A statement is a named block in `queries.sql`;
a table is in `schema.sql`; a change of a table is both there and a numbered
file in `migrations/`.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

_NAME: Final = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_FIRST_VERSION: Final = 1


class Migration(msgspec.Struct, frozen=True):
    """A script that leads a file from version `version` - 1 to `version`."""

    version: int
    script: str


@cache
def schema() -> str:
    """Return the script that makes every table of the current version."""
    return files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")


@cache
def archive_schema() -> str:
    """Return the script that makes the tables of an archive."""
    return files(__package__).joinpath("archive.sql").read_text(encoding="utf-8")


@cache
def query(name: str) -> str:
    """Return a named block of `queries.sql`; KeyError where there is none."""
    return _blocks()[name]


@cache
def migrations() -> tuple[Migration, ...]:
    """Return the steps from version 1 to the current one, ascending."""
    folder = files(__package__).joinpath("migrations")
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    steps = tuple(Migration(int(entry.name[:4]), entry.read_text(encoding="utf-8")) for entry in found)
    expected = tuple(range(_FIRST_VERSION + 1, _FIRST_VERSION + 1 + len(steps)))
    if tuple(step.version for step in steps) != expected:
        message = f"migrations must be numbered {_FIRST_VERSION + 1:04}, ... without a gap"
        raise ValueError(message)
    return steps


def version() -> int:
    """Return the version of the file that this program writes."""
    return _FIRST_VERSION + len(migrations())


@cache
def _blocks() -> dict[str, str]:
    text = files(__package__).joinpath("queries.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    return {name: block.strip() for name, block in zip(parts[::2], parts[1::2], strict=True)}
