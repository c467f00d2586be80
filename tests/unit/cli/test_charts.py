"""Steps over time in a terminal, to the character."""

from hypothesis import given
from hypothesis import strategies as st

from execd.cli.charts import steps

LABELS = ("100", "0", "10:00", "10:04")


def test_a_chart_of_four_even_steps() -> None:
    """Each step is a quarter of the height and of the width; the last lasts as long as the others."""
    points = [(0, 0.25), (10, 0.5), (20, 0.75), (30, 1.0)]

    assert [
        "100 │      ██",
        "    │    ████",
        "    │  ██████",
        "  0 │████████",
        "    └────────",
        "     10:0010:04",
    ] == steps(points, until=40, width=8, height=4, labels=LABELS)


def test_what_is_not_nothing_is_seen() -> None:
    """A thousandth is an eighth of a line."""
    lines = steps([(0, 0.001)], until=10, width=4, height=2, labels=LABELS)

    assert ["100 │", "  0 │▁▁▁▁"] == lines[:2]


def test_without_points_there_is_nothing_to_draw() -> None:
    """A schedule that follows others has no times of its own."""
    assert [] == steps([], until=10, width=4, height=2, labels=LABELS)


@given(
    shares=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=50),
    width=st.integers(1, 80),
    height=st.integers(1, 20),
)
def test_a_chart_keeps_its_size(shares: list[float], width: int, height: int) -> None:
    """However many steps: so many lines, none wider than asked; two instants that are one divide by nothing."""
    points = [(n, share) for n, share in enumerate(sorted(shares))]
    lines = steps(points, until=points[-1][0], width=width, height=height, labels=LABELS)

    assert height + 2 == len(lines)
    assert all(len(line) <= len("100 │") + max(width, len("10:0010:04")) for line in lines)
