"""What the daemon trades on: the brokers by account, and the feed.

`open_market` reads the configuration and joins adapters; it decides nothing
else, and it is composition as `app` is. A new broker is a case here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

import structlog

from execd.brokers.sim import GeneratorSource, SimBroker, SimFeed, SimVenue
from execd.config.fields import SimSource
from execd.config.settings import Settings, ns_of_ms
from execd.engine.engine import Engine
from execd.ports import Broker, Feed
from execd.runtime.clock import SystemClock
from execd.runtime.paths import StatePaths
from execd.venue.commission import Commission
from execd.venue.generator import Generator, default_spec
from execd.venue.latency import Latency
from execd.venue.source import Source

log = structlog.get_logger("execd.markets")


class Market:
    """The brokers by account, the feed, and what is closed with them."""

    def __init__(self, *, venue: SimVenue, brokers: Mapping[str, Broker], feed: Feed) -> None:
        self.brokers = brokers
        self.feed = feed
        self._venue = venue

    async def close(self) -> None:
        """Leave the brokers, then close the venue in this process."""
        await self.feed.close()
        for broker in self.brokers.values():
            await broker.close()
        await self._venue.close()


def open_market(settings: Settings, engine: Engine, clock: SystemClock, paths: StatePaths) -> Market:
    """Return the brokers and the feed that the configuration names. Raises TapeError."""
    sim, rules = settings.sim, engine.desk.rules
    source: Source
    match sim.source:
        case SimSource.GENERATOR:
            specs = [default_spec(symbol) for symbol in sim.symbols]
            source = GeneratorSource(Generator(specs, sim.seed, clock.now_ns()))
        case SimSource.TAPE:
            from execd.venue.tape_source import TapeSource  # Brings numpy: a third of a start.

            source = TapeSource([Path(tape) for tape in sim.tapes])
        case _:
            assert_never(sim.source)
    charge = sim.commission
    venue = SimVenue(
        source=source,
        clock=clock,
        queue=sim.queue,
        latency=Latency(base_ns=ns_of_ms(sim.latency_ms), jitter_ns=ns_of_ms(sim.jitter_ms), seed=sim.seed),
        commission=Commission(rate_bps=charge.rate_bps, per_share=charge.per_share_usd, minimum=charge.minimum_usd),
        instrument=rules.instrument,
        speed=sim.speed,
    )
    # The venue died with the daemon that held it; it goes on with what the journal remembers of it.
    venue.restore(engine.book.orders.values())
    brokers = {name: SimBroker(venue, name) for name in settings.accounts}
    feed: Feed = SimFeed(venue)
    if settings.market_data.record:
        from execd.brokers.sim_recording import RecordingFeed  # Brings numpy, too.

        feed = RecordingFeed(feed, paths.tapes, clock.now_ns(), _cannot_record)
    return Market(venue=venue, brokers=brokers, feed=feed)


def _cannot_record(symbol: str, text: str) -> None:
    log.warning("tape_not_written", symbol=symbol, text=text)
