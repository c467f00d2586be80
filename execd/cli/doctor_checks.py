"""What `execd doctor` can see without asking the daemon: files, the machine, the configuration.

Each check says what it found and, where something is wrong, what to do next.
Nothing is created or changed. A new check is a function and a line in `local`.
"""

import os
import resource
import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from execd.cli.checks import Check
from execd.errors import ConfigError, ExecdError
from execd.runtime.paths import SOCKET_PATH_MAX, StatePaths, config_choice

if TYPE_CHECKING:
    from execd.config.settings import Settings

FILES_MIN: Final = 1_024
"""Open files: each connection and file of an inbox flood takes one."""
BACKLOG_MAX: Final = 1_000
WAL_MIB_MAX: Final = 256
OLD_S: Final = 60.0
"""A file that has lain in the inbox for so long is not being taken."""
NEW_S: Final = 86_400.0
"""Refusals of the last day are worth a word."""
SQLITE_OLDEST: Final = (3, 37, 0)
SQLITE_SAFE: Final = (3, 51, 3)
MIB: Final = 1_048_576


def local(
    paths: StatePaths, config: str | None, env: Mapping[str, str], *, status: Mapping[str, Any] | None
) -> tuple["Settings | None", list[Check]]:
    """Return the settings, where they can be had, and all checks that need no daemon; `status` is a running one's."""
    settings, checked = configuration(config, env, status)
    checks = [versions(), *checked]
    checks += state(paths, settings)
    checks += journal(paths)
    checks += folders(paths, is_running=status is not None)
    checks += [open_files()]
    if settings is not None and status is None:
        checks.append(routes(settings))
    return settings, checks


def versions() -> Check:
    """Whether Python and SQLite are new enough."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    text = f"Python {python}, SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info < SQLITE_OLDEST:
        return Check("versions", "fail", text, "SQLite 3.37 or newer is needed: use another Python build")
    if sqlite3.sqlite_version_info < SQLITE_SAFE:
        text += (
            " (before 3.51.3 two writers can corrupt a file: execd is one, let no other program write to journal.db)"
        )
    return Check("versions", "ok", text)


def configuration(
    flag: str | None, env: Mapping[str, str], status: Mapping[str, Any] | None
) -> tuple["Settings | None", list[Check]]:
    """Whether the configuration can be used: the one that is named, else the daemon's own, else the one it would take.

    Beside a daemon also whether it is what the daemon runs with.
    """
    from execd.config.loader import read

    file, why = config_choice(flag, env)
    if status is not None and flag is None:
        file, why = (Path(status["config_file"]) if status["config_file"] else None), "the daemon's"
    name = f"{file or 'built-in defaults'} ({why})"
    try:
        loaded = read(file, env)
        loaded.settings.to_rules()
    except ConfigError as error:
        return None, [Check("configuration", "fail", f"{name}: {error}", "execd check-config tells all of it")]
    settings = loaded.settings
    accounts = ", ".join(f"{account} ({part.adapter})" for account, part in settings.accounts.items())
    checks = [Check("configuration", "ok", f"{name}: mode {settings.mode}, {accounts}")]
    if not settings.instruments:
        text = f"none: there is no instruments.yaml beside {file or 'a configuration'}"
        checks.append(Check("instruments", "ok", f"{text}; every symbol is an ordinary US share"))
    if status is not None:
        checks += _as_running(settings, file, status)
    return settings, checks


def _as_running(settings: "Settings", file: Path | None, status: Mapping[str, Any]) -> Iterator[Check]:
    """Look whether a daemon runs with these settings."""
    inside = settings.model_copy(update={"sim": settings.sim.model_copy(update={"process": False})})
    if str(file or "") != status["config_file"]:
        text = f"the daemon runs with {status['config_file'] or 'built-in defaults'}"
        yield Check("configuration", "warn", text, "leave out --config to look at that one")
    elif status["config_digest"] not in {settings.digest(), inside.digest()}:
        # With --in-process it is told otherwise than by file and environment.
        text = "the daemon runs with other values: the file was changed since, or its environment is not yours"
        yield Check("configuration", "warn", text, "execd reload; what needs a restart it names")


def state(paths: StatePaths, settings: "Settings | None") -> Iterator[Check]:
    """Look at the state directory: whose it is, who may write to it, and its room."""
    root = paths.root
    try:
        seen = root.stat()
    except FileNotFoundError:
        yield Check("state", "warn", f"{root} does not exist", "execd run makes it; or name another with --state-dir")
        return
    except OSError as error:
        yield Check("state", "fail", f"{root}: {error.strerror}", "name another with --state-dir")
        return
    if seen.st_uid not in {os.getuid(), 0} and os.getuid() != 0:
        yield Check("state", "warn", f"{root} belongs to user {seen.st_uid}", "run this as that user to see all")
    elif seen.st_mode & stat.S_IWOTH:
        yield Check("state", "fail", f"{root} may be written by everybody", f"chmod o-w {root}")
    elif not os.access(root, os.W_OK):
        yield Check("state", "fail", f"{root} cannot be written", "is the disk read-only?")
    else:
        yield Check("state", "ok", f"{root}, mode {stat.S_IMODE(seen.st_mode):04o}")
    free_mib, least_mib = shutil.disk_usage(root).free // MIB, 256
    if settings is not None:
        least_mib = int(settings.journal.disk_free_mib_min)
    if free_mib < least_mib:
        yield Check("disk", "fail", f"{free_mib} MiB are free, {least_mib} are needed", "make room; then it goes on")
    else:
        yield Check("disk", "ok", f"{free_mib} MiB free")
    if len(os.fsencode(paths.socket)) > SOCKET_PATH_MAX:
        yield Check("socket path", "warn", "longer than other programs can open", "execd itself copes; or move it")


def journal(paths: StatePaths) -> Iterator[Check]:
    """Whether the journal can be read, whole and of a version that is known."""
    from execd import restoring
    from execd.journal import sql
    from execd.journal.files import reading

    path = paths.journal
    if told := restoring.gone_text(paths):
        yield Check("journal", "fail", told, restoring.GONE_HELP)
        return
    if not path.exists() or not path.stat().st_size:
        yield Check("journal", "ok", "none yet; the first start makes it")
        return
    try:
        with reading(path, is_live=True) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            last = connection.execute("SELECT coalesce(max(now_ns), 0) FROM records").fetchone()
    except ExecdError as error:
        yield Check("journal", "fail", str(error), "execd journal verify; docs/journal.md")
        return
    if version > sql.version():
        text = f"version {version}, this execd knows {sql.version()}"
        yield Check("journal", "fail", text, "run the newer execd; the file is untouched")
        return
    if verdict != "ok":
        yield Check("journal", "fail", f"corrupt: {verdict}", "execd journal verify; restore a backup")
        return
    wal = path.with_name(f"{path.name}-wal")
    wal_mib = wal.stat().st_size // MIB if wal.exists() else 0
    size = f"version {version}, {path.stat().st_size / MIB:.1f} MiB, write-ahead {wal_mib} MiB"
    if wal_mib > WAL_MIB_MAX:
        yield Check("journal", "warn", size, "a long reader keeps it from shrinking: end old backups and viewers")
    else:
        yield Check("journal", "ok", size)
    ahead_s = int(last[0]) / 1e9 - time.time()
    if ahead_s > 1:
        text = f"the clock is {ahead_s:.0f} s behind the last record"
        yield Check("clock", "fail", text, "set the clock (NTP): execd would start in the past")


def folders(paths: StatePaths, *, is_running: bool) -> Iterator[Check]:
    """Look at the inbox, what lies in it and was refused, and the outbox."""
    yield _inbox(paths.inbox, is_running=is_running)
    now_s = time.time()
    refused = [file for file in _files(paths.rejected) if file.name.endswith(".error.json")]
    fresh = sum(now_s - file.stat().st_mtime < NEW_S for file in refused)
    if fresh:
        text = f"{fresh} files were refused in the last day"
        yield Check("rejected", "warn", text, f"read the .error.json files in {paths.rejected}")
    else:
        yield Check("rejected", "ok", f"{len(refused)} refusals, none of the last day")
    if paths.outbox.is_dir() and not os.access(paths.outbox, os.W_OK):
        yield Check("outbox", "fail", f"{paths.outbox} cannot be written", f"chown or chmod {paths.outbox}")
    else:
        yield Check("outbox", "ok", str(paths.outbox))


def _inbox(folder: Path, *, is_running: bool) -> Check:
    try:
        seen = folder.stat()
    except OSError:
        return Check("inbox", "fail" if is_running else "ok", f"{folder} does not exist", "mkdir it" * is_running)
    if seen.st_mode & stat.S_IWOTH:
        return Check("inbox", "fail", f"{folder} may be written by everybody", f"chmod o-w {folder}")
    waiting = [file for file in _files(folder) if not file.name.startswith(".") and not file.name.endswith(".tmp")]
    now_s = time.time()
    old = sum(now_s - file.stat().st_mtime > OLD_S for file in waiting)
    text = f"{folder}, {len(waiting)} waiting"
    if is_running and old:
        return Check("inbox", "warn", f"{text}, {old} for over a minute", "execd status: is the task inbox up?")
    if len(waiting) > BACKLOG_MAX:
        return Check("inbox", "warn", text, "they are taken in batches; look at execd status")
    return Check("inbox", "ok", text)


def _files(folder: Path) -> list[Path]:
    try:
        return [one for one in folder.iterdir() if one.is_file()]
    except OSError:
        return []


def open_files() -> Check:
    """Whether enough files may be open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else soft
    if most < FILES_MIN:
        return Check("open files", "warn", f"at most {most}", f"raise it to {FILES_MIN}: ulimit -n, or LimitNOFILE=")
    return Check("open files", "ok", f"at most {most}")


def routes(settings: "Settings") -> Check:
    """Whether an alert reaches anybody."""
    ways = [name for name in ("exec", "webhook") if _is_set(getattr(settings.alerts, name))]
    if not ways:
        text = "none: an alert is only logged and listed"
        return Check("alert routes", "warn", text, "set alerts.exec or alerts.webhook, then execd doctor --page")
    dead_man = ", dead man's URL" if _is_set(settings.alerts.dead_man_url) else ""
    return Check("alert routes", "ok", f"{', '.join(ways)}{dead_man} (proved by --page)")


def _is_set(value: object) -> bool:
    reveal = getattr(value, "get_secret_value", None)
    return bool(reveal() if reveal else value)
