"""Two small files beside the journal that tell what the journal itself cannot.

`journal.high` says how far the journal had come: where the file ends before
that, records that were committed are gone (a write-ahead file was deleted, an
older copy was put in its place). `reduce-only.json` says that the journal was
restored or rebuilt, or may have lost something: the next start takes no new
risk until an operator lifts it. Nothing here reads the journal.
"""

import contextlib
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from execd.core.codec import encode
from execd.journal.files import beside, sync

_Kind = TypeVar("_Kind")
RESTORED: Final = "journal_restored"
DOUBTED: Final = "journal_doubtful"
REDUCE_ONLY_NAME: Final = "reduce-only.json"
MARK_EVERY_S: Final = 1.0
"""A mark that lags finds a loss that is older than this; it costs a write in the background."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A record that was committed, and the sum it had."""

    epoch: str
    seq: int
    sum: int


class ReduceOnly(msgspec.Struct, frozen=True, kw_only=True):
    """Why the next start takes no new risk.

    `moved` are the folders into which journals were moved that knew more; `may_repeat`: what they knew may come again.
    `cause` is the stable word of the halt.
    """

    now_ns: int
    reason: str
    cause: str = RESTORED
    moved: tuple[str, ...] = ()
    may_repeat: bool = False


def id_of(file: Path) -> tuple[int, int] | None:
    """Return which file a name stands for: its device and inode; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def high_file(journal: Path) -> Path:
    """Return where the mark of a journal lies."""
    return journal.with_suffix(".high")


def read_mark(journal: Path) -> Mark | None:
    """Return how far a journal had come; None where nothing readable says so."""
    return _read(high_file(journal), Mark)


def write_mark(journal: Path, mark: Mark, *, is_synced: bool) -> None:
    """Say how far a journal has come: only ever after the commit of that record."""
    _write(high_file(journal), mark, is_synced=is_synced)


def read_reduce_only(root: Path) -> ReduceOnly | None:
    """Return why a start in this state directory takes no new risk; None where it may."""
    path = root / REDUCE_ONLY_NAME
    found = _read(path, ReduceOnly)
    if found is None and path.exists():
        # It was put there for a reason, even if that cannot be read.
        return ReduceOnly(now_ns=0, reason=f"{path} is there and cannot be read")
    return found


def write_reduce_only(root: Path, told: ReduceOnly) -> None:
    """Let the next start take no new risk."""
    _write(root / REDUCE_ONLY_NAME, told, is_synced=True)


def hold_back(root: Path, *, now_ns: int, cause: str, reason: str) -> None:
    """Let the next start take no new risk for one reason more; what was said before stays."""
    told = read_reduce_only(root)
    if told is None:
        told = ReduceOnly(now_ns=now_ns, reason=reason, cause=cause)
    elif reason not in told.reason:
        told = replace(told, reason=f"{told.reason}; {reason}")
    write_reduce_only(root, told)


def clear_reduce_only(root: Path) -> None:
    """Forget it: the halt that came of it is in the journal now."""
    (root / REDUCE_ONLY_NAME).unlink(missing_ok=True)


def _read(path: Path, kind: type[_Kind]) -> _Kind | None:
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(path.read_bytes(), type=kind)
    return None


def _write(path: Path, value: msgspec.Struct, *, is_synced: bool) -> None:
    fresh = beside(path, ".new")
    fresh.write_bytes(encode(value) + b"\n")
    # Always, so that no power cut leaves an empty file under the name: one that cannot be read is a reason to halt.
    sync(fresh)
    fresh.replace(path)
    if is_synced:
        sync(path.parent)
