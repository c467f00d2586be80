"""Positions at the broker against those of the journal: when a difference is believed, and when its halt ends."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from execd.core.book import Book
from execd.core.enums import Horizon, Side
from execd.core.ids import cl_ord_id
from execd.core.orders import CancelRequest
from execd.core.reconciled import ExternalSeen
from execd.core.records import Adopted, Sending
from execd.core.rules import S
from execd.core.verdict import Drift
from execd.engine.reconcile_positions import expected_qty
from tests.unit.engine.readings import (
    FILLED,
    KEY,
    LATER_NS,
    SIGHT,
    WHOLE,
    book_of,
    row,
    rules,
    shown,
    verdicts,
)
from tests.world import EPOCH, START_NS

MINE = book_of(FILLED)
OTHER = replace(shown(row(40), held=70), asked_ns=LATER_NS + 5 * S, read_ns=LATER_NS + 5 * S)


def test_a_position_is_believed_to_differ_when_two_readings_say_so() -> None:
    """The first is remembered; the same difference five seconds later halts the symbol. Faults C25 and D5."""
    (first,) = verdicts(MINE, shown(row(40), held=70))
    assert first.suspect is not None
    sight = replace(SIGHT, suspects={"AAPL": first.suspect})
    (second,) = verdicts(MINE, OTHER, sight)

    assert ("position_differs", "") == (first.rule, first.halts)
    assert ("position_mismatch", "position_mismatch") == (second.rule, second.halts)
    assert Drift(Decimal(40), Decimal(70)) == second.drift
    assert ["position_differs"] == rules(MINE, replace(OTHER, positions={"AAPL": Decimal(71)}), sight)
    assert ["position_differs"] == rules(MINE, replace(OTHER, asked_ns=OTHER.asked_ns - 1), sight)


def test_a_position_is_not_judged_while_something_is_on_its_way() -> None:
    """A request without an answer, an order touched just now, a list that moved: the difference may be that."""
    pull = CancelRequest(
        cl_ord_id=cl_ord_id(EPOCH, "p", 2),
        orig_cl_ord_id=KEY,
        parent_id="p",
        account="sim",
        symbol="AAPL",
        side=Side.BUY,
    )
    pulling = book_of(FILLED, Sending(now_ns=START_NS + S, request=pull))
    snapshot = shown(row(40), held=70)

    assert [] == rules(pulling, snapshot)
    assert [] == rules(MINE, snapshot, replace(SIGHT, moved_ns={"AAPL": LATER_NS - 4 * S}))
    assert [] == rules(MINE, replace(snapshot, unsteady=("AAPL",)))


def test_an_empty_list_of_positions_is_no_flat_account() -> None:
    """It is told and not believed, and no symbol is called flat by it. Fault C20."""
    (verdict,) = verdicts(MINE, shown(row(40)))

    assert ("empty_positions", "", None) == (verdict.rule, verdict.halts, verdict.drift)


def test_an_empty_list_of_an_account_that_holds_nothing_agrees() -> None:
    """There is nothing that it could hide."""
    assert [] == rules(book_of(), shown(row()))


def test_an_account_that_is_met_for_the_first_time_is_halted_by_symbol() -> None:
    """At once, with how much to declare; other symbols trade."""
    fresh = replace(SIGHT, is_first=True)
    snapshot = replace(shown(), positions={"AAPL": Decimal("36.5"), "IBM": Decimal(-3)})

    assert [("unknown_holding", "account_unknown", symbol) for symbol in ("AAPL", "IBM")] == [
        (one.rule, one.halts, one.symbol) for one in verdicts(Book(), snapshot, fresh)
    ]


def test_what_was_declared_external_is_expected() -> None:
    """Baseline and trades together are what the broker should show."""
    declared = Adopted(
        now_ns=START_NS,
        account="sim",
        symbol="AAPL",
        qty=Decimal(30),
        px=None,
        strategy="s",
        horizon=Horizon.SWING,
        is_external=True,
    )

    assert [] == rules(book_of(FILLED, declared), shown(row(40), held=70))


AGREES = [
    ("we had missed a fact", Drift(Decimal(10), Decimal(40)), "position_mismatch", "position_mismatch"),
    ("the broker changed its word", Drift(Decimal(40), Decimal(70)), "position_mismatch", ""),
    ("nobody remembers", None, "position_mismatch", ""),
    ("it was declared", Drift(Decimal(0), Decimal(40)), "account_unknown", "account_unknown"),
]


@pytest.mark.parametrize("drift, cause, lifts", [one[1:] for one in AGREES], ids=[one[0] for one in AGREES])
def test_a_position_that_agrees_again_is_free_where_the_cause_is_known(
    drift: Drift | None, cause: str, lifts: str
) -> None:
    """A halt ends by itself only where a fact of the journal has moved to what the broker said all along."""
    sight = replace(SIGHT, halted={"AAPL": (cause,)}, drifts={} if drift is None else {"AAPL": drift})
    (verdict,) = verdicts(MINE, shown(row(40), held=40), sight)

    assert ("position_agrees", lifts) == (verdict.rule, lifts and verdict.lifts)
    assert lifts == verdict.lifts


def test_another_account_is_not_looked_at() -> None:
    """Orders, holdings and questions are those of the account that was read."""
    assert [] == rules(MINE, replace(WHOLE, account="other"))


def test_what_others_have_traded_counts_by_what_their_orders_come_to() -> None:
    """An order that is shown again with more counts the rest, an older word nothing, a busted fill less."""
    words = [(10, 1), (30, 3), (20, 2), (25, 4)]
    rows = [row(cum, cl_ord_id="hand", side=Side.SELL, at_ns=START_NS + at_ns) for cum, at_ns in words]
    book = book_of(*(ExternalSeen(now_ns=START_NS, account="sim", seen=one) for one in rows))

    assert Decimal(-25) == expected_qty(book, "sim", "AAPL")
