"""The ordinary life of orders: what every broker does every day.

Races are told by the market: a request needs 5 ms to the venue, so what is
traded 2 ms after it left meets the order as it was.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from execd.core.enums import OrdStatus, Side
from execd.core.market import Halt
from tests.conformance.driver import SYMBOL, Wrong
from tests.conformance.loop import START_NS
from tests.conformance.stage import LIVES_S, ORDERED_S, Act, Case, Stage, Written, amend, place, pull, quote, traded

THROUGH: Final = "9.98"
"""A price below that at which a case's buys rest: what trades there has traded with them."""


def given(*moves: Written, lives_s: float = LIVES_S) -> tuple[tuple[float, Act], ...]:
    """Return the acts of a case that is one intent."""
    return ((ORDERED_S, lambda stage: stage.intent("a", *moves, lives_s=lives_s)),)


def ends(*ended: tuple[OrdStatus, int]) -> Callable[[Stage], None]:
    """Return the check that our orders, in turn, ended so and filled so much."""

    def check(stage: Stage) -> None:
        orders = stage.book.orders.values()

        assert list(ended) == [(order.ord_status, int(order.cum_qty)) for order in orders]

    return check


def answered(*ends_: tuple[OrdStatus, int], accepted: tuple[bool, ...]) -> Callable[[Stage], None]:
    """Return the check that the later requests of our one order were answered so."""

    def check(stage: Stage) -> None:
        ends(*ends_)(stage)
        answers = {answer.cl_ord_id: answer.is_accepted for answer in stage.order().answers}

        assert list(accepted) == [answers.get(request.cl_ord_id) for request in stage.order().requests[1:]]

    return check


def halted(*, is_halted: bool) -> Halt:
    """Return a halt of the symbol, or its end."""
    return Halt(symbol=SYMBOL, is_halted=is_halted, reason="LULD", exchange_ns=START_NS)


def fees(stage: Stage) -> None:
    """Check that the charge of each trade is counted, once."""
    fills = stage.order().fills

    assert Decimal("0.500") == fills.commission
    assert Decimal("0.005") * fills.cum_qty == sum(trade.commission for trade in fills.counted)


def twenty_five(stage: Stage) -> None:
    """Let more intents come than may be sent at once."""
    for n in range(25):
        stage.intent(f"a{n}", place(qty=10, price="10.02"))


def all_filled(stage: Stage) -> None:
    """Check that every order is filled."""
    orders = stage.book.orders.values()

    assert [(OrdStatus.FILLED, 10)] * 25 == [(order.ord_status, int(order.cum_qty)) for order in orders]


CANCELED, FILLED, EXPIRED, REJECTED = OrdStatus.CANCELED, OrdStatus.FILLED, OrdStatus.EXPIRED, OrdStatus.REJECTED

RESTING: Final = (
    Case(
        name="a limit that rests is acknowledged and pulled at its deadline",
        acts=given(place()),
        check=answered((CANCELED, 0), accepted=(True,)),
    ),
    Case(name="a limit that crosses is filled at once", acts=given(place(price="10.02")), check=ends((FILLED, 100))),
    Case(
        name="a limit far away is never filled",
        acts=given(place(price="9.50")),
        market=((8.0, traded("9.60", 9_000)),),
        check=ends((CANCELED, 0)),
    ),
    Case(
        name="a limit that rests is filled by a trade through it",
        acts=given(place()),
        market=((6.0, traded(THROUGH, 500)),),
        check=ends((FILLED, 100)),
    ),
    Case(
        name="a limit is filled in part and pulled at its deadline",
        acts=given(place()),
        market=((6.0, traded(THROUGH, 40)),),
        check=ends((CANCELED, 40)),
    ),
    Case(
        name="two partial fills make a whole",
        acts=given(place()),
        market=((6.0, traded(THROUGH, 40)), (9.0, traded("9.97", 60))),
        check=ends((FILLED, 100)),
    ),
    Case(
        name="ten fills of one order count one by one",
        acts=given(place()),
        market=tuple((5.0 + n, traded(THROUGH, 10)) for n in range(10)),
        check=ends((FILLED, 100)),
    ),
    Case(
        name="two fills of one instant are two",
        acts=given(place()),
        market=((6.0, traded(THROUGH, 30)), (6.0, traded(THROUGH, 30))),
        check=ends((CANCELED, 60)),
    ),
    Case(name="one share is an order", acts=given(place(qty=1, price="10.02")), check=ends((FILLED, 1))),
    Case(
        name="an order that is larger than what is displayed takes it and rests",
        acts=given(place(qty=900, price="10.02")),
        market=((1.0, quote(size=300)),),
        check=ends((CANCELED, 300)),
    ),
    Case(name="what a broker charges is counted once", acts=given(place(price="10.02")), check=fees),
    Case(
        name="two intents in one symbol are two orders",
        acts=(*given(place()), (ORDERED_S, lambda stage: stage.intent("b", place(qty=50, price="9.99")))),
        market=((6.0, traded("9.90", 120)),),
        check=ends((FILLED, 100), (CANCELED, 20)),
    ),
    Case(
        name="more intents than may be sent at once are all sent",
        acts=((ORDERED_S, twenty_five),),
        check=all_filled,
    ),
    Case(
        name="what was bought is sold",
        acts=(
            *given(place(price="10.02")),
            (8.0, lambda stage: stage.intent("b", place(price="10.00"), side=Side.SELL, qty=100)),
        ),
        check=ends((FILLED, 100), (FILLED, 100)),
    ),
    Case(
        name="an order rests through a halt and is filled after it",
        acts=given(place()),
        market=(
            (5.0, halted(is_halted=True)),
            (6.0, traded(THROUGH, 90)),
            (9.0, halted(is_halted=False)),
            (12.0, traded(THROUGH, 500)),
        ),
        check=ends((FILLED, 100)),
    ),
    Case(
        name="the broker's desk takes an order out",
        acts=(*given(place()), (8.0, lambda stage: stage.driver.withdraw(stage.order().key))),
        needs=(Wrong.WITHDRAW,),
        check=ends((CANCELED, 0)),
    ),
)
CANCELING: Final = (
    Case(
        name="a cancel is acknowledged",
        acts=given(place(), pull(4)),
        check=answered((CANCELED, 0), accepted=(True,)),
    ),
    Case(
        name="a cancel that follows its order at once finds it",
        acts=given(place(), pull(0, is_eager=True)),
        check=answered((CANCELED, 0), accepted=(True,)),
    ),
    Case(
        name="a partial fill, then a cancel",
        acts=given(place(), pull(6)),
        market=((6.0, traded(THROUGH, 40)),),
        check=answered((CANCELED, 40), accepted=(True,)),
    ),
    Case(
        name="a cancel meets a partial fill",
        acts=given(place(), pull(4)),
        market=((6.002, traded(THROUGH, 40)),),
        check=answered((CANCELED, 40), accepted=(True,)),
    ),
    Case(
        name="a cancel meets the last fill, which wins",
        acts=given(place(), pull(4)),
        market=((6.002, traded(THROUGH, 400)),),
        check=answered((FILLED, 100), accepted=(False,)),
    ),
    Case(
        name="a second cancel of one order is refused",
        acts=given(place(), pull(4), pull(4, is_eager=True)),
        check=answered((CANCELED, 0), accepted=(True, False)),
    ),
    Case(
        name="an order is placed again after its cancel",
        acts=given(place(), pull(4), place(qty=70, price="10.02", at_s=8)),
        check=ends((CANCELED, 0), (FILLED, 70)),
    ),
)
REPLACING: Final = (
    Case(
        name="a replace to a price that crosses is filled there",
        acts=given(place(), amend(4, 100, "10.02")),
        check=answered((FILLED, 100), accepted=(True,)),
    ),
    Case(
        name="a replace to a price away keeps the order live",
        acts=given(place(), amend(4, 100, "9.90")),
        market=((8.0, traded(THROUGH, 500)),),
        check=answered((CANCELED, 0), accepted=(True, True)),
    ),
    Case(
        name="a replace to more is filled in whole",
        acts=given(place(), amend(4, 250)),
        market=((8.0, traded(THROUGH, 900)),),
        check=answered((FILLED, 250), accepted=(True,)),
    ),
    Case(
        name="a replace to less is filled at less",
        acts=given(place(), amend(4, 60)),
        market=((8.0, traded(THROUGH, 900)),),
        check=answered((FILLED, 60), accepted=(True,)),
    ),
    Case(
        name="a replace to what is filled already ends the order",
        acts=given(place(), amend(6, 41)),
        market=((6.0, traded(THROUGH, 40)), (8.002, traded(THROUGH, 1))),
        check=answered((FILLED, 41), accepted=(True,)),
    ),
    Case(
        name="a replace to less than is filled is refused, and the old terms stand",
        acts=given(place(), amend(4, 30)),
        market=((6.002, traded(THROUGH, 40)), (9.0, traded(THROUGH, 10))),
        check=answered((CANCELED, 50), accepted=(False, True)),
    ),
    Case(
        name="a fill of the old terms meets a replace, and the chain holds both",
        acts=given(place(), amend(4, 100, "9.99")),
        market=((6.002, traded(THROUGH, 40)), (9.0, traded(THROUGH, 500))),
        check=answered((FILLED, 100), accepted=(True,)),
    ),
    Case(
        name="the last fill meets a replace, which is refused",
        acts=given(place(), amend(4, 200, "10.01")),
        market=((6.002, traded(THROUGH, 500)),),
        check=answered((FILLED, 100), accepted=(False,)),
    ),
    Case(
        name="a partial fill, a replace, and a fill of the rest are one chain",
        acts=given(place(), amend(6, 100, "10.01")),
        market=((6.0, traded(THROUGH, 40)), (10.0, traded("10.00", 500))),
        check=answered((FILLED, 100), accepted=(True,)),
    ),
    Case(
        name="two replaces one after the other",
        acts=given(place(), amend(4, 120, "9.99"), amend(7, 150, "10.01")),
        market=((12.0, traded(THROUGH, 900)),),
        check=answered((FILLED, 150), accepted=(True, True)),
    ),
    Case(
        name="two replaces at once, the later one counts",
        acts=given(place(), amend(4, 120, "9.99"), amend(4, 150, "10.01", is_eager=True)),
        market=((12.0, traded(THROUGH, 900)),),
        check=answered((FILLED, 150), accepted=(True, True)),
    ),
    Case(
        name="a cancel while a replace is on its way",
        acts=given(place(), amend(4, 120, "9.99"), pull(4, is_eager=True)),
        check=answered((CANCELED, 0), accepted=(True, True)),
    ),
    Case(
        name="a replace while a cancel is on its way is refused",
        acts=given(place(), pull(4), amend(4, 120, "9.99", is_eager=True)),
        check=answered((CANCELED, 0), accepted=(True, False)),
    ),
    Case(
        name="a replace that follows its order at once finds it",
        acts=given(place(), amend(0, 120, "9.99", is_eager=True)),
        check=answered((CANCELED, 0), accepted=(True, True)),
    ),
    Case(
        name="a replace and then a cancel",
        acts=given(place(), amend(4, 120, "9.99"), pull(8)),
        market=((7.0, traded(THROUGH, 20)),),
        check=answered((CANCELED, 20), accepted=(True, True)),
    ),
)
CASES: Final = (*RESTING, *CANCELING, *REPLACING)
