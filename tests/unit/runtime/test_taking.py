"""One road from bytes to an answer: what the control API is told of orders, lists and documents."""

from pathlib import Path

import pytest

from execd.errors import IntentError
from execd.runtime.taking import Answer
from tests.unit.runtime.inbox_hall import Hall, buy


async def taken(hall: Hall, name: str, text: str) -> Answer:
    """Submit a text to a daemon's intake of its own."""
    async with hall.running():
        return await (await hall.taker.submit(name, text.encode(), hall.clock.now_ns()))


@pytest.fixture
def hall(tmp_path: Path) -> Hall:
    """Return a fresh state directory."""
    return Hall(tmp_path)


async def test_an_order_is_taken_and_then_known(hall: Hall) -> None:
    """What is submitted is what would have been dropped: the same id again is acknowledged."""
    text = "{id: a, symbol: AAPL, side: buy, qty: 1}"
    first, again = await taken(hall, "a.yaml", text), await taken(hall, "a.yaml", text)

    assert [("accepted", ("a",)), ("duplicate", ("a",))] == [(one.code, one.ids) for one in (first, again)]


async def test_a_list_that_skips_is_taken_part_by_part_and_answered_once(hall: Hall) -> None:
    """All parts make one answer: the ids that were taken, the rows that were not, in their order."""
    lines = [f"r{n},AAPL,buy,{'x' if n == 3 else 20_000 if n == 140 else 1},skip" for n in range(150)]
    answer = await taken(hall, "l.csv", "\n".join(["id,symbol,side,qty,on_error", *lines]))

    assert (True, "accepted", 148) == (answer.is_ok, answer.code, len(answer.ids))
    assert [(4, 5, "bad_number"), (141, 142, "max_order_qty")] == [(row.row, row.line, row.code) for row in answer.rows]


async def test_a_refused_list_names_every_row_that_the_engine_refused(hall: Hall) -> None:
    """An atomic list is refused whole, with the row, the line and the code of the first."""
    answer = await taken(hall, "l.csv", "id,symbol,side,qty\na,AAPL,buy,1\nb,AAPL,buy,20000\nc,AAPL,buy,30000\n")

    assert (False, "max_order_qty", 3, ["b", "c"]) == (
        answer.is_ok, answer.code, answer.line, [row.id for row in answer.rows]
    )  # fmt: skip
    assert {} == hall.book.parents


async def test_an_amend_of_nobody_is_answered(hall: Hall) -> None:
    """Documents come the same way; a cancel waits for its order, an amend cannot."""
    cancel = await taken(hall, "c.json", '{"kind": "cancel", "id": "c", "target": "x"}')
    amend = await taken(hall, "m.json", '{"kind": "amend", "id": "m", "target": "y", "qty": 1}')

    assert (True, False, "not_found") == (cancel.is_ok, amend.is_ok, amend.code)


async def test_what_cannot_be_read_is_raised(hall: Hall) -> None:
    """The refusal of a text is the same as in `.error.json`."""
    with pytest.raises(IntentError) as caught:
        await taken(hall, "a.json", str(buy("a")))

    assert ("syntax", 1) == (caught.value.code, caught.value.line)
