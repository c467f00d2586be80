"""`.ci/bootstrap.sh` before it reaches the network: what it recognises, what it refuses, and what it says.

Each test runs the real script in a checkout of its own, with a PATH that holds only what the test puts there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
TOOLS = ("sh", "cat", "cksum", "dirname", "sed", "rm", "mv", "chmod")


class Checkout:
    """A folder with what the bootstrap needs, and a PATH of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a checkout"
        self.path = folder / "bin"
        (self.root / ".ci").mkdir(parents=True)
        self.path.mkdir()
        shutil.copy(REPOSITORY / ".ci" / "bootstrap.sh", self.root / ".ci")
        shutil.copy(REPOSITORY / "requirements.lock", self.root)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None
            (self.path / tool).symlink_to(found)

    def add_python(self, name: str, script: str) -> None:
        """Put a program on the PATH under the name of an interpreter."""
        file = self.path / name
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)

    def add_environment(self, *, path: Path) -> None:
        """Put a finished environment in place, made for the given path."""
        binaries = self.root / ".venv" / "bin"
        binaries.mkdir(parents=True)
        (self.root / ".venv" / "pyvenv.cfg").touch()
        (binaries / "python").symlink_to(sys.executable)
        sums = [
            subprocess.run(["cksum"], input=file.read_bytes(), check=True, capture_output=True).stdout.decode()
            for file in (self.root / "requirements.lock", self.root / ".ci" / "bootstrap.sh")
        ]
        stamp = f"path {path.resolve()}\n{''.join(sums)}"
        (self.root / ".venv" / ".execd-stamp").write_text(stamp, encoding="utf-8")

    def bootstrap(self) -> subprocess.CompletedProcess[str]:
        """Run the script as make does."""
        return subprocess.run(
            ["sh", ".ci/bootstrap.sh"],
            cwd=self.root,
            env={"PATH": os.fspath(self.path)},
            check=False,
            capture_output=True,
            text=True,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Give a checkout without an environment, and a PATH without a Python."""
    return Checkout(tmp_path)


def test_without_a_python_it_says_which_names_it_tried(checkout: Checkout) -> None:
    """A machine without Python 3.11 or newer is told what is needed and how to get it."""
    done = checkout.bootstrap()

    assert (done.returncode, "python3.13 python3.12 python3.11 python3" in done.stderr) == (1, True)


def test_a_stub_that_only_prints_an_error_is_not_a_python(checkout: Checkout) -> None:
    """A version manager's stub is on the PATH without working; the next candidate is tried."""
    checkout.add_python("python3.13", "echo 'no version is set' >&2; exit 127")
    checkout.add_python("python3", 'case "$*" in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; esac')
    done = checkout.bootstrap()

    assert "python3 has no ensurepip" in done.stderr


def test_a_python_without_ensurepip_leads_to_the_package_that_has_it(checkout: Checkout) -> None:
    """Debian keeps ensurepip in a package of its own: the message names it, and nothing is left behind."""
    checkout.add_python("python3", 'case "$*" in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; esac')
    done = checkout.bootstrap()
    seen = (done.returncode, "apt install python3.11-venv" in done.stderr, (checkout.root / ".venv").exists())

    assert seen == (1, True, False)


def test_a_ready_environment_is_left_alone(checkout: Checkout) -> None:
    """The second run does nothing: it needs no Python on the PATH and says no word."""
    checkout.add_environment(path=checkout.root)
    done = checkout.bootstrap()

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_lock_is_noticed(checkout: Checkout) -> None:
    """The stamp is about the lock's content."""
    checkout.add_environment(path=checkout.root)
    with (checkout.root / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    done = checkout.bootstrap()

    assert (done.returncode, "needs Python" in done.stderr) == (1, True)


def test_an_environment_made_elsewhere_is_made_again(checkout: Checkout, tmp_path: Path) -> None:
    """A virtual environment cannot be moved, so that of a moved checkout is thrown away."""
    checkout.add_environment(path=tmp_path)
    checkout.add_python("python3", 'case "$*" in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; esac')
    done = checkout.bootstrap()
    seen = ("made for another place" in done.stderr, (checkout.root / ".venv").exists())

    assert seen == (True, False)


def test_a_folder_that_is_no_environment_is_never_removed(checkout: Checkout) -> None:
    """Somebody's own `.venv` folder is refused with a word, not deleted."""
    (checkout.root / ".venv").mkdir()
    (checkout.root / ".venv" / "mine").touch()
    checkout.add_python("python3", "exit 0")
    done = checkout.bootstrap()
    seen = (done.returncode, "is not a virtual environment" in done.stderr, (checkout.root / ".venv" / "mine").exists())

    assert seen == (1, True, True)
