"""The inbox: which files are whole, and where they go once answered.

`InboxScan` is synchronous and bounded; a scan of the directory is the truth, a name that the kernel told is only a
shortcut to it. It never parses, and never lets one file hold up another. A file that was handed out is not handed out
again until it is answered; after a restart it is, and the journal knows its id.
"""

import os
import stat
from collections import deque
from collections.abc import Collection, Iterable
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from execd.errors import ConfigError, IntentError
from execd.intake.doorway import Identity, ReadyFile, identity_of, read
from execd.intake.outbox import write_whole
from execd.intake.shelf import DISK_SAYS_LATER, Shelf

BATCH_MAX: Final = 64
"""Files a scan hands out: about 10 ms of parsing, so that nothing else waits long."""
LISTED_MAX: Final = 10_000
"""Names a listing looks at; the rest come with the next."""
LIST_NS_MAX: Final = 1_000_000_000
"""So long may renamed files, one after another, keep a scan from listing the directory."""
EMPTY_NS_MAX: Final = 5_000_000_000
"""So long may a file stay empty, or NUL after a crash of its writer, before it is refused."""
SETTLE_NS: Final = 500_000_000
"""So long must a file that was not renamed in have stayed the same: half a YAML file can be valid."""


class Refused(msgspec.Struct, frozen=True):
    """A file that was refused at the door, for whoever logs and counts."""

    name: str
    error: IntentError


class _Seen(msgspec.Struct, frozen=True):
    identity: Identity
    since_ns: int


class InboxScan:
    """One inbox. Raises OSError when the directory itself is gone: the caller tells, and asks again later."""

    def __init__(
        self,
        *,
        inbox: Path,
        accepted: Path,
        rejected: Path,
        owners: Collection[int] = (),
        settle_ns: int = SETTLE_NS,
    ) -> None:
        """`owners` are user ids; empty means the daemon's own and that of the inbox directory."""
        self._inbox = inbox
        for folder in (inbox, accepted, rejected):
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        status = inbox.stat()
        if status.st_mode & stat.S_IWOTH:
            raise ConfigError(f"{inbox} can be written by everybody: chmod o-w it, and use a group for submitters")
        self._owners = frozenset(owners) or frozenset({os.geteuid(), status.st_uid})
        self._settle_ns = settle_ns
        self._accepted = Shelf(accepted)
        self._rejected = Shelf(rejected)
        self._folder: int | None = None
        self._backlog: deque[str] = deque()
        self._seen: dict[str, _Seen] = {}
        self._out: dict[str, Identity] = {}
        self._moves: dict[str, tuple[Identity, Shelf]] = {}
        self._refused: list[Refused] = []
        self._listed_ns = 0

    def scan(self, now_ns: int, *, moved_in: Iterable[str] = ()) -> list[ReadyFile]:
        """Return the next whole files, at most 64, oldest first.

        `now_ns` is the wall clock that stamps files. `moved_in` names files that the kernel saw renamed in: they are
        whole, and looked at first. They alone, where the directory was listed less than a second ago.
        """
        folder = self._open()
        self._retry_moves(folder)
        whole = list(dict.fromkeys(moved_in))
        are_all = 0 < len(whole) <= BATCH_MAX and 0 <= now_ns - self._listed_ns < LIST_NS_MAX
        if not self._backlog and not are_all:
            self._list(folder, now_ns)
        ready: list[ReadyFile] = []
        for name in whole[:BATCH_MAX]:
            self._look(name, folder, now_ns, ready)
        # What a batch has no room for is found by the next listing.
        while self._backlog and len(ready) < BATCH_MAX:
            self._look(self._backlog.popleft(), folder, now_ns, ready)
        return ready

    @property
    def has_more(self) -> bool:
        """Whether another scan at once would find more."""
        return bool(self._backlog)

    def take_refused(self) -> list[Refused]:
        """Return what was refused at the door since the last call."""
        refused, self._refused = self._refused, []
        return refused

    def accept(self, file: ReadyFile) -> None:
        """Move a file whose intent is durable (or was known) to accepted/; a move that fails is tried again."""
        self._answered(file.name, file.identity, self._accepted)

    def reject(self, file: ReadyFile, error: IntentError) -> None:
        """Write why beside it, and move a file to rejected/; a move that fails is tried again."""
        self._write_reason(file.name, error)
        self._answered(file.name, file.identity, self._rejected)

    def close(self) -> None:
        """Give the descriptor back."""
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None

    def _open(self) -> int:
        """Return a descriptor of the directory that has the name now; a mount may have come or gone."""
        status = self._inbox.stat()
        if self._folder is not None:
            known = os.fstat(self._folder)
            if (known.st_dev, known.st_ino) == (status.st_dev, status.st_ino):
                return self._folder
            self.close()
        self._folder = os.open(self._inbox, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return self._folder

    def _list(self, folder: int, now_ns: int) -> None:
        """Fill the backlog with the names that may be whole, oldest first."""
        found: list[tuple[int, str]] = []
        seen: dict[str, _Seen] = {}
        with os.scandir(folder) as entries:
            for entry in islice(entries, LISTED_MAX):
                if _is_left_alone(entry.name):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                identity = identity_of(status)
                if stat.S_ISDIR(status.st_mode) or self._out.get(entry.name) == identity:
                    continue
                before = self._seen.get(entry.name)
                same = before is not None and before.identity == identity
                # Another inode is another file, renamed in; the same one with another size or time is growing.
                has_grown = before is not None and not same and before.identity.inode == identity.inode
                seen[entry.name] = before if before is not None and same else _Seen(identity, now_ns)
                if not has_grown and self._is_settled(seen[entry.name], now_ns):
                    found.append((status.st_mtime_ns, entry.name))
        self._seen = seen
        self._listed_ns = now_ns
        self._backlog = deque(name for _, name in sorted(found))

    def _is_settled(self, seen: _Seen, now_ns: int) -> bool:
        # A file stamped by a clock ahead of ours never looks old enough; that it stood still under our eyes counts too.
        return now_ns - min(seen.identity.mtime_ns, seen.since_ns) >= self._settle_ns

    def _look(self, name: str, folder: int, now_ns: int, ready: list[ReadyFile]) -> None:
        if _is_left_alone(name) or "/" in name:
            return
        try:
            file = read(name, folder=folder, owners=self._owners)
        except IntentError as error:
            self._refuse(name, error, folder)
            return
        if file is None or self._out.get(name) == file.identity:
            return
        if file.body.strip(b"\0"):
            self._out[name] = file.identity
            ready.append(file)
        elif now_ns - file.mtime_ns > EMPTY_NS_MAX:
            self._refuse(name, IntentError("empty_file", "the file stayed empty"), folder)

    def _refuse(self, name: str, error: IntentError, folder: int) -> None:
        """Quarantine by name only what may not be opened."""
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        if stat.S_ISDIR(status.st_mode):
            return
        self._refused.append(Refused(name, error))
        self._write_reason(name, error)
        self._answered(name, identity_of(status), self._rejected)

    def _write_reason(self, name: str, error: IntentError) -> None:
        # The reason first: a crash between the two leaves a file that is refused again, not one without a reason.
        reason = {"code": error.code, "message": error.message, "field": error.field, "line": error.line}
        body = msgspec.json.format(msgspec.json.encode(reason), indent=2) + b"\n"
        try:
            write_whole(self._rejected.reason_for(name), body, is_durable=True)
        except OSError as oserror:
            # The file still leaves the inbox, and the caller has the reason.
            if oserror.errno not in DISK_SAYS_LATER:
                raise

    def _answered(self, name: str, identity: Identity, shelf: Shelf) -> None:
        self._out[name] = identity
        self._moves[name] = (identity, shelf)
        if self._folder is not None:
            self._move(name, self._folder)

    def _retry_moves(self, folder: int) -> None:
        for name in list(self._moves):
            self._move(name, folder)

    def _move(self, name: str, folder: int) -> None:
        identity, shelf = self._moves[name]
        if shelf.put(name, identity, folder=folder):
            del self._moves[name]
            self._out.pop(name, None)
            self._seen.pop(name, None)


def _is_left_alone(name: str) -> bool:
    return name.startswith(".") or name.endswith(".tmp")
