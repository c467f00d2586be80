"""The commands of the kill switch where no daemon answers, and what they refuse before they ask."""

from pathlib import Path

import pytest

from execd.cli.exits import Exit
from execd.cli.main import main
from execd.core.scopes import KillLevel
from execd.runtime.kill_file import read_note


def test_a_kill_that_nobody_hears_says_how_it_is_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No daemon: exit 3, nothing is written, and the way without one is named."""
    code = main(["kill", "--state-dir", str(tmp_path)])

    assert Exit.NOT_RUNNING == code
    assert "execd kill --direct" in capsys.readouterr().err
    assert [] == list(tmp_path.iterdir())


def test_a_direct_kill_leaves_the_file_and_says_what_it_cannot_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next start finds level and reason; nobody is told that anything was cancelled."""
    code = main(["kill", "--direct", "--level", "flatten", "--reason", "went mad", "--state-dir", str(tmp_path)])
    note = read_note(tmp_path / "KILL")

    assert Exit.OK == code
    assert note is not None
    assert (KillLevel.FLATTEN, "went mad") == (note.level, note.reason)
    assert "nothing is cancelled and nothing is closed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words, told",
    [
        (["kill", "--direct", "--account", "sim"], "--direct is for all accounts"),
        (["kill", "--level", "everything"], "invalid choice"),
        (["flatten"], "name --symbol, --sleeve or --account"),
        (["flatten", "--sleeve", "trend/daily"], "is not STRATEGY[/HORIZON]"),
        (["pause"], "name an intent, or a scope"),
        (["pause", "a", "--symbol", "AAPL"], "name an intent, or a scope"),
        (["resume"], "name a paused intent or scope"),
        (["resume", "a", "--cause", "x"], "--cause goes with --halt"),
        (["resume", "--halt", "--symbol", "AAPL", "--reason", "x"], "a halt has an account and a cause"),
        (["unkill"], "--reason"),
    ],
)
def test_what_is_used_wrongly_asks_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """Exit 2, with the word that is missing or wrong, before any daemon is asked."""
    code = main([*words, "--state-dir", str(tmp_path)])

    assert Exit.USAGE == code
    assert told in capsys.readouterr().err


def test_a_state_directory_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A slip in a path must not look like a kill."""
    assert Exit.NOT_FOUND == main(["kill", "--direct", "--state-dir", str(tmp_path / "smi")])
    assert not (tmp_path / "smi").exists()
