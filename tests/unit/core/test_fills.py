"""How a cumulative word and single trades are counted together: the word is about its own instant."""

from decimal import Decimal
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from execd.core import fills
from execd.core.fills import Fills
from execd.core.reports import Trade

WORD_NS: Final = 100
PX: Final = Decimal(10)


def trade(name: str, qty: int, at_ns: int) -> Trade:
    """Return a trade of a broker that tells no places in CumQty."""
    return Trade(cl_ord_id="o", transact_ns=at_ns, exec_id=name, last_qty=Decimal(qty), last_px=PX)


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Trade], dict[str, int], list[Trade]]:
    """Return trades, when some of them were taken back, and which trades were told."""
    instants = st.integers(min_value=1, max_value=200)
    traded = [
        trade(f"x{n}", draw(st.integers(min_value=1, max_value=50)), draw(instants))
        for n in range(draw(st.integers(min_value=0, max_value=6)))
    ]
    busted = {
        one.exec_id: draw(st.integers(min_value=one.transact_ns, max_value=300))
        for one in traded
        if draw(st.booleans())
    }
    # What comes after the word is told; of what came before it some is lost.
    told = [one for one in traded if one.transact_ns > WORD_NS or busted.get(one.exec_id, 0) > WORD_NS]
    told += [one for one in traded if one not in told and draw(st.booleans())]
    return traded, busted, told


@given(day=days(), drawn=st.data())
def test_a_word_counts_for_its_instant_and_later_facts_beside_it(
    day: tuple[list[Trade], dict[str, int], list[Trade]], drawn: st.DataObject
) -> None:
    """Whatever was lost before a cumulative word, and in whatever order the rest is told, the sum is the broker's."""
    traded, busted, told = day
    as_of = [one for one in traded if one.transact_ns <= WORD_NS and busted.get(one.exec_id, 999) > WORD_NS]
    word_qty = sum((one.last_qty for one in as_of), Decimal(0))
    steps = [("trade", one) for one in told] + [("bust", one) for one in told if one.exec_id in busted]
    counted = Fills()
    for kind, one in [*drawn.draw(st.permutations([*steps, ("word", None)]))]:
        if one is None:
            counted = fills.add_seen(counted, word_qty, PX, WORD_NS)
        elif kind == "trade":
            counted = fills.add_trade(counted, one)
        else:
            counted = fills.add_bust(counted, one.exec_id, busted[one.exec_id])
    at_last = sum((one.last_qty for one in traded if one.exec_id not in busted), Decimal(0))
    # A trade that was lost and taken back later is told of by nobody yet: it is in the word.
    unknown = sum((one.last_qty for one in as_of if one not in told and one.exec_id in busted), Decimal(0))

    assert at_last + unknown == counted.cum_qty


def test_a_fill_after_a_word_is_no_part_of_it() -> None:
    """60 were filled and lost, the broker says 60, then 50 more are told: 110, and not 60."""
    counted = fills.add_seen(Fills(), Decimal(60), PX, WORD_NS)

    assert Decimal(110) == fills.add_trade(counted, trade("later", 50, WORD_NS + 1)).cum_qty


def test_a_bust_after_a_word_takes_its_part_of_it_back() -> None:
    """The broker said 60 when it still counted the fill that it takes back now."""
    counted = fills.add_seen(fills.add_trade(Fills(), trade("x", 60, 50)), Decimal(60), PX, WORD_NS)

    assert (Decimal(0), Decimal(0)) == (
        fills.add_bust(counted, "x", WORD_NS + 1).cum_qty,
        fills.add_bust(counted, "x", WORD_NS + 1).notional,
    )


def test_a_correction_after_a_word_stands_in_its_place() -> None:
    """60 become 59, whatever the broker said in between."""
    counted = fills.add_seen(fills.add_trade(Fills(), trade("x", 60, 50)), Decimal(60), PX, WORD_NS)

    assert Decimal(59) == fills.add_correction(counted, "x", trade("y", 59, WORD_NS + 1), WORD_NS + 1).cum_qty
