"""Quotes conflate, volume does not."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from execd.core.events import PrintsReceived, QuoteReceived
from execd.core.market import one_print
from execd.runtime.conflate import MarketBuffer
from tests.unit.runtime.ports import NOW_NS
from tests.world import quote

PRINTS = st.lists(st.tuples(st.sampled_from(["AAPL", "BAC"]), st.integers(1, 500), st.booleans()), max_size=60)


@given(prints=PRINTS)
def test_no_share_is_lost_however_it_is_taken(prints: list[tuple[str, int, bool]]) -> None:
    """The volume that comes out is the volume that went in, by symbol, wherever the buffer is emptied between."""
    buffer = MarketBuffer()
    told: dict[str, Decimal] = {}
    for n, (symbol, qty, is_taken) in enumerate(prints):
        buffer.add_prints(one_print(symbol=symbol, px=Decimal(10), qty=Decimal(qty), exchange_ns=NOW_NS + n))
        for event in buffer.take(NOW_NS) if is_taken else []:
            assert isinstance(event, PrintsReceived)
            told[event.prints.symbol] = told.get(event.prints.symbol, Decimal(0)) + event.prints.volume
    for event in buffer.take(NOW_NS):
        assert isinstance(event, PrintsReceived)
        told[event.prints.symbol] = told.get(event.prints.symbol, Decimal(0)) + event.prints.volume

    wanted: dict[str, Decimal] = {}
    for symbol, qty, _ in prints:
        wanted[symbol] = wanted.get(symbol, Decimal(0)) + qty
    assert wanted == told


def test_only_the_latest_quote_of_a_symbol_waits() -> None:
    """Three quotes of two symbols become two events."""
    buffer = MarketBuffer()
    for one in (quote("AAPL", "10", "11"), quote("BAC", "5", "6"), quote("AAPL", "10.5", "11", at_s=0.1)):
        buffer.add_quote(one)
    events = [event for event in buffer.take(NOW_NS) if isinstance(event, QuoteReceived)]

    found = [(event.quote.symbol, str(event.quote.bid_px)) for event in events]
    assert (found, buffer.conflated_n, bool(buffer)) == ([("AAPL", "10.5"), ("BAC", "5")], 1, False)


def test_a_jump_is_seen_although_the_quote_before_it_was_dropped() -> None:
    """Fault E3. Whether a quote jumped is asked of raw quotes, before they conflate."""
    buffer = MarketBuffer()
    buffer.add_quote(quote("AAPL", "10", "10.02"))
    buffer.add_quote(quote("AAPL", "20", "20.02", at_s=0.5))
    event = buffer.take(NOW_NS)[0]
    assert isinstance(event, QuoteReceived)

    assert event.quote.has_jumped


def test_after_a_gap_no_quote_has_jumped() -> None:
    """What was said before a gap is nothing to jump from."""
    buffer = MarketBuffer()
    buffer.add_quote(quote("AAPL", "10", "10.02"))
    buffer.forget()
    buffer.add_quote(quote("AAPL", "20", "20.02", at_s=0.5))
    event = buffer.take(NOW_NS)[0]
    assert isinstance(event, QuoteReceived)

    assert not event.quote.has_jumped
