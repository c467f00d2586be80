"""One parent worked over a cut of a recorded day, and what became of it, as the charts need it.

Times are seconds since the parent's start, prices cents from the arrival mid: of the tape nothing is left but a few
minutes of one quote, without its day or its level. It draws nothing. What else a chart shall show is a field of
`Story`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks._drawn_scenes import Scene
from benchmarks._quality_days import Day
from execd.algos.base import Algo
from execd.algos.saving import load
from execd.algos.schedules.curve import part_of
from execd.algos.schedules.pov import Pov
from execd.algos.schedules.slices import Slices
from execd.algos.worker import Worker
from execd.config.presets import shipped
from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.enums import QueueRule
from execd.core.ids import epoch_of
from execd.core.instrument import Instrument
from execd.core.order import Order
from execd.core.parents import Parent, SavedAlgo
from execd.core.records import Stepped
from execd.core.rules import MS, S
from execd.core.session_table import SessionTable, SessionWindow
from execd.simulation.intents import read_intents, research_rules
from execd.simulation.lane import Lane
from execd.simulation.replay import Replay
from execd.simulation.segments import Segment
from execd.venue.commission import Commission
from execd.venue.latency import Latency
from execd.venue.matching import Matching
from execd.venue.tape import UNITS_PER_ONE, px_of

Floats = npt.NDArray[np.float64]
PRESET: Final = "balanced"
OPEN, CLOSE = time(9, 30), time(16, 0)
SEED: Final = 7
LATENCY_NS: Final = 100 * MS
WARM_UP_NS: Final = 1_800 * S
"""What the means of the market are made of lies before the start."""
AFTER_NS: Final = 60 * S
UNITS_A_CENT: Final = UNITS_PER_ONE // 100


@dataclass(frozen=True, slots=True)
class Rest:
    """A child at one price, from one instant to another."""

    from_s: float
    to_s: float
    px: float


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution."""

    at_s: float
    px: float
    qty: float
    is_passive: bool


class _Keeper:
    """A journal that keeps the latest state of the one parent, which the book of a replay has no need of."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.state: SavedAlgo | None = None

    def commit(self, batch: Batch) -> None:
        for record in batch.records:
            if isinstance(record, Stepped):
                self.state = record.algo


@dataclass(frozen=True, eq=False)
class Story:
    """What a parent did. (`quote_s`, `bid`, `ask`) are the quotes around it, (`print_s`, `print_qty`) the volume.

    `target` are (instant, quantity that should be done from it on); empty where nothing is cut over time. `working` are
    (instant, what is out from it on). `ended_s` is when it ended, as `status` and `reason` say.
    """

    name: str
    scene: Scene
    quote_s: Floats
    bid: Floats
    ask: Floats
    print_s: Floats
    print_qty: Floats
    rests: tuple[Rest, ...]
    fills: tuple[Fill, ...]
    target: tuple[tuple[float, float], ...]
    working: tuple[tuple[float, float], ...]
    collar: float | None
    limit: float | None
    ended_s: float
    status: str
    reason: str


def told(name: str, scene: Scene, day: Day) -> Story:
    """Return what becomes of a scene's parent under the algorithm of that name."""
    begins_ns = day.at(scene.clock)
    part = _cut(day.segment, begins_ns - WARM_UP_NS, begins_ns + scene.horizon_s * S + AFTER_NS)
    document = _document(name, scene, day, begins_ns)
    intents = read_intents(
        "scene.json", json.dumps([document]).encode(), begins_ns=lambda _symbol: begins_ns, seed=SEED
    )
    preset = shipped(PRESET).to_preset(PRESET)
    # Whoever asks for the market gets it, and nobody is sent there for being small: that would be one and the same
    # picture for all.
    preset = msgspec.structs.replace(preset, allows_market=True, small_notional_max=Decimal(0))
    hours = SessionWindow(open_ns=day.at(OPEN), close_ns=day.at(CLOSE))
    session = SessionTable.of("XNYS", [hours])
    rules = msgspec.structs.replace(research_rules(intents), preset=preset, session=session)
    keeper = _Keeper(epoch_of(part.first_ns))
    venue = Matching(queue=QueueRule.PESSIMISTIC, commission=Commission(), instrument=rules.instrument)
    latency = Latency(base_ns=LATENCY_NS, seed=SEED)
    replay = Replay(
        rules=rules,
        venue=venue,
        latency=latency,
        lanes=[Lane(day.symbol, iter([part]))],
        journal=keeper,
        days=() if day.past is None else (day.past,),
    )
    replay.run(intents)
    return _story(name, scene, part, replay.book, keeper.state)


def _document(name: str, scene: Scene, day: Day, begins_ns: int) -> dict[str, Any]:
    """Return the intent of a scene."""
    found: dict[str, Any] = {
        "id": name,
        "symbol": day.symbol,
        "side": scene.side,
        "qty": scene.qty,
        "not_before": _text(begins_ns),
        "deadline": _text(begins_ns + scene.horizon_s * S),
        "algo": {"name": name, **scene.parameters},
        **scene.fields,
    }
    if scene.limit_ticks is not None:
        at = day.usable_at(begins_ns)
        is_buy = scene.side == "buy"
        touch_px = px_of(int((day.segment.bid if is_buy else day.segment.ask)[at]))
        tick = Instrument(symbol=day.symbol).tick_at(touch_px)
        found["limit_price"] = str(touch_px + tick * scene.limit_ticks * (1 if is_buy else -1))
    return found


def _cut(whole: Segment, from_ns: int, to_ns: int) -> Segment:
    """Return the rows of a day in [from_ns, to_ns]."""
    quotes = slice(*(int(at) for at in whole.quote_ns.searchsorted([from_ns, to_ns])))
    prints = slice(*(int(at) for at in whole.print_ns.searchsorted([from_ns, to_ns])))
    size, px = whole.size[prints], whole.px[prints]
    return Segment(
        symbol=whole.symbol,
        first_ns=from_ns,
        last_ns=to_ns,
        rows=quotes.stop - quotes.start + prints.stop - prints.start,
        **{name: getattr(whole, name)[quotes] for name in ("quote_ns", "bid", "bid_size", "ask", "ask_size")},
        has_jumped=whole.has_jumped[quotes],
        print_ns=whole.print_ns[prints],
        px=px,
        size=size,
        volume=np.cumsum(size),
        notional=np.cumsum(px * size),
    )


def _story(name: str, scene: Scene, part: Segment, book: Book, state: SavedAlgo | None) -> Story:
    parent = book.parents[name]
    started_ns, arrival, plan = parent.started_ns, parent.arrival, parent.plan
    if started_ns is None or arrival is None or plan is None or parent.ended_ns is None:
        raise ValueError(f"{name}: the parent of its scene was not worked: {parent.status}, {parent.reason}")
    orders = [book.orders[key] for key in parent.children]
    mid = float(arrival.mid_px)

    def cents(px: Decimal | None) -> float | None:
        return None if px is None else round((float(px) - mid) * 100, 6)

    quotes = slice(max(0, int(part.quote_ns.searchsorted(started_ns, "right")) - 1), None)
    prints = slice(int(part.print_ns.searchsorted(started_ns)), None)
    return Story(
        name=name,
        scene=scene,
        quote_s=(part.quote_ns[quotes] - started_ns) / S,
        bid=part.bid[quotes] / UNITS_A_CENT - mid * 100,
        ask=part.ask[quotes] / UNITS_A_CENT - mid * 100,
        print_s=(part.print_ns[prints] - started_ns) / S,
        print_qty=part.size[prints].astype(np.float64),
        rests=tuple(
            Rest((begin - started_ns) / S, (end - started_ns) / S, px_cents)
            for order in orders
            for begin, end, px in _rests(order)
            if (px_cents := cents(px)) is not None
        ),
        fills=tuple(
            Fill(
                (trade.transact_ns - started_ns) / S,
                (float(trade.last_px) - mid) * 100,
                float(trade.last_qty),
                bool(trade.is_passive),
            )
            for order in orders
            for trade in order.fills.counted
        ),
        target=() if state is None else tuple(_target(load(state), parent, part, started_ns)),
        working=tuple(_working(orders, started_ns)),
        collar=cents(plan.collar_px),
        limit=cents(plan.limit_px),
        ended_s=(parent.ended_ns - started_ns) / S,
        status=str(parent.status),
        reason=parent.reason,
    )


def _rests(order: Order) -> Iterator[tuple[int, int, Decimal | None]]:
    """Yield (from, to, price) of each price at which an order was in the market."""
    if order.acked_ns is None:
        return
    turns = [(order.acked_ns, order.first.price)]
    turns += [(terms.transact_ns, terms.price) for terms in order.terms if terms.transact_ns > order.acked_ns]
    ends_ns = _out_ns(order)
    for (begin_ns, px), (end_ns, _) in zip(turns, [*turns[1:], (ends_ns, None)], strict=True):
        yield begin_ns, min(end_ns, ends_ns), px


def _out_ns(order: Order) -> int:
    """Return when an order of a parent that has ended was out of the market."""
    fills = [trade.transact_ns for trade in order.fills.counted]
    if order.done is not None:
        return order.done.transact_ns
    return max([*fills, order.acked_ns or 0])


def _working(orders: list[Order], started_ns: int) -> Iterator[tuple[float, float]]:
    """Yield (instant, quantity that is in the market from it on) at each change."""
    changes: dict[int, Decimal] = {}
    for order in orders:
        if order.acked_ns is None:
            continue
        out_ns = _out_ns(order)
        turns: list[tuple[int, Decimal]] = [(order.acked_ns, order.first.order_qty)]
        qty = order.first.order_qty
        for terms in order.terms:
            if terms.transact_ns > order.acked_ns:
                turns.append((terms.transact_ns, terms.order_qty - qty))
                qty = terms.order_qty
        turns += [(trade.transact_ns, -trade.last_qty) for trade in order.fills.counted]
        turns.append((out_ns, order.cum_qty - qty))
        for at_ns, change in turns:
            changes[at_ns] = changes.get(at_ns, Decimal(0)) + change
    qty = Decimal(0)
    for at_ns in sorted(changes):
        qty += changes[at_ns]
        yield (at_ns - started_ns) / S, float(qty)


def _target(algo: Algo, parent: Parent, part: Segment, started_ns: int) -> Iterator[tuple[float, float]]:
    """Yield (instant, quantity that should be done from it on), as the parent's own state says."""
    qty = parent.order_qty or Decimal(0)
    if not isinstance(algo, Worker):
        return
    slices = getattr(algo.schedule, "slices", None)
    if isinstance(slices, Slices):
        weights = slices.weights or (1,) * slices.n
        for k in range(slices.n):
            done = part_of(qty, done=sum(weights[: k + 1]), whole=sum(weights), step=Decimal(1))
            yield (slices.begins_ns + k * slices.interval_ns - started_ns) / S, float(done)
    elif isinstance(algo.schedule, Pov):
        first = int(part.print_ns.searchsorted(started_ns, "right"))
        for at_ns, volume in zip(part.print_ns[first:], np.cumsum(part.size[first:]), strict=True):
            due_qty = min(qty, algo.schedule.rate * int(volume))
            yield (int(at_ns) - started_ns) / S, float(due_qty)


def varied(scene: Scene, parameters: dict[str, Any]) -> Scene:
    """Return the scene with other parameters."""
    return replace(scene, parameters={**scene.parameters, **parameters}, others=())


def _text(at_ns: int) -> str:
    seconds, ns = divmod(at_ns, S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ns:09d}Z"
