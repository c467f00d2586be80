"""Laws of the comparison with a broker, over any journal and any truth: lost reports, busts, orders of others.

A truth is drawn; the journal has heard some of it. One reading of the truth, its facts folded and its questions
answered, must bring the journal to the truth, and the same again must find nothing.
"""

from decimal import Decimal
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.core.book import Book, fold
from execd.core.enums import Side
from execd.core.ids import cl_ord_id
from execd.core.records import Found, Record, Reported, Sending
from execd.core.reports import Accepted, Canceled, OrderSnapshot, Trade, TradeCanceled
from execd.core.rules import S
from execd.core.snapshot import AccountSnapshot, TradeSeen
from execd.core.verdict import Verdict
from execd.engine.reconcile import known_of, reconcile
from execd.engine.reconcile_positions import Sight, expected
from tests.unit.engine.readings import LATER_NS, SIGHT, begun_parent, new
from tests.world import EPOCH, START_NS

QTY = 100
ORDERS_MAX = 4
ZERO = Decimal(0)
Facts = tuple[TradeSeen, ...]


class Truth(NamedTuple):
    """One order at the broker: fills (their quantities), which of them were busted, whether it ended; what we heard.

    `heard` are the fills of which the journal knows, `is_told` whether their places in the order are told.
    """

    fills: tuple[int, ...]
    busted: tuple[bool, ...]
    heard: tuple[bool, ...]
    is_ended: bool
    is_end_heard: bool
    is_acked: bool
    is_told: bool
    is_bust_heard: bool


@st.composite
def truths(draw: st.DrawFn) -> Truth:
    """Draw an order of a hundred shares."""
    n = draw(st.integers(0, 4))
    fills = tuple(draw(st.integers(1, QTY // 4)) for _ in range(n))
    flags = st.tuples(*[st.booleans()] * n) if n else st.just(())
    is_ended = draw(st.booleans())
    heard = draw(flags)
    return Truth(
        fills=fills,
        busted=draw(flags),
        heard=heard,
        is_ended=is_ended,
        is_end_heard=is_ended and draw(st.booleans()),
        is_acked=any(heard) or draw(st.booleans()),
        is_told=draw(st.booleans()),
        is_bust_heard=draw(st.booleans()),
    )


TRUTHS = st.lists(truths(), max_size=ORDERS_MAX)
HANDS = st.lists(st.tuples(st.booleans(), st.integers(0, QTY), st.booleans()), max_size=3)


def key_of(n: int) -> str:
    """Return the ClOrdID of the `n`-th order."""
    return cl_ord_id(EPOCH, "p", n + 1)


def trades_of(n: int, truth: Truth) -> list[Trade]:
    """Return every execution of an order that ever was."""
    made, cum = list[Trade](), ZERO
    for m, qty in enumerate(truth.fills):
        trade = Trade(
            cl_ord_id=key_of(n),
            order_id=f"o{n}",
            transact_ns=START_NS + (m + 1) * S,
            exec_id=f"o{n}.{m}",
            last_qty=Decimal(qty),
            last_px=Decimal(10 + m),
        )
        made.append(replace(trade, cum_before=cum, cum_after=cum + qty) if truth.is_told else trade)
        cum += qty
    return made


def busts_of(n: int, truth: Truth) -> list[TradeCanceled]:
    """Return the busts of an order."""
    return [
        TradeCanceled(cl_ord_id=key_of(n), order_id=f"o{n}", transact_ns=START_NS + 10 * S, exec_ref_id=f"o{n}.{m}")
        for m, is_busted in enumerate(truth.busted)
        if is_busted
    ]


def side_of(n: int) -> Side:
    """Return the side of the `n`-th order."""
    return Side.BUY if n % 2 == 0 else Side.SELL


def book_of(drawn: list[Truth]) -> Book:
    """Return the journal as far as it has heard."""
    records: list[Record] = begun_parent()
    for n, truth in enumerate(drawn):
        records.append(Sending(now_ns=START_NS, request=new(key_of(n), side=side_of(n))))
        heard: list[object] = [
            trade for trade, is_heard in zip(trades_of(n, truth), truth.heard, strict=True) if is_heard
        ]
        heard += busts_of(n, truth) if truth.is_bust_heard else []
        heard += [Accepted(cl_ord_id=key_of(n), transact_ns=START_NS, order_id=f"o{n}")] if truth.is_acked else []
        if truth.is_end_heard:
            heard.append(Canceled(cl_ord_id=key_of(n), transact_ns=START_NS + 20 * S, order_id=f"o{n}"))
        records += [Reported(now_ns=START_NS, account="sim", report=report) for report in heard]  # type: ignore[arg-type]
    return fold(records)


def counted_of(n: int, truth: Truth) -> list[Trade]:
    """Return the executions of an order that stand."""
    return [trade for trade, is_busted in zip(trades_of(n, truth), truth.busted, strict=True) if not is_busted]


def row_of(n: int, truth: Truth) -> OrderSnapshot:
    """Return the broker's row of an order."""
    counted = counted_of(n, truth)
    cum = sum((one.last_qty for one in counted), ZERO)
    paid = sum((one.last_qty * one.last_px for one in counted), ZERO)
    return OrderSnapshot(
        cl_ord_id=key_of(n),
        order_id=f"o{n}",
        symbol="AAPL",
        side=side_of(n),
        order_qty=Decimal(QTY),
        cum_qty=cum,
        avg_px=paid / cum if cum else ZERO,
        is_live=not truth.is_ended,
        transact_ns=START_NS + 30 * S,
        price=Decimal(10),
    )


def hand_of(n: int, hand: tuple[bool, int, bool]) -> OrderSnapshot:
    """Return an order of somebody else."""
    is_buy, cum, is_live = hand
    return OrderSnapshot(
        cl_ord_id=f"hand{n}",
        order_id=f"h{n}",
        symbol="AAPL",
        side=Side.BUY if is_buy else Side.SELL,
        order_qty=Decimal(QTY),
        cum_qty=Decimal(cum),
        avg_px=Decimal(10) if cum else ZERO,
        is_live=is_live,
        transact_ns=START_NS,
    )


def reading(drawn: list[Truth], hands: list[tuple[bool, int, bool]]) -> AccountSnapshot:
    """Return a steady reading of the truth."""
    others = [hand_of(n, hand) for n, hand in enumerate(hands)]
    trades = tuple(
        TradeSeen(symbol="AAPL", side=side_of(n), trade=trade)
        for n, truth in enumerate(drawn)
        for trade in trades_of(n, truth)
    )
    held = sum((side_of(n).sign * one.last_qty for n, truth in enumerate(drawn) for one in counted_of(n, truth)), ZERO)
    held += sum((one.side.sign * one.cum_qty for one in others if one.side is not None), ZERO)
    return AccountSnapshot(
        account="sim",
        since_ns=0,
        asked_ns=LATER_NS,
        read_ns=LATER_NS,
        orders=(*(row_of(n, truth) for n, truth in enumerate(drawn)), *others),
        trades=trades,
        undone=tuple(bust for n, truth in enumerate(drawn) for bust in busts_of(n, truth)),
        positions={"AAPL": held} if held else {},
    )


def mended(book: Book, snapshot: AccountSnapshot, sight: Sight = SIGHT) -> list[Verdict]:
    """Fold what a reading tells, answer what it asks, and return the verdicts."""
    verdicts = [one for one in reconcile(known_of(book), snapshot, sight) if one is not None]
    rows = {row.cl_ord_id: row for row in snapshot.orders or ()}
    for verdict in verdicts:
        for fact in verdict.facts:
            book.apply(fact)
        if verdict.ask in rows:
            book.apply(Found(now_ns=LATER_NS, account="sim", cl_ord_id=verdict.ask, seen=rows[verdict.ask]))
    return verdicts


@given(TRUTHS, HANDS)
def test_after_a_reading_the_journal_is_the_brokers(drawn: list[Truth], hands: list[tuple[bool, int, bool]]) -> None:
    """Orders, what is filled of them, and positions are equal, whatever was lost, busted, or traded by others."""
    book, snapshot = book_of(drawn), reading(drawn, hands)
    mended(book, snapshot)

    for n, truth in enumerate(drawn):
        order = book.orders[key_of(n)]
        counted = sum((one.last_qty for one in counted_of(n, truth)), ZERO)
        assert (counted, truth.is_ended) == (order.cum_qty, order.is_done)
    assert (snapshot.positions or {}) == expected("sim", book.positions, book.external_positions)


@given(TRUTHS, HANDS)
def test_the_same_reading_again_finds_nothing(drawn: list[Truth], hands: list[tuple[bool, int, bool]]) -> None:
    """Applied twice is applied once: no fact, no question, no halt is left."""
    book, snapshot = book_of(drawn), reading(drawn, hands)
    mended(book, snapshot)

    assert [] == mended(book, snapshot)


@given(TRUTHS, HANDS, st.randoms(use_true_random=False))
def test_the_order_of_a_list_means_nothing(
    drawn: list[Truth], hands: list[tuple[bool, int, bool]], chance: st.DataObject
) -> None:
    """Lists may come in any order; the journal is the same."""
    snapshot = reading(drawn, hands)
    orders, trades, undone = list(snapshot.orders or ()), list(snapshot.trades or ()), list(snapshot.undone)
    for part in (orders, trades, undone):
        chance.shuffle(part)  # type: ignore[attr-defined]  # It is a Random.
    one, other = book_of(drawn), book_of(drawn)
    mended(one, snapshot)
    mended(other, replace(snapshot, orders=tuple(orders), trades=tuple(trades), undone=tuple(undone)))

    assert (one.orders, one.positions, one.external_positions) == (
        other.orders,
        other.positions,
        other.external_positions,
    )


@given(TRUTHS, HANDS, st.sets(st.sampled_from(["orders", "trades", "positions"]), min_size=1))
def test_a_part_that_was_not_read_never_says_gone_or_flat(
    drawn: list[Truth], hands: list[tuple[bool, int, bool]], unread: set[str]
) -> None:
    """Fault C20: no order ends, nothing is asked for its absence, no position differs by what was not read."""
    snapshot = replace(reading(drawn, hands), **dict.fromkeys(sorted(unread)))
    rules = {one.rule for one in reconcile(known_of(book_of(drawn)), snapshot, SIGHT) if one is not None}
    of_orders = {"missed_end", "missed_fill", "missed_acceptance", "not_listed", "doubtful", "external_order"}
    of_positions = {"position_differs", "position_mismatch", "position_agrees", "empty_positions", "unknown_holding"}

    assert "orders" not in unread or not rules & of_orders
    assert "trades" not in unread or not rules & {"missed_trade", "external_trade"}
    assert "positions" not in unread or not rules & of_positions


@given(TRUTHS)
def test_an_empty_reading_ends_no_order_and_empties_no_position(drawn: list[Truth]) -> None:
    """Fault C20: everything is gone from every list, and nothing changes but questions and alerts."""
    book = book_of(drawn)
    before = (dict(book.orders), dict(book.positions))
    nothing = replace(reading([], []), positions={})
    verdicts = mended(book, nothing)

    assert before == (book.orders, book.positions)
    assert {one.rule for one in verdicts} <= {"not_listed", "empty_positions"}
