"""The world of the demo: a fresh state directory, a daemon in it, and files to drop.

It removes only a directory that a demo has made (it carries a mark), and ends
only the daemon that it started. What is shown is elsewhere.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import execd
from execd.cli.client import ask
from execd.cli.exits import CliError, Exit
from execd.runtime.paths import StatePaths

MARK: Final = ".execd-demo"
READY_S_MAX: Final = 20.0
STOP_S_MAX: Final = 10.0
LOG_LINES: Final = 12
_REPOSITORY: Final = Path(execd.__file__).resolve().parent.parent
SAMPLES: Final = _REPOSITORY / "config" / "samples"
CONFIG: Final = _REPOSITORY / "config" / "execd.yaml"
ORDER: Final = ("buy_offset.yaml", "times_out.yaml", "small_market.json", "sell_offset.yaml", "malformed.json")


def samples() -> list[Path]:
    """Return the sample intents in the order in which they tell their story."""
    found = [SAMPLES / name for name in ORDER]
    absent = [file for file in found if not file.is_file()]
    if absent:
        raise CliError(Exit.ERROR, f"the samples are not there ({absent[0]}); run the demo from a checkout of execd")
    return found


def fresh(paths: StatePaths) -> None:
    """Make the state directory new. Raises CliError where it holds what no demo has made, or a daemon that runs."""
    root = paths.root
    if root.exists() and any(root.iterdir()):
        if not (root / MARK).is_file():
            raise CliError(Exit.ERROR, f"{root} is not empty and not a demo's; choose another one with --state-dir")
        if _is_running(paths):
            raise CliError(Exit.ERROR, f"a demo runs in {root} already; stop it, or choose another --state-dir")
        if _is_used(paths):
            _put_aside(paths)
        else:
            shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    (root / MARK).write_text("Made by `execd demo`, which begins anew here when it starts again.\n")


def _is_used(paths: StatePaths) -> bool:
    """Whether somebody traded there beside the samples."""
    return any(not report.name.startswith("sample-") for report in paths.outbox.glob("*.json"))


def _put_aside(paths: StatePaths) -> None:
    root = paths.root
    kept = root.with_name(f"{root.name}.kept-{int(root.stat().st_mtime)}")
    root.rename(kept)
    sys.stderr.write(f"{root} had intents of your own; it is kept as {kept}\n")


class DemoDaemon:
    """The real daemon, as a child process."""

    def __init__(self, paths: StatePaths) -> None:
        """Start it."""
        self.paths = paths
        self.log_file = paths.root / "demo.log"
        command = [sys.executable, "-m", "execd.cli", "run", "--in-process", "--state-dir", str(paths.root)]
        if CONFIG.is_file():
            command += ["--config", str(CONFIG)]
        with self.log_file.open("wb") as log:
            # A session of its own: Ctrl-C in the terminal is the demo's, which then stops the daemon in order.
            self._process = subprocess.Popen(  # noqa: S603  # Our own program, our own arguments.
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=_environment()
            )

    def until_ready(self) -> dict[str, Any]:
        """Return the status once the daemon is ready. Raises CliError where it dies or takes too long."""
        until_s = time.monotonic() + READY_S_MAX
        while time.monotonic() < until_s:
            self.must_live()
            try:
                status: dict[str, Any] = ask(self.paths, "GET", "/v1/status")
            except CliError as error:
                if error.code is not Exit.NOT_RUNNING:
                    raise
            else:
                if status["is_ready"]:
                    return status
            time.sleep(0.05)
        raise CliError(Exit.TIMEOUT, f"the daemon was not ready within {READY_S_MAX:g} s\n{self.last_words()}")

    def must_live(self) -> None:
        """Raise CliError where the daemon has ended by itself."""
        if self._process.poll() is not None:
            raise CliError(Exit.ERROR, f"the daemon died (exit {self._process.returncode})\n{self.last_words()}")

    def drop(self, sample: Path) -> None:
        """Put a copy of a file into the inbox as a producer should: written elsewhere, renamed in."""
        aside = self.paths.inbox / f".{sample.name}.tmp"
        shutil.copyfile(sample, aside)
        aside.rename(self.paths.inbox / sample.name)

    def stop(self) -> int:
        """Stop it as systemd would and return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def last_words(self) -> str:
        """Return the end of the daemon's log."""
        lines = self.log_file.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])


def _environment() -> dict[str, str]:
    # The demo's directory and configuration are its own, whatever the shell says of another daemon.
    return {name: value for name, value in os.environ.items() if name not in {"EXECD_STATE_DIR", "EXECD_CONFIG"}}


def _is_running(paths: StatePaths) -> bool:
    try:
        ask(paths, "GET", "/v1/status", timeout_s=1.0)
    except CliError as error:
        return error.code is not Exit.NOT_RUNNING
    return True
