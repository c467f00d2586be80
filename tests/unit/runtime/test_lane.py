"""Who begins next on the line of one account."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.enums import RequestClass
from execd.core.events import Cancel, Query, Replace, Submit
from execd.runtime.lane import (
    IN_FLIGHT_MAX,
    ORDERS_IN_FLIGHT_MAX,
    READS_IN_FLIGHT_MAX,
    Call,
    Lane,
    class_of,
)
from tests.unit.runtime.ports import ScriptedBroker, cancel_of, new_order, replace_of

FLATTEN, CANCEL, PROTECTIVE, REPLACE, NEW, READ = RequestClass


def _call(kind: RequestClass, name: str) -> Call:
    match kind:
        case RequestClass.CANCEL:
            return Cancel(request=cancel_of(name))
        case RequestClass.REPLACE:
            return Replace(request=replace_of(name))
        case RequestClass.READ:
            return Query(account="sim", cl_ord_id=name)
        case _:
            return Submit(request=new_order(name), kind=kind)


def _begun(lane: Lane) -> list[Call]:
    begun = []
    while (call := lane.begin()) is not None:
        begun.append(call)
    return begun


@given(st.lists(st.sampled_from(RequestClass), max_size=30))
def test_the_more_urgent_begins_first_and_equals_in_turn(kinds: list[RequestClass]) -> None:
    """SPEC 10: flatten, cancel, protective, replace, new, and questions behind all of them."""
    lane, calls = Lane(ScriptedBroker()), [_call(kind, f"{n}") for n, kind in enumerate(kinds)]
    for call in calls:
        lane.add(call)
    begun = []
    while (call_now := lane.begin()) is not None:
        begun.append(call_now)
        lane.end(call_now)

    assert sorted(calls, key=class_of) == begun


def test_nothing_overtakes_the_order_that_it_is_about() -> None:
    """A cancel or a replace waits behind its own order, and in front of all others that are less urgent."""
    lane = Lane(ScriptedBroker())
    for call in (_call(NEW, "a"), _call(NEW, "b"), _call(CANCEL, "b"), _call(REPLACE, "b"), _call(CANCEL, "z")):
        lane.add(call)
    names = [call.cl_ord_id if isinstance(call, Query) else call.request.cl_ord_id for call in _begun(lane)]

    assert ["zc", "a", "b", "bc", "br"] == names


HANGING: Final = [
    (NEW, ORDERS_IN_FLIGHT_MAX),
    (PROTECTIVE, ORDERS_IN_FLIGHT_MAX),
    (READ, READS_IN_FLIGHT_MAX),
    (CANCEL, IN_FLIGHT_MAX),
    (FLATTEN, IN_FLIGHT_MAX),
]


@pytest.mark.parametrize("kind, most_n", HANGING)
def test_what_hangs_takes_no_place_of_the_others(kind: RequestClass, most_n: int) -> None:
    """A hundred calls of one class without an answer leave places for the others; cancels and flatten have all."""
    lane = Lane(ScriptedBroker())
    for n in range(100):
        lane.add(_call(kind, f"{n}"))

    assert most_n == len(_begun(lane)) == lane.in_flight


def test_cancels_have_places_beside_hanging_orders_and_questions() -> None:
    """With every order and every question that may run hanging, twelve cancels begin at once."""
    lane = Lane(ScriptedBroker())
    for n in range(100):
        lane.add(_call(NEW, f"n{n}"))
        lane.add(_call(READ, f"r{n}"))
    _begun(lane)
    before_n = lane.in_flight
    for n in range(100):
        lane.add(_call(CANCEL, f"z{n}"))

    assert IN_FLIGHT_MAX - ORDERS_IN_FLIGHT_MAX - READS_IN_FLIGHT_MAX <= len(_begun(lane))
    assert before_n == ORDERS_IN_FLIGHT_MAX + READS_IN_FLIGHT_MAX
