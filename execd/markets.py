"""What the daemon trades on: the brokers by account, and the feed.

`open_market` reads the configuration and joins adapters; it decides nothing
else, and it is composition as `app` is. A new broker is a case here.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from msgspec.structs import replace

from execd.brokers.sim import LIMITS, SimBroker, SimFeed, SimVenue
from execd.brokers.sim_process import VenueProcess
from execd.brokers.sim_remote import SimRemoteBroker, SimRemoteFeed
from execd.config.fields import Adapter, SimSource
from execd.config.settings import Settings, ns_of_ms
from execd.core.book import Book
from execd.core.enums import Coverage
from execd.core.order import Order
from execd.core.rules import Rules
from execd.engine.engine import Engine
from execd.ports import Broker, BrokerLimits, Feed, FeedLimits
from execd.runtime.clock import SystemClock
from execd.runtime.paths import StatePaths
from execd.venue.commission import Commission
from execd.venue.opening import open_venue
from execd.venue.spec import VenueSpec

VENUE_DIR: Final = "venue"
HEARD_MARGIN_NS: Final = 60_000_000_000
"""Reports are asked for again from so long before the last one that the journal holds; the same twice is once."""
BROKERS: Final[dict[Adapter, BrokerLimits]] = {Adapter.SIM: LIMITS}
log = structlog.get_logger("execd.markets")


class Market:
    """The brokers by account, the feed, and the venue that is closed with them where it lives in this process."""

    def __init__(self, *, brokers: Mapping[str, Broker], feed: Feed, venue: SimVenue | None = None) -> None:
        self.brokers = brokers
        self.feed = feed
        self.venue = venue

    async def close(self) -> None:
        """Leave the brokers, then close a venue in this process."""
        await self.feed.close()
        for broker in self.brokers.values():
            await broker.close()
        if self.venue is not None:
            await self.venue.close()


def open_market(settings: Settings, engine: Engine, clock: SystemClock, paths: StatePaths) -> Market:
    """Return the brokers and the feed that the configuration names. Raises TapeError, VenueError."""
    opened = _remote(settings, engine, clock, paths) if settings.sim.process else _inside(settings, engine, clock)
    if not settings.market_data.record:
        return opened
    from execd.brokers.sim_recording import RecordingFeed  # Brings numpy.

    feed = RecordingFeed(opened.feed, paths.tapes, clock.now_ns(), _cannot_record)
    return Market(brokers=opened.brokers, feed=feed, venue=opened.venue)


def able(rules: Rules, settings: Settings) -> Rules:
    """Return rules with what the adapters can do: it is their word, and no key of the configuration."""
    brokers = {name: BROKERS[account.adapter] for name, account in settings.accounts.items()}
    lookups = {name: limits.lookups for name, limits in brokers.items()}
    cannot = tuple(name for name, limits in brokers.items() if not limits.can_replace)
    is_partial = feed_limits(settings).coverage is Coverage.PARTIAL
    return replace(rules, is_partial=is_partial, cannot_replace=cannot, lookups=lookups)


def feed_limits(settings: Settings) -> FeedLimits:
    """Return what the feed can do, as it is handed to it."""
    return FeedLimits(coverage=settings.sim.coverage)


def venue_folder(settings: Settings, paths: StatePaths) -> Path:
    """Return where the venue's socket and ledger are."""
    told = settings.sim.venue_dir
    return Path(told).expanduser().absolute() if told else paths.root / VENUE_DIR


def spec_of(settings: Settings) -> VenueSpec:
    """Return what kind of venue the configuration describes."""
    sim = settings.sim
    charge = sim.commission
    return VenueSpec(
        symbols=tuple(sim.symbols),
        tapes=tuple(str(Path(tape).absolute()) for tape in sim.tapes) if sim.source is SimSource.TAPE else (),
        seed=sim.seed,
        speed=sim.speed,
        queue=sim.queue,
        latency_ns=ns_of_ms(sim.latency_ms),
        jitter_ns=ns_of_ms(sim.jitter_ms),
        commission=Commission(rate_bps=charge.rate_bps, per_share=charge.per_share_usd, minimum=charge.minimum_usd),
        instruments={symbol: part.to_instrument(symbol) for symbol, part in settings.instruments.items()},
    )


def heard_ns(book: Book, account: str, now_ns: int) -> int:
    """Return from which instant on reports of an account may be missing in the book.

    Reports of an account are journaled in the order in which they happened, so nothing before the last one is missing;
    without a live order nothing is. The margin is for reports that were told out of turn.
    """
    last_ns = [order.last_ns for order in book.orders.values() if order.first.account == account and order.last_ns]
    return max(last_ns, default=now_ns) - HEARD_MARGIN_NS


def _remote(settings: Settings, engine: Engine, clock: SystemClock, paths: StatePaths) -> Market:
    """Return a market in the venue's own process, which is found or started."""
    process = VenueProcess(venue_folder(settings, paths), spec_of(settings), _differs)
    # It wakes up while the daemon reads on; whether it is there is asked when the brokers start.
    process.look()
    brokers = {
        name: SimRemoteBroker(
            process,
            name,
            since_ns=heard_ns(engine.book, name, clock.now_ns()),
            remembered=partial(_orders_of, engine.book, name),
        )
        for name in settings.accounts
    }
    return Market(brokers=brokers, feed=SimRemoteFeed(process, clock, feed_limits(settings)))


def _inside(settings: Settings, engine: Engine, clock: SystemClock) -> Market:
    """Return a market inside this process; it ends with the daemon."""
    venue = open_venue(spec_of(settings), clock)
    # The venue died with the daemon that held it; it goes on with what the journal remembers of it.
    venue.restore(engine.book.orders.values())
    brokers = {name: SimBroker(venue, name) for name in settings.accounts}
    return Market(brokers=brokers, feed=SimFeed(venue, feed_limits(settings)), venue=venue)


def _orders_of(book: Book, account: str) -> Iterable[Order]:
    return (order for order in book.orders.values() if order.first.account == account)


def _differs(names: list[str]) -> None:
    keys = [name if name == "instruments" else f"sim.{name}" for name in names]
    log.warning("venue_differs", keys=keys, text="the venue that runs is used as it is")


def _cannot_record(symbol: str, text: str) -> None:
    log.warning("tape_not_written", symbol=symbol, text=text)
