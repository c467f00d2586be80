"""One account's tokens and counts as values: what they give, to whom, and when to ask again."""

from decimal import Decimal
from functools import partial
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from execd.core.enums import RequestClass
from execd.core.rules import S, Throttle
from execd.engine.throttle import (
    FORGIVEN_NS,
    JITTER_NS,
    LIMITED_NS_MAX,
    TOLD_NS_MAX,
    URGENT_NS_MAX,
    Buckets,
    Count,
    buckets,
    limited,
    plus,
    remembered,
    ruled,
    since,
    take,
    used,
)
from tests.world import START_NS, World, intent, quote

SHIPPED: Final = Throttle()
FLATTEN, CANCEL, PROTECTIVE, REPLACE, NEW, READ = RequestClass
ASKED: Final = st.lists(st.tuples(st.integers(0, S), st.sampled_from(RequestClass)), min_size=1, max_size=600)
Sent = list[tuple[int, RequestClass]]


def _sent(known: Buckets, asked: list[tuple[int, RequestClass]]) -> Sent:
    """Return what leaves when requests are asked for after these gaps."""
    sent, now_ns = [], START_NS
    for gap_ns, kind in asked:
        now_ns += gap_ns
        known, due_ns = take(known, kind, now_ns)
        if due_ns is None:
            sent.append((now_ns, kind))
    return sent


def _storm(kind: RequestClass, n: int = 1_000, at_ns: int = START_NS, known: Buckets | None = None) -> Buckets:
    """Return the buckets after so many of a class were asked for at one instant."""
    known = buckets(SHIPPED) if known is None else known
    for _ in range(n):
        known, _ = take(known, kind, at_ns)
    return known


@given(ASKED)
def test_no_window_ever_holds_more_than_its_maximum(asked: Sent) -> None:
    """SPEC 10: never more than 150 new orders and replaces, nor more than the ceiling in all, in any 60 s."""
    sent = _sent(buckets(SHIPPED), [(gap_ns // 8, kind) for gap_ns, kind in asked])

    for n, (first_ns, _) in enumerate(sent):
        within = [kind for at_ns, kind in sent[n:] if at_ns < first_ns + SHIPPED.window_ns]
        assert len(within) <= SHIPPED.requests_max
        assert sum(kind.is_order for kind in within) <= SHIPPED.window_max


@given(ASKED, st.sampled_from(RequestClass))
def test_a_request_is_told_to_come_again_no_later_than_it_may_leave(asked: Sent, kind: RequestClass) -> None:
    """Whoever waits does not sleep through its token: a nanosecond before the instant it is told there is none."""
    known, now_ns = buckets(SHIPPED), START_NS
    for gap_ns, one in asked:
        now_ns += gap_ns // 16
        known, _ = take(known, one, now_ns)
    _, due_ns = take(known, kind, now_ns)
    if due_ns is not None:
        assert due_ns > now_ns
        assert take(known, kind, due_ns - 1)[1] is not None


@given(ASKED, st.sampled_from(RequestClass))
def test_who_comes_again_when_it_was_told_to_leaves_in_the_end(asked: Sent, kind: RequestClass) -> None:
    """Asking again at each instant that is named ends with a token, after no more tries than there were requests."""
    known, now_ns = buckets(SHIPPED), START_NS
    for gap_ns, one in asked:
        now_ns += gap_ns // 16
        known, _ = take(known, one, now_ns)
    tries_n, due_ns = 0, take(known, kind, now_ns)[1]
    while due_ns is not None:
        tries_n, due_ns = tries_n + 1, take(known, kind, due_ns)[1]

    assert tries_n <= SHIPPED.requests_max


@given(ASKED)
def test_what_is_kept_for_cancels_is_there_whatever_else_was_sent(asked: Sent) -> None:
    """Orders and questions never use what is kept: thirty cancels or flatten leave at once."""
    others = [(gap_ns // 16, kind) for gap_ns, kind in asked if not kind.is_urgent]
    known, now_ns = buckets(SHIPPED), START_NS
    for gap_ns, kind in others:
        now_ns += gap_ns
        known, _ = take(known, kind, now_ns)
    left_n = 0
    for _ in range(SHIPPED.cancel_reserve):
        known, due_ns = take(known, FLATTEN if left_n % 2 else CANCEL, now_ns)
        left_n += due_ns is None

    assert left_n >= SHIPPED.cancel_reserve - 5
    assert take(known, FLATTEN, now_ns)[1] is None


def test_each_class_has_what_is_kept_for_it() -> None:
    """At one instant: 20 orders by the burst, 170 questions, 195 cancels, or 200 flatten."""
    first = {kind: used(_storm(kind), START_NS) for kind in (NEW, READ, CANCEL, FLATTEN)}
    after_all = used(_storm(READ, known=_storm(NEW)), START_NS)

    assert {NEW: (20, 0, 0), READ: (0, 0, 170), CANCEL: (0, 195, 0), FLATTEN: (0, 200, 0)} == first
    assert (20, 0, 150) == after_all


def test_questions_keep_their_part_beside_a_flood_of_orders() -> None:
    """What the window of orders and the reserve of cancels leave of the ceiling is for questions: twenty a minute."""
    known, now_ns = buckets(SHIPPED), START_NS
    for _ in range(600):
        known, now_ns = take(known, NEW, now_ns)[0], now_ns + S // 10
    sent_n = used(known, now_ns)[0]
    for _ in range(600):
        known, _ = take(known, READ, now_ns)

    assert 120 < sent_n <= 150
    assert used(known, now_ns)[2] >= 20


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=300), st.integers(1, 50))
def test_a_sliding_count_is_the_list_of_what_came_lately(steps: list[tuple[bool, int]], window: int) -> None:
    """However adding and forgetting are mixed, it counts and finds the oldest as a plain list does."""
    count, plain, now = Count(), list[int](), 0
    for is_new, gap in steps:
        now += gap
        if is_new:
            count = plus(count, now)
            plain.append(now)
        else:
            count = since(count, now - window)
            plain = [at for at in plain if at > now - window]
    count = since(count, now - window)
    plain = [at for at in plain if at > now - window]

    assert len(plain) == count.n
    assert not plain or plain[0] == count.oldest_ns


@given(st.integers(1, 40), st.integers(0, 3_600 * S))
def test_a_broker_that_says_429_is_left_alone_for_longer_each_time(times_n: int, told_ns: int) -> None:
    """Nothing leaves before what the broker said, or 1, 2, 4 s and so on to a minute; cancels try after 8 s at most."""
    known, now_ns = buckets(SHIPPED), START_NS
    for n in range(times_n):
        until_ns = now_ns + told_ns if told_ns else 0
        known = limited(known, now_ns, until_ns, "sim")
        wanted_ns = min(told_ns, TOLD_NS_MAX) if told_ns else min(S << n, LIMITED_NS_MAX)
        _, order_ns = take(known, NEW, now_ns)
        _, read_ns = take(known, READ, now_ns)
        _, cancel_ns = take(known, CANCEL, now_ns)
        assert order_ns == read_ns == known.closed_ns
        assert wanted_ns <= order_ns - now_ns <= wanted_ns + JITTER_NS
        assert cancel_ns is not None
        assert cancel_ns - now_ns <= min(URGENT_NS_MAX, wanted_ns)
        now_ns = known.closed_ns

    assert take(known, NEW, now_ns)[1] is None


def test_requests_that_were_on_their_way_together_count_as_one_429() -> None:
    """Ten answers of the same moment do not make ten pauses; a calm minute makes the next one the first again."""
    once = limited(buckets(SHIPPED), START_NS, 0, "sim")
    ten = once
    for _ in range(9):
        ten = limited(ten, START_NS + S // 10, 0, "sim")
    later_ns = ten.closed_ns + FORGIVEN_NS

    assert once == ten
    assert 1 == limited(ten, later_ns, 0, "sim").limited_n
    assert 2 == limited(ten, ten.closed_ns, 0, "sim").limited_n


def test_a_time_to_wait_until_that_is_past_is_as_good_as_none() -> None:
    """Fault C11: a reset that lies behind us does not open the account at once."""
    known = limited(buckets(SHIPPED), START_NS, START_NS - 100 * S, "sim")

    assert S <= known.closed_ns - START_NS <= S + JITTER_NS


@given(ASKED)
def test_a_restart_gives_no_fresh_burst(asked: Sent) -> None:
    """What the journal remembers of the last minute counts as it did before the restart."""
    sent = _sent(buckets(SHIPPED), [(gap_ns // 16, kind) for gap_ns, kind in asked])
    now_ns = sent[-1][0] if sent else START_NS
    known = remembered(SHIPPED, reversed(sent), now_ns)
    more = _sent(known, [(0, NEW)] * 200)

    for n, (first_ns, _) in enumerate(sent):
        within = [kind for at_ns, kind in sent[n:] if at_ns < first_ns + SHIPPED.window_ns]
        if now_ns < first_ns + SHIPPED.window_ns:
            assert len(within) + len(more) <= SHIPPED.requests_max
            assert sum(kind.is_order for kind in within) + len(more) <= SHIPPED.window_max


def test_other_rules_do_not_forget_what_has_left() -> None:
    """A reload in the middle of a minute is no fresh burst either."""
    known = ruled(_storm(NEW), Throttle(burst=40, per_min=150))

    assert take(known, NEW, START_NS)[1] is not None


def test_a_burst_of_twenty_leaves_at_once_and_the_rest_at_the_rate() -> None:
    """Burst 20, then 130 a minute: thirty intents at once take 4.6 s, each priced when it leaves."""
    world = World()
    world.at(0, lambda: world.show(quote("AAPL", "200.00", "200.02", size=10_000)))
    for n in range(30):
        world.at(0, partial(world.drop, intent(f"p{n:02}", order_qty=Decimal(5))))
    world.at(2, lambda: world.show(quote("AAPL", "200.10", "200.12", size=10_000)))
    world.run(10)

    sent_s = [(order.sent_ns - START_NS) / S for order in world.book.orders.values()]
    assert [0.0] * 20 == sent_s[:20]
    assert 10 * 60 / 130 - 0.01 < sent_s[-1] < 10 * 60 / 130 + 0.01
    assert {"200.11", "200.21"} == {str(request.price) for request in world.submitted}


def test_the_sliding_count_binds_where_the_bucket_would_give_more() -> None:
    """A burst and a rate that are more than the window together: the count of the window is what holds."""
    known, left_n = buckets(Throttle(burst=50, per_min=300, window_max=60)), 0
    for n in range(590):
        known, due_ns = take(known, NEW, START_NS + n * S // 10)
        left_n += due_ns is None

    assert 60 == left_n
