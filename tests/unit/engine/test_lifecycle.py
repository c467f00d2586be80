"""A parent's life, from its file to its end, one example a rule."""

from decimal import Decimal

from msgspec.structs import replace

from execd.core.enums import Horizon, OrdType, ParentStatus, Side, TimeInForce, Urgency
from execd.core.events import (
    Alert,
    Reply,
    ReportReceived,
    Subscribe,
)
from execd.core.market import Halt
from execd.core.orders import AlgoSpec
from execd.core.reports import Rejected
from execd.core.rules import MS, S
from execd.core.session import SimpleHours
from execd.engine import summary
from execd.engine.summary import FillReport
from tests.world import RULES, START_NS, World, execution, intent, quote

AAPL = quote("AAPL", "200.00", "200.02", size=1_000)


def _report(world: World, parent_id: str = "p") -> FillReport:
    return summary.report(world.book, parent_id)


def _alerts(world: World) -> list[str]:
    return [effect.code for effect in world.effects if isinstance(effect, Alert)]


def _replies(world: World) -> list[str]:
    return [effect.code for effect in world.effects if isinstance(effect, Reply)]


def test_a_buy_is_filled_and_its_report_names_plan_arrival_and_cost() -> None:
    """The plain case: offset 5 bps beyond mid 200.01, filled at the ask."""
    world = World()
    world.show(AAPL)
    world.drop(intent("p"))
    world.run(1)

    report = _report(world)
    assert (ParentStatus.FILLED, Decimal(100), Decimal("200.02")) == (report.status, report.cum_qty, report.avg_px)
    assert report.algo == "offset"
    assert Decimal("0.50") == report.slippage_bps
    assert Decimal("200.11") == report.children[0].price
    assert any("urgency normal" in reason for reason in report.plan_reasons)


def test_notional_becomes_whole_shares_at_the_arrival_mid() -> None:
    """50,000 at 200.01 are 249 shares, never one more."""
    world = World()
    world.show(AAPL)
    world.drop(intent("p", notional=Decimal(50_000)))
    world.run(1)

    assert Decimal(249) == _report(world).cum_qty


def test_high_urgency_pays_a_quarter_of_the_spread_beyond_the_touch() -> None:
    """Touch + 0.25·s: 200.02 + 0.005 rounds, on a tie, toward passive."""
    world = World()
    world.show(AAPL)
    world.drop(intent("p", urgency=Urgency.HIGH))
    world.run(1)

    report = _report(world)
    assert ("marketable", Decimal("200.02")) == (report.algo, report.children[0].price)


def test_a_parent_without_a_quote_waits_and_says_so() -> None:
    """Nothing is priced from nothing; the symbol is asked for, the wait is told."""
    world = World()
    world.drop(intent("p"))

    assert (ParentStatus.QUEUED, "no_quote") == (_report(world).status, _report(world).reason)
    assert Subscribe(symbols=("AAPL",)) in world.effects


def test_a_stale_quote_starts_nothing_until_a_fresh_one_comes() -> None:
    """The marketable bound is 30 s."""
    world = World()
    world.show(AAPL)
    world.run(40)
    world.drop(intent("p"))
    waits = _report(world).reason
    world.show(AAPL)
    world.run(41)

    assert ("quote_stale", ParentStatus.FILLED) == (waits, _report(world).status)


def test_nothing_starts_in_a_halt() -> None:
    """A halted symbol is left alone; the end of the halt goes on."""
    world = World()
    world.show(AAPL)
    world.show(Halt(symbol="AAPL", is_halted=True, reason="LULD", exchange_ns=START_NS))
    world.drop(intent("p"))
    waits = _report(world).reason
    world.show(Halt(symbol="AAPL", is_halted=False, reason="", exchange_ns=START_NS))
    world.run(1)

    assert ("halted", ParentStatus.FILLED) == (waits, _report(world).status)


def test_not_before_is_kept_to_the_instant() -> None:
    """A parent starts at `not_before`, not sooner."""
    world = World()
    world.at(0, lambda: world.show(AAPL))
    world.at(9, lambda: world.show(AAPL))
    world.at(0, lambda: world.drop(intent("p", effective_ns=START_NS + 10 * S)))
    world.run(20)

    assert START_NS + 10 * S == _report(world).started_ns


def test_valid_until_ends_a_parent_that_could_not_start() -> None:
    """Yesterday's file is never traded."""
    world = World()
    world.drop(intent("p", start_by_ns=START_NS + 5 * S))
    world.run(6)

    assert (ParentStatus.EXPIRED, "valid_until_passed") == (_report(world).status, _report(world).reason)


def test_a_closed_market_queues_to_the_next_open() -> None:
    """The start is 2023-11-14 22:13:20 UTC, after the close; the next open is 14:30 UTC on the 15th."""
    world = World(replace(RULES, session=SimpleHours()))
    world.show(AAPL)
    world.drop(intent("p", start_by_ns=START_NS + 86_400 * S))
    queued = _report(world).reason
    opens_s = (16 * 3600 + 16 * 60 + 40) + 1
    world.at(opens_s, lambda: world.show(AAPL))
    world.run(opens_s + 1)

    assert ("market_closed", ParentStatus.FILLED) == (queued, _report(world).status)
    assert (_report(world).expire_ns or 0) - (_report(world).started_ns or 0) < 6.5 * 3600 * S


def test_an_unfilled_rest_is_replanned_three_times_and_then_times_out() -> None:
    """Offset rests 60 s; after the fourth attempt the parent expires with reason `timeout`."""
    world = World()
    for second in range(0, 300, 5):
        world.at(second, lambda: world.show(AAPL))
    world.at(0, lambda: world.drop(intent("p", price=Decimal("199.00"))))
    world.run(300)

    report = _report(world)
    assert (ParentStatus.EXPIRED, "timeout", 4) == (report.status, report.reason, len(report.children))
    assert all(child.price == Decimal("199.00") for child in report.children)


def test_eighty_percent_filled_at_the_time_out_is_accepted() -> None:
    """SPEC 11: at 80% the parent ends `partially_filled`, reason `accepted_partial`."""
    world = World()
    world.at(0, lambda: world.show(quote("AAPL", "200.00", "200.02", ask_size=80)))
    world.at(0, lambda: world.drop(intent("p", price=Decimal("200.02"))))
    for second in range(1, 100, 5):
        world.at(second, lambda: world.show(quote("AAPL", "200.00", "200.05")))
    world.run(100)

    report = _report(world)
    assert (ParentStatus.PARTIALLY_FILLED, "accepted_partial") == (report.status, report.reason)
    assert (Decimal(80), 1) == (report.cum_qty, len(report.children))


def test_less_than_eighty_percent_is_replanned() -> None:
    """79 of 100 are not enough: the rest is worked again, never two children at once."""
    world = World()
    world.at(0, lambda: world.show(quote("AAPL", "200.00", "200.02", ask_size=79)))
    world.at(0, lambda: world.drop(intent("p", price=Decimal("200.02"))))
    for second in range(1, 62, 5):
        world.at(second, lambda: world.show(quote("AAPL", "200.00", "200.05")))
    world.at(65, lambda: world.show(quote("AAPL", "200.00", "200.02", ask_size=500)))
    world.run(70)

    report = _report(world)
    assert (ParentStatus.FILLED, [Decimal(100), Decimal(21)]) == (
        report.status,
        [child.order_qty for child in report.children],
    )


def test_the_deadline_leaves_time_for_the_cancel() -> None:
    """With 400 ms to the venue the cancel still lands before the deadline."""
    world = World(latency_ns=400 * MS)
    world.at(0, lambda: world.show(AAPL))
    world.at(0, lambda: world.drop(intent("p", price=Decimal("199.00"), expire_ns=START_NS + 10 * S)))
    world.run(20)

    report = _report(world)
    assert (ParentStatus.EXPIRED, "deadline") == (report.status, report.reason)
    assert (report.ended_ns or 0) <= START_NS + 10 * S


def test_the_same_intent_again_is_acknowledged_and_trades_nothing() -> None:
    """The id is the idempotency key."""
    world = World()
    world.show(AAPL)
    world.drop(intent("p"))
    world.run(1)
    world.drop(intent("p"))
    world.run(2)

    assert 1 == len(world.submitted)
    assert ["accepted", "duplicate"] == _replies(world)


def test_another_intent_under_a_used_id_is_refused_and_the_first_stands() -> None:
    """Same id, other content: rejected, alert."""
    world = World()
    world.drop(intent("p"))
    world.drop(intent("p", side=Side.SELL))

    assert ["accepted", "id_conflict"] == _replies(world)
    assert "id_conflict" in _alerts(world)
    assert Side.BUY == world.book.parents["p"].order.side


def test_a_cancel_pulls_what_is_out_and_ends_canceled() -> None:
    """An operator's cancel ends a working parent once the venue has confirmed."""
    world = World(latency_ns=100 * MS)
    world.at(0, lambda: world.show(AAPL))
    world.at(0, lambda: world.drop(intent("p", price=Decimal("199.00"))))
    world.at(5, lambda: world.cancel("p"))
    world.run(6)

    report = _report(world)
    assert (ParentStatus.CANCELED, "canceled") == (report.status, report.reason)
    assert "canceled" == report.children[0].status


def test_a_cancel_that_meets_a_fill_ends_filled() -> None:
    """C14: cancel races fill: the fill wins."""
    world = World(latency_ns=100 * MS)
    world.at(0, lambda: world.show(AAPL))
    world.at(1, lambda: world.drop(intent("p")))
    world.at(1.05, lambda: world.cancel("p"))
    world.run(9)

    assert ParentStatus.FILLED == _report(world).status


def test_a_sell_needs_shares_that_are_owned_and_free() -> None:
    """`sell` ≤ owned − working sells, else `sell_exceeds_owned`."""
    world = World()
    world.show(AAPL)
    world.drop(intent("early", side=Side.SELL))
    world.drop(intent("buy"))
    world.run(1)
    world.drop(intent("first", side=Side.SELL, order_qty=Decimal(60), price=Decimal("210.00")))
    world.drop(intent("second", side=Side.SELL, order_qty=Decimal(60)))
    world.run(2)

    assert [ParentStatus.REJECTED, ParentStatus.WORKING, ParentStatus.REJECTED] == [
        _report(world, name).status for name in ("early", "first", "second")
    ]
    assert _report(world, "second").reason.startswith("sell_exceeds_owned")


def test_close_sweeps_out_what_the_sleeve_owns() -> None:
    """`close: true` finds side and quantity itself; another sleeve's shares stay."""
    world = World()
    world.show(AAPL)
    world.drop(intent("buy", order_qty=Decimal(70)))
    world.drop(intent("other", order_qty=Decimal(30), strategy="other", horizon=Horizon.INTRADAY))
    world.run(1)
    world.drop(intent("out", is_close=True))
    world.run(2)

    report = _report(world, "out")
    assert (Side.SELL, Decimal(70), "sweep") == (report.side, report.cum_qty, report.algo)
    assert sorted(position.qty for position in world.book.positions.values()) == [Decimal(0), Decimal(30)]


def test_a_market_order_needs_a_permission() -> None:
    """Small ones have it; a larger one is refused `market_not_allowed`."""
    world = World()
    world.show(AAPL)
    world.drop(intent("small", order_qty=Decimal(2), ord_type=OrdType.MARKET))
    world.drop(intent("large", order_qty=Decimal(3), ord_type=OrdType.MARKET))
    world.run(1)

    assert (ParentStatus.FILLED, OrdType.MARKET) == (
        _report(world, "small").status,
        _report(world, "small").children[0].ord_type,
    )
    assert _report(world, "large").reason.startswith("market_not_allowed")


def test_with_smart_execution_off_an_intent_is_one_order_as_asked() -> None:
    """Limit if there is a `limit_price`, else market; that switch is the permission."""
    world = World(execution(is_smart=False))
    world.show(AAPL)
    world.drop(intent("market"))
    world.drop(intent("limit", price=Decimal("199.50")))
    world.run(1)

    assert [OrdType.MARKET, OrdType.LIMIT] == [
        _report(world, name).children[0].ord_type for name in ("market", "limit")
    ]
    assert ParentStatus.FILLED == _report(world, "market").status


def test_an_ioc_that_finds_nothing_ends_expired() -> None:
    """Passthrough keeps the time in force that was asked."""
    world = World()
    world.show(AAPL)
    asked = AlgoSpec(name="passthrough")
    world.drop(intent("p", algo=asked, price=Decimal("199.50"), time_in_force=TimeInForce.IOC))
    world.run(1)

    assert (ParentStatus.EXPIRED, TimeInForce.IOC) == (_report(world).status, world.submitted[0].time_in_force)


def test_a_venues_rejection_ends_the_parent_with_its_words() -> None:
    """Fail fast: the broker's code and text are in the report, nothing is sent again."""
    world = World(latency_ns=1_000 * S)
    world.show(AAPL)
    world.drop(intent("p"))
    rejected = Rejected(
        cl_ord_id=world.submitted[0].cl_ord_id, transact_ns=START_NS, code="403", text="not fractionable"
    )
    world.tell(ReportReceived(now_ns=world.now_ns, account="sim", report=rejected))

    report = _report(world)
    assert (ParentStatus.FAILED, "rejected_by_venue: 403 not fractionable") == (report.status, report.reason)
    assert 1 == len(world.submitted)


def test_a_life_too_short_for_a_cancel_sees_no_order() -> None:
    """A fill after the deadline must be impossible: what could not be pulled in time is never placed."""
    world = World(latency_ns=100 * MS)
    world.at(0, lambda: world.show(AAPL))
    world.at(1, lambda: world.drop(intent("p", expire_ns=START_NS + S + 50 * MS)))
    world.run(5)

    assert (ParentStatus.EXPIRED, "deadline", 0) == (_report(world).status, _report(world).reason, len(world.submitted))


def test_without_smart_execution_a_named_algorithm_is_refused() -> None:
    """An algorithm that was asked for is never quietly replaced by a market order."""
    world = World(execution(is_smart=False))
    world.show(AAPL)
    world.drop(intent("p", algo=AlgoSpec(name="offset", parameters={"bps": "-20"})))
    world.run(1)

    assert _report(world).reason.startswith("smart_execution_off")
    assert [] == world.submitted


def test_a_parent_that_waits_for_a_token_says_so() -> None:
    """Every wait is explained."""
    world = World()
    world.show(AAPL)
    for n in range(25):
        world.drop(intent(f"p{n}", order_qty=Decimal(1)))

    assert "throttled" == _report(world, "p24").reason
