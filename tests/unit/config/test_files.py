"""Files of configuration: whose they are, who may write them, and what may lie under their name."""

import os
import pwd
from pathlib import Path

import pytest

from execd.config.files import FILE_BYTES_MAX, unsafe
from execd.config.loader import load
from execd.errors import ConfigError


def told(file: Path) -> str:
    """Return the message with which a file is refused."""
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    return str(caught.value)


def status(*, user: int, group: int, mode: int) -> os.stat_result:
    """Return the status of a file."""
    return os.stat_result((mode | 0o100000, 1, 1, 1, user, group, 1, 0, 0, 0))


@pytest.mark.parametrize("mode, expected", [(0o666, "chmod o-w"), (0o602, "chmod o-w"), (0o662, "chmod o-w")])
def test_a_file_that_everybody_may_write_is_refused(tmp_path: Path, mode: int, expected: str) -> None:
    """Fault I16: whoever can write the file can raise a limit."""
    file = tmp_path / "execd.yaml"
    file.write_text("mode: trade\n")
    file.chmod(mode)

    assert f"{file}: may be written by everybody; run {expected} on it" == told(file)


def test_the_instruments_beside_it_are_held_to_the_same(tmp_path: Path) -> None:
    """Fault I16: a tick or a multiplier is as good as a limit."""
    (tmp_path / "execd.yaml").write_text("mode: trade\n")
    instruments = tmp_path / "instruments.yaml"
    instruments.write_text("SPY: {asset_class: ETF}\n")
    instruments.chmod(0o646)

    assert f"{instruments}: may be written by everybody; run chmod o-w on it" == told(tmp_path / "execd.yaml")


@pytest.mark.parametrize(
    "user, group, mode, expected",
    [
        (1000, 1000, 0o644, ""),
        (0, 0, 0o644, ""),
        (1001, 1001, 0o600, "belongs to user 1001, neither to us (1000) nor to root; run chown 1000 on it"),
        (1000, 4_000_000, 0o664, "may be written by its group; run chmod g-w on it"),
        (0, 4_000_000, 0o660, "may be written by its group; run chmod g-w on it"),
        (1000, 1000, 0o646, "may be written by everybody; run chmod o-w on it"),
    ],
)
def test_a_file_is_trusted_by_its_owner_and_mode(user: int, group: int, mode: int, expected: str) -> None:
    """Fault I16: it must be ours or root's, and nobody else may write it; reading it is no harm."""
    assert expected == unsafe(status(user=user, group=group, mode=mode), us=1000)


def test_the_group_of_a_user_alone_may_write() -> None:
    """Many systems give each user a group of their own and let it write: nobody else is in it."""
    me = pwd.getpwuid(0)

    assert "" == unsafe(status(user=0, group=me.pw_gid, mode=0o664), us=0)


def test_a_pipe_a_directory_and_a_giant_are_refused(tmp_path: Path) -> None:
    """Whatever lies under the name, the start neither waits nor fills the memory."""
    pipe, folder, giant = tmp_path / "pipe", tmp_path / "folder", tmp_path / "giant"
    os.mkfifo(pipe, 0o600)
    folder.mkdir()
    with giant.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)

    assert [f"{pipe}: is not a file", f"{folder}: is not a file", f"{giant}: larger than {FILE_BYTES_MAX} bytes"] == [
        told(pipe),
        told(folder),
        told(giant),
    ]


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    """Orchestrators mount configuration as links; what counts is the file that is opened."""
    (tmp_path / "real.yaml").write_text("sim: {seed: 3}\n")
    (tmp_path / "execd.yaml").symlink_to("real.yaml")

    assert 3 == load(tmp_path / "execd.yaml", {}).sim.seed


@pytest.mark.parametrize(
    "body, expected",
    [
        (b"\xff\xfe", ":1: not UTF-8"),
        (b"sim:\n  seed: \xff\n", ":2: not UTF-8"),
        (b"\x00", ":1: not YAML"),
        (b"a: &a [1]\nb: *a\n", ":1: anchors are not read"),
        (b"<<: {sim: {}}\n", ":1: merge keys are not read"),
        (b"a: 1\n---\nb: 2\n", "a second document"),
        (b"[" * 400, "nested deeper than 16"),
    ],
)
def test_what_nobody_could_see_is_not_read(tmp_path: Path, body: bytes, expected: str) -> None:
    """Faults H2 and I10: no anchors, merges, second documents or depths, and no bytes that are no text."""
    file = tmp_path / "execd.yaml"
    file.write_bytes(body)

    assert f"{file}" in told(file)
    assert expected in told(file)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("sim: {symbols: [NO, ON, TRUE, Y]}", ("NO", "ON", "TRUE", "Y")),
        ("sim: {symbols: NO}", ("NO",)),
    ],
)
def test_words_that_yaml_twists_stay_words(tmp_path: Path, text: str, expected: tuple[str, ...]) -> None:
    """Fault H2: NO is Norway's ticker and not false."""
    file = tmp_path / "execd.yaml"
    file.write_text(text)

    assert expected == load(file, {}).sim.symbols


@pytest.mark.parametrize(
    "text",
    [
        "market_data: {record: yes}",
        "market_data: {record: 'on'}",
        "market_data: {record: True}",
        "market_data: {record: 1}",
        "sim: {seed: 010}",
        "sim: {seed: 1_0}",
        "sim: {seed: 10.5}",
        "sim: {seed: true}",
        "sim: {speed: 1e3}",
        "sim: {speed: .5}",
        "sim: {speed: NaN}",
        "sim: {speed: .inf}",
        "sim: {speed: 12:30}",
        "sim: {speed: \N{FULLWIDTH DIGIT TWO}}",
        "surface: {http_port: 65536}",
        "surface: {http_port: -1}",
        "clock: {skew_alert_s: 31}",
        "control: {operators: [root]}",
    ],
)
def test_a_value_that_would_be_guessed_is_refused(tmp_path: Path, text: str) -> None:
    """Faults H2, I3, I5 and I7: what a lax reader would take for something else is an error with its line."""
    file = tmp_path / "execd.yaml"
    file.write_text(text)

    assert f"{file}:1: " in told(file)
