"""Requests of which nobody knows what became of them: each kind of doubt, for a new order, a cancel and a replace.

Whatever is lost, at most one order of a decision lives, the rest is asked
about, and what the broker has the book has. What cannot be known is decided by
a person, and only where ids are free.
"""

from collections.abc import Callable
from typing import Final

from execd.core.reports import USED_ID
from execd.core.rules import FREE_IDS
from tests.conformance.cases_life import CANCELED, FILLED, REJECTED, THROUGH, ends, given
from tests.conformance.driver import Wrong
from tests.conformance.stage import Act, Case, Stage, Written, amend, place, pull, traded

AMBIGUOUS: Final = (
    Wrong.NO_ANSWER,
    Wrong.SILENCE,
    Wrong.ERROR_AFTER,
    Wrong.RESET_AFTER,
    Wrong.GARBAGE_AFTER,
    Wrong.LOST,
    Wrong.ERROR_BEFORE,
    Wrong.RESET_BEFORE,
    Wrong.REFUSED,
    Wrong.RATE_LIMITED,
    Wrong.HANG,
)
OPERATIONS: Final[dict[str, tuple[float, tuple[Written, ...]]]] = {
    "a new order": (1.9, (place(),)),
    "a cancel": (5.9, (place(), pull(4))),
    "a replace": (5.9, (place(), amend(4, 150, "9.99"))),
}
"""By the request that something happens to: when the switch is thrown, and the moves."""


def goes_wrong(at_s: float, what: Wrong, *, count: int = 1, seconds: float = 1.0, code: str = "") -> tuple[float, Act]:
    """Return the act that throws a switch."""
    return (at_s, lambda stage: stage.wrong(what, count=count, seconds=seconds, code=code))


def one_at_the_broker(stage: Stage) -> None:
    """Check that one of our orders has been at the broker; where ids are free, what was lost is not sent again."""
    arrived = [order for order in stage.book.orders.values() if order.acked_ns is not None]
    least_n = 0 if stage.driver.lookups is FREE_IDS else 1

    assert least_n <= len(arrived) <= 1


def a_stranger_proved_nothing(stage: Stage) -> None:
    """Check that our order was still in doubt after the answer, and the only one that was ever sent."""
    assert [(False, 0)] == [(order.acked_ns is not None, int(order.cum_qty)) for order in stage.seen.values()]
    assert 1 == len(stage.book.orders)


def told(*codes: str) -> Callable[[Stage], None]:
    """Return the check that people were told this."""

    def check(stage: Stage) -> None:
        assert [] == [code for code in codes if code not in stage.codes()]

    return check


def each(what: Wrong) -> list[Case]:
    """Return the cases of one kind of doubt: at rest, and while the market trades with the order."""
    cases: list[Case] = []
    for name, (at_s, moves) in OPERATIONS.items():
        acts = (*given(*moves), goes_wrong(at_s, what, seconds=8.0))
        check = ends((REJECTED, 0)) if (name, what) == ("a new order", Wrong.REFUSED) else one_at_the_broker
        cases.append(Case(name=f"{name}: {what.name.lower()}", acts=acts, needs=(what,), check=check))
        cases.append(
            Case(
                name=f"{name}: {what.name.lower()}, and the market trades meanwhile",
                acts=acts,
                market=((at_s + 1.6, traded(THROUGH, 30)), (at_s + 6.0, traded(THROUGH, 40))),
                needs=(what,),
                check=check,
            )
        )
    return cases


LATE: Final = tuple(
    Case(
        name=f"{name}: taken {seconds} s late",
        acts=(*given(*moves), goes_wrong(at_s, Wrong.LATE, seconds=seconds)),
        market=((at_s + seconds + 3.0, traded(THROUGH, 30)),),
        needs=(Wrong.LATE,),
        until_s=90.0,
    )
    for name, (at_s, moves) in OPERATIONS.items()
    for seconds in (4.0, 20.0, 45.0)
)
TWICE: Final = (
    Case(
        name="a new order is taken minutes late, and is wanted all the while",
        acts=(*given(place(), lives_s=400.0), goes_wrong(1.9, Wrong.LATE, seconds=200.0)),
        market=((250.0, traded(THROUGH, 30)),),
        needs=(Wrong.LATE,),
        until_s=300.0,
        asks_person=True,
    ),
    Case(
        name="a new order is lost, and so is the same one that is written again",
        acts=(*given(place()), goes_wrong(1.9, Wrong.LOST, count=2)),
        needs=(Wrong.LOST,),
        until_s=120.0,
        asks_person=True,
    ),
    Case(
        name="whatever is written of a new order is lost: a person is called",
        acts=(*given(place()), goes_wrong(1.9, Wrong.LOST, count=20)),
        needs=(Wrong.LOST,),
        alerts=("in_doubt",),
        until_s=150.0,
        asks_person=True,
    ),
    Case(
        name="there are too many requests, three times in a row",
        acts=(*given(place(price="10.02")), goes_wrong(1.9, Wrong.RATE_LIMITED, count=3, seconds=2.0)),
        needs=(Wrong.RATE_LIMITED,),
        check=one_at_the_broker,
    ),
    Case(
        name="the account may do nothing any more",
        acts=(*given(place()), goes_wrong(1.9, Wrong.DENIED, count=9)),
        needs=(Wrong.DENIED,),
        alerts=("unauthorized",),
        asks_person=True,
    ),
    Case(
        name="the account may do nothing when an order is to be canceled",
        acts=(*given(place(), pull(4)), goes_wrong(5.9, Wrong.DENIED, count=3)),
        needs=(Wrong.DENIED,),
        alerts=("unauthorized",),
        check=one_at_the_broker,
    ),
    Case(
        name="every answer is lost for a while",
        acts=(*given(place(), amend(3, 120, "9.99"), pull(8)), goes_wrong(1.9, Wrong.NO_ANSWER, count=3)),
        needs=(Wrong.NO_ANSWER,),
        until_s=90.0,
        check=one_at_the_broker,
    ),
    Case(
        name="a cancel is lost twice, and asked for until it is there",
        acts=(*given(place(), pull(4)), goes_wrong(5.9, Wrong.LOST, count=2)),
        needs=(Wrong.LOST,),
        until_s=90.0,
        check=ends((CANCELED, 0)),
    ),
    Case(
        name="the broker hangs for a minute",
        acts=(*given(place(), pull(4)), goes_wrong(5.9, Wrong.HANG, seconds=60.0)),
        market=((20.0, traded(THROUGH, 30)),),
        needs=(Wrong.HANG,),
        until_s=100.0,
        check=one_at_the_broker,
    ),
    Case(
        name="the broker says that a fresh id was used, and has no such order",
        acts=(*given(place()), goes_wrong(1.9, Wrong.REJECTED, code=USED_ID)),
        needs=(Wrong.REJECTED,),
        until_s=120.0,
        asks_person=True,
    ),
    Case(
        name="the connection ends with each of two requests",
        acts=(*given(place(), pull(4)), goes_wrong(1.9, Wrong.RESET_AFTER), goes_wrong(5.9, Wrong.RESET_AFTER)),
        needs=(Wrong.RESET_AFTER,),
        check=one_at_the_broker,
    ),
)
ASKED: Final = (
    Case(
        name="a question fails, the next one is answered",
        acts=(*given(place()), goes_wrong(1.9, Wrong.SILENCE), goes_wrong(1.9, Wrong.FIND_ERROR, count=3)),
        needs=(Wrong.SILENCE, Wrong.FIND_ERROR),
        until_s=90.0,
        check=one_at_the_broker,
    ),
    Case(
        name="questions fail for long: that proves nothing",
        acts=(*given(place()), goes_wrong(1.9, Wrong.SILENCE), goes_wrong(1.9, Wrong.FIND_ERROR, count=12)),
        needs=(Wrong.SILENCE, Wrong.FIND_ERROR),
        until_s=150.0,
        check=one_at_the_broker,
    ),
    Case(
        name="a question is never answered",
        acts=(*given(place()), goes_wrong(1.9, Wrong.SILENCE), goes_wrong(1.9, Wrong.FIND_LOST, count=2)),
        needs=(Wrong.SILENCE, Wrong.FIND_LOST),
        until_s=120.0,
        check=one_at_the_broker,
    ),
    Case(
        name="no such order, says a broker that has it",
        acts=(*given(place()), goes_wrong(1.9, Wrong.SILENCE), goes_wrong(1.9, Wrong.FIND_NONE, count=3)),
        needs=(Wrong.SILENCE, Wrong.FIND_NONE),
        until_s=120.0,
        check=one_at_the_broker,
    ),
    Case(
        name="no such order, says a broker that has it, until it is written again",
        acts=(*given(place()), goes_wrong(1.9, Wrong.SILENCE), goes_wrong(1.9, Wrong.FIND_NONE, count=7)),
        market=((40.0, traded(THROUGH, 30)),),
        needs=(Wrong.SILENCE, Wrong.FIND_NONE),
        until_s=150.0,
        asks_person=True,
    ),
    Case(
        name="no such order, says a broker that has it, for minutes, and the order is wanted all the while",
        acts=(
            *given(place(), lives_s=400.0),
            goes_wrong(1.9, Wrong.SILENCE, count=3),
            goes_wrong(1.9, Wrong.FIND_NONE, count=40),
        ),
        market=((350.0, traded(THROUGH, 30)),),
        needs=(Wrong.SILENCE, Wrong.FIND_NONE),
        alerts=("in_doubt",),
        until_s=340.0,
        asks_person=True,
    ),
    Case(
        name="the broker has another order under our id: nothing is believed of it, and nothing new is sent",
        acts=(
            *given(place()),
            goes_wrong(1.9, Wrong.SILENCE),
            goes_wrong(1.9, Wrong.FIND_OTHER),
            (5.0, lambda stage: stage.seen.update(stage.book.orders)),
            (16.0, lambda stage: stage.intent("b", place(price="10.02"), lives_s=10.0)),
        ),
        needs=(Wrong.SILENCE, Wrong.FIND_OTHER),
        alerts=("foreign_id",),
        until_s=120.0,
        asks_person=True,
        check=a_stranger_proved_nothing,
    ),
    Case(
        name="an answer is of before the fill",
        acts=(*given(place()), goes_wrong(1.9, Wrong.SILENCE), goes_wrong(1.9, Wrong.FIND_STALE, count=2)),
        market=((6.0, traded(THROUGH, 40)),),
        needs=(Wrong.SILENCE, Wrong.FIND_STALE),
        until_s=90.0,
    ),
    Case(
        name="only sums are told of an order that filled unheard",
        acts=(*given(place()), goes_wrong(1.9, Wrong.SILENCE), goes_wrong(1.9, Wrong.SUMS_ONLY, count=50)),
        market=((6.0, traded(THROUGH, 40)), (30.0, traded(THROUGH, 60))),
        needs=(Wrong.SILENCE, Wrong.SUMS_ONLY),
        until_s=90.0,
        check=ends((FILLED, 100)),
    ),
    Case(
        name="the single trades come after their sum",
        acts=(
            *given(place()),
            goes_wrong(1.9, Wrong.SILENCE),
            goes_wrong(1.9, Wrong.SUMS_ONLY, count=1),
            (50.0, lambda stage: stage.driver.calm()),
            goes_wrong(50.5, Wrong.REPLAY),
        ),
        market=((6.0, traded(THROUGH, 40)), (8.0, traded("9.97", 60))),
        needs=(Wrong.SILENCE, Wrong.SUMS_ONLY, Wrong.REPLAY),
        until_s=90.0,
        check=ends((FILLED, 100)),
    ),
)
CASES: Final = (*(case for what in AMBIGUOUS for case in each(what)), *LATE, *TWICE, *ASKED)
