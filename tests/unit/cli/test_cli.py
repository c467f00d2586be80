"""Commands without a daemon: their shape, their words, and the demo's care."""

import socket
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from execd.cli.client import ask
from execd.cli.demo_blotter import bar, cost_text, px_text, spark, status_text
from execd.cli.demo_world import MARK, fresh, samples
from execd.cli.exits import CliError, Exit
from execd.cli.main import COMMANDS, _refused, main, parser
from execd.cli.show import readable, table
from execd.core.enums import ParentStatus
from execd.runtime.paths import StatePaths
from execd.surface.web import unix_socket


def test_every_command_is_in_the_help() -> None:
    """Each command has its line."""
    told = parser().format_help()

    assert [name for name in COMMANDS if name.replace("_", "-") not in told] == []


def test_a_table_is_aligned() -> None:
    """Columns are as wide as their widest cell; numbers stand right."""
    text = table(["A", "N"], [["x", "1"], [("long", "ok"), "100"]], right=frozenset({"N"}))

    assert text == "A       N\nx       1\nlong  100"


def test_an_instant_in_a_text_becomes_a_time() -> None:
    """Nineteen digits are an instant; other numbers stay."""
    assert readable("starts at 1700000000000000000, 100 shares") == "starts at 22:13:20 UTC, 100 shares"


def test_version_needs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """`execd version` prints name and number."""
    code = main(["version"])

    assert (code, capsys.readouterr().out.startswith("execd ")) == (0, True)


def test_what_is_refused_in_a_file_is_told_with_its_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A preview says where to look, as rejected/*.error.json does; what says it already says it once."""
    told = []
    for text in ("side: not a side", "not YAML, at line 3"):
        error = CliError(Exit.ERROR, text, kind="bad_value", line=3)
        _refused(error, ["preview"])
        told.append(capsys.readouterr().err)

    assert [
        "execd preview: line 3: side: not a side (bad_value)\n",
        "execd preview: not YAML, at line 3 (bad_value)\n",
    ] == told


def test_a_socket_whose_path_is_too_long_for_the_kernel_is_reached(tmp_path: Path) -> None:
    """A deep state directory works on both ends."""
    folder = tmp_path / ("d" * 90) / ("e" * 60)
    folder.mkdir(parents=True)
    paths = StatePaths(folder)
    with unix_socket(paths.socket) as door:
        door.listen()
        answering = threading.Thread(target=answer_once, args=(door,))
        answering.start()
        told = ask(paths, "GET", "/v1/status")
        answering.join()

    assert told == {"is_ready": True}


def answer_once(door: socket.socket) -> None:
    """Answer one request as the daemon would."""
    line, _ = door.accept()
    with line:
        line.recv(1_000)
        line.sendall(b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"is_ready": true}')


def test_the_socket_is_only_ours(tmp_path: Path) -> None:
    """Nobody else may open the control socket."""
    with unix_socket(tmp_path / "control.sock"):
        mode = (tmp_path / "control.sock").stat().st_mode & 0o777

    assert mode == 0o600


def test_the_demo_removes_only_what_a_demo_made(tmp_path: Path) -> None:
    """A directory with somebody's files is refused and untouched; one with the mark is made new."""
    paths = StatePaths(tmp_path / "state")
    paths.root.mkdir()
    (paths.root / "precious").touch()
    with pytest.raises(CliError) as refused:
        fresh(paths)
    kept = (paths.root / "precious").exists()
    (paths.root / MARK).touch()
    fresh(paths)

    left = [path.name for path in paths.root.iterdir()]
    assert (refused.value.code, kept, left) == (Exit.ERROR, True, [MARK])


def test_the_demo_has_its_samples() -> None:
    """Every file of the story is there."""
    assert all(file.is_file() for file in samples())


@pytest.mark.parametrize("status", list(ParentStatus))
def test_every_status_has_its_colour(status: ParentStatus) -> None:
    """No status is shown as unknown."""
    if status is not ParentStatus.RECEIVED:  # It is never seen: what is received is queued or rejected at once.
        assert status_text(status).plain[0] != "?"


BARS = [("0", "100", 0), ("50", "100", 5), ("100", "100", 10), ("150", "100", 10)]


@pytest.mark.parametrize("cum_qty, qty, cells", BARS)
def test_a_bar_is_as_long_as_what_is_filled(cum_qty: str, qty: str, cells: int) -> None:
    """Ten cells are the whole; an overfill is not longer."""
    drawn = bar({"cum_qty": cum_qty, "qty": qty}).plain

    assert (drawn.count("█"), drawn.endswith(f" {cum_qty}/{qty}")) == (cells, True)


def test_a_cost_has_its_sign() -> None:
    """Positive is worse for us."""
    assert [cost_text(bps).plain for bps in ("1.5", "-0.2", None)] == ["+1.50", "-0.20", "–"]


def test_a_price_has_at_least_two_places() -> None:
    """Prices in a column line up; finer ones keep what they have."""
    assert [px_text(px) for px in ("190", "189.9", "0.1234", None)] == ["190.00", "189.90", "0.1234", "–"]


def test_a_spark_rises_with_its_values() -> None:
    """The lowest value is the lowest sign, the highest the highest; a price that stands lies in the middle."""
    rising, standing = spark([Decimal(1), Decimal(2), Decimal(8)]), spark([Decimal(5)] * 3)

    assert (rising[0], rising[-1], standing) == ("▁", "█", "▄▄▄")
