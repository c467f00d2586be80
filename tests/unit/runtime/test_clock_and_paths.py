"""The daemon's time, and where its files are."""

import time
from pathlib import Path

import pytest

from execd.runtime.clock import SystemClock
from execd.runtime.paths import config_file, state_dir


def test_time_never_lies_below_the_journal() -> None:
    """A wall clock that was set back does not take us behind what is journaled."""
    floor_ns = time.time_ns() + 3_600_000_000_000
    clock = SystemClock(floor_ns=floor_ns)
    first_ns, second_ns = clock.now_ns(), clock.now_ns()

    assert (floor_ns < first_ns <= second_ns, clock.behind_ns > 0) == (True, True)


def test_time_is_the_walls_where_nothing_forbids_it() -> None:
    """Without a journal ahead of it the clock says what the wall says."""
    assert abs(SystemClock().skew_s()) < 1.0


STATE_DIRS = [
    ("/a", {"EXECD_STATE_DIR": "/b", "STATE_DIRECTORY": "/c"}, "/a"),
    (None, {"EXECD_STATE_DIR": "/b", "STATE_DIRECTORY": "/c"}, "/b"),
    (None, {"STATE_DIRECTORY": "/c", "XDG_STATE_HOME": "/d"}, "/c"),
    (None, {"XDG_STATE_HOME": "/d", "HOME": "/e"}, "/d/execd"),
    (None, {"HOME": "/e"}, "/e/.local/state/execd"),
]


@pytest.mark.parametrize("flag, env, expected", STATE_DIRS)
def test_the_state_directory_is_found_in_this_order(flag: str | None, env: dict[str, str], expected: str) -> None:
    """Flag, our variable, systemd's, XDG's, home."""
    assert state_dir(flag, env).root == Path(expected)


def test_a_configuration_file_that_was_named_is_taken_even_if_it_is_absent() -> None:
    """What somebody named must exist; saying so is the loader's, so it gets the name."""
    assert config_file("/nowhere/x.yaml", {"EXECD_CONFIG": "/y.yaml"}) == Path("/nowhere/x.yaml")


def test_a_configuration_file_in_a_known_place_is_taken_if_it_is_there(tmp_path: Path) -> None:
    """The directory of systemd is looked into before the one of the user."""
    (tmp_path / "execd.yaml").touch()

    assert config_file(None, {"CONFIGURATION_DIRECTORY": str(tmp_path)}) == tmp_path / "execd.yaml"


def test_a_configuration_that_may_not_be_looked_at_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is chosen, so that its reader says why it cannot be read; another one further on is no substitute."""

    def denied(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", denied)

    assert config_file(None, {"HOME": str(tmp_path)}) == tmp_path / ".config" / "execd" / "execd.yaml"
