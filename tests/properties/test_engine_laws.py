"""What holds for the engine as a whole: crashes, order of reports, limits at every instant."""

from decimal import Decimal
from functools import partial
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from execd.core.book import fold
from execd.core.codec import encode
from execd.core.commands import (
    AmendParent,
    CancelParent,
    Command,
    HaltNew,
    PauseParent,
    ReleaseParent,
    ResumeNew,
    ResumeParent,
)
from execd.core.enums import Side, Urgency
from execd.core.events import ReportReceived
from execd.core.market import Quote
from execd.core.orders import NewOrder, ParentOrder
from execd.core.projection import all_rows
from execd.core.records import Reported, Sending
from execd.core.rules import MS, S
from tests.world import LIMITS, RULES, START_NS, World, intent, quote

SYMBOLS: Final = ("AAPL", "MSFT")
LIFE_S: Final = 150
ARRIVALS_S: Final = (0, 1, 7, 30)


@st.composite
def intents(draw: st.DrawFn) -> list[tuple[float, ParentOrder]]:
    """Draw several intents of several symbols, sides and urgencies, with the second at which each arrives."""
    drawn: list[tuple[float, ParentOrder]] = []
    for n in range(draw(st.integers(1, 6))):
        parent = intent(
            f"p{n}",
            draw(st.sampled_from(SYMBOLS)),
            draw(st.sampled_from([Side.BUY, Side.BUY, Side.SELL_SHORT, Side.SELL])),
            order_qty=Decimal(draw(st.integers(1, 600))),
            urgency=draw(st.sampled_from(list(Urgency))),
            expire_ns=START_NS + LIFE_S * S,
        )
        drawn.append((draw(st.sampled_from(ARRIVALS_S)), parent))
    return drawn


@st.composite
def quotes(draw: st.DrawFn) -> list[tuple[float, Quote]]:
    """Draw quotes of every symbol."""
    shown: list[tuple[float, Quote]] = []
    for symbol in SYMBOLS:
        bid, at_s = 20_000, 0.0
        for _ in range(draw(st.integers(1, 15))):
            shown.append((at_s, quote(symbol, f"{bid / 100:.2f}", f"{(bid + draw(st.integers(1, 6))) / 100:.2f}")))
            bid += draw(st.integers(-5, 5))
            at_s += draw(st.sampled_from([1.0, 4.0, 15.0]))
    return shown


@st.composite
def commands(draw: st.DrawFn) -> list[tuple[float, Command]]:
    """Draw what operators ask of these parents, sensible or not, and halts that come and go."""
    parent_id = f"p{draw(st.integers(0, 5))}"
    reason = "test"
    known: list[Command] = [
        CancelParent(parent_id=parent_id),
        PauseParent(parent_id=parent_id, reason=reason),
        ResumeParent(parent_id=parent_id, reason=reason),
        ReleaseParent(parent_id=parent_id, reason=reason),
        AmendParent(parent_id=parent_id, order_qty=Decimal(draw(st.integers(1, 700)))),
        AmendParent(parent_id=parent_id, price=Decimal(draw(st.integers(19_900, 20_100))) / 100),
        AmendParent(parent_id=parent_id, urgency=draw(st.sampled_from(list(Urgency)))),
        HaltNew(reason=reason),
        ResumeNew(reason=reason),
    ]
    asked = draw(st.lists(st.sampled_from(known), max_size=4))
    return [(draw(st.sampled_from([0.3, 0.6, 2.0, 8.0, 31.0, 61.0])), command) for command in asked]


def _world(data: st.DataObject) -> World:
    latency_ns = data.draw(st.sampled_from([0, 50, 400])) * MS
    world = World(RULES, latency_ns=latency_ns, report_latency_ns=data.draw(st.sampled_from([0, 300])) * MS)
    for at_s, tick in data.draw(quotes()):
        world.at(at_s, partial(world.show, tick))
    for at_s, parent in data.draw(intents()):
        world.at(at_s, partial(world.drop, parent))
    for at_s, command in data.draw(commands()):
        world.at(at_s, partial(world.ask, command))
    return world


@given(data=st.data())
def test_what_is_live_is_what_the_records_fold_to(data: st.DataObject) -> None:
    """Fold = live book = projections, after any run."""
    world = _world(data)

    world.run(LIFE_S + 10)

    folded = fold(world.records)
    assert folded.parents == world.book.parents
    assert folded.orders == world.book.orders
    assert folded.positions == world.book.positions
    assert encode(all_rows(folded)) == encode(all_rows(world.book))


@settings(max_examples=300)
@given(data=st.data())
def test_a_crash_at_any_instant_loses_and_duplicates_nothing(data: st.DataObject) -> None:
    """After any crash each order at the venue was recorded before it left, and the books agree with the venue."""
    world = _world(data)
    # Crashes that matter come while something is on its way: soon after an arrival, or when a child's time is up.
    after_s = st.sampled_from([0.02, 0.1, 0.2, 0.2, 0.35, 0.5, 0.0, 60.1, 60.2, 60.5, 120.3])
    for at_s in data.draw(st.lists(st.sampled_from(ARRIVALS_S), min_size=1, max_size=3)):
        world.at(at_s + data.draw(after_s), world.crash)

    world.run(LIFE_S + 30)

    sendings = [record.request for record in world.records if isinstance(record, Sending)]
    recorded = [request.cl_ord_id for request in sendings]
    assert len(recorded) == len(set(recorded)), "one ClOrdID was decided twice"
    for parent in world.book.parents.values():
        assert parent.status.is_terminal, f"{parent.order.parent_id} is {parent.status}: {parent.reason}"
        at_venue = [world.venue.find("sim", key) for key in parent.children]
        assert parent.cum_qty == sum((seen.cum_qty for seen in at_venue if seen is not None), Decimal(0))
        assert parent.order_qty is None or parent.cum_qty <= parent.order_qty
    for request in sendings:
        if isinstance(request, NewOrder):
            seen = world.venue.find("sim", request.cl_ord_id)
            assert (seen.cum_qty if seen else Decimal(0)) == world.book.orders[request.cl_ord_id].cum_qty
            assert seen is None or not seen.is_live


@given(data=st.data())
def test_limits_hold_at_every_instant(data: st.DataObject) -> None:
    """Filled + working never exceeds what a parent asked, and no order is over the account's limits."""
    world = _world(data)

    def check() -> None:
        for parent in world.book.parents.values():
            if parent.order_qty is not None:
                children = [world.book.orders[key] for key in parent.children]
                assert sum((child.cum_qty + child.exposure_qty for child in children), Decimal(0)) <= parent.order_qty
        for order in world.submitted:
            assert order.order_qty <= LIMITS.order_qty_max

    world.after_event = check
    world.run(LIFE_S + 10)

    assert world.book.parents


@given(data=st.data())
def test_our_own_orders_never_stand_where_they_could_trade_with_each_other(data: st.DataObject) -> None:
    """No two live orders of one account cross in one symbol."""
    world = _world(data)

    def check() -> None:
        live = [order for order in world.book.orders.values() if not order.is_done]
        for buy in live:
            for sell in live:
                first, other = buy.first, sell.first
                if first.side.is_buy and not other.side.is_buy and first.symbol == other.symbol:
                    assert buy.price is not None
                    assert sell.price is not None
                    assert buy.price < sell.price

    world.after_event = check
    world.run(LIFE_S + 10)

    assert world.book.parents


@given(data=st.data())
def test_reports_again_and_in_any_order_change_nothing(data: st.DataObject) -> None:
    """Every report of a run, shuffled and repeated, leaves the book as it was and writes no record."""
    world = _world(data)
    world.run(LIFE_S + 10)
    before = encode(all_rows(world.book))
    records_n = len(world.records)
    reports = [record.report for record in world.records if isinstance(record, Reported)]

    for report in data.draw(st.permutations(reports)) if reports else []:
        world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=report))

    assert before == encode(all_rows(world.book))
    assert records_n == len(world.records)
