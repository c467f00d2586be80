"""Secrets come from files, and from there only secrets; nobody ever sees one."""

import os
from pathlib import Path

import pytest

from execd.config.loader import Loaded, read
from execd.config.plain import plain
from execd.config.reload import changes
from execd.config.settings import Settings
from execd.config.show import as_document, yaml_text
from execd.errors import ConfigError

CANARY = "canary-7f3a"
URL = f"https://pager.example/{CANARY}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a directory of secrets with one of ours in it."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    put(folder, "alerts__webhook", f"{URL}\n")
    return folder


def put(folder: Path, name: str, text: str, *, mode: int = 0o600) -> Path:
    """Write a secret file."""
    file = folder / name
    file.write_text(text)
    file.chmod(mode)
    return file


def loaded(env: dict[str, str], shared: Path) -> Loaded:
    """Return the configuration, where `shared` stands for the directory of containers."""
    return read(None, env, shared_secrets=shared)


def told(env: dict[str, str], shared: Path) -> str:
    """Return the message with which secrets are refused; it never holds one."""
    with pytest.raises(ConfigError) as caught:
        loaded(env, shared)
    assert CANARY not in str(caught.value)
    return str(caught.value)


def test_a_secret_is_read_from_each_place_in_its_order(folder: Path, tmp_path: Path) -> None:
    """`secrets_dir` is asked first, then systemd's directory, then that of containers; a line end is taken off."""
    none = tmp_path / "none"
    other = tmp_path / "other"
    other.mkdir()
    put(other, "alerts__webhook", "https://other.example/")

    for env, shared in (
        ({"EXECD_SECRETS_DIR": str(folder), "CREDENTIALS_DIRECTORY": str(other)}, other),
        ({"CREDENTIALS_DIRECTORY": str(folder)}, other),
        ({}, folder),
    ):
        found = loaded(env, shared)

        assert (URL, ()) == (found.settings.alerts.webhook.get_secret_value(), found.warnings)
        assert f"secret file {folder / 'alerts__webhook'}" == found.origin(("alerts", "webhook"))
    assert "" == loaded({}, none).settings.alerts.webhook.get_secret_value()


def test_a_directory_that_was_named_must_exist(tmp_path: Path) -> None:
    """Only the shared directory may be absent."""
    assert "secrets cannot be read" in told({"EXECD_SECRETS_DIR": str(tmp_path / "absent")}, tmp_path)
    assert "secrets cannot be read" in told({"CREDENTIALS_DIRECTORY": str(tmp_path / "absent")}, tmp_path)


@pytest.mark.parametrize("variable", ["EXECD_SECRETS_DIR", "CREDENTIALS_DIRECTORY"])
def test_a_name_that_is_no_secret_of_ours_is_refused(folder: Path, tmp_path: Path, variable: str) -> None:
    """Fault H1: a misspelt secret would be no alert at all; the nearest name is told."""
    put(folder, "alerts__webhok", CANARY)

    assert "did you mean alerts__webhook?" in told({variable: str(folder)}, tmp_path)
    (folder / "alerts__webhok").rename(folder / "database_password")

    assert "'database_password' is the name of no secret of ours; known are" in told({variable: str(folder)}, tmp_path)


def test_files_of_others_may_lie_in_the_shared_directory(folder: Path) -> None:
    """Where containers get theirs only a near miss of ours is refused; dotted names are the orchestrator's."""
    put(folder, "database_password", CANARY)
    put(folder, "..data", CANARY)
    assert URL == loaded({}, folder).settings.alerts.webhook.get_secret_value()
    put(folder, "ALERTS__WEBHOOK_", CANARY)

    assert "did you mean alerts__webhook?" in told({}, folder)


def test_only_secrets_come_from_there(folder: Path, tmp_path: Path) -> None:
    """A limit that lies beside the secrets would be seen by nobody."""
    put(folder, "execution__offset_bps", "7")

    assert "execution.offset_bps is no secret" in told({"EXECD_SECRETS_DIR": str(folder)}, tmp_path)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", "is empty"),
        ("\n", "is empty"),
        (f"ftp://{CANARY}", "is no address"),
        (f"https://me:{CANARY}@host/x", "has a user or a password before its host"),
        (f"https://x/{CANARY}\nb", "no address"),
    ],
)
def test_what_is_no_secret_is_refused_without_being_shown(
    folder: Path, tmp_path: Path, text: str, expected: str
) -> None:
    """Fault I12: no error holds a secret, also not one that is wrong."""
    put(folder, "alerts__webhook", text)

    assert expected in told({"EXECD_SECRETS_DIR": str(folder)}, tmp_path)


def test_bytes_a_pipe_a_directory_and_a_giant_are_refused(folder: Path, tmp_path: Path) -> None:
    """Whatever lies there, the start neither waits nor breaks."""
    file, env = folder / "alerts__webhook", {"EXECD_SECRETS_DIR": str(folder)}
    file.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in told(env, tmp_path)
    file.write_bytes(b"x" * 70_000)
    assert "larger than 65536 bytes" in told(env, tmp_path)
    file.unlink()
    os.mkfifo(file)
    assert "is not a file" in told(env, tmp_path)
    file.unlink()
    file.mkdir()

    assert "is not a file" in told(env, tmp_path)


@pytest.mark.parametrize("mode, warns", [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_secret_that_others_can_read_is_a_warning(folder: Path, tmp_path: Path, mode: int, *, warns: bool) -> None:
    """Fault I16: the alert still works, but it is told."""
    (folder / "alerts__webhook").chmod(mode)
    found = loaded({"EXECD_SECRETS_DIR": str(folder)}, tmp_path)

    assert warns == any("run chmod 600 on it" in warning for warning in found.warnings)


@pytest.mark.parametrize("mode", [0o602, 0o666, 0o777])
def test_a_secret_that_everybody_can_write_is_refused(folder: Path, tmp_path: Path, mode: int) -> None:
    """Fault I16: whoever can replace where alarms go can keep them; the start is refused, as with a configuration."""
    (folder / "alerts__webhook").chmod(mode)

    assert "may be written by everybody" in told({"EXECD_SECRETS_DIR": str(folder)}, tmp_path)


def test_the_mask_of_systemds_access_list_is_no_exposure(folder: Path, tmp_path: Path) -> None:
    """In systemd's directory the rights of the group are the mask of the list that lets us in."""
    (folder / "alerts__webhook").chmod(0o440)

    assert () == loaded({"CREDENTIALS_DIRECTORY": str(folder)}, tmp_path).warnings
    (folder / "alerts__webhook").chmod(0o404)

    assert 1 == len(loaded({"CREDENTIALS_DIRECTORY": str(folder)}, tmp_path).warnings)


def test_a_variable_wins_over_a_file_and_both_are_told(folder: Path) -> None:
    """The environment wins as everywhere; that it shows in /proc, and that the file is not used, are warnings."""
    found = loaded({"EXECD_ALERTS__WEBHOOK": "https://mine.example/"}, folder)

    assert "https://mine.example/" == found.settings.alerts.webhook.get_secret_value()
    assert [True, True] == [
        any(part in warning for warning in found.warnings)
        for part in ("shows in /proc", "not used, for environment variable EXECD_ALERTS__WEBHOOK is set, too")
    ]


def test_a_secret_in_a_file_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    """A configuration file may hold one, if nobody else can read it."""
    file = put(tmp_path, "execd.yaml", f"alerts: {{webhook: '{URL}'}}\n", mode=0o644)
    open_to_all = read(file, {}, shared_secrets=tmp_path / "none").warnings
    file.chmod(0o600)

    assert ["holds a secret (alerts.webhook) and can be read by others" in text for text in open_to_all] == [True]
    assert () == read(file, {}, shared_secrets=tmp_path / "none").warnings


def test_a_secret_shows_nowhere(folder: Path, tmp_path: Path) -> None:
    """Fault I12: not in repr, str, a dump, the digest's text, a reload's answer, or what the CLI prints."""
    found = loaded({"EXECD_SECRETS_DIR": str(folder)}, tmp_path)
    settings = found.settings
    shown = (
        repr(settings),
        str(settings),
        f"{settings.alerts.webhook}",
        settings.model_dump_json(),
        repr(settings.model_dump()),
        repr(plain(settings)),
        repr(found),
        yaml_text(found, has_origins=True),
        repr(as_document(found)),
        repr(changes(Settings(), settings)),
    )

    assert [CANARY in text for text in shown] == [False] * len(shown)
    assert "**********" in settings.model_dump_json()
    assert settings.digest() != Settings().digest()
