"""The unit for systemd: it parses, it confines, and it starts what we have."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).resolve().parent.parent.parent
UNIT: Final = REPOSITORY / "deploy" / "systemd" / "execd.service"
EXPOSURE_TENTHS_MAX: Final = 15
"""SPEC 17: an exposure of at most 1.5."""
TOOL: Final = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(TOOL is None, reason="systemd-analyze is not on this machine: the unit is UNCHECKED")


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run systemd-analyze."""
    assert TOOL is not None
    return subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=60, check=False)


@needs_systemd
def test_the_unit_is_confined() -> None:
    """Systemd's own score of what the service could do to the machine stays at or below 1.5."""
    done = analyze("security", "--offline=yes", f"--threshold={EXPOSURE_TENTHS_MAX}", str(UNIT))

    assert done.returncode == 0, done.stdout[-400:] + done.stderr


@needs_systemd
def test_no_directive_of_the_unit_is_misspelt(tmp_path: Path) -> None:
    """Systemd ignores what it does not know with a line in a log; `verify` says so."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/execd/bin/execd", "/bin/true"))
    done = analyze("verify", str(copy))
    told = [line for line in done.stderr.splitlines() if UNIT.name in line]

    assert (0, []) == (done.returncode, told)


def test_the_unit_starts_checks_and_reloads_what_we_have() -> None:
    """Its commands are ours; it waits for READY, is watched, and does not repeat a start that cannot succeed."""
    settings = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))
    wanted = ("Type", "ExecStartPre", "ExecStart", "ExecReload", "RestartPreventExitStatus", "Restart")

    expected = [
        "notify",
        "/opt/execd/bin/execd check-config",
        "/opt/execd/bin/execd run",
        "/bin/kill -HUP $MAINPID",
        "78",
        "on-failure",
    ]
    assert expected == [settings[name] for name in wanted]
    assert (True, "0") == (int(settings["WatchdogSec"]) > 0, settings["StartLimitIntervalSec"])
