"""Files of configuration as text, and whether they may be trusted.

A file that others can write could raise a limit while nobody looks, so it is refused. It opens a file once and asks
about what it opened, and changes nothing.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from execd.config.strict_yaml import NotStrict, Plain, Tree, read_yaml
from execd.errors import ConfigError

FILE_BYTES_MAX: Final = 4 * 1024 * 1024
NODES_MAX: Final = 200_000
_ROOT: Final = 0
_NEWLINE: Final = b"\n"


@dataclass(frozen=True)
class Document:
    """What a file says, where each key stands, and whether others than its owner may read it."""

    mapping: dict[str, Plain]
    tree: Tree
    is_read_by_others: bool


def read_document(path: Path, *, is_trusted: bool = False) -> Document:
    """Return the mapping that the file holds; `is_trusted`: whoever owns it owns the program. Raises ConfigError."""
    body, status = read_bytes(path, bytes_max=FILE_BYTES_MAX)
    if not is_trusted and (told := unsafe(status, us=os.geteuid())):
        raise ConfigError(f"{path}: {told}")
    mapping, tree = _parsed(path, body)
    return Document(mapping, tree, bool(stat.S_IMODE(status.st_mode) & (stat.S_IRGRP | stat.S_IROTH)))


def read_bytes(path: Path, *, bytes_max: int) -> tuple[bytes, os.stat_result]:
    """Return what a file holds and the status of the very file that was read. Raises ConfigError."""
    try:
        # Not to wait for the other end of a pipe that somebody put there.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"{path}: is not a file")
            with os.fdopen(file, "rb", closefd=False) as opened:
                body = opened.read(bytes_max + 1)
        finally:
            os.close(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        # A NUL in the name.
        raise ConfigError(f"{str(path)!a}: is no name of a file") from None
    if len(body) > bytes_max:
        raise ConfigError(f"{path}: larger than {bytes_max} bytes")
    return body, status


def unsafe(status: os.stat_result, *, us: int) -> str:
    """Return why a file may not be trusted, and what to do; empty where it may. `us` is our user id."""
    if status.st_uid not in {us, _ROOT}:
        return f"belongs to user {status.st_uid}, neither to us ({us}) nor to root; run chown {us} on it"
    if status.st_mode & stat.S_IWOTH:
        return "may be written by everybody; run chmod o-w on it"
    if status.st_mode & stat.S_IWGRP and not _is_private(status.st_gid, status.st_uid):
        return "may be written by its group; run chmod g-w on it"
    return ""


def _is_private(group_id: int, user_id: int) -> bool:
    """Return whether the group is the user's own and holds nobody else, as most desktops give one to each user."""
    import grp  # noqa: PLC0415  # Seldom asked.
    import pwd  # noqa: PLC0415  # The same.

    try:
        user, group = pwd.getpwuid(user_id), grp.getgrgid(group_id)
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def _parsed(path: Path, body: bytes) -> tuple[dict[str, Plain], Tree]:
    try:
        tree = read_yaml(body.decode("utf-8"), nodes_max=NODES_MAX)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}:{body[: error.start].count(_NEWLINE) + 1}: not UTF-8") from None
    except NotStrict as fault:
        raise ConfigError(f"{path}:{fault.line or 1}: {fault.message}") from None
    match tree.value:
        case None:
            return {}, tree
        case dict() as mapping:
            return mapping, tree
        case _:
            raise ConfigError(f"{path}:1: a configuration is a mapping of sections")
