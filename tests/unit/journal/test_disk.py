"""Which file systems a journal may lie on."""

from pathlib import Path

import pytest

from execd.errors import JournalUnsafe
from execd.journal.disk import check, mount_of

LINE = "{id} 1 8:1 / {point} rw,relatime shared:1 - {kind} /dev/x rw"


def mounts(folder: Path, *told: tuple[str, str]) -> Path:
    """Return a file that says what is mounted where, as the kernel does."""
    path = folder / "mountinfo"
    lines = [LINE.format(id=number, point=point, kind=kind) for number, (point, kind) in enumerate(told)]
    path.write_text("\n".join([*lines, "a line of a kernel to come"]) + "\n")
    return path


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "ceph", "fuse.sshfs", "fuse.s3fs"])
def test_a_disk_over_a_network_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    """Fault B16. The message says what to do, and which key takes the risk."""
    told = mounts(tmp_path, ("/", "ext4"), (str(tmp_path), kind))
    with pytest.raises(JournalUnsafe, match=r"local disk.*journal\.unsafe_filesystem"):
        check(tmp_path, is_allowed=False, mounts=told)

    assert kind in check(tmp_path, is_allowed=True, mounts=told)


@pytest.mark.parametrize("kind", ["proc", "sysfs", "cgroup2"])
def test_a_file_system_of_the_kernel_is_refused_whatever_is_allowed(tmp_path: Path, kind: str) -> None:
    """Fault B16. Nothing of ours can lie in /proc; no key takes that risk."""
    told = mounts(tmp_path, ("/", "ext4"), (str(tmp_path), kind))

    with pytest.raises(JournalUnsafe, match="choose a disk"):
        check(tmp_path, is_allowed=True, mounts=told)


@pytest.mark.parametrize("kind", ["overlay", "tmpfs"])
def test_a_disk_that_goes_with_the_container_is_told(tmp_path: Path, kind: str) -> None:
    """Fault B16. It keeps its promises as long as it lives."""
    told = mounts(tmp_path, ("/", "ext4"), (str(tmp_path), kind))

    assert kind in check(tmp_path, is_allowed=False, mounts=told)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "fuseblk"])
def test_a_local_disk_is_nothing_to_speak_of(tmp_path: Path, kind: str) -> None:
    """The innermost mount counts, and of two on one point the later."""
    told = mounts(tmp_path, ("/", "nfs"), (str(tmp_path), "nfs"), (str(tmp_path), kind))

    assert "" == check(tmp_path / "not" / "yet", is_allowed=False, mounts=told)


def test_a_mount_point_with_blanks_is_read_as_the_kernel_writes_it(tmp_path: Path) -> None:
    """A blank is written as octal."""
    folder = tmp_path / "my state"
    folder.mkdir()
    told = mounts(tmp_path, ("/", "ext4"), (str(folder).replace(" ", "\\040"), "nfs"))
    found = mount_of(folder, told)

    assert found is not None
    assert (folder, "nfs") == (found.point, found.kind)


def test_a_system_that_does_not_say_is_trusted(tmp_path: Path) -> None:
    """There is no such file outside Linux."""
    assert "" == check(tmp_path, is_allowed=False, mounts=tmp_path / "absent")


def test_the_disk_of_this_test_is_known() -> None:
    """The kernel's own file is read."""
    assert mount_of(Path("/")) is not None
