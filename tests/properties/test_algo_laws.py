"""The laws that every algorithm of the registry keeps, whatever the market does."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.algos.base import ZERO, Algo, AlgoView, Amend, Place, Pull
from execd.algos.registry import ENTRIES, made
from execd.algos.saving import load, save
from execd.algos.scheduling import SCHEDULES
from execd.core.conduct import Conduct, Ending
from execd.core.enums import OrdType, Side, Urgency
from execd.core.events import Replace, Submit
from execd.core.market import Halt, Quote
from execd.core.orders import AlgoSpec, NewOrder, ParentOrder
from execd.core.preset import PLAIN
from execd.core.rules import MS, S
from execd.engine.stepping import view_of
from tests.drawing import schedules, tactics
from tests.unruly import Mishaps, Unruly
from tests.world import LIMITS, RULES, START_NS, Fate, World, intent, quote

SYMBOL: Final = "AAPL"
LIFE_S: Final = 200
FIRST: Final = quote(SYMBOL, "200.00", "200.02")
FEWER: Final = settings(max_examples=max(40, settings().max_examples // 2))
"""A world with mishaps and deaths costs several worlds."""
BIG_SMALL_ORDER: Final = replace(RULES, preset=replace(PLAIN, allows_market=True))
"""Lets market orders be asked for at any size, so that passthrough is met in both of its forms."""


def _algo(draw: st.DrawFn, name: str, *, is_market: bool) -> dict[str, Any]:
    if name == "passthrough" and is_market:
        return {"ord_type": OrdType.MARKET}
    given = draw(schedules(name) if name in SCHEDULES else tactics(name))
    return {"algo": AlgoSpec(name=name, parameters=given)}


@st.composite
def markets(draw: st.DrawFn) -> list[tuple[float, str, Any]]:
    """Draw what the market shows: quotes that wander (now and then broken), prints, and halts."""
    ticks: list[tuple[float, str, Any]] = []
    bid, at_s = 20_000, 0.0
    for _ in range(draw(st.integers(1, 40))):
        at_s += draw(st.sampled_from([0.0, 0.1, 1.0, 5.0, 12.0, 40.0]))
        bid += draw(st.integers(-8, 8))
        width = draw(st.sampled_from([1, 1, 2, 3, 10, 60, 0, -1]))
        size, ask_size = draw(st.sampled_from([0, 50, 100, 700])), draw(st.sampled_from([50, 100, 100, 700]))
        if draw(st.integers(0, 11)) == 0:
            ticks.append((at_s, "halt", Halt(symbol=SYMBOL, is_halted=draw(st.booleans()), reason="", exchange_ns=0)))
        elif draw(st.booleans()):
            bid_text, ask_text = f"{bid / 100:.2f}", f"{(bid + width) / 100:.2f}"
            ticks.append((at_s, "quote", quote(SYMBOL, bid_text, ask_text, size=size, ask_size=ask_size)))
        else:
            ticks.append((at_s, "print", (f"{(bid + draw(st.integers(-5, 5))) / 100:.2f}", draw(st.integers(1, 400)))))
    return ticks


@st.composite
def parents(draw: st.DrawFn, name: str) -> ParentOrder:
    """Draw an intent for the algorithm `name`."""
    is_market = draw(st.booleans())
    limit = draw(st.sampled_from([None, "199.90", "200.00", "200.10", "200.55"]))
    if name == "passthrough" and not is_market and limit is None:
        limit = "200.00"
    return intent(
        "p",
        SYMBOL,
        draw(st.sampled_from([Side.BUY, Side.SELL_SHORT])),
        order_qty=Decimal(draw(st.integers(1, 1000))),
        price=None if limit is None or (is_market and name == "passthrough") else Decimal(limit),
        expire_ns=START_NS + draw(st.integers(2, LIFE_S)) * S,
        urgency=draw(st.sampled_from(Urgency)),
        **_algo(draw, name, is_market=is_market),
    )


@st.composite
def mishaps(draw: st.DrawFn) -> Mishaps:
    """Draw what goes wrong; mostly little does."""
    few = st.lists(st.integers(0, 25), max_size=4, unique=True).map(tuple)
    return Mishaps(
        late_timers=draw(few),
        late_ns=draw(st.sampled_from([200 * MS, 20 * S])),
        refused=draw(few),
        doubled=draw(few),
        doubled_ns=draw(st.sampled_from([0, 300 * MS, 30 * S])),
        shows_us=draw(st.booleans()),
    )


@st.composite
def conducts(draw: st.DrawFn) -> Conduct:
    """Draw what a plan does where its tactic comes to its limits."""
    ending = st.sampled_from(Ending)
    return Conduct(
        at_end=draw(ending),
        cross_lead_ns=draw(st.sampled_from([1 * S, 5 * S])),
        after_tactic=draw(ending),
        on_soft=draw(ending),
        soft_wait_ns=draw(st.sampled_from([0, 4 * S, 30 * S])),
        soft_spread_ratio=draw(st.sampled_from([None, Decimal("0.0001"), Decimal("0.0025")])),
        hard_spread_ratio=draw(st.sampled_from([None, Decimal("0.0002"), Decimal("0.05")])),
        on_no_quote=draw(ending),
        quote_wait_ns=draw(st.sampled_from([None, 0, 5 * S])),
        cancels_on_breach=draw(st.booleans()),
    )


def _run(
    world: World, parent: ParentOrder, ticks: list[tuple[float, str, Any]], check: Callable[[World], None]
) -> None:
    """Let a market happen to a parent."""
    world.after_event = lambda: check(world)
    for at_s, kind, tick in ticks:
        if kind == "print":
            world.at(at_s, partial(world.print, SYMBOL, *tick))
        else:
            world.at(at_s, partial(world.show, tick))
    world.at(0, lambda: world.drop(parent))
    world.run(LIFE_S + 10)


def _check_every_law(world: World) -> None:
    desk = world.engine.desk
    for parent_id, algo in list(desk.algos.items()):
        parent = world.book.parents[parent_id]
        view = view_of(desk, parent, world.now_ns, "law")
        # A replace in doubt counts with the order that it may have replaced: that is caution, and no second order.
        if not any(child.is_in_doubt for child in view.children):
            assert parent.cum_qty + view.working_qty <= view.order_qty, "more than asked is filled or working"
        assert load(save(algo)) == algo, "what is saved is not what is loaded"
        # An algorithm has just acted when this is asked: later instants of the same view make it act again,
        # and so does a view in which nothing was done yet.
        for later_ns in (0, 61 * S, LIFE_S * S):
            _check_same_view_twice(algo, replace(view, now_ns=view.now_ns + later_ns))
        fresh = made(view.plan)
        untouched = replace(view, children=(), children_n=0, last_child=None, cum_qty=ZERO, working_qty=ZERO)
        _check_same_view_twice(fresh, untouched)


def _check_same_view_twice(algo: Algo, view: AlgoView) -> None:
    first = algo.step(view)
    again = first.algo.step(view)
    repeated = [action for action in again.actions if isinstance(action, Place | Amend | Pull)]
    assert not (first.actions and repeated), "the same view twice asked for something new"


@pytest.mark.parametrize("name", sorted(ENTRIES))
@given(data=st.data())
def test_every_algorithm_keeps_the_five_laws(name: str, data: st.DataObject) -> None:
    """SPEC 6: never more than asked, idempotent on a view, saved = loaded, ends by its deadline, inside its bounds."""
    parent = data.draw(parents(name))
    most = data.draw(st.sampled_from([250_000, 250_000, 20_000, 3_000]))
    rules = replace(BIG_SMALL_ORDER, limits={"sim": replace(LIMITS, order_notional_max=Decimal(most))})
    world = World(rules, latency_ns=data.draw(st.sampled_from([0, 100, 400])) * MS, steps_more=True)
    _run(world, parent, data.draw(markets()), _check_every_law)

    _check_the_end(world, parent, is_on_time=True)
    is_cut = world.book.parents["p"].plan is not None and name != "passthrough"
    assert not (is_cut and world.book.parents["p"].reason.startswith("max_order")), "the gate was hit"


@pytest.mark.parametrize("name", sorted(ENTRIES))
@FEWER
@given(data=st.data())
def test_every_algorithm_keeps_them_when_much_goes_wrong(name: str, data: st.DataObject) -> None:
    """The same with any conduct, late timers, refusals, doubled reports, deaths, doubt, and a feed that shows us."""
    parent, wrong = data.draw(parents(name)), data.draw(mishaps())
    world = Unruly(BIG_SMALL_ORDER, wrong, latency_ns=data.draw(st.sampled_from([0, 100])) * MS)
    conduct = data.draw(st.none() | conducts())
    fates = data.draw(st.lists(st.sampled_from([Fate.WELL, Fate.WELL, Fate.LOST, Fate.TAKEN]), max_size=6))
    world.at(0, lambda: world.begin(parent, FIRST, conduct))
    world.at(0, lambda: world.fates.extend(fates))
    for at_s in data.draw(st.lists(st.sampled_from([0.05, 1.0, 14.0, 16.5, 60.2]), max_size=2)):
        world.at(at_s, world.crash)
    _run(world, parent, data.draw(markets()), _check_every_law)

    # A timer that comes seconds late may come after a deadline, and lets a fill be later: nothing else is excused.
    # So does a cancel that is refused, or gets lost: nothing can be done about a fill but to try again.
    is_excused = (wrong.late_timers and wrong.late_ns >= S) or wrong.refused or set(fates) - {Fate.WELL}
    _check_the_end(world, parent, is_on_time=not is_excused)


def _check_the_end(world: World, parent: ParentOrder, *, is_on_time: bool) -> None:
    ended = world.book.parents["p"]
    assert ended.status.is_terminal, f"still {ended.status}: {ended.reason}"
    assert not ended.live
    deadline_ns = ended.expire_ns if ended.expire_ns is not None else parent.expire_ns
    fills = [trade for key in ended.children for trade in world.book.orders[key].fills.counted]
    assert not is_on_time or all(trade.transact_ns <= (deadline_ns or 0) for trade in fills)
    assert ended.cum_qty == sum((trade.last_qty for trade in fills), Decimal(0))
    sign = parent.side.sign
    plan = ended.plan
    for request in (effect.request for effect in world.effects if isinstance(effect, Submit | Replace)):
        bounds = [] if plan is None else [bound for bound in (plan.limit_px, plan.collar_px) if bound is not None]
        if request.price is not None:
            assert all((bound - request.price) * sign >= 0 for bound in bounds), "a child is outside its bounds"
        else:
            assert not isinstance(request, NewOrder) or request.ord_type is OrdType.MARKET
    for trade in fills:
        if parent.price is not None:
            assert (parent.price - trade.last_px) * sign >= 0, "a fill is beyond the intent's limit"


@given(data=st.data())
def test_a_quote_that_may_not_price_is_never_priced_from(data: st.DataObject) -> None:
    """A crossed, locked, one-sided or jumped quote stands behind no order."""
    parent = data.draw(parents("offset"))
    seen: list[Quote] = []

    def check(world: World) -> None:
        known = world.engine.desk.markets.symbols.get(SYMBOL)
        if len(world.submitted) > len(seen) and known is not None and known.quote is not None:
            seen.append(known.quote)

    world = World(BIG_SMALL_ORDER, steps_more=True)
    _run(world, parent, data.draw(markets()), check)

    assert len(seen) == len(world.submitted)
    assert all(standing.is_priceable for standing in seen)
