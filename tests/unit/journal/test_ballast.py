"""Room for the worst day: it is really there, it is given back, and it is made again."""

import os
from pathlib import Path

import pytest

from execd.journal.ballast import MIB, Ballast


def free_bytes(folder: Path) -> int:
    """Return what the disk has set aside for a folder's files."""
    return sum(file.stat().st_blocks * 512 for file in folder.iterdir())


def test_ballast_takes_the_room_it_says(tmp_path: Path) -> None:
    """Fault B3. A file with holes would give nothing back."""
    ballast = Ballast(tmp_path / "ballast", 2)

    assert ballast.ensure()
    assert ballast.ensure()
    assert free_bytes(tmp_path) >= 2 * MIB


def test_ballast_is_given_back_once(tmp_path: Path) -> None:
    """The second time there is nothing left, and the caller must know."""
    ballast = Ballast(tmp_path / "ballast", 1)
    ballast.ensure()

    assert (True, False, 0) == (ballast.release(), ballast.release(), free_bytes(tmp_path))
    assert ballast.ensure()
    assert ballast.is_there


def test_ballast_with_holes_is_made_anew(tmp_path: Path) -> None:
    """Somebody copied the state directory and the copy is sparse."""
    path = tmp_path / "ballast"
    with path.open("wb") as file:
        file.truncate(MIB)
    ballast = Ballast(path, 1)

    assert (False, True, True) == (ballast.is_there, ballast.ensure(), ballast.is_there)


def test_no_ballast_is_wanted(tmp_path: Path) -> None:
    """Zero takes away what is there."""
    Ballast(tmp_path / "ballast", 1).ensure()
    none = Ballast(tmp_path / "ballast", 0)

    assert (True, False, []) == (none.ensure(), none.release(), list(tmp_path.iterdir()))


def test_a_disk_without_room_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again when there is room; no half of it stays."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)

    assert (False, []) == (Ballast(tmp_path / "ballast", 1).ensure(), list(tmp_path.iterdir()))
