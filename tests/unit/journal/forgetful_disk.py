"""A disk that keeps only what was synced, for SQLite through apsw.

`Disk` writes down everything that SQLite does to its files; `after` gives the
files as a power cut at some instant leaves them: what a sync has covered is
there, of everything later a seeded choice is there, missing, or torn at a
sector. Nothing is simulated in SQLite itself: it is the library that runs.
"""

from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from execd.core.chance import below

SECTOR: Final = 512


class Op(msgspec.Struct, frozen=True):
    """Something that was done to a file; `mark` is ours: a commit has returned."""

    kind: str
    name: str = ""
    offset: int = 0
    content: bytes = b""
    mark: int = 0


class Disk(apsw.VFS):
    """A file system that remembers how it came to be what it is."""

    def __init__(self, name: str) -> None:
        """Register as `name`."""
        self.ops: list[Op] = []
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: ANN401, N802  # SQLite's names and types.
        """Open a file that writes down what is done to it."""
        return _File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802  # The same.
        """Delete a file; a name is gone at once."""
        self.ops.append(Op("delete", Path(filename).name))
        super().xDelete(filename, syncdir)

    def mark(self, number: int) -> None:
        """Note that everything up to `number` was acknowledged."""
        self.ops.append(Op("mark", mark=number))

    def acknowledged(self, at: int) -> int:
        """Return what had been acknowledged before operation `at`."""
        return max((op.mark for op in self.ops[:at] if op.kind == "mark"), default=0)

    def after(self, at: int, seed: int) -> dict[str, bytes]:
        """Return the files as a power cut before operation `at` leaves them."""
        kept: dict[str, bytearray] = {}
        unsynced: dict[str, list[Op]] = {}
        for op in self.ops[:at]:
            if op.kind == "sync":
                for late in unsynced.pop(op.name, []):
                    _apply(kept, late)
            elif op.kind == "delete":
                kept.pop(op.name, None)
                unsynced.pop(op.name, None)
            elif op.kind != "mark":
                unsynced.setdefault(op.name, []).append(op)
        for name, late_ops in unsynced.items():
            for place, late in enumerate(late_ops):
                _apply(kept, _remains(late, below(3, seed, name, place), below(1 << 20, seed, name, place, "torn")))
        return {name: bytes(content) for name, content in kept.items()}


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:  # noqa: ANN401  # The same.
        self._disk = disk
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name).name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # SQLite's name.
        self._disk.ops.append(Op("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802  # The same.
        self._disk.ops.append(Op("truncate", self._name, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802  # The same.
        super().xSync(flags)
        self._disk.ops.append(Op("sync", self._name))


def _remains(op: Op, fate: int, where: int) -> Op | None:
    """Return what is left of an operation that no sync covered: all, nothing, or the sectors up to somewhere."""
    if fate == 0:
        return None
    if fate == 1 or op.kind != "write":
        return op
    sectors = -(-len(op.content) // SECTOR)
    return msgspec.structs.replace(op, content=op.content[: where % sectors * SECTOR])


def _apply(files: dict[str, bytearray], op: Op | None) -> None:
    if op is None:
        return
    content = files.setdefault(op.name, bytearray())
    if op.kind == "truncate":
        del content[op.offset :]
        return
    if not op.content:
        return
    end = op.offset + len(op.content)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[op.offset : end] = op.content
