"""Every kind of order: how long it lives, and what wakes it."""

from typing import Final

from execd.core.enums import TimeInForce
from tests.conformance.cases_life import CANCELED, EXPIRED, FILLED, REJECTED, THROUGH, answered, ends, given, halted
from tests.conformance.driver import Wrong
from tests.conformance.stage import Case, place, quote, traded

CASES: Final = (
    Case(
        name="immediate or cancel takes what is there",
        acts=given(place(price="10.02", time_in_force=TimeInForce.IOC)),
        check=ends((FILLED, 100)),
    ),
    Case(
        name="immediate or cancel ends with a part",
        acts=given(place(price="10.02", time_in_force=TimeInForce.IOC)),
        market=((1.0, quote(size=60)),),
        check=ends((CANCELED, 60)),
    ),
    Case(
        name="immediate or cancel ends with nothing",
        acts=given(place(time_in_force=TimeInForce.IOC)),
        check=ends((CANCELED, 0)),
    ),
    Case(
        name="fill or kill is filled in whole",
        acts=given(place(price="10.02", time_in_force=TimeInForce.FOK)),
        check=ends((FILLED, 100)),
    ),
    Case(
        name="fill or kill is killed in whole",
        acts=given(place(price="10.02", time_in_force=TimeInForce.FOK)),
        market=((1.0, quote(size=60)),),
        check=ends((CANCELED, 0)),
    ),
    Case(name="a market order takes the touch", acts=given(place(price=None)), check=ends((FILLED, 100))),
    Case(
        name="a market order that is larger than the touch pays more",
        acts=given(place(qty=700, price=None)),
        market=((1.0, quote(size=300)),),
        check=ends((FILLED, 700)),
    ),
    Case(
        name="a market order in a halt is rejected",
        acts=given(place(at_s=6, price=None)),
        market=((5.0, halted(is_halted=True)),),
        check=ends((REJECTED, 0)),
    ),
    Case(
        name="an order of the day expires with it",
        acts=given(place()),
        market=((6.0, traded(THROUGH, 30)),),
        ends_s=20.0,
        check=ends((EXPIRED, 30)),
    ),
    Case(
        name="an order that is good till canceled outlives the day",
        acts=given(place(time_in_force=TimeInForce.GTC)),
        ends_s=20.0,
        check=answered((CANCELED, 0), accepted=(True,)),
    ),
    Case(
        name="a stop sleeps until its price is traded",
        acts=given(place(price=None, stop_px="10.10")),
        market=((6.0, traded("10.05", 100)), (9.0, traded("10.10", 100))),
        check=ends((FILLED, 100)),
    ),
    Case(
        name="a stop whose price is never traded is pulled",
        acts=given(place(price=None, stop_px="10.10")),
        market=((6.0, traded("10.05", 100)),),
        check=ends((CANCELED, 0)),
    ),
    Case(
        name="a stop with a limit rests at it once it is awake",
        acts=given(place(price="10.01", stop_px="10.10")),
        market=((6.0, traded("10.10", 100)), (9.0, traded("9.99", 70))),
        check=ends((CANCELED, 70)),
    ),
    Case(
        name="a rejection says why, in the broker's own code",
        acts=((1.5, lambda stage: stage.wrong(Wrong.REJECTED, code="buying_power")), *given(place())),
        needs=(Wrong.REJECTED,),
        check=ends((REJECTED, 0)),
    ),
)
