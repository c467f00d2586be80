"""Which file system a journal would lie on, and whether it keeps its promises.

SQLite's write-ahead file needs shared memory and locks that work, and a sync
that reaches the disk. Over a network, and behind most file systems in user
space, one of the three is a hope. On an overlay or in memory all three work,
but what is written may go with the container or the machine: that is said and
not refused, for containers and tests live there. docs/adr/0020 argues it.
"""

import re
from pathlib import Path
from typing import Final

import msgspec

from execd.errors import JournalUnsafe

MOUNTS: Final = Path("/proc/self/mountinfo")
REFUSED: Final = frozenset(
    "nfs nfs3 nfs4 cifs smb3 smbfs afs 9p virtiofs vboxsf prl_fs vmhgfs ceph glusterfs lustre gpfs ocfs2 gfs2 "
    "coda ncpfs beegfs davfs".split()
)
KERNEL: Final = frozenset(
    "proc sysfs cgroup cgroup2 debugfs tracefs securityfs configfs bpf pstore mqueue devpts binfmt_misc".split()
)
FLEETING: Final = frozenset("overlay overlayfs aufs tmpfs ramfs".split())
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


class Mount(msgspec.Struct, frozen=True):
    """A mounted file system: where, and of which kind."""

    point: Path
    kind: str


def mount_of(folder: Path, mounts: Path = MOUNTS) -> Mount | None:
    """Return what `folder` lies on; None where the system does not say."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    real = folder.resolve()
    best: Mount | None = None
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:  # noqa: PLR2004  # proc(5): the fifth field is the mount point.
            continue
        point = Path(_OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4]))
        # Of two on one point the later lies on top.
        if real.is_relative_to(point) and (best is None or len(point.parts) >= len(best.point.parts)):
            best = Mount(point, after.split(" ")[0])
    return best


def check(folder: Path, *, is_allowed: bool, mounts: Path = MOUNTS) -> str:
    """Return what is to be known of the file system of `folder`; empty for nothing.

    Raises JournalUnsafe for one that a journal cannot trust, unless `is_allowed`.
    """
    mount = mount_of(folder, mounts)
    if mount is None:
        return ""
    if mount.kind in KERNEL:
        raise JournalUnsafe(f"{folder} is on a {mount.kind} file system of the kernel: choose a disk with --state-dir")
    if mount.kind in REFUSED or mount.kind.startswith("fuse."):
        text = (
            f"{folder} is on a {mount.kind} file system, which does not promise that a commit is on the disk and that "
            "locks hold: choose a local disk with --state-dir"
        )
        if not is_allowed:
            raise JournalUnsafe(f"{text}, or take the risk with journal.unsafe_filesystem: true")
        return text
    if mount.kind in FLEETING:
        return (
            f"{folder} is on {mount.kind}: the journal goes with the container or the machine; "
            "give the state directory a volume of its own"
        )
    return ""
