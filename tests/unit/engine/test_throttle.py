"""Token buckets as values: what they give, and when the next token is due."""

from decimal import Decimal
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from execd.core.rules import S, Throttle
from execd.engine.throttle import Bucket, buckets, take
from tests.world import START_NS, World, intent, quote

SHIPPED: Final = Throttle()


def _taken(bucket: Bucket, instants: list[int]) -> list[int]:
    got = []
    for now_ns in instants:
        bucket, due_ns = take(bucket, now_ns)
        if due_ns is None:
            got.append(now_ns)
    return got


@given(st.lists(st.integers(0, 5 * S), min_size=1, max_size=400))
def test_no_window_ever_holds_more_than_its_maximum(gaps: list[int]) -> None:
    """SPEC 10: never more than 150 in any 60 s, burst included."""
    instants = [sum(gaps[: n + 1]) // 20 for n in range(len(gaps))]

    got = _taken(buckets(SHIPPED).orders, instants)

    for n, first_ns in enumerate(got):
        within = [at_ns for at_ns in got[n:] if at_ns < first_ns + SHIPPED.window_ns]
        assert len(within) <= SHIPPED.window_max


@given(st.lists(st.integers(0, S), min_size=1, max_size=60), st.integers(1, 5))
def test_a_token_is_there_when_it_was_said_to_be_due_and_not_before(gaps: list[int], n: int) -> None:
    """The instant that `take` names is the first at which taking succeeds."""
    bucket, now_ns = buckets(SHIPPED).orders, 0
    for gap in gaps:
        now_ns += gap
        bucket, due_ns = take(bucket, now_ns, n)
        if due_ns is not None:
            assert take(bucket, due_ns, n)[1] is None
            assert take(bucket, due_ns - 1, n)[1] is not None


def test_a_burst_of_twenty_leaves_at_once_and_the_rest_at_the_rate() -> None:
    """Burst 20, then 130 a minute: thirty intents at once take 4.6 s, each priced when it leaves."""
    world = World()
    world.at(0, lambda: world.show(quote("AAPL", "200.00", "200.02", size=10_000)))
    for n in range(30):
        world.at(0, lambda n=n: world.drop(intent(f"p{n:02}", order_qty=Decimal(1))))  # type: ignore[misc]
    world.at(2, lambda: world.show(quote("AAPL", "200.10", "200.12", size=10_000)))
    world.run(10)

    sent_s = [(order.sent_ns - START_NS) / S for order in world.book.orders.values()]
    assert [0.0] * 20 == sent_s[:20]
    assert 10 * 60 / 130 - 0.01 < sent_s[-1] < 10 * 60 / 130 + 0.01
    assert {"200.11", "200.21"} == {str(request.price) for request in world.submitted}
