"""The inbox: which files are whole, and where they go once answered.

`InboxScan` works in small steps; a scan of the directory is the truth, a name that the kernel told is only a shortcut
to it. It never parses, and never lets one file hold up another. A file that was handed out is not handed out again
until it is answered; after a restart it is, and the journal knows its id. Where a file ends is in `shelf`.
"""

import errno
import os
import stat
from collections import deque
from collections.abc import Collection, Generator, Iterable
from pathlib import Path
from typing import Final

import msgspec

from execd.errors import ConfigError, IntentError
from execd.intake.doorway import Identity, ReadyFile, identity_of, read
from execd.intake.reasons import reason_of
from execd.intake.rows import LIST_BYTES_MAX
from execd.intake.shelf import Shelf

BATCH_MAX: Final = 64
"""Files a scan hands out, so that nothing else waits long."""
LISTED_MAX: Final = 10_000
"""Names a listing keeps, the oldest; the rest come with the next."""
STEP_NAMES: Final = 64
"""Names listed in one step: a fraction of a millisecond."""
MOVES_MAX: Final = 64
"""Failed moves that are tried again at once."""
LIST_NS_MAX: Final = 1_000_000_000
"""So long may renamed files, one after another, keep a scan from listing the directory."""
EMPTY_NS_MAX: Final = 5_000_000_000
"""So long may a file stay empty, or NUL after a crash of its writer, before it is refused."""
SETTLE_NS: Final = 500_000_000
"""So long must a file that was not renamed in have stayed the same: half a YAML file can be valid."""

_CAN_ASK_EFFECTIVE: Final = os.access in os.supports_effective_ids


class _Seen(msgspec.Struct, frozen=True):
    identity: Identity
    since_ns: int


class _Move(msgspec.Struct, frozen=True):
    """An answered file that is to leave: what is still to be written of it, and where it goes."""

    identity: Identity
    shelf: Shelf
    reason: bytes = b""


class InboxScan:
    """One inbox. Raises OSError when the directory itself cannot be used: the caller tells, and asks again later."""

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
        self._moves: dict[str, _Move] = {}
        self._refused: list[tuple[ReadyFile, IntentError]] = []
        self._listed_ns = 0
        self.opened_n = 0

    def scan(self, now_ns: int, *, moved_in: Iterable[str] = ()) -> list[ReadyFile]:
        """Do what `scan_steps` does, in one go."""
        steps = self.scan_steps(now_ns, moved_in=moved_in)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                found: list[ReadyFile] = end.value
                return found

    def scan_steps(self, now_ns: int, *, moved_in: Iterable[str] = ()) -> Generator[None, None, list[ReadyFile]]:
        """Return the next whole files, at most 64 and at most so many bytes, oldest first.

        `now_ns` is the wall clock that stamps files. `moved_in` names files that the kernel saw renamed in: they are
        whole, and looked at first. They alone, where the directory was listed less than a second ago.
        """
        folder = self._open()
        whole = list(dict.fromkeys(moved_in))
        are_all = 0 < len(whole) <= BATCH_MAX and 0 <= now_ns - self._listed_ns < LIST_NS_MAX
        if not self._backlog and not are_all:
            yield from self._list(folder, now_ns)
        ready: list[ReadyFile] = []
        # What a batch has no room for is found by the next listing.
        self._backlog.extendleft(reversed(whole[:BATCH_MAX]))
        looked_n = bytes_n = 0
        while self._backlog and looked_n < BATCH_MAX and bytes_n < LIST_BYTES_MAX:
            yield from self._look(self._backlog.popleft(), folder, now_ns, ready)
            looked_n += 1
            bytes_n += len(ready[-1].body) if ready else 0
            yield
        return ready

    @property
    def has_more(self) -> bool:
        """Whether another scan at once would find more."""
        return bool(self._backlog)

    @property
    def has_unmoved(self) -> bool:
        """Whether moves have failed."""
        return bool(self._moves)

    def take_refused(self) -> list[tuple[ReadyFile, IntentError]]:
        """Return what was refused at the door since the last call, unread; the caller rejects it."""
        refused, self._refused = self._refused, []
        return refused

    def accept(self, file: ReadyFile, error: IntentError | None = None) -> None:
        """Move a file whose intents are durable (or were known) to accepted/; a move that fails is tried again.

        `error` tells of the rows that were not taken; it is written into rejected/, under the file's name.
        """
        self._leave(file.name, _Move(file.identity, self._accepted, b"" if error is None else reason_of(error)))

    def reject(self, file: ReadyFile, error: IntentError) -> None:
        """Write why, and move a file beside it to rejected/; what fails is tried again."""
        self._leave(file.name, _Move(file.identity, self._rejected, reason_of(error)))

    def move_again(self) -> None:
        """Try some moves again that failed; the disk may have been mended."""
        for name in list(self._moves)[:MOVES_MAX]:
            # Those that fail again go to the end, so that each gets its turn.
            self._leave(name, self._moves.pop(name))

    def close(self) -> None:
        """Give the descriptor back."""
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None

    def _open(self) -> int:
        """Return a descriptor of the directory that has the name now; a mount may have come or gone."""
        status = self._inbox.stat()
        if status.st_mode & stat.S_IWOTH:
            raise PermissionError(errno.EPERM, "everybody may write into it: chmod o-w it")
        if not os.access(self._inbox, os.R_OK | os.W_OK | os.X_OK, effective_ids=_CAN_ASK_EFFECTIVE):
            raise PermissionError(errno.EACCES, "the daemon may not read and write it")
        if self._folder is not None:
            known = os.fstat(self._folder)
            if (known.st_dev, known.st_ino) == (status.st_dev, status.st_ino):
                return self._folder
            self.close()
        self._folder = os.open(self._inbox, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.opened_n += 1
        return self._folder

    def _list(self, folder: int, now_ns: int) -> Generator[None, None, None]:
        """Fill the backlog with the names that may be whole, oldest first."""
        found: list[tuple[int, str]] = []
        seen: dict[str, _Seen] = {}
        with os.scandir(folder) as entries:
            for n, entry in enumerate(entries, start=1):
                if n % STEP_NAMES == 0:
                    yield
                if _is_left_alone(entry.name):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISDIR(status.st_mode) or self._out.get(entry.name) == identity_of(status):
                    continue
                if self._may_be_whole(entry.name, status, seen, now_ns):
                    found.append((status.st_mtime_ns, entry.name))
                if len(found) >= 2 * LISTED_MAX:
                    found = sorted(found)[:LISTED_MAX]
        self._seen = seen
        self._listed_ns = now_ns
        self._backlog = deque(name for _, name in sorted(found)[:LISTED_MAX])

    def _may_be_whole(self, name: str, status: os.stat_result, seen: dict[str, _Seen], now_ns: int) -> bool:
        identity, before = identity_of(status), self._seen.get(name)
        is_same = before is not None and before.identity == identity
        # Another inode is another file, renamed in; the same one with another size or time is growing.
        has_grown = before is not None and not is_same and before.identity.inode == identity.inode
        now = before if before is not None and is_same else _Seen(identity, now_ns)
        # A file stamped by a clock ahead of ours never looks old enough; that it stood still under our eyes counts too.
        is_settled = not has_grown and now_ns - min(identity.mtime_ns, now.since_ns) >= self._settle_ns
        if not is_settled and len(seen) < LISTED_MAX:
            seen[name] = now
        return is_settled

    def _look(self, name: str, folder: int, now_ns: int, ready: list[ReadyFile]) -> Generator[None, None, None]:
        if _is_left_alone(name) or "/" in name:
            return
        try:
            file = yield from read(name, folder=folder, owners=self._owners)
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
        identity = identity_of(status)
        if stat.S_ISDIR(status.st_mode) or self._out.get(name) == identity:
            return
        self._out[name] = identity
        self._refused.append((ReadyFile(name=name, body=b"", mtime_ns=identity.mtime_ns, identity=identity), error))

    def _leave(self, name: str, move: _Move) -> None:
        """Write what is to be written, then move; keep what could not be done."""
        # The reason first: a crash between the two leaves a file that is refused again, not one without a reason.
        is_here = move.shelf is self._rejected
        if move.reason:
            if not self._rejected.explain(name, move.reason, is_here=is_here):
                self._moves[name] = move
                return
            move = _Move(move.identity, move.shelf)
        if self._folder is None or not move.shelf.put(name, move.identity, folder=self._folder):
            self._moves[name] = move
            return
        self._out.pop(name, None)
        self._seen.pop(name, None)


def _is_left_alone(name: str) -> bool:
    return name.startswith(".") or name.endswith(".tmp")
