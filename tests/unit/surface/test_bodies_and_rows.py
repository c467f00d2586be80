"""What commands may hold, what is owned, and what is told of an intent that has left memory."""

import asyncio
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.book import Book
from execd.core.codec import encode
from execd.core.enums import Horizon, Outcome
from execd.core.records import Adopted, Failed, Record
from execd.journal.memory import MemoryJournal
from execd.surface import remembered, views
from execd.surface.answers import STATUS, Problem, refusal
from execd.surface.bodies import Acking, Adopting, Because, Halting, Resuming, needed, read
from execd.surface.holdings import position_rows
from tests.properties import stories

KINDS = (Because, Halting, Resuming, Adopting, Acking)


@pytest.mark.parametrize("kind", KINDS)
@given(body=st.binary(max_size=60))
def test_whatever_the_bytes_are_the_answer_is_a_body_or_a_refusal(kind: type, body: bytes) -> None:
    """No bytes make the control API fail otherwise."""
    told: object
    try:
        told = read(body, kind)
    except Problem as problem:
        told = problem.code

    assert told == "bad_value" or isinstance(told, kind)


GOOD = {"symbol": "AAPL", "qty": "1"}
BAD = [
    ("qty", "1_000"),
    ("qty", "\uff11"),
    ("qty", "NaN"),
    ("qty", "1e5"),
    ("qty", " 1"),
    ("qty", "1\n"),
    ("qty", 1),
    ("qty", "9" * 11),
    ("symbol", "aapl"),
    ("symbol", "AAPL\n"),
    ("symbol", "\u0410\u0410PL"),
    ("px", "-1"),
    ("px", "1e400"),
    ("strategy", ""),
    ("strategy", "a/b"),
    ("horizon", "weekly"),
    ("is_external", 1),
    ("reason", "two\nlines"),
    ("reason", "x" * 201),
    ("reason", "right\u202eleft"),
    ("colour", "red"),
]


@pytest.mark.parametrize("field, value", BAD, ids=[f"{field}-{ascii(value)[:14]}" for field, value in BAD])
def test_a_field_out_of_its_bounds_is_refused(field: str, value: object) -> None:
    """Numbers are digits, names are names, nothing unknown passes. Faults I5, I7, I8, I9."""
    with pytest.raises(Problem) as refused:
        read(json.dumps(GOOD | {field: value}).encode(), Adopting)

    assert ("bad_value", True) == (refused.value.code, refused.value.field in {field, None})
    assert "regex" not in str(refused.value)


@pytest.mark.parametrize("reason", ["", "  "])
def test_risk_is_not_taken_up_again_without_a_reason(reason: str) -> None:
    """Resuming needs a reason. Fault H7."""
    with pytest.raises(Problem) as refused:
        needed(reason, "release")

    assert ("missing_field", "reason", "r") == (refused.value.code, refused.value.field, needed("r", "release"))


def test_every_code_has_its_status() -> None:
    """Codes that HTTP has a word for get it; every other refusal is 422."""
    told = {code: refusal(code, "text").status for code in (*STATUS, "amend_loosens")}

    assert STATUS | {"amend_loosens": 422} == told


def book_of(*records: Record) -> Book:
    """Return the book that records make."""
    book = Book()
    for record in records:
        book.apply(record)
    return book


def test_an_order_in_doubt_is_on_its_way_and_in_doubt() -> None:
    """What may be live counts in full, and is shown by itself."""
    live = stories.beginning(1)
    doubt = Failed(
        now_ns=stories.START_NS, account="sim", cl_ord_id=stories.request_id(1, 1), outcome=Outcome.UNKNOWN, text="t"
    )
    (working,), (doubted,) = position_rows(book_of(*live)), position_rows(book_of(*live, doubt))

    # The first story sells.
    assert [("0", "100", "0"), ("0", "100", "100")] == [
        (row.buying_qty, row.selling_qty, row.in_doubt_qty) for row in (working, doubted)
    ]


def test_the_net_price_is_what_a_share_has_cost() -> None:
    """Paid less received, a share; nothing where nothing is owned."""

    def adopted(qty: int, px: int, *, is_external: bool = False) -> Adopted:
        return Adopted(
            now_ns=stories.START_NS,
            account="sim",
            symbol="IBM",
            qty=Decimal(qty),
            px=Decimal(px),
            strategy="s",
            horizon=Horizon.SWING,
            is_external=is_external,
        )

    rows = position_rows(book_of(adopted(10, 100), adopted(-5, 120), adopted(7, 1, is_external=True)))
    flat = position_rows(book_of(adopted(10, 100), adopted(-10, 120)))

    assert [("5", "400", "80", False), ("7", "0", None, True)] == [
        (row.qty, row.paid, row.net_px, row.is_external) for row in rows
    ]
    assert [("0", "-200", None)] == [(row.qty, row.paid, row.net_px) for row in flat]


@given(st.lists(st.integers(0, 2**32), min_size=1, max_size=30))
def test_an_intent_that_left_memory_is_told_as_if_it_had_not(seeds: list[int]) -> None:
    """The records of one intent alone make the row that the whole journal makes."""
    asyncio.run(_told_alike(seeds))


async def _told_alike(seeds: list[int]) -> None:
    journal, book, whole = MemoryJournal(created_ns=stories.START_NS), Book(), Book(keeps_all=True)
    for batch in stories.batches(book, seeds):
        await journal.commit(batch)
        for record in batch.records:
            whole.apply(record)
    for parent_id, parent in whole.parents.items():
        alone = [one.record async for one in journal.records(parent_id=parent_id)]
        told = remembered.told(alone, parent_id)

        assert told is not None
        assert encode(views.order_row(whole, parent)) == encode(told["order"])


def test_records_of_somebody_else_tell_nothing() -> None:
    """An id that no record tells of is unknown."""
    assert remembered.told(stories.beginning(1), "nobody") is None
