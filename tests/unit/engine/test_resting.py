"""The index of live orders: whatever came and went, it names the order that would be met first."""

from decimal import Decimal
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.enums import OrdType, Side
from execd.core.folding import apply, begin
from execd.core.order import Order
from execd.core.orders import NewOrder
from execd.core.reports import Replaced
from execd.engine import resting as room
from execd.engine.resting import Resting

SIDES: Final = (Side.BUY, Side.SELL, Side.SELL_SHORT, Side.BUY_TO_COVER)
Act = tuple[int, int | None]
"""(number of an order, its price in cents; 0 market, None: it goes)"""
acts: Final = st.lists(st.tuples(st.integers(0, 7), st.none() | st.integers(0, 5)), max_size=60)


def order(n: int, cents: int) -> Order:
    """Return live order `n`; its side follows from its number."""
    price = Decimal(cents) if cents else None
    request = NewOrder(
        cl_ord_id=f"c{n}",
        parent_id="p",
        account="sim",
        symbol="ABC",
        side=SIDES[n % len(SIDES)],
        order_qty=Decimal(10),
        ord_type=OrdType.LIMIT if cents else OrdType.MARKET,
        price=price,
        send_by_ns=0,
    )
    return begin(request, 0)


def played(story: list[Act]) -> tuple[Resting, dict[str, Order]]:
    """Return the index after a story, and what is live by the plain telling of it."""
    index, live = Resting(), dict[str, Order]()
    for n, cents in story:
        key = f"c{n}"
        if cents is not None:
            live[key] = order(n, cents)
            index.put(live[key])
        elif key in live:
            del live[key]
            index.drop(key)
    return index, live


def pays(one: Order) -> tuple[bool, Decimal]:
    """Return how much an order pays, larger is more; one without a price pays anything."""
    if one.price is None:
        return True, Decimal(0)
    return False, one.price * one.first.side.sign


@given(story=acts)
def test_the_first_to_meet_pays_most_of_the_other_side(story: list[Act]) -> None:
    """An order crosses any of ours only where it crosses the one that pays most: asking about that one is enough."""
    index, live = played(story)
    others = {is_buy: [one for one in live.values() if one.first.side.is_buy is not is_buy] for is_buy in (True, False)}
    found = {is_buy: index.first_to_meet(is_buy=is_buy) for is_buy in (True, False)}
    most = {is_buy: max(map(pays, many), default=None) for is_buy, many in others.items()}

    assert most == {is_buy: None if key is None else pays(live[key]) for is_buy, key in found.items()}


@given(story=acts)
def test_what_is_live_is_in_it_oldest_first(story: list[Act]) -> None:
    """Iterating gives what a plain dictionary would give."""
    index, live = played(story)

    assert list(live) == list(index)


def test_an_amended_order_is_met_at_its_new_price() -> None:
    """The price is that of the latest terms."""
    index, low, high = Resting(), order(1, 3), order(2, 4)
    index.put(low)
    index.put(high)
    index.put(
        apply(
            low, Replaced(cl_ord_id="r", orig_cl_ord_id=low.key, transact_ns=1, order_qty=Decimal(10), price=Decimal(5))
        )
    )

    assert high.key == index.first_to_meet(is_buy=True)


def test_entries_that_were_replaced_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often one order changes its price, little lies in the heap."""
    monkeypatch.setattr(room, "STALE_MAX", 4)
    index = Resting()
    for cents in range(1, 1_000):
        index.put(order(0, cents))

    assert len(index._buys._heap) <= 6  # noqa: SLF001  # The bound is the subject.
