"""Reports become files: `outbox/<id>.json`, whole at every instant.

`Outbox` writes, `Pace` says when: at most once per intent and 250 ms. What a report says, its revision and which
thread writes it are the caller's. A reader never sees half a report: each is written aside and renamed.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Final

PACE_NS: Final = 250_000_000
"""The least time between two reports of one intent; a terminal one does not wait."""
_SUFFIX: Final = ".json"
_HASH_LEN: Final = 32


class Outbox:
    """A directory of reports, one file an intent. Creates the directory; raises OSError as the disk does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        # The files themselves remember who came first, so a restart gives every intent the same name.
        written = (path.name.removesuffix(_SUFFIX) for path in folder.iterdir() if path.suffix == _SUFFIX)
        self._owner_of = {stem.casefold(): stem for stem in sorted(written) if not stem.startswith((".", "_"))}

    def name_of(self, intent_id: str) -> str:
        """Return the file name of an intent: its id, or its hash where another id differs only by case."""
        owner = self._owner_of.setdefault(intent_id.casefold(), intent_id)
        if owner == intent_id:
            return intent_id + _SUFFIX
        # No id begins with an underscore, so a hash is never taken for one.
        return f"_{sha256(intent_id.encode()).hexdigest()[:_HASH_LEN]}{_SUFFIX}"

    def path_of(self, intent_id: str) -> Path:
        """Return where the report of an intent is, or will be."""
        return self._folder / self.name_of(intent_id)

    def write(self, intent_id: str, body: bytes, *, is_terminal: bool) -> Path:
        """Replace the report of an intent; a terminal one is on the disk when this returns."""
        path = self.path_of(intent_id)
        write_whole(path, body, is_durable=is_terminal)
        return path


def write_whole(path: Path, body: bytes, *, is_durable: bool) -> None:
    """Replace a file at once; `is_durable`: neither the content nor the name is lost with the power afterwards."""
    # A hash, because a name of 255 bytes leaves no room for an ending.
    aside = path.with_name(f".{sha256(os.fsencode(path.name)).hexdigest()[:_HASH_LEN]}.tmp")
    file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(body)
            stream.flush()
            if is_durable:
                os.fsync(stream.fileno())
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    if is_durable:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Pace:
    """Which changed reports may be written now. Pure: it is told the time and writes nothing."""

    def __init__(self, pace_ns: int = PACE_NS) -> None:
        self._pace_ns = pace_ns
        self._next_ns: dict[str, int] = {}
        self._changed: dict[str, None] = {}

    def changed(self, intent_id: str) -> None:
        """Note that a report is no longer what was written."""
        self._changed[intent_id] = None

    def due(self, now_ns: int) -> list[str]:
        """Return, in the order in which they changed, the intents whose report is to be written now."""
        # What was written longer than the pace ago restrains nothing; keeping it would grow for ever.
        self._next_ns = {name: next_ns for name, next_ns in self._next_ns.items() if next_ns > now_ns}
        due = [name for name in self._changed if name not in self._next_ns]
        for name in due:
            del self._changed[name]
            self._next_ns[name] = now_ns + self._pace_ns
        return due

    def next_ns(self, now_ns: int) -> int | None:
        """Return when `due` is worth asking again; None while nothing waits."""
        return min((self._next_ns.get(name, now_ns) for name in self._changed), default=None)

    def forget(self, intent_id: str) -> None:
        """Drop an intent whose terminal report has been written."""
        self._changed.pop(intent_id, None)
        self._next_ns.pop(intent_id, None)
