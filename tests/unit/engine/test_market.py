"""What the engine knows of a market: freshness by the last proof, what a gap means, and what is filled in."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.algos.base import MarketView
from execd.core.commands import FlattenScope
from execd.core.daily import DailyValues
from execd.core.enums import AssetClass, QuoteSource
from execd.core.events import QuoteReceived, StreamGap
from execd.core.instrument import Instrument
from execd.core.market import Halt, Quote, SymbolSeen, one_print
from execd.core.rules import Rules, S
from execd.core.scopes import Scope
from execd.core.session_table import SessionWindow
from execd.core.shown import ReferenceReceived, SymbolsSeen
from execd.core.usual import Usual
from execd.core.wake import Wake
from execd.engine.market import Markets
from tests.unit.engine.test_commanding import STANDING, resting
from tests.unit.engine.test_kill import owning
from tests.world import World, intent, quote

START_NS = 1_800_000_000 * S
AT_S = st.integers(0, 100)


def tick(at_s: float, bid: str = "10.00", ask: str = "10.02", **fields: Any) -> Quote:  # noqa: ANN401  # Quote checks.
    """Return a quote of A that was shown and received at an instant."""
    at_ns = START_NS + int(at_s * S)
    made = quote("A", bid, ask)
    return replace(made, exchange_ns=at_ns, received_ns=at_ns, **fields)


def asked(at_s: float, shown: Quote | None, **fields: Any) -> SymbolSeen:  # noqa: ANN401  # SymbolSeen checks.
    """Return what a feed showed of A when it was asked at an instant."""
    return SymbolSeen(symbol="A", asked_ns=START_NS + int(at_s * S), quote=shown, **fields)


def markets(**rules: Any) -> Markets:  # noqa: ANN401  # Rules check them.
    """Return markets that know nothing."""
    return Markets(Rules(limits={}, **rules))


def view(known: Markets, at_s: float) -> MarketView:
    """Return what is known of A at an instant."""
    return known.view("A", START_NS + int(at_s * S))


def test_the_age_of_a_standing_quote_counts_from_the_last_sign_of_its_stream() -> None:
    """A quiet name is not a stale one: a heartbeat proves the quote that nobody has replaced."""
    known = markets()
    known.on_quote(tick(0))
    known.on_alive(START_NS + 8 * S)

    assert 2 * S == view(known, 10).quote_age_ns


def test_a_stream_that_goes_on_does_not_prove_a_quote_from_before_a_gap() -> None:
    """The quote may have changed in the gap, and nobody was told."""
    known = markets()
    known.on_quote(tick(0))
    known.on_gap(START_NS + 5 * S)
    known.on_alive(START_NS + 9 * S)

    assert 10 * S == view(known, 10).quote_age_ns


def test_a_quote_that_was_asked_for_replaces_one_from_before_a_gap() -> None:
    """The stream comes first, then a snapshot: its source is recorded, and its age counts from the question."""
    known = markets()
    known.on_quote(tick(0))
    known.on_gap(START_NS + 5 * S)
    is_fresher = known.on_seen(asked(6, tick(0, source=QuoteSource.SNAPSHOT)))
    seen = view(known, 10)

    assert (True, QuoteSource.SNAPSHOT, 4 * S) == (is_fresher, seen.quote and seen.quote.source, seen.quote_age_ns)


def test_an_answer_from_before_the_gap_proves_nothing_after_it() -> None:
    """The question was asked at 4 s, the gap was at 5 s: what it brought may have changed in it."""
    known = markets()
    known.on_quote(tick(0))
    known.on_gap(START_NS + 5 * S)

    assert not known.on_seen(asked(4, tick(0, source=QuoteSource.SNAPSHOT)))


def test_an_answer_that_is_older_than_the_stream_changes_nothing() -> None:
    """An answer is late: what the stream has shown since is the truth."""
    known = markets()
    known.on_quote(tick(3, "11.00", "11.02"))
    before = view(known, 4)

    assert not known.on_seen(asked(3.5, tick(2)))
    assert before == view(known, 4)


def test_a_quote_that_comes_late_changes_nothing() -> None:
    """Fault E7: of the exchange's instants the latest counts, whatever arrives when; a wrong symbol is another one."""
    known = markets()
    known.on_quote(tick(3, "11.00", "11.02"))
    late = replace(tick(2), received_ns=START_NS + 4 * S)

    assert not known.on_quote(late)
    assert known.on_quote(replace(tick(9), symbol="B"))
    assert tick(3, "11.00", "11.02") == known.symbols["A"].quote


def test_after_a_gap_whatever_the_stream_shows_is_news() -> None:
    """A source that began anew may have another clock: after a gap nothing is older than what was before it."""
    known = markets()
    known.on_quote(tick(3, "11.00", "11.02"))
    known.on_gap(START_NS + 4 * S)

    assert known.on_quote(replace(tick(2), received_ns=START_NS + 5 * S))


def test_what_is_asked_for_first_has_not_stood_since_1970() -> None:
    """The first quote of a symbol came with an answer: its mean begins there."""
    known = markets()
    known.on_prints(one_print(symbol="A", px=Decimal(10), qty=Decimal(1), exchange_ns=START_NS))
    known.on_seen(asked(1, tick(1)))
    early = view(known, 1).spread_ewma
    known.on_seen(asked(2, tick(2, "10.00", "10.06")))

    assert (None, Decimal("0.02")) == (early, view(known, 2).spread_ewma)


def test_a_stamp_from_the_future_does_not_mute_a_symbol() -> None:
    """Fault E7: a quote that says it is of tomorrow is replaced by the next one."""
    known = markets()
    known.on_quote(replace(tick(1), exchange_ns=START_NS + 86_400 * S))

    assert known.on_quote(tick(2, "11.00", "11.02"))


def test_the_same_quote_in_an_answer_proves_the_one_that_stands() -> None:
    """A feed without signs of life: asking is the proof."""
    known = markets()
    known.on_quote(tick(0))

    assert known.on_seen(asked(20, tick(0)))
    assert 1 * S == view(known, 21).quote_age_ns


@given(
    st.lists(st.tuples(AT_S, st.sampled_from(["quote", "seen", "gap", "alive"]), AT_S), max_size=30),
    AT_S,
)
def test_a_quote_is_never_said_to_be_fresher_than_its_last_proof(acts: list[tuple[int, str, int]], more_s: int) -> None:
    """Whatever came in which order: the age is at least that of the latest proof of any kind."""
    known, proofs = markets(), [0]
    for at_s, kind, shown_s in sorted(acts):
        match kind:
            case "quote":
                known.on_quote(tick(at_s))
                proofs.append(at_s)
            case "seen":
                known.on_seen(asked(at_s, tick(min(shown_s, at_s))))
                proofs.append(at_s)
            case "alive":
                known.on_alive(START_NS + at_s * S)
                proofs.append(at_s)
            case _:
                known.on_gap(START_NS + at_s * S)
    last_s = max((at_s for at_s, _, _ in acts), default=0)

    seen = view(known, last_s + more_s)
    assert seen.quote is None or seen.quote_age_ns >= (last_s + more_s - max(proofs)) * S


def test_a_last_trade_of_an_answer_moves_the_last_price_and_no_volume() -> None:
    """What was printed in between is not known; the previous close comes with it."""
    known = markets()
    known.on_prints(one_print(symbol="A", px=Decimal(10), qty=Decimal(100), exchange_ns=START_NS))
    known.on_seen(asked(9, None, last_px=Decimal(11), last_ns=START_NS + 8 * S, prev_close_px=Decimal(9)))
    seen = view(known, 10)

    assert (Decimal(11), START_NS + 8 * S, Decimal(100), Decimal(9)) == (
        seen.last_px,
        seen.last_ns,
        seen.volume,
        seen.prev_close_px,
    )


def test_a_gap_begins_a_new_count_of_volume() -> None:
    """Prints of the gap were not heard: what is counted says from when on it counts."""
    known = markets()
    known.on_prints(one_print(symbol="A", px=Decimal(10), qty=Decimal(100), exchange_ns=START_NS))
    before = view(known, 1)
    known.on_gap(START_NS + 2 * S)
    behind = view(known, 3)
    known.on_prints(one_print(symbol="A", px=Decimal(10), qty=Decimal(7), exchange_ns=START_NS + 4 * S))
    after = view(known, 5)

    assert (Decimal(100), START_NS) == (before.volume, before.volume_since_ns)
    assert (Decimal(0), 0) == (behind.volume, behind.volume_since_ns)
    assert (Decimal(7), START_NS + 4 * S) == (after.volume, after.volume_since_ns)


def test_who_waits_for_volume_is_asked_again_at_a_gap() -> None:
    """It waits for an amount that is counted from zero again; without this it could wait for ever."""
    world = World()
    resting(world)
    world.engine.desk.watchers.put("AAPL", "a", Wake(volume_at=Decimal(10_000)))
    world.engine.handle(StreamGap(now_ns=world.now_ns, account="", stream="quotes"))

    assert {"a": "gap"} == dict(world.engine.desk.woken)


def test_a_quote_that_was_asked_for_wakes_whoever_waits_for_a_quote() -> None:
    """After a gap the stream may stay silent: the answer is as good as a quote of the stream."""
    world = World()
    resting(world)
    world.engine.desk.watchers.put("AAPL", "a", Wake(every_quote=True))
    world.engine.handle(StreamGap(now_ns=world.now_ns, account="", stream="quotes"))
    shown = replace(quote(*STANDING), exchange_ns=world.now_ns, received_ns=world.now_ns)
    seen = SymbolSeen(symbol="AAPL", asked_ns=world.now_ns, quote=shown)
    world.engine.handle(SymbolsSeen(now_ns=world.now_ns, seen=(seen,)))

    assert {"a": "snapshot"} == dict(world.engine.desk.woken)


def test_no_mean_spread_is_taken_of_what_may_not_price() -> None:
    """A crossed quote, one from before a gap, and no quote at all say nothing of the spread."""
    known = markets()
    known.on_quote(tick(0, "10.00", "10.02"))
    known.on_quote(tick(2, "10.05", "10.01"))
    known.on_quote(tick(60, "10.00", "10.02"))
    known.on_gap(START_NS + 61 * S)
    known.on_quote(tick(500, "10.00", "10.04"))

    assert Decimal("0.02") == view(known, 500).spread_ewma


def test_the_mean_spread_is_known_in_currency_units() -> None:
    """10.00 by 10.02 is 0.02, whatever the price."""
    known = markets()
    known.on_quote(tick(0))

    assert Decimal("0.02") == view(known, 5).spread_ewma


def test_what_history_does_not_say_is_filled_in_with_its_source() -> None:
    """History first, then the symbol's own line, then its class's: each value says where it is from."""
    own = Usual(spread_bps=Decimal(7))
    of_class = Usual(adv_qty=Decimal(5), spread_bps=Decimal(9), profile=(Decimal(3), Decimal(1)))
    known = markets(
        usual={"A": own},
        class_usual={AssetClass.ETF: of_class},
        instruments={"A": Instrument(symbol="A", asset_class=AssetClass.ETF)},
    )
    fallback = view(known, 0).day
    known.on_days([DailyValues(symbol="A", adv_qty=Decimal(100), adv_source="bars 2026-11-20")])
    day = view(known, 1).day

    assert fallback is not None
    assert day is not None
    assert ("5", "class default") == (str(fallback.adv_qty), fallback.adv_source)
    assert ("100", "bars 2026-11-20") == (str(day.adv_qty), day.adv_source)
    assert ("7", "instruments.yaml") == (str(day.spread_bps), day.spread_source)
    assert ((Decimal("0.75"), Decimal("0.25")), "class default") == (day.profile, day.profile_source)


def test_other_rules_fill_in_otherwise_from_then_on() -> None:
    """A reload of the instruments counts at once."""
    known = markets()
    before = view(known, 0).day
    known.change_rules(Rules(limits={}, usual={"A": Usual(adv_qty=Decimal(9))}))
    after = view(known, 0).day

    assert (None, Decimal(9)) == (before and before.adv_qty, after and after.adv_qty)


def test_the_hours_are_those_of_the_calendar_where_the_market_never_closes() -> None:
    """The simulated venue is always open; what a day looks like still has an open and a close."""
    session = SessionWindow(open_ns=START_NS, close_ns=START_NS + 10 * S)
    known = markets()
    known.on_days([DailyValues(symbol="A", sessions=(session,))])

    assert (session, None) == (view(known, 3).hours, view(known, 10).hours)


@pytest.mark.parametrize("scale,is_partial,expected", [("4", True, "4"), (None, True, None), ("4", False, "1")])
def test_a_partial_feed_is_scaled_or_said_to_be_unknown(
    scale: str | None,
    is_partial: bool,  # noqa: FBT001  # A row of the table.
    expected: str | None,
) -> None:
    """Volume rules are refused on a part of the market, unless somebody said how much of it that is."""
    rules = {"is_partial": is_partial, "partial_volume_scale": None if scale is None else Decimal(scale)}
    seen = view(markets(**rules), 0)

    assert expected == (None if seen.volume_scale is None else str(seen.volume_scale))


def test_days_that_were_poison_are_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same file would be told at each start: this life does with what is usual, and there is no crash loop."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    told = ReferenceReceived(now_ns=0, days=(DailyValues(symbol="AAPL", adv_qty=Decimal(1)),))
    world = World()
    world.show(quote(*STANDING))
    monkeypatch.setattr("execd.engine.market.filled_in", fails)
    with pytest.raises(ZeroDivisionError):
        world.tell(told)
    monkeypatch.undo()
    world.crash()
    world.tell(told)

    assert world.engine.desk.markets.day("AAPL").adv_qty is None
    assert "poison" in world.alerts()


def test_a_quote_that_is_told_late_is_as_old_as_its_arrival() -> None:
    """The engine may be behind: the age is that of the quote, not of the telling."""
    world = World()
    late = replace(quote(*STANDING), received_ns=world.now_ns - 3 * S)
    world.engine.handle(QuoteReceived(now_ns=world.now_ns, quote=late))

    assert 3 * S == world.engine.desk.markets.view("AAPL", world.now_ns).quote_age_ns


UNUSABLE = {
    "crossed": {"bid_px": Decimal("201.00")},
    "locked": {"bid_px": Decimal("200.02")},
    "no bid": {"bid_px": Decimal(0)},
    "negative": {"bid_px": Decimal(-1)},
    "no size": {"ask_size": Decimal(0)},
    "a jump": {"has_jumped": True},
}


@pytest.mark.parametrize("fields", UNUSABLE.values(), ids=UNUSABLE)
def test_a_quote_that_may_not_price_starts_nothing_until_a_good_one_comes(fields: dict[str, Any]) -> None:
    """Faults E2 and E3: it is said to be unusable, with its numbers, and no order is priced from it."""
    world = World()
    world.show(replace(quote("AAPL", "200.00", "200.02"), **fields))
    world.drop(intent("a"))
    sent_n, reason = len(world.submitted), world.book.parents["a"].reason
    world.show(quote("AAPL", "200.00", "200.02", at_s=0.5))

    assert (0, True, 1) == (sent_n, reason.startswith("quote_unusable"), len(world.submitted))


def test_without_any_quote_nothing_begins_and_what_is_owned_can_be_closed() -> None:
    """Fault E5: the feed is down all day: no new risk, and exits run."""
    world = World()
    owning(world)
    world.run(1)
    world.engine.handle(StreamGap(now_ns=world.now_ns, account="", stream="quotes"))
    world.run(3_000)
    n = len(world.submitted)
    world.drop(intent("late"))
    begun_n, reason = len(world.submitted) - n, world.book.parents["late"].reason
    world.command(FlattenScope(scope=Scope(symbol="AAPL"), reason="test"))
    world.run(3_010)

    assert (0, True) == (begun_n, reason.startswith("quote_stale"))
    assert ["sell"] == [str(one.side) for one in world.submitted[n:]]


@pytest.mark.parametrize("shows", ["quote", "prints"])
def test_a_halt_whose_end_fell_into_a_gap_ends_with_the_market_after_it(shows: str) -> None:
    """Its end is told once: whoever waited for that alone would wait for ever."""
    known = markets()
    known.on_quote(tick(0))
    known.on_halt(Halt(symbol="A", is_halted=True, reason="news", exchange_ns=START_NS + S))
    known.on_quote(tick(2))
    before = view(known, 2).is_halted
    known.on_gap(START_NS + 3 * S)
    within = view(known, 3).is_halted
    if shows == "quote":
        known.on_quote(tick(4))
    else:
        known.on_prints(one_print(symbol="A", px=Decimal(10), qty=Decimal(100), exchange_ns=START_NS + 4 * S))

    assert (True, True, False) == (before, within, view(known, 4).is_halted)
