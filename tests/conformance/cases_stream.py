"""Streams that lose, repeat, reorder and invent, and facts that come from others: none is believed, none is lost."""

from decimal import Decimal
from typing import Final

from tests.conformance.cases_doubt import goes_wrong
from tests.conformance.cases_life import CANCELED, FILLED, THROUGH, answered, ends, given
from tests.conformance.driver import Wrong
from tests.conformance.stage import Act, Case, Stage, amend, place, pull, traded
from tests.conformance.verdict import STRAY

FILLS: Final = ((6.0, traded(THROUGH, 40)), (9.0, traded(THROUGH, 60)))
"""The market of most cases here: two fills that make the order whole."""


def with_trades(act: str) -> Act:
    """Return the act that does something to the first trade of the first order there."""

    def done(stage: Stage) -> None:
        trades = stage.order(0).fills.trades if stage.book.orders else ()
        if not trades:
            return  # It is not known yet to the life that is just beginning.
        match act:
            case "bust":
                stage.driver.bust(trades[0].exec_id)
            case "correct":
                stage.driver.correct(trades[0].exec_id, Decimal("9.99"))
            case _:
                stage.driver.overfill(stage.order(0).key, Decimal(10))

    return done


def stray(stage: Stage) -> None:
    """Place an order that carries our mark and that no daemon has sent."""
    stage.by_hand(f"{stage.journal.epoch}-0000000000000000{STRAY}", price="9.50")


def reported(what: Wrong, at_s: float, name: str, *, count: int = 1, seconds: float = 1.0) -> Case:
    """Return the case that something is told wrongly of the order that is filled in two parts."""
    return Case(
        name=name,
        acts=(*given(place()), goes_wrong(at_s, what, count=count, seconds=seconds)),
        market=FILLS,
        needs=(what,),
        check=ends((FILLED, 100)),
    )


TOLD: Final = (
    reported(Wrong.DROP, 1.9, "the acknowledgement is not told"),
    reported(Wrong.DROP, 5.9, "a fill is not told"),
    reported(Wrong.DROP, 8.9, "the last fill is not told"),
    reported(Wrong.DROP, 1.9, "nothing is told at all", count=3),
    reported(Wrong.DUPLICATE, 1.9, "everything is told twice", count=5),
    reported(Wrong.DUPLICATE, 5.9, "a fill is told twice"),
    reported(Wrong.DELAY, 1.9, "everything is told 3 s late", count=9, seconds=3.0),
    reported(Wrong.DELAY, 1.9, "everything is told 15 s late", count=9, seconds=15.0),
    reported(Wrong.GARBAGE, 5.9, "what nobody can read comes in the place of a fill"),
    reported(Wrong.STRANGE, 5.9, "an event of an unknown kind comes before a fill"),
    reported(Wrong.CUT, 5.9, "the connection ends just before a fill"),
    reported(Wrong.CUT, 7.0, "the connection ends between two fills"),
    reported(Wrong.HANG, 5.5, "the stream is half open, for longer than its silence may be", seconds=9.0),
    reported(Wrong.HANG, 5.5, "the stream is half open for half a minute", seconds=30.0),
    reported(Wrong.HANG, 5.5, "the stream is silent for a moment", seconds=2.0),
    reported(Wrong.REPLAY, 12.0, "everything that was ever told is told again"),
    reported(Wrong.REPLAY, 7.0, "what was told is told again in the middle"),
)
ORDER: Final = (
    Case(
        name="a fill is told before the acknowledgement",
        acts=(*given(place(price="10.02")), goes_wrong(1.9, Wrong.REORDER)),
        needs=(Wrong.REORDER,),
        check=ends((FILLED, 100)),
    ),
    Case(
        name="the second fill is told before the first",
        acts=(*given(place()), goes_wrong(5.9, Wrong.REORDER)),
        market=((6.0, traded(THROUGH, 40)), (6.1, traded(THROUGH, 60))),
        needs=(Wrong.REORDER,),
        check=ends((FILLED, 100)),
    ),
    Case(
        name="a fill is told after the cancel that came behind it",
        acts=(*given(place(), pull(4)), goes_wrong(5.9, Wrong.REORDER)),
        market=((5.95, traded(THROUGH, 40)),),
        needs=(Wrong.REORDER,),
        check=ends((CANCELED, 40)),
    ),
    Case(
        name="a replaced order's fill is told before the replace",
        acts=(*given(place(), amend(4, 100, "10.02")), goes_wrong(5.9, Wrong.REORDER)),
        needs=(Wrong.REORDER,),
        check=ends((FILLED, 100)),
    ),
    Case(
        name="an order that has filled unheard is canceled, which is refused",
        acts=(*given(place(), pull(4)), goes_wrong(4.9, Wrong.DELAY, count=1, seconds=3.0)),
        market=((5.0, traded(THROUGH, 400)),),
        needs=(Wrong.DELAY,),
        check=answered((FILLED, 100), accepted=(False,)),
    ),
    Case(
        name="an order that has filled unheard is replaced, which is refused",
        acts=(*given(place(), amend(4, 200, "9.99")), goes_wrong(4.9, Wrong.DELAY, count=1, seconds=3.0)),
        market=((5.0, traded(THROUGH, 400)),),
        needs=(Wrong.DELAY,),
        check=answered((FILLED, 100), accepted=(False,)),
    ),
)
OTHERS: Final = (
    Case(
        name="a trade is busted after its order was filled",
        acts=(*given(place(price="10.02")), (8.0, with_trades("bust"))),
        needs=(Wrong.BUST,),
    ),
    Case(
        name="a trade is busted while its order rests",
        acts=(*given(place()), (8.0, with_trades("bust"))),
        market=((6.0, traded(THROUGH, 40)),),
        needs=(Wrong.BUST,),
        check=ends((CANCELED, 0)),
    ),
    Case(
        name="a trade is corrected",
        acts=(*given(place()), (8.0, with_trades("correct"))),
        market=((6.0, traded(THROUGH, 40)),),
        needs=(Wrong.CORRECT,),
        check=ends((CANCELED, 40)),
    ),
    Case(
        name="a bust is not told",
        acts=(*given(place()), goes_wrong(7.9, Wrong.DROP), (8.0, with_trades("bust"))),
        market=((6.0, traded(THROUGH, 40)),),
        needs=(Wrong.BUST, Wrong.DROP),
        check=ends((CANCELED, 0)),
    ),
    Case(
        name="a correction is told twice",
        acts=(*given(place()), goes_wrong(7.9, Wrong.DUPLICATE), (8.0, with_trades("correct"))),
        market=((6.0, traded(THROUGH, 40)),),
        needs=(Wrong.CORRECT, Wrong.DUPLICATE),
        check=ends((CANCELED, 40)),
    ),
    Case(
        name="an order trades more than it asked for",
        acts=(*given(place(price="10.02")), (8.0, with_trades("overfill"))),
        needs=(Wrong.OVERFILL,),
        alerts=("contradiction",),
    ),
    Case(
        name="somebody has an order of his own on the account",
        acts=(*given(place()), (4.0, lambda stage: stage.by_hand("by-hand-1", price="9.50"))),
        needs=(Wrong.BY_HAND,),
        alerts=("external_order",),
        check=ends((CANCELED, 0)),
    ),
    Case(
        name="somebody trades on the account",
        acts=(*given(place()), (4.0, lambda stage: stage.by_hand("by-hand-1"))),
        needs=(Wrong.BY_HAND,),
        alerts=("external_order",),
        check=ends((CANCELED, 0)),
    ),
    Case(
        name="an order carries our mark and was never sent",
        acts=(*given(place()), (4.0, stray)),
        needs=(Wrong.BY_HAND,),
        alerts=("orphan_order", "journal_lost"),
    ),
)
CASES: Final = (*TOLD, *ORDER, *OTHERS)
