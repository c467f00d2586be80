"""The life of one order: laws over any reports in any order, and FIX's own tables of order states.

The tables follow "Order State Changes" of FIX 4.4 (volume 4, appendix D), with more of the same kind.
"""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.core import folding as facts
from execd.core.enums import OrdStatus, Outcome
from execd.core.fills import recounted
from execd.core.order import Failure, Order
from execd.core.reports import (
    Accepted,
    Canceled,
    CancelRejected,
    DoneForDay,
    ExecReport,
    Expired,
    OrderSnapshot,
    Rejected,
    Replaced,
    ReplaceRejected,
    Restated,
    Suspended,
    Trade,
    TradeCanceled,
    TradeCorrected,
)
from tests.properties.stories import START_NS, cancel_request, new_order, replace_request, report, request_id

KEY = request_id(1, 1)
CANCEL = request_id(1, 2)
REPLACE = request_id(1, 3)
ACK = Accepted(cl_ord_id=KEY, transact_ns=START_NS + 1, order_id="b1")
SEEDS = st.integers(min_value=0, max_value=2**40)
SAID = SEEDS.map(lambda seed: report(KEY, [KEY, CANCEL, REPLACE], seed))


def chain(*, order_qty: int = 100) -> Order:
    """Return an order sent, with a cancel and a replace of it sent too."""
    order = facts.begin(new_order(1, order_qty=order_qty), START_NS)
    order = facts.add_request(order, cancel_request(1, 2), START_NS)
    return facts.add_request(order, replace_request(1, 3, order_qty=120), START_NS)


def hears(order: Order, said: Sequence[ExecReport | OrderSnapshot]) -> Order:
    """Return the order after all that a broker said."""
    for one in said:
        order = facts.add_snapshot(order, one) if isinstance(one, OrderSnapshot) else facts.apply(order, one)
    return order


@given(said=st.lists(SAID, max_size=8), drawn=st.data())
def test_reports_in_any_order_reach_the_same_order(
    said: list[ExecReport | OrderSnapshot], drawn: st.DataObject
) -> None:
    """Late, reordered and repeated reports are folded in: what is known does not depend on how it came.

    Faults D2, D3 and D4.
    """
    again = drawn.draw(st.lists(st.sampled_from(said), max_size=4)) if said else []
    shuffled = drawn.draw(st.permutations([*said, *again]))

    assert hears(chain(), said) == hears(chain(), shuffled)


@given(said=st.lists(SAID, max_size=10))
def test_running_sums_are_what_a_recount_gives(said: list[ExecReport | OrderSnapshot]) -> None:
    """CumQty, notional and commission kept beside the facts are the sums of the facts."""
    fills = hears(chain(), said).fills

    assert recounted(fills) == fills


@given(said=st.lists(SAID, max_size=10))
def test_quantities_of_an_order_always_add_up(said: list[ExecReport | OrderSnapshot]) -> None:
    """LeavesQty is what is open, zero once done; CumQty is never below zero; a done order has no exposure."""
    order = hears(chain(), said)
    expected = Decimal(0) if order.is_done else order.order_qty - order.cum_qty

    assert expected == order.leaves_qty
    assert order.cum_qty >= 0
    assert order.is_done == (order.exposure_qty == 0)
    assert order.exposure_qty >= order.leaves_qty


@given(said=st.lists(SAID, max_size=10), later=SAID)
def test_facts_only_grow(said: list[ExecReport | OrderSnapshot], later: ExecReport | OrderSnapshot) -> None:
    """Nothing that was known is forgotten: trades, busts, ids and answers stay."""
    before = hears(chain(), said)
    after = hears(before, [later])

    assert set(before.fills.trades) <= set(after.fills.trades)
    assert set(before.fills.busted) <= set(after.fills.busted)
    assert set(before.order_ids) <= set(after.order_ids)
    assert {answer.cl_ord_id for answer in before.answers} <= {answer.cl_ord_id for answer in after.answers}


@given(said=st.lists(SAID, max_size=10))
def test_an_order_with_all_of_its_quantity_is_filled(said: list[ExecReport | OrderSnapshot]) -> None:
    """Filled stands above every other word of the broker, and nothing else is filled."""
    order = hears(chain(), said)

    assert (order.cum_qty >= order.order_qty) == (order.ord_status is OrdStatus.FILLED)


# Each step of a new order of 100: what happened (at the instant of its place, or the one behind `@`), then OrdStatus,
# CumQty and LeavesQty after it. A fill is named by its place among all steps, unless it says `as`.
TABLES = {
    "A.1.a filled": "ack: new 0 100 | fill 20: partially_filled 20 80 | fill 80: filled 100 0",
    "A.1.b done for day": "ack: new 0 100 | fill 40: partially_filled 40 60 | day_done: done_for_day 40 0",
    "A.1.c filled, then busted": "ack: new 0 100 | fill 100 as x: filled 100 0 | bust x: new 0 100",
    "B.1.a cancel": "ack: new 0 100 | cancel: pending_cancel 0 100 | cancel_done: canceled 0 0",
    "B.1.b fill while a cancel is pending": "ack: new 0 100 | fill 20: partially_filled 20 80 "
    "| cancel: pending_cancel 20 80 | fill 30: pending_cancel 50 50 | cancel_done: canceled 50 0",
    "B.1.c filled before the cancel arrives": "ack: new 0 100 | cancel: pending_cancel 0 100 "
    "| fill 100: filled 100 0 | cancel_refused: filled 100 0",
    "B.1.d cancel refused after a fill": "ack: new 0 100 | fill 40: partially_filled 40 60 "
    "| cancel: pending_cancel 40 60 | cancel_refused: partially_filled 40 60",
    "B.1.f cancel before the acknowledgement": "cancel: pending_cancel 0 100 | cancel_done: canceled 0 0",
    "C.1.a replace to more": "ack: new 0 100 | fill 40: partially_filled 40 60 | replace 120: pending_replace 40 60 "
    "| replaced 120: partially_filled 40 80 | fill 80: filled 120 0",
    "C.1.b fill while a replace is pending": "ack: new 0 100 | replace 120: pending_replace 0 100 "
    "| fill 60: pending_replace 60 40 | replaced 120: partially_filled 60 60",
    "C.2.a filled order works on after a replace": "ack: new 0 100 | replace 120: pending_replace 0 100 "
    "| fill 100: filled 100 0 | replaced 120: partially_filled 100 20",
    "C.2.b replace refused": "ack: new 0 100 | fill 10: partially_filled 10 90 | replace 120: pending_replace 10 90 "
    "| replace_refused: partially_filled 10 90",
    "C.3.a replace to what is filled": "ack: new 0 100 | fill 40: partially_filled 40 60 "
    "| replace 40: pending_replace 40 60 | replaced 40: filled 40 0",
    "D.1 rejected": "rejected: rejected 0 0",
    "D.2 rejected after the acknowledgement": "ack: new 0 100 | rejected: rejected 0 0",
    "E.1 expired": "ack: new 0 100 | fill 30: partially_filled 30 70 | expired: expired 30 0",
    "E.2 late fill after the cancel": "ack: new 0 100 | cancel: pending_cancel 0 100 | cancel_done: canceled 0 0 "
    "| fill 30: canceled 30 0",
    "E.3 late fill of all after the cancel": "ack: new 0 100 | cancel: pending_cancel 0 100 "
    "| cancel_done: canceled 0 0 | fill 100: filled 100 0",
    "F.1 suspended until something is known": "ack: new 0 100 | suspended: suspended 0 100 "
    "| fill 10: partially_filled 10 90",
    "F.2 suspended, then acknowledged": "suspended: suspended 0 100 | ack: new 0 100",
    "G.1 restated to less": "ack: new 0 100 | fill 40: partially_filled 40 60 | restated 50: partially_filled 40 10",
    "G.2 an older restatement": "ack: new 0 100 | restated 80 @9: new 0 80 | restated 50 @8: new 0 80",
    "H.1 one trade under two names": "fill 40 from 0: partially_filled 40 60 | fill 40 from 0: partially_filled 40 60",
    "H.2 fill before the acknowledgement": "fill 40: partially_filled 40 60 | ack: partially_filled 40 60",
    "H.3 bust before its trade": "ack: new 0 100 | bust x: new 0 100 | fill 40 as x: new 0 100",
    "H.4 a trade told twice": "fill 40 as x @5: partially_filled 40 60 | fill 40 as x @5: partially_filled 40 60",
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_order_state_changes_are_those_of_fix(table: str) -> None:
    """After each step OrdStatus, CumQty and LeavesQty are what FIX's table says."""
    order = facts.begin(new_order(1), START_NS)
    expected, actual = [], []
    for at, line in enumerate(table.split(" | "), start=1):
        step, _, after = line.partition(": ")
        order = happens(order, step, at)
        expected.append(after)
        actual.append(f"{order.ord_status} {order.cum_qty} {order.leaves_qty}")

    assert expected == actual


def happens(order: Order, step: str, at: int) -> Order:
    """Return the order after a step of a table, which is the `at`-th."""
    words = step.split()
    if words[-1].startswith("@"):
        at = int(words.pop()[1:])
    at_ns = START_NS + at
    qty = Decimal(words[1]) if len(words) > 1 and words[1].isdigit() else Decimal(0)
    match words[0]:
        case "cancel":
            return facts.add_request(order, cancel_request(1, 2), START_NS)
        case "replace":
            return facts.add_request(order, replace_request(1, 3, order_qty=int(qty)), START_NS)
        case "fill":
            options = dict(zip(words[2::2], words[3::2], strict=True))
            begin = int(options["from"]) if "from" in options else None
            return facts.apply(order, fill(options.get("as", f"{at}"), int(qty), at, begin=begin))
        case "bust":
            return facts.apply(order, TradeCanceled(cl_ord_id=KEY, transact_ns=at_ns, exec_ref_id=words[1]))
        case word:
            return facts.apply(order, spoken(word, qty, at_ns))


def spoken(word: str, qty: Decimal, at_ns: int) -> ExecReport:
    """Return the report that a word of a table stands for."""
    reports: dict[str, ExecReport] = {
        "ack": Accepted(cl_ord_id=KEY, transact_ns=at_ns, order_id="b1"),
        "cancel_done": Canceled(cl_ord_id=CANCEL, transact_ns=at_ns, orig_cl_ord_id=KEY),
        "cancel_refused": CancelRejected(cl_ord_id=CANCEL, transact_ns=at_ns, orig_cl_ord_id=KEY),
        "replaced": Replaced(cl_ord_id=REPLACE, transact_ns=at_ns, orig_cl_ord_id=KEY, order_qty=qty),
        "replace_refused": ReplaceRejected(cl_ord_id=REPLACE, transact_ns=at_ns, orig_cl_ord_id=KEY),
        "rejected": Rejected(cl_ord_id=KEY, transact_ns=at_ns, code="no_funds"),
        "expired": Expired(cl_ord_id=KEY, transact_ns=at_ns),
        "day_done": DoneForDay(cl_ord_id=KEY, transact_ns=at_ns),
        "restated": Restated(cl_ord_id=KEY, transact_ns=at_ns, order_qty=qty),
        "suspended": Suspended(cl_ord_id=KEY, transact_ns=at_ns),
    }
    return reports[word]


def fill(exec_id: str, qty: int, at: int, *, begin: int | None = None) -> Trade:
    """Return a trade at 100; `begin` places it in the order's CumQty."""
    return Trade(
        cl_ord_id=KEY,
        transact_ns=START_NS + at,
        exec_id=exec_id,
        last_qty=Decimal(qty),
        last_px=Decimal(100),
        cum_before=None if begin is None else Decimal(begin),
        cum_after=None if begin is None else Decimal(begin + qty),
    )


def test_an_order_that_surely_never_arrived_is_rejected_until_the_broker_speaks_of_it() -> None:
    """A lookup that found nothing ends an order; any later report overrules it. Faults C3 and C4."""
    order = facts.add_failure(facts.begin(new_order(1), START_NS), Failure(KEY, Outcome.NEVER_ARRIVED), START_NS)
    later = facts.apply(order, ACK)

    assert (OrdStatus.REJECTED, OrdStatus.NEW) == (order.ord_status, later.ord_status)


@pytest.mark.parametrize("outcome", [Outcome.NOT_SENT, Outcome.REFUSED, Outcome.NEVER_ARRIVED])
def test_doubt_about_a_cancel_ends_when_it_surely_never_lived(outcome: Outcome) -> None:
    """Unknown is a state that later knowledge resolves, by an answer or by proof of absence. Fault C15."""
    order = facts.add_request(facts.begin(new_order(1), START_NS), cancel_request(1, 2), START_NS)
    doubted = facts.add_failure(facts.apply(order, ACK), Failure(CANCEL, Outcome.UNKNOWN, "timeout"), START_NS)
    resolved = facts.add_failure(doubted, Failure(CANCEL, outcome), START_NS)

    assert (True, False) == (doubted.is_in_doubt, resolved.is_in_doubt)
    assert OrdStatus.NEW is resolved.ord_status


def test_an_unanswered_replace_counts_at_its_larger_and_a_doubted_one_at_its_sum() -> None:
    """Exposure is max(old, new) while a replace is unanswered, old + new while it is in doubt."""
    order = facts.add_request(facts.begin(new_order(1), START_NS), replace_request(1, 3, order_qty=120), START_NS)
    doubted = facts.add_failure(order, Failure(REPLACE, Outcome.UNKNOWN, "timeout"), START_NS)

    assert (Decimal(120), Decimal(220)) == (order.exposure_qty, doubted.exposure_qty)


@pytest.mark.parametrize("order_qty, price", [(100, "100.05"), (120, None), (120, "100.05")])
def test_a_replace_in_doubt_is_answered_by_the_terms_that_the_broker_shows(order_qty: int, price: str | None) -> None:
    """A price alone, a quantity alone, or both: what was asked for and is there was taken. Fault C16."""
    asked = replace(replace_request(1, 3, order_qty=order_qty), price=None if price is None else Decimal(price))
    order = facts.add_request(facts.apply(facts.begin(new_order(1), START_NS), ACK), asked, START_NS + 2)
    doubted = facts.add_failure(order, Failure(REPLACE, Outcome.UNKNOWN, "timeout"), START_NS + 3)
    resolved = facts.add_snapshot(doubted, shown(order_qty, price or "100.01", at_ns=4))

    assert (True, False) == (doubted.is_in_doubt, resolved.is_in_doubt)
    assert (Decimal(order_qty), Decimal(price or "100.01")) == (resolved.order_qty, resolved.price)
    assert resolved.has_taken(REPLACE)


def test_terms_that_were_shown_before_a_replace_was_confirmed_are_old() -> None:
    """A list that is behind does not take back what the broker has confirmed since. Fault C19."""
    order = facts.add_request(facts.begin(new_order(1), START_NS), replace_request(1, 3, order_qty=120), START_NS)
    told = Replaced(
        cl_ord_id=REPLACE, transact_ns=START_NS + 5, orig_cl_ord_id=KEY, order_qty=Decimal(120), price=Decimal(101)
    )
    order = hears(order, [ACK, told, shown(100, "100.01", at_ns=1)])

    assert (Decimal(120), Decimal(101)) == (order.order_qty, order.price)


def test_a_replace_that_was_not_taken_stays_in_doubt() -> None:
    """Where the broker shows the old terms, nothing was answered: the request may still arrive."""
    order = facts.add_request(facts.begin(new_order(1), START_NS), replace_request(1, 3, order_qty=120), START_NS)
    doubted = facts.add_failure(facts.apply(order, ACK), Failure(REPLACE, Outcome.UNKNOWN, "timeout"), START_NS)
    seen = facts.add_snapshot(doubted, shown(100, "100.01", at_ns=4))

    assert (True, False, Decimal(220)) == (seen.is_in_doubt, seen.has_taken(REPLACE), seen.exposure_qty)


def shown(order_qty: int, price: str, *, at_ns: int) -> OrderSnapshot:
    """Return what a broker shows of the live order under these terms, changed last `at_ns` after the start."""
    return OrderSnapshot(
        cl_ord_id=KEY,
        order_id="b1",
        symbol="IBM",
        order_qty=Decimal(order_qty),
        cum_qty=Decimal(0),
        avg_px=Decimal(0),
        is_live=True,
        transact_ns=START_NS + at_ns,
        price=Decimal(price),
    )


def test_a_correction_stands_in_the_place_of_its_trade() -> None:
    """The corrected trade no longer counts, the correction does."""
    order = hears(facts.begin(new_order(1), START_NS), [ACK, fill("1", 40, 2)])
    told = TradeCorrected(cl_ord_id=KEY, transact_ns=START_NS + 3, exec_ref_id="1", trade=fill("2", 30, 2))

    assert (Decimal(30), ("2",)) == (
        facts.apply(order, told).cum_qty,
        tuple(trade.exec_id for trade in facts.apply(order, told).fills.counted),
    )


def test_what_only_a_sum_tells_is_filled_once_when_its_trades_come() -> None:
    """A cumulative word makes a synthetic part, which shrinks by the overlap of each real trade. Fault D11."""
    seen = OrderSnapshot(
        cl_ord_id=KEY,
        order_id="b1",
        symbol="IBM",
        order_qty=Decimal(100),
        cum_qty=Decimal(60),
        avg_px=Decimal(100),
        is_live=True,
        transact_ns=START_NS + 9,
    )
    order = hears(facts.begin(new_order(1), START_NS), [seen])
    later = hears(order, [fill("1", 40, 2, begin=0), fill("2", 20, 3, begin=40)])

    assert (Decimal(60), Decimal(60)) == (order.cum_qty, order.fills.synthetic_qty)
    assert (Decimal(60), Decimal(0), Decimal(100)) == (later.cum_qty, later.fills.synthetic_qty, later.avg_px)
