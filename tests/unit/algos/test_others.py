"""What others show, as far as it can be told from what is shown and from what we asked for."""

from decimal import Decimal
from typing import Final

import pytest

from execd.algos.base import AlgoView
from execd.algos.tactics.others import Shown, others
from execd.core.market import Quote
from tests.unit.algos.one_child import child_at, view_at
from tests.world import quote

JOINED: Final = Shown(near_px=Decimal("13.97"), far_px=Decimal("13.99"))
"""We joined others at 13.97; the ask was two ticks above."""


def _ended(shown: Quote, price: str) -> AlgoView:
    """Return what is seen a moment after a child at `price` was filled."""
    return view_at(shown, last_child=child_at(price), children_n=1)


@pytest.mark.parametrize(
    "price, before, size, expected",
    [
        ("13.97", Shown(near_px=Decimal("13.98"), far_px=Decimal("13.99")), 100, "13.97"),
        ("13.97", JOINED, 100, "13.96"),
        ("13.97", JOINED, 169_400, "13.97"),
    ],
    ids=["a move that the touch has made counts once", "it may be us alone", "so many cannot be us"],
)
def test_others_are_where_the_touch_says_that_they_are(price: str, before: Shown, size: int, expected: str) -> None:
    """13.97 to 13.98 after a child of 100 at 13.97 was filled: no tick behind the touch without a reason."""
    seen = quote("X", "13.97", "13.98", size=size)

    assert Decimal(expected) == others(_ended(seen, price), seen, before).near_px


def test_who_stands_with_many_stays_with_them() -> None:
    """The far touch comes a tick toward us, 169,400 stand at our price: the others have not left it."""
    seen = quote("X", "13.97", "13.98", size=169_400)

    assert JOINED.near_px == others(view_at(seen, child=child_at("13.97")), seen, JOINED).near_px


def test_who_is_joined_in_front_does_not_go_after_those_who_came() -> None:
    """A tick inside the others, and many more come to our price: it is still before those that it improved on."""
    seen = quote("X", "13.98", "14.05", size=169_400)

    assert JOINED.near_px == others(view_at(seen, child=child_at("13.98")), seen, JOINED).near_px


@pytest.mark.parametrize("qty, size, expected", [(102, 200, "13.96"), (102, 201, "13.97"), (100, 101, "13.97")])
def test_what_is_displayed_of_us_may_be_rounded_up_to_lots(qty: int, size: int, expected: str) -> None:
    """Some feeds show round lots: 102 of ours may be shown as 200, never as more."""
    seen = quote("X", "13.97", "13.98", size=size)
    child = child_at("13.97", order_qty=Decimal(qty))

    assert Decimal(expected) == others(view_at(seen, child=child), seen, JOINED).near_px
