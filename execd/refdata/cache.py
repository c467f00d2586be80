"""What was fetched, on disk: one JSON file for each kind of thing, with its date and source, replaced as a whole.

    <state>/refdata/calendar-XNYS.json   daily.json   assets.json

The journal knows nothing of these files, and they may be deleted: the next refresh makes them again. A file that
cannot be read counts as absent and is told. The CLI reads them without a daemon and without pandas.
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar, assert_never

import msgspec

from execd.core.codec import decoder, encode
from execd.errors import RefDataError
from execd.refdata.values import Assets, CalendarTable, DailyTable

FILE_BYTES_MAX: Final = 32 * 1024 * 1024
VERSION: Final = 1
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{0,11}")
Kept = TypeVar("Kept", CalendarTable, DailyTable, Assets)


class _File(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    kept: msgspec.Raw


_FILE: Final = decoder(_File)


class Cache:
    """The folder with the files."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read or made yet."""
        self._folder = folder

    def calendar(self, name: str) -> CalendarTable | None:
        """Return a calendar; None where there is none. Raises RefDataError where the file cannot be used."""
        return self._read(f"calendar-{_named(name)}.json", CalendarTable)

    def calendars(self) -> list[str]:
        """Return the names of the calendars that are kept, in order."""
        found = (path.stem.removeprefix("calendar-") for path in self._folder.glob("calendar-*.json"))
        return sorted(name for name in found if _NAME.fullmatch(name))

    def daily(self) -> DailyTable | None:
        """Return the derived values; None where there are none. Raises RefDataError."""
        return self._read("daily.json", DailyTable)

    def assets(self) -> Assets | None:
        """Return the assets; None where there are none. Raises RefDataError."""
        return self._read("assets.json", Assets)

    def keep(self, kept: CalendarTable | DailyTable | Assets) -> None:
        """Put one thing in the place of its former version, all or nothing. Raises RefDataError."""
        match kept:
            case CalendarTable(calendar=calendar):
                name = f"calendar-{_named(calendar)}.json"
            case DailyTable():
                name = "daily.json"
            case Assets():
                name = "assets.json"
            case _:
                assert_never(kept)
        self._write(name, encode(_File(version=VERSION, kept=msgspec.Raw(encode(kept)))))

    def _read(self, name: str, kind: type[Kept]) -> Kept | None:
        path = self._folder / name
        try:
            with path.open("rb") as file:
                body = file.read(FILE_BYTES_MAX + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RefDataError(f"{path} cannot be read: {error.strerror}") from error
        try:
            told = _FILE.decode(body[:FILE_BYTES_MAX])
            if told.version != VERSION:
                raise RefDataError(f"{path} has version {told.version}, this execd knows {VERSION}; it is not used")
            return msgspec.json.decode(told.kept, type=kind)
        except msgspec.MsgspecError as error:
            raise RefDataError(f"{path} is damaged and not used ({error}); the next refresh replaces it") from error

    def _write(self, name: str, body: bytes) -> None:
        path, draft = self._folder / name, self._folder / f".{name}.new"
        try:
            self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise RefDataError(f"{path} cannot be written: {error.strerror}; the former one stays") from error


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise RefDataError(f"{name!r} is not the name of a calendar, such as XNYS")
    return name
