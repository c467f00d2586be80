"""Requests of which nobody knows whether they live: when they are asked about, and what each answer proves."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from execd.core.commands import ReleaseParent, ResolveOrder
from execd.core.enums import Outcome, ParentStatus, Side, Urgency
from execd.core.events import Cancel, Effect, LookedUp, Query, ReportReceived, RequestFailed
from execd.core.orders import CancelRequest, NewOrder
from execd.core.records import Failed, Missed, Resent, Sending
from execd.core.reports import CancelRejected, OrderSnapshot, Rejected, Trade
from execd.core.rules import FREE_IDS, PROVING, UNIQUE_IDS, Lookups, S
from tests.unit.engine.test_commanding import STANDING, kept_quotes
from tests.world import RULES, START_NS, Fate, World, intent, quote

MODELS = [UNIQUE_IDS, FREE_IDS, PROVING]


def doubting(lookups: Lookups, *fates: Fate, looks: tuple[Fate, ...] = ()) -> World:
    """Return a world with a standing quote whose next requests and questions meet these fates."""
    world = World(replace(RULES, lookups={"sim": lookups}))
    world.show(quote(*STANDING, size=1_000))
    world.fates.extend(fates)
    world.looks.extend(looks)
    return world


def asked_s(world: World) -> list[float]:
    """Return at which second the broker answered that it knows nothing."""
    return [(one.now_ns - START_NS) / S for one in world.records if isinstance(one, Missed)]


def at_venue(world: World) -> Decimal:
    """Return what our orders have filled at the venue."""
    seen = [world.venue.find("sim", order.cl_ord_id) for order in world.submitted]
    return sum((one.cum_qty for one in seen if one is not None), Decimal(0))


def test_where_ids_are_unique_a_lost_request_is_written_again_under_its_id() -> None:
    """Fault C3: asked after 0.5, 1, 2, 4 and 8 s more; after five healthy misses the same bytes go once more."""
    world = doubting(UNIQUE_IDS, Fate.LOST)
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 20)
    orders = [one.request for one in world.records if isinstance(one, Sending) and isinstance(one.request, NewOrder)]
    sent = {order.cl_ord_id for order in orders}

    assert [0.5, 1.5, 3.5, 7.5, 15.5] == asked_s(world)
    assert (1, 1) == (len([one for one in world.records if isinstance(one, Resent)]), len(sent))
    assert ([*sent], ParentStatus.FILLED) == (
        [one.cl_ord_id for one in world.submitted],
        world.book.parents["a"].status,
    )


@pytest.mark.parametrize("lookups", MODELS)
def test_what_was_taken_is_found_and_never_written_again(lookups: Lookups) -> None:
    """Fault C2: the stream is silent and the answer was lost; the first question finds the order, filled."""
    world = doubting(lookups, Fate.TAKEN)
    world.is_deaf = True
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 6)

    assert (ParentStatus.FILLED, 1) == (world.book.parents["a"].status, len(world.submitted))
    assert Decimal(100) == at_venue(world) == world.book.parents["a"].cum_qty


def test_a_broker_that_shows_an_order_late_is_not_sent_a_second() -> None:
    """Fault C4: four healthy misses prove nothing: the fifth question finds it."""
    world = doubting(UNIQUE_IDS, Fate.TAKEN, looks=(Fate.BLIND,) * 4)
    world.is_deaf = True
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 17)

    assert (4, 0, 1) == (
        len(asked_s(world)),
        len([one for one in world.records if isinstance(one, Resent)]),
        len(world.submitted),
    )
    assert ParentStatus.FILLED is world.book.parents["a"].status


def test_where_ids_are_free_nothing_is_ever_written_again() -> None:
    """After five healthy misses the intent is held and says what to do; a person resolves, then it goes on."""
    world = doubting(FREE_IDS, Fate.LOST)
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 200)
    held = world.book.parents["a"]
    told = world.command(ResolveOrder(cl_ord_id=held.live[0], is_lost=True, reason="not there"))
    world.command(ReleaseParent(parent_id="a", reason="it was lost"))
    kept_quotes(world, 203)

    assert [5, 15, 35, 75, 135, 195] == asked_s(world)
    assert (ParentStatus.HELD, True) == (held.status, f"execd resolve {held.live[0]}" in held.reason)
    assert (True, ParentStatus.FILLED) == (told.is_ok, world.book.parents["a"].status)
    assert ("taken as lost; its intent a is held", True) == (
        told.text.partition(":")[0],
        "execd release a" in told.text,
    )
    assert ["1", "2"] == [key.rsplit("-", 1)[1] for key in world.book.parents["a"].children]


def test_who_names_an_order_means_it_and_not_the_cancel_of_it() -> None:
    """With an order and its cancel both in doubt, "the order is lost" ends both."""
    world = doubting(FREE_IDS, Fate.LOST, Fate.LOST)
    world.drop(intent("a", urgency=Urgency.HIGH))
    key = next(iter(world.book.orders))
    world.cancel("a")
    world.run(30)
    before = world.book.orders[key].is_in_doubt
    world.command(ResolveOrder(cl_ord_id=key, is_lost=True, reason="looked"))

    assert (True, True, ParentStatus.CANCELED) == (
        before,
        world.book.orders[key].is_done,
        world.book.parents["a"].status,
    )


def test_what_a_person_found_is_live_again() -> None:
    """Nothing is placed beside it, and its fills count."""
    world = doubting(FREE_IDS, Fate.TAKEN, looks=(Fate.BLIND,) * 6)
    world.is_deaf = True
    world.drop(intent("a", price=Decimal("1.00")))
    kept_quotes(world, 140)
    key = world.book.parents["a"].live[0]
    told = world.command(ResolveOrder(cl_ord_id=key, is_lost=False, order_id="77", reason="seen there"))
    order = world.book.orders[key]

    assert (True, False, ("77",)) == (told.is_ok, order.is_in_doubt, order.order_ids)
    assert (Decimal(100), 1) == (order.exposure_qty, len(world.book.parents["a"].live))


def test_a_question_that_fails_proves_nothing_and_is_asked_again() -> None:
    """Reads that fail count as no miss."""
    world = doubting(PROVING, Fate.LOST, looks=(Fate.LOST,) * 3)
    world.drop(intent("a", urgency=Urgency.HIGH))
    world.run(2)
    doubted = world.book.orders[world.book.parents["a"].live[0]]
    kept_quotes(world, 8)

    assert (True, 1) == (doubted.is_in_doubt, len(doubted.requests))
    assert ParentStatus.FILLED is world.book.parents["a"].status


@pytest.mark.parametrize("lookups", MODELS)
@pytest.mark.parametrize("fate", [Fate.LOST, Fate.TAKEN])
def test_a_cancel_in_doubt_is_looked_up_and_asked_for_again(fate: Fate, lookups: Lookups) -> None:
    """Fault C15: either way the order is out of the market in the end, and the intent has ended."""
    world = doubting(lookups, Fate.WELL, fate)
    world.drop(intent("a", price=Decimal("1.00"), expire_ns=START_NS + 5 * S))
    world.run(1)
    world.is_deaf = fate is Fate.TAKEN
    world.run(40)
    world.is_deaf = False

    assert (ParentStatus.EXPIRED, []) == (world.book.parents["a"].status, list(world.venue.live()))


def test_a_restart_goes_on_counting() -> None:
    """What was on its way is in doubt after a crash, and misses before it count."""
    world = doubting(UNIQUE_IDS, Fate.LOST)
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 4)
    world.crash()
    kept_quotes(world, 12)
    unknown = [one for one in world.records if isinstance(one, Failed) and one.outcome is Outcome.UNKNOWN]

    assert (1, 1) == (len(unknown), len(world.submitted))
    assert ParentStatus.FILLED is world.book.parents["a"].status


def test_an_order_that_was_told_of_does_not_vanish() -> None:
    """A broker that contradicts itself is told about; its order counts as live."""
    world = doubting(FREE_IDS)
    world.drop(intent("a", price=Decimal("1.00")))
    world.run(1)
    world.looks.append(Fate.BLIND)
    world.crash()
    world.run(2)

    assert "contradiction" in world.alerts()
    assert 1 == len(world.book.parents["a"].live)


def test_nothing_in_doubt_is_asked_about_for_ever_after_its_end() -> None:
    """An answered order is not asked about any more."""
    world = doubting(UNIQUE_IDS, Fate.TAKEN)
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 100)

    assert 1 >= len([one for one in world.effects if isinstance(one, Query)])


def test_what_a_person_vouched_for_in_error_ends_when_the_broker_is_asked() -> None:
    """Taken as found, but not there: a refused cancel asks, and the answer ends it; the intent ends, too."""
    world = doubting(PROVING, Fate.LOST, looks=(Fate.LOST,) * 4)
    world.drop(intent("a", price=Decimal("1.00")))
    world.run(2)
    key = world.book.parents["a"].live[0]
    world.command(ResolveOrder(cl_ord_id=key, is_lost=False, order_id="77", reason="mistaken"))
    vouched = world.book.orders[key].is_in_doubt
    world.cancel("a")
    world.run(20)

    assert (False, ParentStatus.CANCELED, ()) == (vouched, world.book.parents["a"].status, world.book.parents["a"].live)
    assert "contradiction" not in world.alerts()


def test_a_person_may_take_back_what_was_vouched_for() -> None:
    """`--lost` after `--found` is heard while the broker has told nothing."""
    world = doubting(FREE_IDS, Fate.LOST, looks=(Fate.LOST,) * 9)
    world.drop(intent("a", price=Decimal("1.00")))
    world.run(2)
    key = world.book.parents["a"].live[0]
    world.command(ResolveOrder(cl_ord_id=key, is_lost=False, order_id="77", reason="mistaken"))
    told = world.command(ResolveOrder(cl_ord_id=key, is_lost=True, reason="it is not there"))

    assert (True, True) == (told.is_ok, world.book.orders[key].is_done)


def test_a_broker_that_refuses_every_cancel_is_asked_ever_more_seldom() -> None:
    """The pause doubles, so a canceled intent whose order will not go costs little for ever."""
    world = doubting(FREE_IDS, looks=(Fate.LOST,) * 1_000)
    world.drop(intent("a", price=Decimal("1.00")))
    world.run(1)
    key = world.book.parents["a"].live[0]
    world.is_deaf = True
    world.cancel("a")
    for second in range(2, 300):
        world.at(second, lambda: _refuse_cancels(world, key))
    world.run(300)
    cancels = [one for one in world.records if isinstance(one, Sending) and isinstance(one.request, CancelRequest)]

    assert 5 <= len(cancels) <= 12


def _refuse_cancels(world: World, key: str) -> None:
    """Let the broker refuse what is pending."""
    pending = world.book.orders[key].pending
    if pending is not None:
        refused = CancelRejected(cl_ord_id=pending.cl_ord_id, transact_ns=world.now_ns, orig_cl_ord_id=key)
        world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=refused))


def test_a_fill_that_was_found_counts_with_its_price_and_fee() -> None:
    """Where the broker tells the trades of an order that was asked about, each is booked as itself."""
    world = doubting(PROVING, Fate.TAKEN)
    world.is_deaf = True
    world.drop(intent("a", price=Decimal("1.00")))
    world.fates.clear()
    key = world.book.parents["a"].children[0]
    trade = Trade(
        cl_ord_id=key,
        transact_ns=world.now_ns,
        order_id="S-1",
        exec_id="S-1.1",
        last_qty=Decimal(100),
        last_px=Decimal("0.99"),
        commission=Decimal("5.00"),
    )
    seen = OrderSnapshot(
        cl_ord_id=key,
        order_id="S-1",
        symbol="AAPL",
        order_qty=Decimal(100),
        cum_qty=Decimal(100),
        avg_px=Decimal("0.99"),
        is_live=False,
        transact_ns=world.now_ns,
        trades=(trade,),
    )
    world.tell(LookedUp(now_ns=world.now_ns, account="sim", cl_ord_id=key, seen=seen))
    fills = world.book.orders[key].fills

    assert ((trade,), Decimal(0), Decimal("5.00")) == (fills.counted, fills.synthetic_qty, fills.commission)
    assert ParentStatus.FILLED is world.book.parents["a"].status


def test_an_id_that_was_used_before_is_asked_about_and_is_no_rejection() -> None:
    """Fault C8: the same bytes arrived twice: the broker refuses the second, and the first one lives."""
    world = doubting(UNIQUE_IDS, Fate.TAKEN, looks=(Fate.BLIND,) * 5)
    world.is_deaf = True
    world.at(10, lambda: setattr(world, "is_deaf", False))
    world.drop(intent("a", price=Decimal("1.00")))
    kept_quotes(world, 40)
    parent = world.book.parents["a"]

    assert 1 == len([one for one in world.records if isinstance(one, Resent)])
    assert (1, 1, ParentStatus.WORKING) == (len(parent.live), len(world.venue.live()), parent.status)
    assert not world.book.orders[parent.live[0]].is_in_doubt


@pytest.mark.parametrize("outcome", [Outcome.NOT_SENT, Outcome.RATE_LIMITED, Outcome.REFUSED])
def test_a_second_attempt_that_surely_failed_says_nothing_about_the_first(outcome: Outcome) -> None:
    """Fault C4: the first one may come to light minutes later, so nothing else is sent in its place."""
    world = doubting(UNIQUE_IDS, Fate.LOST)
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 15)
    world.is_cut_off = True
    key = next(iter(world.book.orders))
    world.run(15.5)
    told = [one for one in world.records if isinstance(one, Failed) and one.outcome is Outcome.NOT_SENT]
    if outcome is not Outcome.NOT_SENT:
        world.tell(RequestFailed(now_ns=world.now_ns, account="sim", cl_ord_id=key, outcome=outcome))
    world.is_cut_off = False
    kept_quotes(world, 20)

    assert (1, [key], True) == (len(told), list(world.book.orders), world.book.orders[key].is_in_doubt)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_second_copy_that_is_rejected_says_nothing_about_the_first(is_there: bool) -> None:  # noqa: FBT001  # Drawn.
    """Faults C4, C9: it may be refused because the first one lives; nothing is written a third time."""
    world = doubting(UNIQUE_IDS, Fate.TAKEN if is_there else Fate.LOST, looks=(Fate.BLIND,) * 6)
    world.is_deaf = True
    world.drop(intent("a", price=Decimal("1.00")))
    key = next(iter(world.book.orders))
    kept_quotes(world, 15)
    world.is_cut_off = True
    world.run(15.5)
    world.is_cut_off, world.is_deaf = False, False
    rejected = Rejected(cl_ord_id=key, transact_ns=world.now_ns, code="no_funds", text="held by another order")
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=rejected))
    doubted = world.book.orders[key].is_in_doubt
    kept_quotes(world, 50 if is_there else 200)
    resent = [one for one in world.records if isinstance(one, Resent)]
    status = world.book.parents["a"].status

    assert (1, [key], True) == (len(resent), list(world.book.orders), doubted)
    assert (not is_there, is_there) == (world.book.orders[key].is_in_doubt, status is ParentStatus.WORKING)
    assert is_there or status is ParentStatus.HELD


@pytest.mark.parametrize(
    "other", [{"symbol": "MSFT"}, {"side": Side.SELL}, {"order_qty": Decimal(90)}, {"created_ns": START_NS - 3_600 * S}]
)
def test_an_order_of_somebody_else_under_our_id_is_not_taken_for_ours(other: dict[str, Any]) -> None:
    """Fault C8: other symbol, side or quantity, or older than ours: nothing is adopted, and the account is halted."""
    world = doubting(UNIQUE_IDS, Fate.LOST)
    world.drop(intent("a", price=Decimal("1.00")))
    world.run(0.1)
    key = next(iter(world.book.orders))
    seen = OrderSnapshot(
        cl_ord_id=key,
        order_id="77",
        symbol="AAPL",
        side=Side.BUY,
        order_qty=Decimal(100),
        cum_qty=Decimal(50),
        avg_px=Decimal(1),
        is_live=True,
        transact_ns=world.now_ns,
    )
    told = LookedUp(now_ns=world.now_ns, account="sim", cl_ord_id=key, seen=replace(seen, **other))
    world.tell(told)
    order = world.book.orders[key]

    assert (True, None, Decimal(0)) == (order.is_in_doubt, order.acked_ns, order.cum_qty)
    assert ("foreign_id", ["foreign_id"]) == (world.alerts()[-1], [key.cause for key in world.book.halts])


class Stubborn(World):
    """A world whose broker refuses cancels for a while."""

    is_refusing = True

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Cancel) and self.is_refusing:
            self._later(partial(self._refuse, effect))
        else:
            super()._carry_out(effect)

    def _refuse(self, effect: Cancel) -> None:
        cl_ord_id = effect.request.cl_ord_id
        self.tell(RequestFailed(now_ns=self.now_ns, account="sim", cl_ord_id=cl_ord_id, outcome=Outcome.REFUSED))


def test_a_release_tries_once_more_to_cancel_what_was_refused_ten_times() -> None:
    """Whoever releases has looked; without that a held parent would hold itself again for ever."""
    world = Stubborn()
    world.show(quote(*STANDING, size=1_000))
    world.drop(intent("a", price=Decimal("199.00"), expire_ns=START_NS + 10 * S))
    key = next(iter(world.book.orders))
    world.run(600)
    held = world.book.parents["a"].status
    world.is_refusing = False
    world.command(ReleaseParent(parent_id="a", reason="the broker takes cancels again"))
    world.run(601)

    assert (ParentStatus.HELD, True) == (held, world.book.orders[key].is_done)
