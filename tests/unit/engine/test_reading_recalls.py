"""What a reading says of an order that has left memory counts, though the journal must be asked whose it is."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from execd.core.enums import Urgency
from execd.core.events import StreamGap
from execd.core.records import ParentRecalled
from execd.core.reports import TradeCanceled
from execd.core.rules import S
from execd.core.snapshot import AccountSnapshot
from tests.reading import READ_RULES, ReadWorld
from tests.world import START_NS, intent, quote

BUSTED_S = 2_000
TOLD_S = 2_400
"""Readings failed meanwhile, so that the one that tells goes far back, and the one after it would not."""


class Mute(ReadWorld):
    """A world whose broker takes a fill back after its order has left memory, and reports it to nobody."""

    def __init__(self, *, told_s: int = TOLD_S, fails_s: range = range(0), lists_order: bool = True) -> None:
        """Let readings begin again at `told_s` and fail at `fails_s`; a broker need not list orders that have ended."""
        self.told_s, self.fails_s, self.lists_order = told_s, fails_s, lists_order
        super().__init__(replace(READ_RULES, memory_ns=300 * S), alter=self._altered)

    def _altered(self, seen: AccountSnapshot) -> AccountSnapshot | None:
        at_s = (self.now_ns - START_NS) // S
        if at_s < BUSTED_S:
            return seen
        if at_s < self.told_s or at_s in self.fails_s:
            return None
        first = self.submitted[0].cl_ord_id
        undone = TradeCanceled(cl_ord_id=first, transact_ns=START_NS + BUSTED_S * S, exec_ref_id=f"S-{first}.1")
        row = self.venue.find("sim", first)
        assert row is not None
        busted = replace(row, cum_qty=Decimal(0), avg_px=Decimal(0), transact_ns=undone.transact_ns)
        is_news = undone.transact_ns >= seen.since_ns
        return replace(
            seen,
            orders=(busted,) if is_news and self.lists_order else (),
            trades=(),
            undone=(undone,) if is_news else (),
            positions={},
        )


@pytest.mark.parametrize("lists_order", [True, False])
def test_a_bust_of_an_order_that_left_memory_is_found_by_a_reading(*, lists_order: bool) -> None:
    """The reading that shows it comes before the order is back, and the next one goes as far back. Fault C26."""
    world = Mute(lists_order=lists_order)
    world.show(quote("AAPL", "200.00", "200.02", size=1_000))
    world.drop(intent("a", urgency=Urgency.HIGH))
    world.run(1_500)
    before = (len(world.book.orders), [one.qty for one in world.book.positions.values()])
    world.run(3_000)

    assert (0, [Decimal(100)]) == before
    assert [Decimal(0)] == [one.qty for one in world.book.positions.values()]
    assert 1 == len(world.records_of(ParentRecalled))


@pytest.mark.parametrize("told_s", range(TOLD_S, TOLD_S + 60, 5))
def test_what_was_just_called_back_does_not_leave_memory_before_it_is_read_again(told_s: int) -> None:
    """Memory is looked through once a minute, and the next reading comes six seconds after the recall. Fault C26."""
    world = Mute(told_s=told_s)
    world.show(quote("AAPL", "200.00", "200.02", size=1_000))
    world.drop(intent("a", urgency=Urgency.HIGH))
    gap = StreamGap(now_ns=START_NS + told_s * S, account="sim", stream="reports", text="cut")
    world.at(told_s, lambda: world.tell(gap))
    world.run(told_s + 70)

    assert [Decimal(0)] == [one.qty for one in world.book.positions.values()]
    assert 1 == len(world.records_of(ParentRecalled))


def test_an_order_that_left_memory_again_before_it_could_be_read_is_called_back_again() -> None:
    """Readings failed for ten minutes after the one that showed it: the next that succeeds goes as far back."""
    world = Mute(fails_s=range(TOLD_S + 5, TOLD_S + 600))
    world.show(quote("AAPL", "200.00", "200.02", size=1_000))
    world.drop(intent("a", urgency=Urgency.HIGH))
    world.run(TOLD_S + 590)
    before_n = len(world.book.orders)
    world.run(TOLD_S + 700)

    assert (0, [Decimal(0)]) == (before_n, [one.qty for one in world.book.positions.values()])
