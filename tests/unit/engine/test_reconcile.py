"""What a broker shows of orders against what the journal knows: each rule, who is right, what is never concluded."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from execd.core.book import Book
from execd.core.enums import Outcome, Side
from execd.core.reconciled import ExternalSeen
from execd.core.records import Failed, Found
from execd.core.reports import Canceled, TradeCanceled, TradeCorrected
from execd.core.rules import S
from execd.core.snapshot import AccountSnapshot, Unreadable
from execd.core.verdict import RULES, Drift
from execd.engine.reconcile_positions import Sight
from tests.unit.engine.readings import (
    FILLED,
    KEY,
    LATER_NS,
    SIGHT,
    book_of,
    row,
    rules,
    seen,
    shown,
    told,
    trade,
    verdicts,
)
from tests.world import EPOCH, START_NS

LOST = Failed(now_ns=START_NS, account="sim", cl_ord_id=KEY, outcome=Outcome.NEVER_ARRIVED)
LATE_NS, SOON_NS = START_NS + 2 * S, START_NS + S // 2
BUST = TradeCanceled(cl_ord_id=KEY, transact_ns=START_NS + 2 * S, exec_ref_id="x1")
FIXED = TradeCorrected(
    cl_ord_id=KEY, transact_ns=START_NS + 2 * S, exec_ref_id="x1", trade=trade(2, 30, START_NS + 2 * S)
)
SUM = Found(now_ns=START_NS, account="sim", cl_ord_id=KEY, seen=row(40, is_live=False))
GONE = TradeCanceled(cl_ord_id=KEY, transact_ns=LATE_NS, exec_ref_id="unheard")
ENDED = told(Canceled(cl_ord_id=KEY, transact_ns=START_NS + S, order_id="o"))
SUMMED = told(Canceled(cl_ord_id=KEY, transact_ns=START_NS + S, order_id="o", cum_qty=Decimal(40)))

ORDERS = [
    ("the same", book_of(FILLED), shown(row(40), trades=seen(trade(1, 40)), held=40), []),
    ("a trade that was not reported", book_of(), shown(row(40), trades=seen(trade(1, 40)), held=40), ["missed_trade"]),
    (
        "a trade at the price of the sum that told of it",
        book_of(SUM),
        shown(row(40, is_live=False), trades=seen(trade(1, 40)), held=40),
        ["missed_trade"],
    ),
    ("a sum without its trades", book_of(), shown(row(40), held=40), ["missed_fill"]),
    ("an end that was not reported", book_of(FILLED), shown(row(40, is_live=False), held=40), ["missed_end"]),
    ("filled and gone", book_of(), shown(row(100, is_live=False), held=100), ["missed_fill"]),
    ("a price of what only an end told", book_of(SUMMED), shown(row(40, is_live=False), held=40), ["missed_fill"]),
    ("never acknowledged", book_of(is_acked=False), shown(row()), ["missed_acceptance"]),
    ("taken for lost", book_of(LOST, is_acked=False), shown(row()), ["came_back"]),
    ("other terms", book_of(), shown(row(order_qty=Decimal(50))), ["missed_terms"]),
    ("another price", book_of(), shown(row(price=Decimal(11))), ["missed_terms"]),
    ("ended here and live there", book_of(ENDED), shown(row()), ["doubtful"]),
    ("less filled there than here", book_of(FILLED), shown(row(0), held=40), ["doubtful"]),
    ("another symbol under our id", book_of(), shown(row(symbol="IBM")), ["doubtful"]),
    ("another side under our id", book_of(), shown(row(side=Side.SELL)), ["doubtful"]),
    ("not in the list", book_of(), shown(), ["not_listed"]),
    ("a bust", book_of(FILLED), shown(row(0), undone=(BUST,)), ["missed_bust"]),
    ("a correction", book_of(FILLED), shown(row(30), held=30, undone=(FIXED,)), ["missed_bust"]),
    ("less of a sum, told later", book_of(SUM), shown(row(30, is_live=False, at_ns=LATE_NS), held=30), ["recounted"]),
    ("less of a sum, told before", book_of(SUM), shown(row(30, is_live=False, at_ns=SOON_NS), held=40), ["doubtful"]),
    ("less of a sum than was traded", book_of(FILLED, SUM), shown(row(30, at_ns=LATE_NS), held=40), ["doubtful"]),
    (
        "a bust of a sum",
        book_of(SUM),
        shown(row(0, is_live=False, at_ns=LATE_NS), undone=(GONE,)),
        ["missed_bust", "recounted"],
    ),
    ("a bust of a sum, row of before", book_of(SUM, told(GONE)), shown(row(0, is_live=False), held=40), ["doubtful"]),
    ("more than was ordered", book_of(), shown(row(130, is_live=False), held=130), ["missed_fill"]),
]


@pytest.mark.parametrize("book, snapshot, expected", [one[1:] for one in ORDERS], ids=[one[0] for one in ORDERS])
def test_an_order_is_judged_by_its_rule(book: Book, snapshot: AccountSnapshot, expected: list[str]) -> None:
    """Faults D1, D10 and C26: what the broker shows is a fact, less than it has told is a question."""
    assert expected == rules(book, snapshot)


@pytest.mark.parametrize("book, snapshot, expected", [one[1:] for one in ORDERS], ids=[one[0] for one in ORDERS])
def test_facts_once_folded_leave_nothing_to_say(book: Book, snapshot: AccountSnapshot, expected: list[str]) -> None:
    """The same reading again makes no record; only what nobody can mend is still asked about."""
    for verdict in verdicts(book, snapshot):
        for fact in verdict.facts:
            book.apply(fact)
    open_rules = [rule for rule in expected if rule in {"doubtful", "not_listed"}]

    assert open_rules == rules(book, snapshot)


def test_a_verdict_says_who_was_right_and_what_follows() -> None:
    """The words name both sides; the record that is made, or the question, is part of it."""
    found, question = verdicts(book_of(), shown(row(40), held=40))[0], verdicts(book_of(), shown())[0]

    assert ("broker", KEY, Found) == (found.right, found.subject, type(found.facts[0]))
    assert "40 of 100 filled and live there, 0 of 100 and new here" == found.text
    assert ("neither", KEY, ()) == (question.right, question.ask, question.facts)
    assert all(one.rule in RULES for one in (found, question))


QUIET = [
    ("touched here just now", replace(SIGHT, changed_ns={KEY: LATER_NS - 4 * S}), shown(row(40), held=0)),
    ("touched there just now", SIGHT, shown(row(40, at_ns=LATER_NS - 4 * S), held=0)),
    ("traded there just now", SIGHT, shown(row(0), trades=seen(trade(1, 40, LATER_NS - 4 * S)))),
    ("not listed, and sent just now", replace(SIGHT, changed_ns={KEY: LATER_NS}), shown()),
]


@pytest.mark.parametrize("sight, snapshot", [one[1:] for one in QUIET], ids=[one[0] for one in QUIET])
def test_what_was_touched_just_now_is_left_for_the_next_reading(sight: Sight, snapshot: AccountSnapshot) -> None:
    """Its report may be on its way: five seconds by the clock of whoever touched it. Fault C31."""
    assert [] == rules(book_of(), snapshot, sight)


def test_a_broker_whose_clock_is_behind_is_judged_by_its_own() -> None:
    """An hour of difference neither hides what is missing nor makes news of what is on its way. Fault C31."""
    hour_ns = 3_600 * S
    behind = shown(
        row(40, at_ns=START_NS - hour_ns),
        trades=seen(trade(1, 40, START_NS - hour_ns)),
        held=40,
        broker_ns=LATER_NS - hour_ns,
    )
    ahead = replace(
        behind,
        broker_ns=LATER_NS + hour_ns,
        trades=seen(trade(1, 40, LATER_NS + hour_ns - S)),
        orders=(row(40, at_ns=LATER_NS + hour_ns - S),),
    )

    assert [["missed_trade"], []] == [rules(book_of(), one) for one in (behind, ahead)]


@pytest.mark.parametrize("part", ["orders", "trades", "positions"])
def test_a_part_that_was_not_read_says_nothing(part: str) -> None:
    """Neither gone, nor flat, nor without trades. Fault C20."""
    snapshot = replace(shown(row(40), trades=seen(trade(1, 40)), held=40), **{part: None})

    assert [] == rules(book_of(FILLED), snapshot)


def test_an_order_that_is_not_listed_is_only_asked_about() -> None:
    """A list may be stale or cut off: a question about the one order is what counts. Faults C18 and C19."""
    (verdict,) = verdicts(book_of(), shown())

    assert (KEY, (), "") == (verdict.ask, verdict.facts, verdict.halts)


def test_what_changed_while_it_was_read_is_not_missed_in_the_list() -> None:
    """The list was not equal before and after: what is there counts, what is not there does not."""
    assert [] == rules(book_of(), shown(unsteady=("AAPL",)))


def test_a_contradiction_halts_when_a_second_reading_shows_the_same() -> None:
    """One reading is a question; the same five seconds later, with an answer between, halts the symbol. Fault C19."""
    book, first = book_of(ENDED), shown(row())
    (asked,) = verdicts(book, first)
    assert asked.suspect is not None
    sight = replace(SIGHT, suspects={KEY: asked.suspect})
    soon, late = (replace(first, asked_ns=LATER_NS + n * S, read_ns=LATER_NS + n * S) for n in (4, 5))

    assert [["doubtful"], ["contradiction"]] == [rules(book, one, sight) for one in (soon, late)]
    assert ("contradiction", "AAPL") == (verdicts(book, late, sight)[0].halts, verdicts(book, late, sight)[0].symbol)


def test_an_order_in_doubt_is_left_to_its_own_questions() -> None:
    """Nothing is asked twice: doubt has a schedule."""
    unknown = Failed(now_ns=START_NS, account="sim", cl_ord_id=KEY, outcome=Outcome.UNKNOWN)

    assert [] == rules(book_of(unknown, is_acked=False), shown())


def test_an_execution_under_a_second_name_is_no_news() -> None:
    """Equal intervals are one trade, whatever a list calls it."""
    mine = replace(trade(1, 40), cum_before=Decimal(0), cum_after=Decimal(40))
    theirs = replace(mine, exec_id="list-7")

    assert [] == rules(book_of(told(mine)), shown(row(40), trades=seen(theirs), held=40))


HAND = row(10, cl_ord_id="hand", side=Side.SELL, order_qty=Decimal(30), price=None)


def test_an_order_of_others_is_journaled_and_halts_the_symbol() -> None:
    """It is counted with what it traded and never touched. Faults C22, D6 and H5."""
    (verdict,) = verdicts(book_of(), shown(row(), HAND, held=-10))
    fact = verdict.facts[0]

    assert ("external_order", "external_order", "AAPL") == (verdict.rule, verdict.halts, verdict.symbol)
    assert (ExternalSeen, "", "") == (type(fact), verdict.ask, verdict.recall)
    assert "hand is not ours: sell 30 AAPL, 10 traded, live" == verdict.text


def test_an_order_of_others_may_be_counted_without_a_halt() -> None:
    """Where the operator says so."""
    (verdict,) = verdicts(book_of(), shown(row(), HAND, held=-10), replace(SIGHT, halts_on_external=False))

    assert "" == verdict.halts


def test_an_order_of_others_is_news_once_and_again_when_it_trades() -> None:
    """What it traded moves what is expected of the account by as much."""
    book = book_of(ExternalSeen(now_ns=START_NS, account="sim", seen=HAND))
    more = replace(HAND, cum_qty=Decimal(30), is_live=False, transact_ns=START_NS + 2 * S)

    assert [] == rules(book, shown(row(), HAND, held=-10))
    assert ["external_order"] == rules(book, shown(row(), more, held=-30))


def test_a_trade_of_an_order_that_nobody_shows_counts_for_its_order() -> None:
    """Its order ended before the list begins; the trades stand for it, whatever their order. Fault D6."""
    trades = seen(trade(1, 4, key="gone"), trade(2, 6, START_NS + 2 * S, key="gone"), side=Side.SELL)
    snapshot = shown(row(), trades=trades, held=-10)
    (verdict,) = verdicts(book_of(), snapshot)
    book = book_of(verdict.facts[0])

    assert ("external_trade", Decimal(-10)) == (verdict.rule, next(iter(book.external_positions.values())))
    assert [] == rules(book, replace(snapshot, trades=tuple(reversed(trades))))


def test_an_order_of_our_mark_is_first_asked_of_the_journal() -> None:
    """It may have left memory; only what the journal does not know either is treated as another's. Fault C22."""
    ours = row(cl_ord_id=f"{EPOCH}-other-1")
    old = row(100, is_live=False, cl_ord_id=f"{EPOCH}-other-1", at_ns=START_NS)
    disowned = replace(SIGHT, disowned={f"{EPOCH}-other-1": None})

    assert [f"{EPOCH}-other-1"] == [one.recall for one in verdicts(book_of(), shown(row(), ours))]
    assert ["external_order"] == rules(book_of(), shown(row(), ours), disowned)
    assert [] == rules(book_of(), shown(row(), old, held=0), replace(SIGHT, heard_ns=START_NS + S))


def test_an_old_order_that_left_memory_is_only_sought_where_a_position_differs() -> None:
    """What was said of it was heard, as far as anybody knows: fills that are missing may be those of a lost one."""
    old = row(100, is_live=False, cl_ord_id=f"{EPOCH}-other-1", at_ns=START_NS)
    unfilled = row(0, is_live=False, cl_ord_id=f"{EPOCH}-other-1", at_ns=START_NS)
    sight = replace(SIGHT, heard_ns=START_NS + S, drifts={"AAPL": Drift(Decimal(0), Decimal(100))})

    assert ["unknown_of_ours"] == rules(book_of(), shown(row(), old, held=0), sight)[:1]
    assert "unknown_of_ours" not in rules(book_of(), shown(row(), unfilled, held=0), sight)
    assert "unknown_of_ours" not in rules(book_of(), shown(row(), old, held=0), replace(sight, drifts={}))


def test_a_row_that_makes_no_sense_halts_its_symbol() -> None:
    """A quantity as garbage, an unknown word: never guessed, never a crash. Fault C21."""
    bad = Unreadable(what="order", id="9", symbol="IBM", text="quantity 'ten'")
    (verdict,) = verdicts(book_of(), shown(row(), unreadable=(bad,)))

    assert ("unreadable", "IBM") == (verdict.halts, verdict.symbol)


def test_facts_of_one_reading_count_for_its_positions() -> None:
    """What was missed explains the difference before anything is halted for it."""
    snapshot = shown(row(40), HAND, trades=seen(trade(1, 40)), held=30)

    assert ["missed_trade", "external_order"] == rules(book_of(), snapshot)
