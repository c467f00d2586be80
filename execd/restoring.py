"""What a restored or rebuilt journal has forgotten, as far as the state directory still tells.

`id` is the idempotency key for ever, so an id that was used after the backup
must not trade a second time. Three things remember it: the journal that was
moved aside, the reports in the outbox, and the files that were accepted. It
reads them and changes nothing; the engine refuses what is found here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from execd.errors import JournalError
from execd.intake.remains import ids_of
from execd.intake.rows import LIST_BYTES_MAX
from execd.journal.marks import ReduceOnly
from execd.journal.remains import unused, used_in
from execd.runtime.paths import StatePaths

SHOWN_MAX: Final = 20
REPORT_BYTES_MAX: Final = 64 * 1024 * 1024
"""A report of an intent with a hundred thousand fills; a longer one is told by its file's name."""


class Lost(NamedTuple):
    """One id that the journal does not know. `text` is what the outbox says became of it; empty where it is silent."""

    id: str
    text: str = ""


class _Report(msgspec.Struct, frozen=True):
    id: str
    status: str = ""
    cum_qty: str = "0"
    qty: str | None = None


_report_decoder: Final = msgspec.json.Decoder(_Report)


def lost(paths: StatePaths, told: ReduceOnly) -> list[Lost]:
    """Return the ids that were used and that the journal does not know, in no order that means anything."""
    found: dict[str, str] = {}
    for folder in told.moved:
        found |= dict.fromkeys(used_in(Path(folder) / paths.journal.name), "")
    for name, body in _files(paths.accepted, LIST_BYTES_MAX):
        found |= {one: found.get(one, "") for one in ids_of(name, body)}
    found |= _reported(paths)
    # A leg that execd made itself has a sign in its id that no file may use.
    ids = [one for one in found if "~" not in one]
    try:
        return [Lost(one, found[one]) for one in unused(paths.journal, ids)]
    except JournalError:
        # There is no journal, so it knows none of them.
        return [Lost(one, found[one]) for one in ids]


def _reported(paths: StatePaths) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, body in _files(paths.outbox, REPORT_BYTES_MAX):
        if not name.endswith(".json"):
            continue
        try:
            report = _report_decoder.decode(body)
        except msgspec.MsgspecError:
            # Its name is the id, but for the few that are told by a hash.
            if not name.startswith("_"):
                found[name.removesuffix(".json")] = "its report cannot be read"
        else:
            found[report.id] = f"{report.status}, {report.cum_qty} of {report.qty or '?'} filled"
    return found


def _files(folder: Path, bytes_max: int) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a folder with what is in them; one that is too long, or gone meanwhile, is left out."""
    try:
        files = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    except OSError:
        return
    for file in files:
        try:
            if file.is_file() and not file.is_symlink() and file.stat().st_size <= bytes_max:
                yield file.name, file.read_bytes()
        except OSError:
            continue


def lost_text(ids: list[str]) -> str:
    """Return the ids as part of a sentence, not too many of them."""
    more = f" and {len(ids) - SHOWN_MAX} more" if len(ids) > SHOWN_MAX else ""
    return f"{', '.join(ids[:SHOWN_MAX])}{more}"
