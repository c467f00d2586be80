"""What commands say when no daemon runs, when nobody reads them, and when they are used wrongly.

After a crash the journal answers; every error has one shape for scripts; completion works in a real shell.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from execd.cli.main import COMMANDS
from tests.acceptance.daemon import Execd, buy

IN_PROCESS = {"EXECD_SIM__PROCESS": "false"}


def test_the_journal_answers_after_a_crash(execd: Execd) -> None:
    """Orders, fills, positions and explain are read from the journal of a killed daemon, and say so. Fault G1."""
    execd.start(**IN_PROCESS)
    execd.until_ready()
    execd.drop("done.json", buy("done", qty=3))
    execd.ended("done")
    alive = {name: execd.json(*name.split()) for name in ("orders", "orders --id done", "fills", "positions")}
    chain = execd.json("explain", "done")
    execd.end(signal.SIGKILL)
    before = digest(execd.root)
    dead = {name: execd.json(*name.split()) for name in alive}
    told = execd.run("explain", "done")

    assert (alive, chain, 0, "from the journal; execd is not running\n", before) == (
        dead,
        execd.json("explain", "done"),
        told.returncode,
        told.stderr,
        digest(execd.root),
    )


def digest(root: Path) -> dict[str, str]:
    """Return what the journal's files hold; the reader's index of the write-ahead file is no content."""
    files = [root / "journal.db", root / "journal.db-wal"]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.exists()}


def test_without_a_daemon_an_unknown_id_is_not_found_and_a_verb_is_not_running(execd: Execd) -> None:
    """What the journal does not know ends with 4; what must be done by a daemon ends with 3."""
    execd.start(**IN_PROCESS)
    execd.until_ready()
    execd.end()
    commands = ("explain nobody", "fills nobody", "orders --id nobody", "cancel nobody", "status", "alerts", "reload")
    told = {command: execd.run(*command.split()).returncode for command in commands}

    assert dict(zip(commands, (4, 4, 4, 3, 3, 3, 3), strict=True)) == told


ERRORS = [
    ("status", 3, "not_running"),
    ("explain x", 3, "not_running"),
    ("submit /does/not/exist.json", 2, "usage"),
    ("submit --wait=-1 -", 2, "usage"),
    ("submit --wait=nan -", 2, "usage"),
    ("resume", 2, "usage"),
    ("resume x --halt", 2, "usage"),
    ("release x", 2, "usage"),
    ("adopt --symbol A --qty 1 --sleeve s --reason r", 2, "usage"),
    ("ack", 2, "usage"),
    ("dance", 2, "usage"),
    ("orders --colour", 2, "usage"),
    ("check-config --config /does/not/exist.yaml", 78, "config"),
]


@pytest.mark.parametrize("command, exit_code, code", ERRORS, ids=[row[0] for row in ERRORS])
def test_an_error_has_one_shape_for_scripts(execd: Execd, command: str, exit_code: int, code: str) -> None:
    """With --json an error is a document on standard output; for people it is a line on the other one."""
    done = execd.run(*command.split(), "--json", text="{}")
    told = json.loads(done.stdout)

    assert (exit_code, code, {"code", "message", "field", "line"}, True) == (
        done.returncode,
        told["code"],
        set(told),
        told["message"] in done.stderr,
    )


@pytest.mark.parametrize("command", ["version", "version --json", "schema intent", "completion bash"])
def test_output_that_cannot_be_written_is_an_error_and_no_traceback(execd: Execd, command: str) -> None:
    """A full disk behind standard output ends with 1 and a line."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "execd.cli", *command.split()],
            env=execd.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    told = ("No space left on device" in done.stderr, "Traceback" in done.stderr)
    assert (1, (True, False)) == (done.returncode, told)


def test_a_reader_that_has_gone_is_no_error(execd: Execd) -> None:
    """`execd … | head -1` ends well."""
    pipe = f"{sys.executable} -m execd.cli schema intent; echo $? >&2"
    done = subprocess.run(
        ["bash", "-c", f"({pipe}) | head -c 1"], env=execd.environment, capture_output=True, text=True, check=False
    )

    assert "0\n" == done.stderr


def completed(execd: Execd, line: str, path: Path) -> list[str]:
    """Return what bash offers at the end of a line; `execd` is the real program."""
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    script = (
        "source <(execd completion bash)\n"
        f"COMP_WORDS=({quoted}) COMP_CWORD={len(words) - 1}\n"
        "_execd\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environment = execd.environment | {"PATH": f"{path}:{os.environ['PATH']}", "EXECD_STATE_DIR": str(execd.root)}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_bash_completes_commands_options_and_ids(execd: Execd, tmp_path: Path) -> None:
    """In a real shell: each command, the options of one, and the ids of open intents asked from the daemon."""
    program = tmp_path / "bin" / "execd"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m execd.cli "$@"\n')
    program.chmod(0o755)
    execd.start(**IN_PROCESS)
    execd.until_ready()
    execd.drop("open-1.json", buy("open-1", limit_price="1", deadline="10m"))
    execd.until(lambda: execd.report("open-1"), what="accepted intent")

    assert (
        {name.replace("_", "-") for name in COMMANDS},
        ["--limit"],
        ["open-1"],
        ["open-1"],
        [],
    ) == (
        set(completed(execd, "execd ", program.parent)),
        completed(execd, "execd amend open-1 --li", program.parent),
        completed(execd, "execd cancel op", program.parent),
        completed(execd, f"execd explain --state-dir {execd.root} op", program.parent),
        completed(execd, "execd cancel zz", program.parent),
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_understood_by_it(execd: Execd, shell: str, tmp_path: Path) -> None:
    """Each script has every command; where the shell is installed it parses it."""
    script = execd.run("completion", shell).stdout
    file = tmp_path / "script"
    file.write_text(script)
    program = shutil.which(shell)
    parsed = 0 if program is None else subprocess.run([program, "-n", str(file)], check=False).returncode

    assert (0, []) == (parsed, [name for name in COMMANDS if name.replace("_", "-") not in script])
