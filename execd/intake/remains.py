"""The ids that a file of the past has used, for the day on which the journal has forgotten them.

It is read as the inbox read it, but nothing is checked: the file was taken
once, and only who it speaks of counts. A file that cannot be read has none.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from execd.config.strict_yaml import NotStrict, Plain
from execd.intake.documents import read_document, suffix_of, text_of_body
from execd.intake.rows import LIST_BYTES_MAX, is_list, rows_of
from execd.intake.words import name_of

_OF_CANCEL: Final = "target"
_OF_ORDER: Final = "supersedes"


def ids_of(name: str, body: bytes) -> list[str]:
    """Return the ids that a file used, and those that it refused in advance: what it cancels or replaces."""
    found: list[str] = []
    try:
        suffix, text = suffix_of(name), text_of_body(body, bytes_max=LIST_BYTES_MAX)
        if not is_list(suffix, text):
            found += _ids(read_document(suffix, text).value)
            return found
        for row in rows_of(suffix, text):
            found += _ids(row.tree.value)
    except NotStrict:
        return found  # What was read before the fault is told all the same.
    return found


def _ids(value: Plain) -> Iterator[str]:
    if isinstance(value, dict):
        for key in ("id", _OF_CANCEL if value.get("kind") == "cancel" else _OF_ORDER):
            with suppress(ValueError):
                yield name_of(value.get(key))
