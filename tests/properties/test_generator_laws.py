"""Laws of the generated market, for any seed and any symbols.

How near it comes to recorded days is in tests/unit/venue/test_generator.py.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.enums import QuoteSource
from execd.core.instrument import Instrument
from execd.core.market import Halt, Prints, Quote
from execd.venue.generator import PROFILES, Generator, SymbolSpec, default_spec

Tick = Quote | Prints | Halt
START_NS = 1_700_000_000_000_000_000
TICKS_N = 300
ZERO = Decimal(0)

names = st.text(alphabet="ABCXYZ.", min_size=1, max_size=5)
prices = st.decimals(min_value="0.0100", max_value="3000", places=4)
specs = st.builds(
    SymbolSpec,
    symbol=names,
    start_px=prices,
    profile=st.sampled_from(list(PROFILES.values())),
    lot=st.sampled_from([1, 10, 100]),
    halts_per_day=st.sampled_from([0.0, 0.0, 200.0]),
)
markets = st.lists(specs, min_size=1, max_size=4, unique_by=lambda spec: spec.symbol)
seeds = st.integers(min_value=0, max_value=2**63 - 1)


def made(market: Sequence[SymbolSpec], seed: int, ticks_n: int = TICKS_N) -> list[Tick]:
    """Return the first ticks of a market."""
    return list(islice(Generator(market, seed, START_NS).ticks(), ticks_n))


def instant_ns(tick: Tick) -> int:
    """Return when a tick happened."""
    return tick.to_ns if isinstance(tick, Prints) else tick.exchange_ns


def bid_of(quote: Quote) -> tuple[Decimal, Decimal]:
    """Return price and size of the bid."""
    return quote.bid_px, quote.bid_size


def ask_of(quote: Quote) -> tuple[Decimal, Decimal]:
    """Return price and size of the ask."""
    return quote.ask_px, quote.ask_size


@given(market=markets, seed=seeds)
def test_same_seed_and_symbols_make_the_same_ticks(market: list[SymbolSpec], seed: int) -> None:
    """A generated day can be had again from its seed, whatever the order in which its symbols were named."""
    again = made(market[::-1], seed)

    assert made(market, seed) == again


@given(market=markets, seed=seeds)
def test_a_path_does_not_depend_on_the_other_symbols(market: list[SymbolSpec], seed: int) -> None:
    """Adding a symbol to a simulation changes nothing for those that were there."""
    first = market[0]
    together = [tick for tick in made(market, seed) if tick.symbol == first.symbol]

    assert made([first], seed, len(together)) == together


@given(market=markets, seed=seeds)
def test_instants_never_go_back(market: list[SymbolSpec], seed: int) -> None:
    """Ticks of all symbols come in order of their instants, from `start_ns` on."""
    instants = [START_NS, *map(instant_ns, made(market, seed))]

    assert sorted(instants) == instants


@given(market=markets, seed=seeds)
def test_each_symbol_begins_with_a_quote_at_the_start(market: list[SymbolSpec], seed: int) -> None:
    """Nobody has to wait for a first quote."""
    first = made(market, seed, len(market))

    assert {(spec.symbol, START_NS) for spec in market} == {
        (tick.symbol, tick.exchange_ns) for tick in first if isinstance(tick, Quote)
    }


@given(spec=specs, seed=seeds)
def test_every_quote_may_price_an_order(spec: SymbolSpec, seed: int) -> None:
    """Quotes are two-sided, not locked or crossed, on the tick grid, in whole lots, and say where they are from."""
    rule = Instrument(symbol=spec.symbol)
    for tick in made([spec], seed):
        if isinstance(tick, Quote):
            on_grid = (tick.bid_px % rule.tick_at(tick.bid_px), tick.ask_px % rule.tick_at(tick.ask_px))
            in_lots = (tick.bid_size % spec.lot, tick.ask_size % spec.lot)

            assert tick.is_priceable
            assert [ZERO] * 4 == [*on_grid, *in_lots]
            assert QuoteSource.GENERATOR == tick.source


@given(spec=specs, seed=seeds)
def test_every_print_is_within_the_quote_that_stood(spec: SymbolSpec, seed: int) -> None:
    """A print is at the touch or inside, on the tick grid, and a whole number of its profile's lots."""
    rule = Instrument(symbol=spec.symbol)
    quote = None
    for tick in made([spec], seed):
        if isinstance(tick, Quote):
            quote = tick
        elif isinstance(tick, Prints):
            assert quote is not None
            assert quote.bid_px <= tick.last_px <= quote.ask_px
            assert [ZERO] * 2 == [tick.last_px % rule.tick_at(tick.last_px), tick.volume % spec.profile.print_lot]
            assert tick.volume > 0


@given(spec=specs, seed=seeds)
def test_prints_at_the_touch_are_followed_at_once_by_a_changed_quote(spec: SymbolSpec, seed: int) -> None:
    """What was printed at the bid or ask is gone from the display: the next quote shows another size or price there."""
    quote: Quote | None = None
    eaten: list[Prints] = []
    for tick in made([spec], seed):
        if isinstance(tick, Prints):
            eaten.append(tick)
        elif isinstance(tick, Quote):
            for prints in eaten:
                assert quote is not None
                for before, after in ((bid_of(quote), bid_of(tick)), (ask_of(quote), ask_of(tick))):
                    if prints.last_px == before[0]:
                        assert before != after
                        assert prints.to_ns == tick.exchange_ns
            quote, eaten = tick, []


@given(spec=specs, seed=seeds)
def test_a_halted_symbol_is_silent_for_five_minutes(spec: SymbolSpec, seed: int) -> None:
    """Between a halt and its end there is neither quote nor print."""
    busy = SymbolSpec(symbol=spec.symbol, start_px=spec.start_px, profile=spec.profile, halts_per_day=20_000)
    ticks = made([busy], seed)
    begun = [place for place, tick in enumerate(ticks[:-1]) if isinstance(tick, Halt) and tick.is_halted]

    assert begun
    for place in begun:
        after = ticks[place + 1]

        assert isinstance(after, Halt)
        assert (False, 300_000_000_000) == (after.is_halted, instant_ns(after) - instant_ns(ticks[place]))


@given(name=names, seed=seeds, ticks_n=st.integers(min_value=0, max_value=300))
def test_a_symbol_added_in_mid_stream_begins_there_with_a_quote(name: str, seed: int, ticks_n: int) -> None:
    """A symbol can be asked for at any time; it has a quote at once, the next tick of its instant is that quote."""
    generator = Generator([SymbolSpec(symbol="first", start_px=Decimal(50))], seed, START_NS)
    stream = generator.ticks()
    for _ in range(ticks_n):
        next(stream)
    generator.ensure(name)
    standing = generator.at(name)

    assert generator.now_ns == standing.exchange_ns
    assert standing in [tick for tick in islice(stream, 20) if instant_ns(tick) == standing.exchange_ns]


@given(name=names)
def test_an_unknown_symbol_always_has_the_same_default(name: str) -> None:
    """A default is made of the name alone, and is a price of an ordinary share."""
    spec = default_spec(name)

    assert default_spec(name) == spec
    assert Decimal(10) <= spec.start_px < Decimal(500)


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_ticks_do_not_depend_on_the_hash_seed(hash_seed: str) -> None:
    """Another process with another PYTHONHASHSEED makes the same bytes."""
    program = (
        "from itertools import islice\n"
        "from execd.core.codec import encode\n"
        "from execd.venue.generator import Generator, default_spec\n"
        "specs = [default_spec(symbol) for symbol in ('AAPL', 'BAC', 'WXYZ')]\n"
        "print(encode(list(islice(Generator(specs, 7, 0).ticks(), 500))).hex())\n"
    )

    def run(of: str) -> str:
        env = {**os.environ, "PYTHONHASHSEED": of, "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(
            [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    assert run("99") == run(hash_seed)
