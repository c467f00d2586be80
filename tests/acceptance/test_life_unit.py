"""The units for systemd: they parse, they confine, and they start what we have."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).resolve().parent.parent.parent
UNITS: Final = REPOSITORY / "deploy" / "systemd"
UNIT: Final = UNITS / "execd.service"
VENUE_UNIT: Final = UNITS / "execd-venue.service"
EXPOSURE_TENTHS_MAX: Final = 15
"""SPEC 17: an exposure of at most 1.5."""
TOOL: Final = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(TOOL is None, reason="systemd-analyze is not on this machine: the unit is UNCHECKED")


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run systemd-analyze."""
    assert TOOL is not None
    return subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=60, check=False)


@needs_systemd
@pytest.mark.parametrize("unit", [UNIT, VENUE_UNIT], ids=lambda unit: unit.stem)
def test_the_unit_is_confined(unit: Path) -> None:
    """Systemd's own score of what the service could do to the machine stays at or below 1.5."""
    done = analyze("security", "--offline=yes", f"--threshold={EXPOSURE_TENTHS_MAX}", str(unit))

    assert done.returncode == 0, done.stdout[-400:] + done.stderr


@needs_systemd
@pytest.mark.parametrize("unit", [UNIT, VENUE_UNIT], ids=lambda unit: unit.stem)
def test_no_directive_of_the_unit_is_misspelt(unit: Path, tmp_path: Path) -> None:
    """Systemd ignores what it does not know with a line in a log; `verify` says so."""
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/execd/bin/execd", "/bin/true"))
    done = analyze("verify", str(copy))
    told = [line for line in done.stderr.splitlines() if unit.name in line]

    assert (0, []) == (done.returncode, told)


def test_the_unit_starts_checks_and_reloads_what_we_have() -> None:
    """Its commands are ours; it waits for READY, is watched, and does not repeat a start that cannot succeed."""
    settings = settings_of(UNIT)
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


def test_the_venue_is_a_unit_that_the_daemon_finds_and_does_not_take_along() -> None:
    """The daemon wants it and comes after it; it is ready with its socket, and no stop of the daemon is its own."""
    daemon, venue = settings_of(UNIT), settings_of(VENUE_UNIT)

    assert (True, True) == ("execd-venue.service" in daemon["Wants"], "execd-venue.service" in daemon["After"])
    assert ("notify", "/opt/execd/bin/execd venue sim", "78", "on-failure") == (
        venue["Type"],
        venue["ExecStart"],
        venue["RestartPreventExitStatus"],
        venue["Restart"],
    )
    assert set() == {"PartOf", "BindsTo", "Requisite"} & set(venue)
    assert [daemon[name] for name in ("User", "StateDirectory", "ConfigurationDirectory")] == [
        venue[name] for name in ("User", "StateDirectory", "ConfigurationDirectory")
    ]


def settings_of(unit: Path) -> dict[str, str]:
    """Return the settings of a unit, the last of each name."""
    return dict(re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.MULTILINE))
