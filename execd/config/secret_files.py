"""Secrets from files: one file a secret, named as its key, such as alerts__webhook.

Only keys that are secrets may come from there. No value is ever in a message; a name that is not ours is, for a
misspelt secret would be no alert at all. It changes nothing in the directory.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from execd.config.files import read_bytes
from execd.config.shape import KeyPath, leaves, secrets
from execd.config.strict_text import close_to, nearest
from execd.config.strict_yaml import shown
from execd.errors import ConfigError

CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
SHARED_DIR: Final = Path("/run/secrets")
"""Where containers get theirs; files of others may lie beside ours."""
SECRET_BYTES_MAX: Final = 64 * 1024
FILES_MAX: Final = 1_000
_NEAR: Final = 0.8
_ROOT: Final = 0


@dataclass(frozen=True)
class SecretFile:
    """A secret that a file holds. It is not printed: a dataclass shows its fields."""

    path: KeyPath
    file: Path
    value: str

    def __repr__(self) -> str:
        return f"SecretFile({'.'.join(self.path)}, {self.file})"


def read_secrets(
    configured: str, env: Mapping[str, str], shared: Path = SHARED_DIR
) -> tuple[tuple[SecretFile, ...], tuple[str, ...]]:
    """Return the secrets of the directory in force, and warnings. Raises ConfigError.

    `configured` is `secrets_dir`; then systemd's directory; then `shared`, where it exists.
    """
    credentials = env.get(CREDENTIALS, "")
    folder = Path(configured or credentials or shared)
    is_ours = bool(configured or credentials)
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if not entry.name.startswith("."))
    except (OSError, ValueError) as error:
        if not is_ours and isinstance(error, FileNotFoundError | PermissionError | NotADirectoryError):
            return (), ()
        told = (error.strerror if isinstance(error, OSError) else None) or "no name of a directory"
        raise ConfigError(f"{folder}: secrets cannot be read: {told}") from None
    if len(names) > FILES_MAX:
        raise ConfigError(f"{folder}: holds more than {FILES_MAX} files; name a directory of its own in secrets_dir")
    found: list[SecretFile] = []
    warnings: list[str] = []
    for name in names:
        path = _path(folder, name, is_ours=is_ours)
        if path is None:
            continue
        secret, told = _read(folder / name, path, is_systemd=not configured and bool(credentials))
        found.append(secret)
        warnings += [told] if told else []
    return tuple(found), tuple(warnings)


def _path(folder: Path, name: str, *, is_ours: bool) -> KeyPath | None:
    """Return the key that a file's name means; None for another's file in the shared directory."""
    path = tuple(name.split("__"))
    if path in secrets():
        return path
    known = ["__".join(secret) for secret in secrets()]
    if path in leaves():
        raise ConfigError(f"{folder / name}: {'.'.join(path)} is no secret; write it into the configuration file")
    if is_ours or close_to(name.lower(), known, cutoff=_NEAR):
        raise ConfigError(
            f"{folder}: {shown(name)} is the name of no secret of ours{nearest(name.lower(), known)}; "
            f"known are {', '.join(known)}"
        )
    return None


def _read(file: Path, path: KeyPath, *, is_systemd: bool) -> tuple[SecretFile, str]:
    body, status = read_bytes(file, bytes_max=SECRET_BYTES_MAX)
    try:
        text = body.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: not UTF-8") from None
    if not text:
        raise ConfigError(f"{file}: is empty; remove it, or write the secret into it")
    return SecretFile(path, file, text), _exposed(file, status, is_systemd=is_systemd)


def _exposed(file: Path, status: os.stat_result, *, is_systemd: bool) -> str:
    """Return a warning about a secret that others can read; empty where they cannot.

    Raises ConfigError where everybody can replace it.
    """
    us = os.geteuid()
    if status.st_mode & stat.S_IWOTH:
        raise ConfigError(f"{file}: may be written by everybody; make the secret anew, then run chmod 600 on it")
    if status.st_uid not in {us, _ROOT}:
        return f"{file}: a secret that belongs to user {status.st_uid}; run chown {us} on it"
    # systemd lets our user in by an access list, whose mask shows as rights of the group.
    others = stat.S_IRWXO if is_systemd else stat.S_IRWXO | stat.S_IRWXG
    if status.st_mode & others:
        return f"{file}: a secret that others than its owner can read; run chmod 600 on it"
    return ""
