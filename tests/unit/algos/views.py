"""What an algorithm sees in these tests: one parent of 100 shares at 200.00 for half an hour, unless told otherwise."""

from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from execd.algos.base import AlgoView, MarketView
from execd.core.enums import Side
from execd.core.instrument import Instrument
from execd.core.orders import Plan
from execd.core.rules import Execution, S
from execd.core.session import AlwaysOpen
from tests.world import START_NS, intent, quote

MID_200: Final = quote("X", "199.99", "200.01")


def seen(qty: int | str = 100, *, at_s: float = 0, span_s: int = 1_800, **fields: Any) -> AlgoView:  # noqa: ANN401  # AlgoView checks them.
    """Return a view `at_s` seconds after a parent began that may work for `span_s` seconds."""
    market = fields.pop("market", MarketView())
    if market.quote is None:
        market = replace(market, quote=MID_200)
    return AlgoView(
        now_ns=START_NS + int(at_s * S),
        parent=intent("p", "X", Side.BUY),
        plan=fields.pop("plan", Plan(algo="t")),
        order_qty=Decimal(qty),
        cum_qty=Decimal(fields.pop("cum", 0)),
        working_qty=Decimal(0),
        children=(),
        children_n=0,
        last_child=None,
        market=market,
        session=AlwaysOpen(),
        instrument=fields.pop("instrument", Instrument(symbol="X")),
        execution=Execution(),
        started_ns=START_NS,
        expire_ns=START_NS + span_s * S,
        **fields,
    )
