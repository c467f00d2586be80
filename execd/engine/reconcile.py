"""What a broker shows of an account, against what the journal knows: one pure function from both to verdicts.

    for verdict in reconcile(known_of(book), snapshot, sight): ...

It changes nothing, asks nobody and may be drawn in slices: what it looks at
does not change under it. Each verdict has a rule (`core/verdict.RULES`), says
who was right, and carries the facts to be folded or the question to be asked.
What is there is a fact; what is not there never is: it is asked about. What
was touched a moment ago is left for the next reading. None is a breath:
something was looked at, and nothing differs. Positions are `reconcile_positions`.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from msgspec.structs import replace

from execd.core import folding
from execd.core.book import Book
from execd.core.doubting import unanswered
from execd.core.order import Order
from execd.core.parents import HoldingKey, Position, PositionKey
from execd.core.reconciled import ExternalKey, ExternalSeen
from execd.core.records import Found, Reported
from execd.core.reports import OrderSnapshot, Trade, TradeCanceled, TradeCorrected
from execd.core.rules import S
from execd.core.snapshot import AccountSnapshot, TradeSeen, name_of
from execd.core.verdict import Suspect, Verdict
from execd.engine.reconcile_positions import Sight, expected, positions
from execd.engine.reconcile_rows import (
    about,
    counts,
    external_text,
    instant,
    is_later,
    of_trades,
    report_text,
    row_text,
    rule_of,
)

GRACE_NS: Final = 5 * S
"""What was touched so shortly before a reading may be on its way to us still: the next reading tells."""
ZERO: Final = Decimal(0)
EXTERNAL: Final = "external_order"
"""The cause of a halt of a symbol in which somebody else trades."""


class Known(NamedTuple):
    """What the journal knows, as it stood at one instant. `live` are the keys of orders that may still trade."""

    orders: Mapping[str, Order]
    chains: Mapping[str, str]
    live: tuple[str, ...]
    positions: Mapping[PositionKey, Position]
    external_orders: Mapping[ExternalKey, OrderSnapshot]
    external_positions: Mapping[HoldingKey, Decimal]


def known_of(book: Book) -> Known:
    """Return what a book knows now; later changes of the book do not reach it."""
    return Known(
        orders=dict(book.orders),
        chains=dict(book.chains),
        live=tuple(key for parent in book.parents.values() for key in parent.live),
        positions=dict(book.positions),
        external_orders=dict(book.external_orders),
        external_positions=dict(book.external_positions),
    )


class _Told:
    """What a reading tells of single orders, by their keys; and what it tells of orders that the book does not know.

    `moved` is by how much the verdicts so far move positions, `unsure` the symbols with something on its way.
    """

    def __init__(self, known: Known, snapshot: AccountSnapshot) -> None:
        self.rows: dict[str, OrderSnapshot] = {}
        self.trades: dict[str, list[Trade]] = {}
        self.undone: dict[str, list[TradeCanceled | TradeCorrected]] = {}
        self.others: dict[str, OrderSnapshot] = {}
        self.their_trades: dict[str, list[TradeSeen]] = {}
        self.their_undone: dict[str, None] = {}
        self.moved: dict[str, Decimal] = {}
        self.unsure: dict[str, None] = {}
        for row in snapshot.orders or ():
            key = known.chains.get(row.cl_ord_id)
            if key is None:
                self.others[name_of(row)] = row
            else:
                self.rows[key] = row
        for one in snapshot.trades or ():
            trade = one.trade
            key = known.chains.get(trade.cl_ord_id)
            if key is None:
                self.their_trades.setdefault(trade.cl_ord_id or f"#{trade.order_id}", []).append(one)
            else:
                self.trades.setdefault(key, []).append(trade)
        for told in snapshot.undone:
            key = known.chains.get(told.cl_ord_id)
            if key is None:
                self.their_undone[told.cl_ord_id] = None
            else:
                self.undone.setdefault(key, []).append(told)

    def move(self, symbol: str, qty: Decimal) -> None:
        """Note that facts just found change what is held of a symbol."""
        if qty:
            self.moved[symbol] = self.moved.get(symbol, ZERO) + qty


def reconcile(known: Known, snapshot: AccountSnapshot, sight: Sight) -> Iterator[Verdict | None]:
    """Yield what differs between what is known and what is shown, and None for each thing that does not."""
    told = _Told(known, snapshot)
    for row in snapshot.unreadable:
        text = f"{row.what} {row.id or '(without a name)'} makes no sense: {row.text}"
        halts = "unreadable" if row.symbol else ""
        yield Verdict(rule="unreadable", subject=row.id, symbol=row.symbol, right="neither", text=text, halts=halts)
    for key in dict.fromkeys((*told.rows, *told.trades, *told.undone)):
        order = known.orders[key]
        if order.first.account != snapshot.account:
            continue
        yield from _order(order, key, told, snapshot, sight)
        yield None
    yield from _live(known, told, snapshot, sight)
    for name in dict.fromkeys((*told.others, *told.their_trades, *told.their_undone)):
        yield _other(known, name, told, snapshot, sight)
    mine = expected(snapshot.account, known.positions, known.external_positions)
    for symbol, qty in told.moved.items():
        mine[symbol] = mine.get(symbol, ZERO) + qty
    yield from positions(mine, told.unsure, snapshot, sight)


def is_quiet(key: str, order: Order, snapshot: AccountSnapshot, sight: Sight) -> bool:
    """Whether nothing has moved about an order of ours since well before it was read."""
    touched_ns = max(order.tried_ns, sight.changed_ns.get(key, 0))
    return touched_ns <= snapshot.asked_ns - GRACE_NS


def _order(order: Order, key: str, told: _Told, snapshot: AccountSnapshot, sight: Sight) -> list[Verdict]:
    """Return what differs about one of our orders, and note what that moves."""
    verdicts, after = list[Verdict](), order
    for report in _reports(order, key, told, sight):
        if _is_young(report.transact_ns, snapshot):
            told.unsure[order.first.symbol] = None
            continue
        changed = folding.apply(after, report)
        # The same execution under a second name counts nothing, and is no news.
        if counts(changed) == counts(after):
            continue
        after = changed
        rule = "missed_trade" if isinstance(report, Trade) else "missed_bust"
        fact = Reported(now_ns=snapshot.read_ns, account=snapshot.account, report=report)
        verdicts.append(about(order, rule, "broker", report_text(report), facts=(fact,)))
    row = told.rows.get(key)
    if row is not None and (_is_young(row.transact_ns, snapshot) or not is_quiet(key, order, snapshot, sight)):
        told.unsure[order.first.symbol] = None
    elif row is not None and (verdict := _row(after, key, row, snapshot, sight)) is not None:
        verdicts.append(verdict)
        for found in verdict.facts:
            after = folding.add_snapshot(after, found.seen) if isinstance(found, Found) else after
    told.move(order.first.symbol, order.first.side.sign * (after.cum_qty - order.cum_qty))
    return verdicts


def _reports(order: Order, key: str, told: _Told, sight: Sight) -> Iterator[Trade | TradeCanceled | TradeCorrected]:
    """Yield the trades, busts and corrections that the order does not have; an unreadable order is read as a whole."""
    if key in sight.unreadable:
        return
    had = {trade.exec_id: trade for trade in order.fills.trades}
    for trade in sorted(told.trades.get(key, ()), key=instant):
        if had.get(trade.exec_id) != trade and trade not in order.fills.trades:
            yield trade
    yield from told.undone.get(key, ())


def _row(order: Order, key: str, row: OrderSnapshot, snapshot: AccountSnapshot, sight: Sight) -> Verdict | None:
    """Return what differs between an order and the broker's row of it."""
    is_other_side = row.side is not None and row.side.is_buy != order.first.side.is_buy
    if row.symbol != order.first.symbol or is_other_side:
        what = f"is {row.side or ''} {row.symbol} there and {order.first.side} {order.first.symbol} here"
        return _contradicted(order, key, what, snapshot, sight)
    rule = rule_of(order, row)
    if not rule:
        return None
    seen = replace(row, cl_ord_id=key, trades=())
    learned = folding.add_snapshot(order, seen)
    if rule != "doubtful" and not rule_of(learned, row):
        found = Found(now_ns=snapshot.read_ns, account=snapshot.account, cl_ord_id=key, seen=seen)
        # Its trades, which tell more than their sum, come with the answer to a question.
        ask = key if rule == "missed_fill" else ""
        return about(order, rule, "broker", row_text(order, row), facts=(found,), ask=ask)
    if unanswered(order):
        return None  # Doubt has its own questions.
    return _contradicted(order, key, row_text(order, row), snapshot, sight)


def _contradicted(
    order: Order, key: str, what: str, snapshot: AccountSnapshot, sight: Sight, rule: str = "doubtful"
) -> Verdict:
    """Return the question about an order that cannot be as it is shown; the same again after an answer is a halt."""
    before = sight.suspects.get(key)
    suspect = before if before is not None and before.what == what else Suspect(what, snapshot.read_ns)
    if suspect is before and snapshot.asked_ns - suspect.read_ns >= GRACE_NS:
        text = f"{what}, in two readings, and asking did not mend it"
        return about(order, "contradiction", "neither", text, suspect=suspect, halts="contradiction")
    return about(order, rule, "neither", f"{what}; it is asked about", ask=key, suspect=suspect)


def _live(known: Known, told: _Told, snapshot: AccountSnapshot, sight: Sight) -> Iterator[Verdict | None]:
    """Note which symbols have something on its way; ask about live orders that are not listed: lists may be stale."""
    for key in known.live:
        order = known.orders[key]
        symbol = order.first.symbol
        if order.first.account != snapshot.account or order.is_done:
            yield None
            continue
        if unanswered(order) or order.is_in_doubt:
            told.unsure[symbol] = None
        is_shown = snapshot.orders is None or key in told.rows or symbol in snapshot.unsteady
        # Doubt asks by itself, and a person may know what the broker does not show.
        if is_shown or order.is_in_doubt or order.vouched_ns is not None or not is_quiet(key, order, snapshot, sight):
            yield None
        else:
            yield _contradicted(
                order, key, "it is live here and not in the broker's list", snapshot, sight, "not_listed"
            )


def _other(known: Known, name: str, told: _Told, snapshot: AccountSnapshot, sight: Sight) -> Verdict | None:
    """Return what is news of an order that the book does not know, and note what that moves."""
    row, rule = told.others.get(name), "external_order"
    is_sum = row is None
    if name in told.their_undone and sight.is_ours(name) and name not in sight.disowned:
        # However long ago it left memory: a fill may be taken back after that.
        symbol = "" if row is None else row.symbol
        text = f"a fill of {name} was taken back, which bears our mark and is not in memory: the journal is asked"
        return Verdict(rule="unknown_of_ours", subject=name, symbol=symbol, right="neither", text=text, recall=name)
    if row is None and name not in told.their_trades:
        return None  # Of what is not ours only sums are kept.
    if row is None:
        row, rule = of_trades(told.their_trades[name]), "external_trade"
    before = known.external_orders.get(ExternalKey(snapshot.account, name))
    if before is None and sight.is_ours(name) and name not in sight.disowned:
        is_sought = bool(row.cum_qty) and row.symbol in sight.drifts
        if not row.is_live and row.transact_ns < sight.heard_ns and not is_sought:
            return None  # It left memory long ago, with everything that was said of it.
        told.unsure[row.symbol] = None
        text = f"{name} bears our mark and is not in memory: the journal is asked"
        return Verdict(rule="unknown_of_ours", subject=name, symbol=row.symbol, right="neither", text=text, recall=name)
    if before is None and not row.is_live and not row.cum_qty:
        return None  # It came and went without a trade.
    if before is not None and not is_later(before, row, is_sum=is_sum):
        return None
    traded = row.cum_qty - (before.cum_qty if before is not None else ZERO)
    if row.side is not None:
        told.move(row.symbol, row.side.sign * traded)
    fact = ExternalSeen(now_ns=snapshot.read_ns, account=snapshot.account, seen=row)
    halts = EXTERNAL if sight.halts_on_external and (row.is_live or traded) else ""
    text = external_text(name, row)
    return Verdict(rule=rule, subject=name, symbol=row.symbol, right="broker", text=text, facts=(fact,), halts=halts)


def _is_young(transact_ns: int, snapshot: AccountSnapshot) -> bool:
    """Whether the broker did something so shortly before the reading, by its own clock, that it may be on its way."""
    return transact_ns > (snapshot.broker_ns or snapshot.asked_ns) - GRACE_NS
