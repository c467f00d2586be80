"""A daemon that dies again and again starts reduce-only; one that is stopped as it should be does not."""

from functools import partial
from pathlib import Path

import pytest

from execd.intake.outbox import write_whole
from execd.runtime.starts import KEPT_MAX, Starts, StartsFile
from tests.unit.runtime.ports import NOW_NS, S

WINDOW_NS = 600 * S


def life(path: Path, at_s: float) -> bool:
    """Begin a life at that second; whether it is reduce-only."""
    trouble = starts_of(path).begin(NOW_NS + int(at_s * S), window_ns=WINDOW_NS, unclean_max=3)
    return trouble is not None


def starts_of(path: Path) -> StartsFile:
    """Return the file as a daemon uses it."""
    return StartsFile(path, partial(write_whole, is_durable=True))


STORIES = [
    # Seconds of starts whose lives all end uncleanly, and whether each is reduce-only.
    ([0], [False]),
    ([0, 1, 2], [False, False, False]),
    ([0, 1, 2, 3], [False, False, False, True]),
    ([0, 1, 2, 3, 4], [False, False, False, True, True]),
    ([0, 300, 600, 900, 1200], [False] * 3 + [True] * 2),
    ([0, 400, 800, 1200, 1600], [False] * 5),
]


@pytest.mark.parametrize("at_s, expected", STORIES)
def test_three_unclean_ends_within_the_window_make_a_start_reduce_only(
    at_s: list[float], expected: list[bool], tmp_path: Path
) -> None:
    """Fault G5: the third start in ten minutes that follows a death takes no new risk, and pages."""
    path = tmp_path / "starts.json"

    assert expected == [life(path, one) for one in at_s]


def test_a_clean_stop_takes_the_mark_back(tmp_path: Path) -> None:
    """After a stop that was asked for, counting begins anew."""
    path = tmp_path / "starts.json"
    for at_s in (0, 1, 2):
        life(path, at_s)
    starts_of(path).end_clean()

    assert [False, False, False] == [life(path, at_s) for at_s in (3, 4, 5)]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"is_running":3}', b"\xff\x00" * 9])
def test_a_file_that_cannot_be_read_counts_as_an_unclean_end(body: bytes, tmp_path: Path) -> None:
    """It never stops a start, and it is whole again afterwards."""
    path = tmp_path / "starts.json"
    path.write_bytes(body)
    told = [life(path, at_s) for at_s in (0, 1, 2)]

    assert [False, False, True] == told


def test_a_disk_that_takes_nothing_stops_no_start(tmp_path: Path) -> None:
    """The mark is lost, the daemon lives."""
    assert not life(tmp_path / "absent" / "starts.json", 0)


def test_what_is_remembered_is_bounded() -> None:
    """A crash loop of a second a time does not grow the file."""
    starts = Starts()
    for n in range(3 * KEPT_MAX):
        starts = starts.begun(NOW_NS + n, WINDOW_NS)

    assert len(starts.unclean_ns) == KEPT_MAX
