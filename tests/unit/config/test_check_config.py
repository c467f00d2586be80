"""`execd check-config` and `execd config`: what a start would need is looked at, and nothing is touched."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from execd.cli.main import main
from execd.cli.provision import filesystem

REPOSITORY = Path(__file__).resolve().parents[3]
HEADER = "ts_ns,type,bid,bid_size,ask,ask_size,price,size,exch,cond,elig\n"
QUOTE = "1381152600000000000,Q,10.00,100,10.02,200,,,N,,\n"


class Bench:
    """A configuration file, a state directory that does not exist, and the command."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.file = folder / "execd.yaml"
        self._capsys = capsys

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run a command on the file; return its exit code, output and errors."""
        code = main([*words, "--config", str(self.file)])
        shown = self._capsys.readouterr()
        return code, shown.out, shown.err

    def check(self, text: str) -> tuple[int, dict[str, Any]]:
        """Return the exit code and the document of `check-config` for a configuration."""
        self.file.write_text(text)
        code, out, _ = self.run("check-config", "--json", "--state-dir", str(self.state))
        return code, json.loads(out)

    def level(self, text: str, name: str) -> tuple[int, str]:
        """Return the exit code and the level of one check."""
        code, document = self.check(text)
        return code, next(one["level"] for one in document["checks"] if one["name"] == name)


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Return a place to check in, without variables of ours."""
    for name in [name for name in os.environ if name.upper().startswith("EXEC")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    return Bench(tmp_path, capsys)


def test_a_configuration_that_can_be_used_is_ok_and_makes_nothing(bench: Bench) -> None:
    """Exit 0, every check ok, and not even the state directory is made."""
    code, document = bench.check("mode: trade\n")

    levels = {one["level"] for one in document["checks"] if one["name"] != "file system"}
    assert (0, True, {"ok"}) == (code, document["is_ok"], levels)
    assert [bench.file] == list(bench.folder.iterdir())


def test_a_wrong_configuration_ends_as_a_start_would(bench: Bench) -> None:
    """Exit 78 with file, line and the nearest name."""
    bench.file.write_text("mode: trade\nexecuton: {}\n")
    code, _, error = bench.run("check-config")

    assert (78, True) == (code, f"{bench.file}:2: executon: unknown key; did you mean execution?" in error)


def test_a_file_that_was_named_must_exist(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault H1: neither --config nor EXECD_CONFIG is passed over in silence."""
    code, _, error = bench.run("check-config")
    monkeypatch.setenv("EXECD_CONFIG", str(bench.folder / "absent.yaml"))

    assert (78, True) == (code, f"{bench.file}: cannot be read: No such file or directory" in error)
    assert 78 == main(["check-config"])


@pytest.mark.parametrize(
    "body, expected",
    [
        (None, "fail"),
        ("", "fail"),
        (HEADER, "fail"),
        ("a,b\n1,2\n", "fail"),
        (f"{HEADER}x,Q,1,1,1,1,,,N,,\n", "fail"),
        (f"{HEADER}{QUOTE}", "ok"),
    ],
)
def test_a_tape_is_read_to_its_first_row(bench: Bench, body: str | None, expected: str) -> None:
    """A tape that is not there, or is no tape, is found before the market opens."""
    tape = bench.folder / "aig.csv"
    if body is not None:
        tape.write_text(body)

    assert (0 if expected == "ok" else 78, expected) == bench.level(f"sim: {{source: tape, tapes: [{tape}]}}", "tape")


def test_the_directory_of_bars_must_be_there(bench: Bench) -> None:
    """History that is named and absent is a fault of the configuration."""
    there = bench.folder / "bars"
    there.mkdir()

    assert (78, "fail") == bench.level(f"refdata: {{bars_dir: {bench.folder / 'none'}}}", "bars")
    assert (0, "ok") == bench.level(f"refdata: {{bars_dir: {there}}}", "bars")


def test_a_state_directory_must_be_a_safe_place(bench: Bench) -> None:
    """Fault I16: a file under its name, or a directory that everybody may write, stops the start."""
    bench.state.write_text("")
    assert (78, "fail") == bench.level("mode: trade", "state")
    bench.state.unlink()
    bench.state.mkdir()
    bench.state.chmod(0o777)
    assert (78, "fail") == bench.level("mode: trade", "state")
    bench.state.chmod(0o750)

    assert (0, "ok") == bench.level("mode: trade", "state")
    assert [] == list(bench.state.iterdir())


def test_a_state_directory_of_somebody_else_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault I16: as a start would, by root too."""
    bench.state.mkdir()
    us = os.geteuid()
    if us == 0:
        os.chown(bench.state, 1234, 1234)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: us + 1)

    assert (78, "fail") == bench.level("mode: trade", "state")


def test_an_inbox_that_everybody_may_write_is_refused(bench: Bench) -> None:
    """Fault I16: whoever can drop a file can trade."""
    (bench.state / "inbox").mkdir(parents=True)
    assert (0, "ok") == bench.level("mode: trade", "inbox")
    (bench.state / "inbox").chmod(0o777)

    assert (78, "fail") == bench.level("mode: trade", "inbox")


def test_a_closure_must_be_a_day(bench: Bench) -> None:
    """A holiday on a day that does not exist would be one that is not kept."""
    assert (78, "fail") == bench.level('refdata: {closures: ["XNYS 2026-13-09"]}', "closures")
    assert (0, "ok") == bench.level('refdata: {closures: ["XNYS 2026-12-09"]}', "closures")


@pytest.mark.parametrize(
    "kind, expected", [("ext4", "ok"), ("tmpfs", "warn"), ("nfs4", "fail"), ("fuse.sshfs", "fail")]
)
def test_the_file_system_is_told(bench: Bench, kind: str, expected: str) -> None:
    """Fault B16: a journal on a network disk is refused, unless the operator takes the risk."""
    mounts = bench.folder / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - {kind} none rw\n")

    assert expected == filesystem(bench.state, is_allowed=False, mounts=mounts).level
    assert ("ok" if expected == "ok" else "warn") == filesystem(bench.state, is_allowed=True, mounts=mounts).level


def test_little_room_is_a_warning(bench: Bench) -> None:
    """With less than is asked for the daemon starts, and takes no new risk."""
    assert (0, "warn") == bench.level("journal: {disk_free_mib_min: 1048576}", "disk")


def test_a_port_must_be_free_or_ours(bench: Bench) -> None:
    """A taken port stops the start, unless the daemon of this state directory holds it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        text = f"surface: {{http_port: {other.getsockname()[1]}}}"

        assert (78, "fail") == bench.level(text, "port")
        bench.state.mkdir()
        with socket.socket(socket.AF_UNIX) as control:
            control.bind(str(bench.state / "control.sock"))
            control.listen()

            assert (0, "ok") == bench.level(text, "port")
    assert (0, "ok") == bench.level(text, "port")


def test_the_alert_program_must_be_found(bench: Bench) -> None:
    """A page that cannot be sent is found before it is needed."""
    assert (78, "fail") == bench.level("alerts: {exec: [/nowhere/page]}", "alerts.exec")
    assert (78, "fail") == bench.level(f"alerts: {{exec: [{bench.folder}]}}", "alerts.exec")
    assert (0, "ok") == bench.level("alerts: {exec: [sh, -c, page]}", "alerts.exec")


def test_the_group_of_the_socket_must_exist(bench: Bench) -> None:
    """A group that is not there would leave the operators outside."""
    assert (78, "fail") == bench.level("control: {socket_group: no-such-group}", "socket group")


def test_a_long_path_is_a_warning(bench: Bench) -> None:
    """Other programs cannot open a socket so deep; execd itself can."""
    bench.state = bench.folder / ("x" * 120)

    assert (0, "warn") == bench.level("mode: trade", "socket path")


def test_what_was_set_is_told_with_its_origin(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Overrides and warnings are in the text for people, secrets masked."""
    monkeypatch.setenv("EXECD_ALERTS__WEBHOOK", "https://x.example/canary")
    bench.file.write_text("sim:\n  seed: 9\n")
    code, out, _ = bench.run("check-config", "--state-dir", str(bench.state))

    assert (0, False) == (code, "canary" in out)
    assert [True] * 3 == [
        text in out for text in (f"sim.seed: 9                 {bench.file}:2", "alerts.webhook: **********", "/proc")
    ]


def test_config_show_prints_what_loads_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's output is a configuration file; --json has the digest."""
    bench.file.write_text("sim: {seed: 9}\n")
    _, document, _ = bench.run("config", "show", "--json")
    _, text, _ = bench.run("config", "show", "--origins")
    bench.file.write_text(text)
    _, again, _ = bench.run("config", "show", "--json")

    assert json.loads(document)["digest"] == json.loads(again)["digest"]
    assert "seed: 9                                   # " in text
    monkeypatch.setenv("EXECD_SIMM__SEED", "1")
    assert 78 == bench.run("config", "show")[0]


def test_config_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """It is JSON on standard output."""
    code = main(["config", "schema"])

    assert (0, "execd") == (code, json.loads(capsys.readouterr().out)["title"])
