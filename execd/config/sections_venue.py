"""The sections about the market: the simulated venue, what is kept of its data, and reference data.

They describe, and open nothing. Each key has its default, its bounds and, below it, what it means. A new key is a
field here; a new broker's own section comes here, too.
"""

from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, model_validator

from execd.config.fields import (
    Bps,
    CalendarName,
    ClosureText,
    Count,
    CoverageWord,
    Days,
    Flag,
    Positive,
    ProfileText,
    QueueWord,
    Seed,
    SimSource,
    SourceWord,
    Span,
    Symbol,
    Text,
    Unsigned,
    items,
)
from execd.config.section import Section
from execd.config.strict_text import refusal
from execd.core.daily import PROFILES
from execd.core.enums import Coverage, QueueRule

SYMBOLS_MAX: Final = 30


class Commission(Section):
    """What the simulated venue charges."""

    rate_bps: Bps = Decimal(0)
    """Of the money traded."""
    per_share_usd: Unsigned = Decimal(0)
    """For each share."""
    minimum_usd: Unsigned = Decimal(0)
    """Of one order over its life."""


class Sim(Section):
    """The simulated venue."""

    process: Flag = True
    """The venue is a process of its own, which outlives the daemon; false: it lives inside the daemon."""
    venue_dir: Text = ""
    """Where its socket and its ledger are; empty: <state>/venue."""
    source: SourceWord = SimSource.GENERATOR
    """A generator of prices, or the tapes below."""
    tapes: Annotated[tuple[Text, ...], BeforeValidator(items)] = ()
    """Files for source tape, such as [aig_2013-10-07.csv.gz]."""
    symbols: Annotated[tuple[Symbol, ...], BeforeValidator(items)] = ("AAPL", "BAC", "IBM", "MSFT", "SPY")
    """What the generator quotes from the start; others join when asked for."""
    speed: Positive = Decimal(1)
    """A tape's time runs this much faster."""
    seed: Seed = 1
    """The same seed gives the same market."""
    latency_ms: Unsigned = Decimal(20)
    """From us to the venue, one way."""
    jitter_ms: Unsigned = Decimal(10)
    """And up to this much more."""
    queue: QueueWord = QueueRule.PESSIMISTIC
    """pessimistic: we stand behind all that is displayed at our price; or optimistic."""
    coverage: CoverageWord = Coverage.CONSOLIDATED
    """partial: what it shows is one venue's part of the market, as of a tape with that venue's quotes alone."""
    commission: Commission = Commission()
    """What it charges."""

    @model_validator(mode="after")
    def _has_what_its_source_needs(self) -> Self:
        if self.source is SimSource.TAPE and not self.tapes:
            raise refusal("missing_field", "source tape needs at least one file in tapes", field="tapes")
        return self


class Streams(Section):
    """What is heard of the market and of our orders while it happens, and what is asked for instead."""

    quotes: Flag = True
    """false: prices are asked for and not heard; no feed that is built can be asked, so it is refused."""
    reports: Flag = True
    """false: reports are not heard; what works is asked about every 5 s."""
    symbols_max: Count = 30
    """What a feed with a limit is asked to show; the simulated venue's has none, so it takes no other number."""
    reconnect_alert_after: Count = 3
    """After so many failures in a row somebody is told, and the account is polled while trying goes on."""

    @model_validator(mode="after")
    def _is_built(self) -> Self:
        """Refuse what no feed can do yet: a key that is read and not followed would be worse than none."""
        if not self.quotes:
            text = "quotes: false needs a feed that can be asked for a quote (a REST snapshot), and that of sim cannot"
            raise refusal("not_supported", f"{text}; leave it true", field="quotes")
        if self.symbols_max != SYMBOLS_MAX:
            text = f"the feed of sim shows as many symbols as are asked for; leave symbols_max {SYMBOLS_MAX}"
            raise refusal("not_supported", text, field="symbols_max")
        return self


class MarketData(Section):
    """What is done with quotes and prints beside trading on them."""

    record: Flag = False
    """true: what is subscribed is written to <state>/tapes, for `execd replay`."""
    partial_volume_scale: Unsigned = Decimal(0)
    """Volume and sizes of a feed that sees a part of the market count so often; 0: nothing is derived from them."""


class RefData(Section):
    """Calendars and history: read by a process of their own, kept in the state directory."""

    calendars: Annotated[tuple[CalendarName, ...], BeforeValidator(items)] = ("XNYS",)
    """The exchanges whose sessions are kept."""
    closures: Annotated[tuple[ClosureText, ...], BeforeValidator(items)] = ()
    """Days that the library gets wrong: [XNYS 2026-12-09] is closed, [XNYS 2026-12-10 09:30-13:00] has these hours."""
    bars_dir: Text = ""
    """Files of bars that the simulated venue serves as history; empty: it has none."""
    refresh_h: Span = Decimal(24)
    """What is older is read anew."""
    days_back: Days = 30
    """Sessions are kept from this many days ago."""
    profiles: Annotated[tuple[ProfileText, ...], BeforeValidator(items)] = PROFILES
    """Volume profiles to learn: days, and median or mean; the first is the one that is used unless asked."""
    days_ahead: Days = 400
    """Sessions are kept to this many days ahead."""
