"""Whether what a configuration names is there and can be used, found out without starting.

Nothing is created or changed: a directory that does not exist yet is asked of the one above it, a port is taken and
given back. A new check is a function and a line in `provisions`.
"""

import os
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from execd.cli.checks import Check
from execd.runtime.paths import SOCKET_PATH_MAX, StatePaths

if TYPE_CHECKING:
    from execd.config.settings import Settings

MIB: Final = 1_048_576
CONNECT_S_MAX: Final = 0.2
_ROOT: Final = 0
_USE: Final = os.R_OK | os.W_OK | os.X_OK


def provisions(settings: "Settings", paths: StatePaths) -> Iterator[Check]:
    """Yield every check that a start of these settings in this state directory would have to pass."""
    yield from tapes(settings)
    if settings.refdata.closures:
        yield closures(settings.refdata.closures)
    if settings.refdata.bars_dir:
        yield bars(Path(settings.refdata.bars_dir))
    yield directory("state", paths.root)
    yield filesystem(paths.root, is_allowed=settings.journal.unsafe_filesystem)
    if paths.inbox.is_dir():
        yield inbox(paths.inbox)
    if settings.sim.process and settings.sim.venue_dir:
        yield directory("venue", Path(settings.sim.venue_dir).expanduser().absolute())
    yield room(paths.root, settings)
    yield socket_path(paths.socket)
    if settings.surface.http_port:
        yield port(settings.surface.http_host, settings.surface.http_port, paths)
    if settings.alerts.exec:
        yield program(settings.alerts.exec[0])
    if settings.control.socket_group:
        yield group(settings.control.socket_group)


def tapes(settings: "Settings") -> Iterator[Check]:
    """Whether each tape is there and its first row can be read."""
    from execd.config.fields import SimSource

    if settings.sim.source is not SimSource.TAPE:
        return
    from execd.errors import TapeError
    from execd.venue.tape import read_tape  # Brings numpy.

    for name in settings.sim.tapes:
        try:
            first = next(read_tape(name, chunk_rows=1), None)
        except TapeError as error:
            yield Check("tape", "fail", str(error), "name another file in sim.tapes")
            continue
        if first is None:
            yield Check("tape", "fail", f"{name}: holds no row", "name another file in sim.tapes")
        else:
            yield Check("tape", "ok", f"{name}: {first.symbol}")


def closures(texts: tuple[str, ...]) -> Check:
    """Whether each closure is a day that exists, with hours that end after they begin."""
    from execd.refdata.values import Closure

    for text in texts:
        try:
            Closure.of(text)
        except ValueError as error:
            return Check("closures", "fail", str(error), "correct refdata.closures")
    return Check("closures", "ok", ", ".join(texts))


def bars(folder: Path) -> Check:
    """Whether the directory of bars can be read."""
    if not folder.is_dir():
        return Check("bars", "fail", f"{folder}: no such directory", "correct refdata.bars_dir, or leave it empty")
    if not os.access(folder, os.R_OK | os.X_OK):
        return Check("bars", "fail", f"{folder}: cannot be read", f"chmod +rx {folder}")
    return Check("bars", "ok", str(folder))


def directory(name: str, folder: Path) -> Check:
    """Whether a directory can be used, or made."""
    seen = _existing(folder)
    try:
        status = seen.stat()
    except OSError as error:
        return Check(name, "fail", f"{seen}: {error.strerror}", "name another directory")
    if not stat.S_ISDIR(status.st_mode):
        return Check(name, "fail", f"{seen}: is not a directory", "name another directory")
    if not os.access(seen, _USE):
        return Check(
            name, "fail", f"{seen}: cannot be written by user {os.geteuid()}", f"chown it, or name {name} else"
        )
    if seen != folder:
        return Check(name, "ok", f"{folder}: the first start makes it")
    if status.st_uid not in {os.geteuid(), _ROOT}:
        return Check(name, "fail", f"{folder}: belongs to user {status.st_uid}", f"chown -R {os.geteuid()} {folder}")
    if status.st_mode & stat.S_IWOTH:
        return Check(name, "fail", f"{folder}: may be written by everybody", f"chmod o-w {folder}")
    return Check(name, "ok", f"{folder}: can be written")


def filesystem(folder: Path, *, is_allowed: bool, mounts: Path = Path("/proc/self/mountinfo")) -> Check:
    """Whether the file system of the journal keeps its promises."""
    from execd.errors import JournalUnsafe
    from execd.journal.disk import check

    try:
        told = check(_existing(folder), is_allowed=is_allowed, mounts=mounts)
    except JournalUnsafe as error:
        return Check("file system", "fail", str(error), "a state directory on a local disk")
    return Check("file system", "warn", told) if told else Check("file system", "ok", "a local one")


def inbox(folder: Path) -> Check:
    """Whether only those may drop files who should."""
    if folder.stat().st_mode & stat.S_IWOTH:
        return Check("inbox", "fail", f"{folder}: may be written by everybody", f"chmod o-w {folder}")
    return Check("inbox", "ok", str(folder))


def room(folder: Path, settings: "Settings") -> Check:
    """Whether the disk has what the journal keeps free, and the ballast."""
    least_mib = settings.journal.disk_free_mib_min + settings.journal.ballast_mib
    try:
        free_mib = shutil.disk_usage(_existing(folder)).free // MIB
    except OSError as error:
        return Check("disk", "fail", f"{folder}: {error.strerror}", "name another state directory")
    text = f"{free_mib} MiB free, {least_mib} asked for"
    if free_mib < least_mib:
        return Check("disk", "warn", text, "make room: with less, execd only reduces risk")
    return Check("disk", "ok", text)


def socket_path(path: Path) -> Check:
    """Whether other programs can open the control socket."""
    length = len(os.fsencode(path))
    if length > SOCKET_PATH_MAX:
        text = f"{length} bytes, other programs open at most {SOCKET_PATH_MAX}"
        return Check("socket path", "warn", text, "a shorter state directory; execd itself copes")
    return Check("socket path", "ok", f"{path}: {length} bytes")


def port(host: str, number: int, paths: StatePaths) -> Check:
    """Whether the port is free, or held by the daemon that these settings are for."""
    where = f"{host}:{number}"
    try:
        family, _, _, _, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if is_running(paths):
            return Check("port", "ok", f"{where}: in use, and execd runs here")
        return Check(
            "port", "fail", f"{where}: {error.strerror}", "name another in surface.http_port; 0 is any free one"
        )
    return Check("port", "ok", f"{where}: free")


def is_running(paths: StatePaths) -> bool:
    """Return whether a daemon answers at the control socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_S_MAX)
        try:
            probe.connect(str(paths.socket))
        except OSError:
            return False
    return True


def program(name: str) -> Check:
    """Whether the alert program is there and may be run."""
    found = shutil.which(name)
    if found is None:
        return Check("alerts.exec", "fail", f"{name}: no such program", "correct alerts.exec, or leave it empty")
    return Check("alerts.exec", "ok", found)


def group(name: str) -> Check:
    """Whether the group of the control socket exists and the socket can be given to it."""
    import grp

    try:
        found = grp.getgrnam(name)
    except KeyError:
        return Check("socket group", "fail", f"{name}: no such group", f"groupadd {name}")
    if os.geteuid() != _ROOT and found.gr_gid not in {os.getegid(), *os.getgroups()}:
        return Check("socket group", "fail", f"{name}: user {os.geteuid()} is not in it", f"usermod -aG {name} USER")
    return Check("socket group", "ok", name)


def _existing(folder: Path) -> Path:
    """Return the directory, or the nearest above it that exists."""
    return next((one for one in (folder, *folder.parents) if one.exists()), folder)
