"""Frames: however they are cut they come out whole, and what is no frame is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.market import Halt
from execd.core.reports import Accepted, OrderSnapshot, Trade
from execd.venue.faults import FAULTS, Fault
from execd.venue.spec import VenueSpec
from execd.venue.wire import (
    FRAME_BYTES_MAX,
    VERSION,
    Alive,
    Ask,
    ClearFaults,
    Do,
    Find,
    Found,
    FromClient,
    FromVenue,
    Goodbye,
    Hello,
    NotTaken,
    Report,
    SetFault,
    Skip,
    Splitter,
    Stop,
    Taken,
    Ticks,
    Want,
    Welcome,
    WireError,
    frame,
    from_client,
    from_venue,
)
from tests.unit.brokers.scripts import new, pull, shown

SEEN = OrderSnapshot(
    cl_ord_id="a",
    order_id="S-a",
    symbol="ABC",
    order_qty=Decimal(100),
    cum_qty=Decimal("40.5"),
    avg_px=Decimal("10.0001"),
    is_live=True,
    transact_ns=7,
)
TRADE = Trade(
    cl_ord_id="a", transact_ns=7, order_id="S-a", exec_id="S-a.1", last_qty=Decimal(1), last_px=Decimal("9.9")
)
CLIENT: tuple[FromClient, ...] = (
    Hello(version=VERSION, kind="trade", account="sim", pid=7, since_seq=3),
    Do(rid=1, request=new("a", "10.01")),
    Do(rid=2, request=pull("c", "a")),
    Find(rid=3, cl_ord_id="a"),
    Want(symbols=("ABC", "é")),
    Ask(rid=4, what="status"),
    *(SetFault(rid=5, fault=Fault(name=name)) for name in FAULTS),
    ClearFaults(rid=6),
    Stop(rid=7),
)
VENUE: tuple[FromVenue, ...] = (
    Welcome(version=VERSION, pid=1, spec=VenueSpec(symbols=("ABC",), speed=Decimal("1.5"))),
    Goodbye(code="version", text="no"),
    Taken(rid=1),
    NotTaken(rid=1, text="no"),
    Found(rid=1, seen=SEEN),
    Found(rid=1, seen=None),
    Report(seq=1, report=TRADE),
    Report(seq=2, report=Accepted(cl_ord_id="a", transact_ns=1)),
    Skip(seq=3),
    Alive(now_ns=1, seq=3),
    Ticks(ticks=[shown(), Halt(symbol="ABC", is_halted=True, reason="news", exchange_ns=1)]),
)


@given(messages=st.lists(st.sampled_from(CLIENT), max_size=6), cuts=st.lists(st.integers(1, 400), max_size=30))
def test_frames_come_out_whole_however_they_are_cut(messages: list[FromClient], cuts: list[int]) -> None:
    """A socket may split and join what was written; the receiver sees what the sender said. Fault D12."""
    wire = b"".join(frame(message) for message in messages)
    splitter, read, at = Splitter(), list[FromClient](), 0
    for size in [*cuts, len(wire)]:
        read += [from_client(body) for body in splitter.feed(wire[at : at + size])]
        at += size

    assert messages == read


@pytest.mark.parametrize("message", CLIENT, ids=lambda one: type(one).__name__)
def test_what_a_client_says_is_what_the_venue_hears(message: FromClient) -> None:
    """Decimals, instants and names survive the way there."""
    (body,) = Splitter().feed(frame(message))

    assert message == from_client(body)


@pytest.mark.parametrize("message", VENUE, ids=lambda one: type(one).__name__)
def test_what_the_venue_says_is_what_a_client_hears(message: FromVenue) -> None:
    """The same on the way back."""
    (body,) = Splitter().feed(frame(message))

    assert message == from_venue(body)


@given(body=st.binary(max_size=200))
def test_what_is_no_message_is_refused_and_nothing_else_happens(body: bytes) -> None:
    """Whatever arrives is a message or a WireError. Fault D12."""
    for read in (from_client, from_venue):
        try:
            read(body)
        except WireError:
            continue


def test_a_frame_that_says_it_is_too_long_is_refused_before_it_is_kept() -> None:
    """Nobody can make the venue keep more than a frame. Fault D12."""
    with pytest.raises(WireError, match="are allowed"):
        Splitter().feed((FRAME_BYTES_MAX + 1).to_bytes(4, "big"))
