"""From what kind of venue it is to a venue: the one place that joins its parts.

The daemon that holds its venue and the process of the venue both open it here.
"""

from pathlib import Path

from execd.core.instrument import Instrument
from execd.ports import Clock
from execd.venue.generator import Generator, default_spec
from execd.venue.latency import Latency
from execd.venue.sim_venue import SimVenue
from execd.venue.source import GeneratorSource, Source
from execd.venue.spec import VenueSpec


def open_venue(spec: VenueSpec, clock: Clock) -> SimVenue:
    """Return a venue, not started. Raises TapeError."""
    source: Source
    if spec.tapes:
        from execd.venue.tape_source import TapeSource  # noqa: PLC0415  # Brings numpy: a third of a start.

        source = TapeSource([Path(tape) for tape in spec.tapes])
    else:
        specs = [default_spec(symbol) for symbol in spec.symbols]
        source = GeneratorSource(Generator(specs, spec.seed, clock.now_ns()))
    return SimVenue(
        source=source,
        clock=clock,
        queue=spec.queue,
        latency=Latency(base_ns=spec.latency_ns, jitter_ns=spec.jitter_ns, seed=spec.seed),
        commission=spec.commission,
        instrument=lambda symbol: spec.instruments.get(symbol) or Instrument(symbol=symbol),
        speed=spec.speed,
    )
