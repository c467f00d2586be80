"""Where things lie: the state directory, what is under it, and the configuration file.

A flag wins over our variable, that over systemd's, that over the XDG
directories. Nothing is created here, and nothing heavy may be imported: each
command of the CLI starts with this file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

SOCKET_PATH_MAX: Final = 100
"""The kernel takes 108 bytes (104 on macOS) for the path of a unix socket."""


class StatePaths:
    """The state directory and the names in it."""

    def __init__(self, root: Path) -> None:
        """Everything lies under `root`."""
        self.root: Final = root
        self.inbox: Final = root / "inbox"
        self.accepted: Final = root / "accepted"
        self.rejected: Final = root / "rejected"
        self.outbox: Final = root / "outbox"
        self.tapes: Final = root / "tapes"
        self.journal: Final = root / "journal.db"
        self.lock: Final = root / "lock"
        self.socket: Final = root / "control.sock"
        self.alerts: Final = root / "alerts.json"
        self.starts: Final = root / "starts.json"
        self.refdata: Final = root / "refdata"
        self.kill: Final = root / "KILL"
        self.killed: Final = root / "KILL.latched"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The directories that the daemon makes."""
        return (self.root, self.inbox, self.accepted, self.rejected, self.outbox)


def state_dir(flag: str | None, env: Mapping[str, str]) -> StatePaths:
    """Return the paths of the state directory: --state-dir, EXECD_STATE_DIR, systemd's, XDG's, or one below `home`."""
    for chosen in (flag, env.get("EXECD_STATE_DIR"), env.get("STATE_DIRECTORY")):
        if chosen:
            return StatePaths(Path(chosen).expanduser().absolute())
    if state_home := env.get("XDG_STATE_HOME"):
        return StatePaths(Path(state_home).absolute() / "execd")
    return StatePaths(Path(env.get("HOME") or ".").absolute() / ".local" / "state" / "execd")


def config_file(flag: str | None, env: Mapping[str, str]) -> Path | None:
    """Return the configuration file: --config or EXECD_CONFIG (must exist), else the first that exists, else None."""
    return config_choice(flag, env)[0]


def config_choice(flag: str | None, env: Mapping[str, str]) -> tuple[Path | None, str]:
    """Return the configuration file, and why it is that one."""
    for chosen, why in ((flag, "--config"), (env.get("EXECD_CONFIG"), "EXECD_CONFIG")):
        if chosen:
            return Path(chosen).expanduser().absolute(), f"named by {why}"
    config_home = env.get("XDG_CONFIG_HOME") or f"{env.get('HOME') or '.'}/.config"
    places = (
        (env.get("CONFIGURATION_DIRECTORY"), "found in CONFIGURATION_DIRECTORY"),
        (f"{config_home}/execd", "found among the user's configurations"),
        ("config", "found below the current directory"),
    )
    for folder, why in places:
        if folder and _is_there(file := Path(folder).absolute() / "execd.yaml"):
            return file, why
    return None, "no file was named or found"


def _is_there(file: Path) -> bool:
    """Whether a file is there; one that may not be looked at counts, for its reader says why it cannot be read."""
    try:
        return file.is_file()
    except OSError:
        return True
