"""Fills of which only the sum was told: what was taken back of them nobody knows, so their broker is asked."""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.enums import Urgency
from execd.core.events import LookedUp, LookupFailed, ReportReceived
from execd.core.reports import OrderSnapshot, TradeCanceled
from tests.unit.engine.test_asking import Asked
from tests.world import Fate, intent, quote


class Summed(Asked):
    """A world whose broker told in one sum that a hundred shares were filled, and knows of fewer since."""

    def __init__(self) -> None:
        super().__init__()
        self.is_deaf = True
        self.show(quote("AAPL", "200.00", "200.02", size=1_000))
        self.drop(intent("p", urgency=Urgency.HIGH))
        self.key = self.submitted[0].cl_ord_id
        self.tell(LookedUp(now_ns=self.now_ns, account="sim", cl_ord_id=self.key, seen=self.row(100)))
        self.run(10)
        self.asked.clear()

    def row(self, cum_qty: int) -> OrderSnapshot:
        """Return the broker's word on the order, without its trades."""
        return OrderSnapshot(
            cl_ord_id=self.key,
            order_id="x",
            symbol="AAPL",
            order_qty=Decimal(100),
            cum_qty=Decimal(cum_qty),
            avg_px=Decimal(200),
            is_live=False,
            transact_ns=self.now_ns,
        )

    def bust(self) -> None:
        """Let the broker tell that a fill is taken back of which it never told."""
        undone = TradeCanceled(cl_ord_id=self.key, transact_ns=self.now_ns, exec_ref_id="unheard")
        self.tell(ReportReceived(now_ns=self.now_ns, account="sim", report=undone))

    def _answer(self, account: str, cl_ord_id: str, fate: Fate) -> None:
        if fate is Fate.LOST:
            self.tell(LookupFailed(now_ns=self.now_ns, account=account, cl_ord_id=cl_ord_id, text="no answer"))
        else:
            self.tell(LookedUp(now_ns=self.now_ns, account=account, cl_ord_id=cl_ord_id, seen=self.row(60)))


def test_an_order_that_has_ended_is_asked_about_when_a_part_of_its_sum_is_taken_back() -> None:
    """How much of the sum it was only the broker can say. Fault C26."""
    world = Summed()
    before = world.book.orders[world.key].cum_qty
    world.bust()
    world.run(11)

    assert (Decimal(100), Decimal(60)) == (before, world.book.orders[world.key].cum_qty)
    assert [10] == [at_s for at_s, _ in world.asked]


def test_a_failed_question_about_a_sum_is_asked_again() -> None:
    """That the order has ended makes its fills no surer."""
    world = Summed()
    world.looks.extend([Fate.LOST] * 2)
    world.bust()
    world.run(30)

    assert Decimal(60) == world.book.orders[world.key].cum_qty
    assert [10, 11, 13] == [at_s for at_s, _ in world.asked]


def test_an_order_whose_fills_are_all_known_is_not_asked_about_when_one_is_taken_back() -> None:
    """What is left of them is plain arithmetic."""
    world = Asked()
    world.show(quote("AAPL", "200.00", "200.02", size=1_000))
    world.drop(intent("p", urgency=Urgency.HIGH))
    world.run(10)
    order = world.book.orders[world.submitted[0].cl_ord_id]
    world.asked.clear()
    first = order.fills.trades[0]
    undone = TradeCanceled(cl_ord_id=order.key, transact_ns=world.now_ns, exec_ref_id=first.exec_id)
    more = replace(first, exec_id="more", last_qty=Decimal(100), cum_before=None, cum_after=None)
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=more))
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=undone))
    world.run(20)

    assert [] == world.asked
