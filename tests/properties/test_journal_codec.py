"""What is saved is what is loaded, for every value that is written or sent through the codec."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execd.core.codec import decoder, encode
from execd.core.events import Effect, Event
from execd.core.fills import Fills
from execd.core.order import Order
from execd.core.records import Record
from execd.core.reports import ExecReport, OrderSnapshot
from tests.properties.values import values

KINDS = [
    *((kind, Record) for kind in get_args(Record)),
    *((kind, Event) for kind in get_args(Event)),
    *((kind, Effect) for kind in get_args(Effect)),
    *((kind, ExecReport) for kind in get_args(ExecReport)),
    (OrderSnapshot, OrderSnapshot),
    (Order, Order),
    (Fills, Fills),
]


# Fifty types share what the profile gives to one law.
FEWER = settings(max_examples=max(20, settings().max_examples // 5))


@FEWER
@pytest.mark.parametrize("kind,union", KINDS, ids=[kind.__name__ for kind, _ in KINDS])
@given(drawn=st.data())
def test_what_is_saved_is_what_is_loaded(kind: Any, union: Any, drawn: st.DataObject) -> None:  # noqa: ANN401  # Types, among them unions.
    """Each value comes back equal, of its own type, and encodes to the same bytes again."""
    value = drawn.draw(values(kind))
    loaded = decoder(union).decode(encode(value))

    assert (type(value), value) == (type(loaded), loaded)
    assert encode(value) == encode(loaded)
