"""Which account of which broker the journal is of, by the name that the configuration gives it.

A pin is written at the first start on an account, into `meta` beside the
epoch; a backup carries it, and a rebuilt journal keeps it. What a start does
with one that does not fit is decided elsewhere.
"""

import sqlite3
from collections.abc import Mapping
from typing import Final

import msgspec

from execd.core.codec import encode_text
from execd.errors import JournalCorrupt
from execd.journal import sql
from execd.journal.files import CORRUPT_HELP
from execd.journal.write import transaction

_KEY: Final = "account:"


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """The adapter and the broker's own identity of an account, and when a start found them."""

    adapter: str
    identity: str
    pinned_ns: int


_pins: Final = msgspec.json.Decoder(Pin)


def pins_of(told: Mapping[str, str]) -> dict[str, Pin]:
    """Return the pins by account from what `meta` tells. Raises JournalCorrupt."""
    try:
        return {key.removeprefix(_KEY): _pins.decode(value) for key, value in rows_of(told).items()}
    except msgspec.DecodeError as error:
        raise JournalCorrupt(f"the journal does not say which account it is of ({error}); {CORRUPT_HELP}") from error


def rows_of(told: Mapping[str, str]) -> dict[str, str]:
    """Return the rows of `meta` that are pins, as they are."""
    return {key: value for key, value in told.items() if key.startswith(_KEY)}


def read_pins(connection: sqlite3.Connection) -> dict[str, Pin]:
    """Return the pins by account. Raises JournalCorrupt."""
    return pins_of(dict(connection.execute(sql.query("read_meta"))))


def write_pins(connection: sqlite3.Connection, pins: Mapping[str, Pin]) -> None:
    """Write pins, all or none; one that was there is replaced."""
    with transaction(connection):
        rows = [(f"{_KEY}{account}", encode_text(pin)) for account, pin in pins.items()]
        connection.executemany(sql.query("change_meta"), rows)


def has_history(connection: sqlite3.Connection, account: str) -> bool:
    """Whether the journal has an intent, an order or a position of an account, of today or of years ago."""
    (told,) = connection.execute(sql.query("read_has_history"), (account,)).fetchone()
    return bool(told)
