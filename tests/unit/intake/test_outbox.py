"""Report files: their names, that they are whole, and how often they are written."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from execd.intake.outbox import PACE_NS, Outbox, Pace

ids = st.lists(st.text("aAbB", min_size=1, max_size=3), min_size=1, max_size=12)


def test_a_report_is_named_after_its_intent(tmp_path: Path) -> None:
    """outbox/<id>.json holds the latest report and nothing else lies there."""
    outbox = Outbox(tmp_path / "outbox")
    outbox.write("a1", b"1", is_terminal=False)
    outbox.write("a1", b"2", is_terminal=True)

    assert {"a1.json": b"2"} == {path.name: path.read_bytes() for path in (tmp_path / "outbox").iterdir()}


@given(ids)
def test_no_two_intents_share_a_name_whatever_the_file_system_does_with_case(names: list[str]) -> None:
    """Two ids that differ only by case get names that differ by more; the first keeps its own."""
    with TemporaryDirectory() as folder:
        outbox = Outbox(Path(folder))
    given_names = {intent_id: outbox.name_of(intent_id) for intent_id in names}

    assert len(given_names) == len({name.casefold() for name in given_names.values()})
    assert outbox.name_of(names[0]) == f"{names[0]}.json"


def test_a_name_outlives_a_restart(tmp_path: Path) -> None:
    """The second of two ids is the second for the next daemon too, in whatever order it asks."""
    outbox = Outbox(tmp_path)
    for intent_id in ("ab", "AB"):
        outbox.write(intent_id, b"{}", is_terminal=True)
    again = Outbox(tmp_path)

    assert (outbox.name_of("AB"), "ab.json") == (again.name_of("AB"), again.name_of("ab"))


def test_a_report_is_written_at_most_once_per_pace() -> None:
    """The first change is written at once, the next ones together when the pace is over."""
    pace = Pace()
    pace.changed("a")
    first = pace.due(0)
    pace.changed("a")
    pace.changed("b")
    early, next_ns = pace.due(1), pace.next_ns(1)
    late = pace.due(PACE_NS)

    assert (["a"], ["b"], PACE_NS, ["a"]) == (first, early, next_ns, late)


def test_a_terminal_report_leaves_nothing_behind() -> None:
    """What is forgotten is neither written again nor remembered."""
    pace = Pace()
    pace.changed("a")
    pace.forget("a")

    assert ([], None) == (pace.due(0), pace.next_ns(0))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3 * PACE_NS)), max_size=40))
def test_no_change_is_lost_and_none_is_hurried(changes: list[tuple[str, int]]) -> None:
    """Every change is followed by a write, and writes of one intent are a pace apart."""
    pace, now_ns, written = Pace(), 0, dict[str, list[int]]()
    for name, gap_ns in changes:
        now_ns += gap_ns
        pace.changed(name)
        for due in pace.due(now_ns):
            written.setdefault(due, []).append(now_ns)
    while (next_ns := pace.next_ns(now_ns)) is not None:
        now_ns = max(now_ns, next_ns)
        for due in pace.due(now_ns):
            written.setdefault(due, []).append(now_ns)
    gaps = [later - earlier for times in written.values() for earlier, later in pairwise(times)]

    assert {name for name, _ in changes} == set(written)
    assert all(gap >= PACE_NS for gap in gaps)
