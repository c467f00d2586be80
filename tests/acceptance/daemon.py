"""A real execd in a real process, and the commands over it.

Waiting is polling with a deadline; a process that a test started is ended with it. Nothing here knows the program from
inside: it uses files, the command line and signals, as a user does.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent.parent
READY_S_MAX: Final = 60.0
"""A start takes half a second; a machine that compiles and lints beside it may need much longer."""
END_S_MAX: Final = 30.0
LOOK_S: Final = 0.02


class Execd:
    """One state directory, the daemon in it, and the commands that are told of it."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self.root = root
        self.log = root.with_name(f"{root.name}.log")
        self.environment = dict(environment)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> None:
        """Start the daemon; `environment` is added to what it inherits."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "execd.cli", "run", "--state-dir", str(self.root)],
                cwd=REPOSITORY,
                env=self.environment | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def until_ready(self) -> None:
        """Return once the daemon takes intents."""
        self.until(lambda: self.is_alive() and '"ready"' in self.log.read_text(), what="READY", seconds=READY_S_MAX)

    def is_alive(self) -> bool:
        """Whether the daemon runs; a test that waits for it fails at once when it has died."""
        assert self.process is not None
        assert self.process.poll() is None, f"the daemon died:\n{self.log.read_text()[-2_000:]}"
        return True

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Return the exit code once the daemon has ended."""
        assert self.process is not None
        code = self.process.wait(END_S_MAX)
        self.process = None
        return code

    def close(self) -> None:
        """End the daemon, however it is."""
        if self.process is not None:
            self.end(signal.SIGKILL)

    def run(
        self, *arguments: str, text: str | None = None, before: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one command about this state directory; `before` is done in its process first."""
        return subprocess.run(
            [sys.executable, "-m", "execd.cli", *arguments, "--state-dir", str(self.root)],
            cwd=REPOSITORY,
            env=self.environment,
            input=text,
            preexec_fn=before,
            stdin=None if text is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=END_S_MAX,
            check=False,
        )

    def json(self, *arguments: str) -> Any:  # noqa: ANN401  # JSON has no narrower type.
        """Run one command with --json and return what it prints."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def drop(self, name: str, content: str | Mapping[str, object]) -> None:
        """Put a file into the inbox as a producer should: written elsewhere, renamed in."""
        text = content if isinstance(content, str) else json.dumps(content)
        aside = self.root / "inbox" / f".{name}.tmp"
        aside.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text)
        aside.rename(aside.with_name(name))

    def report(self, intent_id: str) -> dict[str, Any]:
        """Return the report in the outbox; empty while there is none."""
        try:
            told: dict[str, Any] = json.loads((self.root / "outbox" / f"{intent_id}.json").read_text())
        except FileNotFoundError:
            return {}
        return told

    def ended(self, intent_id: str, *, seconds: float = END_S_MAX) -> dict[str, Any]:
        """Return the report of an intent once it is the last one."""
        what = f"the end of {intent_id}"
        self.until(lambda: self.is_alive() and self.report(intent_id).get("is_terminal"), what=what, seconds=seconds)
        return self.report(intent_id)

    def until(self, holds: Callable[[], object], *, what: str, seconds: float = END_S_MAX) -> None:
        """Return once `holds()`; fail when that takes too long."""
        until_s = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until_s, f"no {what} within {seconds:g} s:\n{self.log.read_text()[-2_000:]}"
            time.sleep(LOOK_S)


AT_ONCE: Final = {
    "EXECD_PRESETS__BALANCED__SLICING__ENABLED": "false",
    "EXECD_PRESETS__BALANCED__NORMAL__TACTIC": "{name: offset}",
    "EXECD_PRESETS__BALANCED__NORMAL__AFTER_TACTIC": "end",
    "EXECD_PRESETS__BALANCED__NORMAL__AT_END": "end",
}
"""What makes normal urgency one order through the touch, so that a test need not wait for a ladder or for slices."""


def clean_environment(pycache: Path) -> dict[str, str]:
    """Return our environment without execd's own variables; byte code is kept, for a start costs seconds without."""
    foreign = (
        "EXECD_",
        "EXECUTION__",
        "PYTHONDONTWRITEBYTECODE",
        "DEMO_EXIT",
        "XDG_CONFIG_HOME",
        "CONFIGURATION_DIRECTORY",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    # A venue of its own process outlives the daemon; a test that wants one asks for it, and ends it.
    ours = {"EXECD_LOGGING__FORMAT": "json", "EXECD_SIM__PROCESS": "false"}
    return kept | {"PYTHONPYCACHEPREFIX": str(pycache)} | ours | AT_ONCE


def buy(intent_id: str, **fields: object) -> dict[str, object]:
    """Return an intent that fills at once; `fields` change it."""
    return {"id": intent_id, "symbol": "AAPL", "side": "buy", "qty": 100} | fields
