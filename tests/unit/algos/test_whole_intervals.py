"""How many slices a span has: what is lost between a file and the start of its work takes none away."""

import pytest
from msgspec.structs import replace

from execd.algos.schedules import Shortfall, Twap
from execd.core.rules import S
from tests.unit.algos.views import seen
from tests.world import START_NS

HALF_HOUR_NS: int = 1_800 * S


@pytest.mark.parametrize(
    "interval_s, span_ns, expected",
    [
        (60, HALF_HOUR_NS, 30),
        (60, HALF_HOUR_NS - 40_000_000, 30),
        (60, HALF_HOUR_NS - S, 30),
        (60, HALF_HOUR_NS - S - 1, 29),
        (1, 10 * S, 10),
        (1, 10 * S - 100_000_000, 10),
        (1, 10 * S - 100_000_001, 9),
        (60, 59 * S, 1),
    ],
)
@pytest.mark.parametrize("kind", [Twap, Shortfall])
def test_a_span_that_is_short_by_a_moment_has_all_its_slices(
    kind: type[Twap | Shortfall], interval_s: int, span_ns: int, expected: int
) -> None:
    """SPEC 6.6: 30 min by 60 s are 30 slices, also where working starts a little after the file came."""
    view = replace(seen(100), expire_ns=START_NS + span_ns)
    pieces = kind(interval_ns=interval_s * S).outline(view)

    assert expected == len(pieces)
    assert pieces[-1].began_ns < pieces[-1].end_ns <= START_NS + span_ns
