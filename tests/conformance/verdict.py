"""What must hold at the end of every case, whatever happened in it and wherever the daemon died.

The book says what the venue says, each decision made one order at most, what
was sent was journaled before, every trade was journaled once, and the journal
folds to the book. A case adds what it alone promises.
"""

from collections import Counter
from decimal import Decimal

from execd.core.enums import Outcome
from execd.core.orders import NewOrder
from execd.core.records import Reported, Sending
from execd.core.reports import Trade
from execd.core.rules import FREE_IDS
from execd.errors import BrokerSilent
from tests.conformance.driver import ACCOUNT, SYMBOL, Execution, Truth
from tests.conformance.stage import Case, Stage

ZERO = Decimal(0)


async def wrongs(case: Case, stage: Stage) -> list[str]:
    """Return everything that is wrong, in words; empty where nothing is."""
    orders = await stage.driver.orders()
    executions = await stage.driver.executions()
    # A start that the broker does not answer ends, and is tried again by whoever supervises the daemon.
    found = [f"it died: {death!r}" for death in stage.deaths if not isinstance(death, BrokerSilent)]
    found += _one_order_a_decision(orders)
    found += _orders_agree(stage, orders)
    found += _executions_agree(stage, orders, executions)
    found += await _position_agrees(stage)
    found += await _journal_holds(stage, orders)
    if stage.lives_n == 1:
        told = stage.codes()
        # Where a broker's word is proof, what became of a late request is found before its call has timed out.
        promised = [code for code in case.alerts if code != "in_doubt" or not stage.driver.lookups.are_final]
        found += [f"nobody was told {code}: {told}" for code in promised if code not in told]
        if stage.resolved and not case.asks_person and stage.driver.lookups is not FREE_IDS:
            found.append(f"a person had to decide about {stage.resolved}")
    return found


def _is_ours(stage: Stage, cl_ord_id: str) -> bool:
    return cl_ord_id in stage.book.chains


def _one_order_a_decision(orders: list[Truth]) -> list[str]:
    made = Counter(order.cl_ord_ids[0] for order in orders)
    return [f"{n} orders at the broker under {name}" for name, n in made.items() if n > 1]


def _orders_agree(stage: Stage, orders: list[Truth]) -> list[str]:
    found: list[str] = []
    there = {name: order for order in orders for name in order.cl_ord_ids}
    for key, order in stage.book.orders.items():
        at_broker = there.get(key)
        if at_broker is None:
            if stage.driver.forgets_ended and stage.lives_n > 1:
                continue
            if order.cum_qty or order.acked_ns is not None:
                found.append(f"the book has {key} ({order.ord_status}), the broker does not")
            continue
        if order.cum_qty != at_broker.cum_qty:
            found.append(f"{key} has filled {order.cum_qty} in the book and {at_broker.cum_qty} at the broker")
        if order.is_done == at_broker.is_live:
            found.append(f"{key} is {order.ord_status} in the book, and is_live={at_broker.is_live} at the broker")
        if order.order_qty != at_broker.order_qty:
            found.append(f"{key} is over {order.order_qty} in the book and {at_broker.order_qty} at the broker")
        if order.price != at_broker.price:
            found.append(f"{key} is at {order.price} in the book and at {at_broker.price} at the broker")
    return found


def _executions_agree(stage: Stage, orders: list[Truth], executions: list[Execution]) -> list[str]:
    """Quantities by order always agree; the single trades do where the broker tells them."""
    chains = {name: order.cl_ord_ids[0] for order in orders for name in order.cl_ord_ids}
    ours = [one for one in executions if _is_ours(stage, one.cl_ord_id)]
    believed = sorted(
        Execution(exec_id=trade.exec_id, cl_ord_id=order.key, last_qty=trade.last_qty, last_px=trade.last_px)
        for order in stage.book.orders.values()
        if not order.fills.synthetic_qty
        for trade in order.fills.counted
    )
    sums = {order.key for order in stage.book.orders.values() if order.fills.synthetic_qty}
    true = sorted(
        Execution(
            exec_id=one.exec_id,
            cl_ord_id=chains.get(one.cl_ord_id, stage.book.chains[one.cl_ord_id]),
            last_qty=one.last_qty,
            last_px=one.last_px,
        )
        for one in ours
        if stage.book.chains[one.cl_ord_id] not in sums
    )
    return [] if believed == true else [f"the book has the trades {believed}, the broker {true}"]


async def _position_agrees(stage: Stage) -> list[str]:
    there = await stage.driver.position()
    foreign = sum(
        (
            one.last_qty
            for one in await stage.driver.executions()
            if not _is_ours(stage, one.cl_ord_id)  # Only ever bought by hand here.
        ),
        ZERO,
    )
    owned = sum(
        (
            held.qty
            for key, held in stage.book.positions.items()
            if (key.sleeve.account, key.symbol) == (ACCOUNT, SYMBOL)
        ),
        ZERO,
    )
    return [] if owned + foreign == there else [f"owned {owned} + foreign {foreign} is not {there}, which is held"]


async def _journal_holds(stage: Stage, orders: list[Truth]) -> list[str]:
    records = [stored.record async for stored in stage.journal.records()]
    sent = [record.request.cl_ord_id for record in records if isinstance(record, Sending)]
    new = {
        record.request.cl_ord_id
        for record in records
        if isinstance(record, Sending) and isinstance(record.request, NewOrder)
    }
    found = [f"{name} was journaled {n} times" for name, n in Counter(sent).items() if n > 1]
    marked = [order.cl_ord_ids[0] for order in orders if order.cl_ord_ids[0].startswith(f"{stage.journal.epoch}-")]
    found += [
        f"{name} is at the broker and was never journaled"
        for name in marked
        if name not in new and not name.endswith(STRAY)
    ]
    trades = Counter(
        record.report for record in records if isinstance(record, Reported) and isinstance(record.report, Trade)
    )
    found += [f"{trade.exec_id} was journaled {n} times" for trade, n in trades.items() if n > 1]
    fold = await stage.journal.load()
    believed, book = (fold.orders, fold.parents, fold.positions), stage.book
    if believed != (book.orders, book.parents, book.positions):
        found.append("the journal does not fold to the book")
    return found


STRAY = "-999"
"""The end of a ClOrdID that carries our mark and that no daemon of these cases ever made."""


def lost(stage: Stage) -> list[str]:
    """Return our orders that surely never reached the broker."""
    ends = (Outcome.NEVER_ARRIVED, Outcome.NOT_SENT)
    return [
        order.key for order in stage.book.orders.values() if order.done_as is not None and order.done_as.code in ends
    ]
