"""Stories for the laws of orders, books and journals: what brokers may say, and records that make a book.

Everything is drawn by `core/chance`, so a story is a pure function of its seed: a law can be given a list of seeds
by hypothesis, and a killed process can tell the same story again.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from execd.core.batch import Batch
from execd.core.book import Book
from execd.core.chance import below
from execd.core.commands import CancelParent
from execd.core.enums import OrdType, Outcome, ParentStatus, QuoteSource, Side
from execd.core.ids import cl_ord_id, epoch_of, parent_key
from execd.core.market import Quote
from execd.core.orders import AlgoSpec, CancelRequest, NewOrder, ParentOrder, Plan, ReplaceRequest, Request
from execd.core.parents import SavedAlgo
from execd.core.projection import rows_of
from execd.core.records import (
    Commanded,
    Failed,
    Found,
    ParentAccepted,
    ParentEnded,
    ParentHeld,
    ParentRefused,
    ParentsRetired,
    ParentStarted,
    ParentStopping,
    Record,
    Reported,
    Sending,
    Stepped,
    Waited,
)
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
from execd.core.wake import Wake
from tests.properties.stories_operated import operated, recalled

START_NS = 1_700_000_000_000_000_000
S_NS = 1_000_000_000
ACCOUNT = "paper"
KINDS_OF_REPORT = 15


def quote(now_ns: int, *, bid_px: str = "99.98") -> Quote:
    """Return a quote four cents wide."""
    return Quote(
        symbol="IBM",
        bid_px=Decimal(bid_px),
        bid_size=Decimal(300),
        ask_px=Decimal(bid_px) + Decimal("0.04"),
        ask_size=Decimal(500),
        exchange_ns=now_ns,
        received_ns=now_ns + 1_000,
        source=QuoteSource.TAPE,
    )


def parent(number: int, *, side: Side = Side.BUY, symbol: str = "IBM") -> ParentOrder:
    """Return the parent of intent `p<number>`."""
    return ParentOrder(
        parent_id=f"p{number}",
        account=ACCOUNT,
        symbol=symbol,
        side=side,
        order_qty=Decimal(1_000),
        effective_ns=START_NS,
        start_by_ns=START_NS + 3_600 * S_NS,
        algo=AlgoSpec(name="offset", parameters={"offset_bps": "1.5", "is_patient": True}),
        note='a "note", with\nsigns: é',
    )


def new_order(number: int, n: int = 1, *, order_qty: int = 100, side: Side = Side.BUY) -> NewOrder:
    """Return the `n`-th request of parent `number`, which begins a chain."""
    return NewOrder(
        cl_ord_id=request_id(number, n),
        parent_id=f"p{number}",
        account=ACCOUNT,
        symbol="IBM",
        side=side,
        order_qty=Decimal(order_qty),
        ord_type=OrdType.LIMIT,
        price=Decimal("100.01"),
        send_by_ns=START_NS + S_NS,
    )


def replace_request(number: int, n: int, *, order_qty: int, of: int = 1) -> ReplaceRequest:
    """Return a replace of the chain that request `of` began."""
    return ReplaceRequest(
        cl_ord_id=request_id(number, n),
        orig_cl_ord_id=request_id(number, of),
        parent_id=f"p{number}",
        account=ACCOUNT,
        symbol="IBM",
        side=Side.BUY,
        order_qty=Decimal(order_qty),
        price=Decimal("100.02"),
        send_by_ns=START_NS + S_NS,
    )


def cancel_request(number: int, n: int, *, of: int = 1) -> CancelRequest:
    """Return a cancel of the chain that request `of` began."""
    return CancelRequest(
        cl_ord_id=request_id(number, n),
        orig_cl_ord_id=request_id(number, of),
        parent_id=f"p{number}",
        account=ACCOUNT,
        symbol="IBM",
        side=Side.BUY,
    )


def request_id(number: int, n: int) -> str:
    """Return the ClOrdID of the `n`-th request of parent `number`."""
    return cl_ord_id(epoch_of(START_NS), parent_key(ACCOUNT, f"p{number}"), n)


def trade(key: str, seed: int, cl_ord_id: str | None = None) -> Trade:
    """Return a trade out of a small world, so that ids, instants and intervals meet often."""
    begin = 10 * below(4, seed, "begin")
    qty = 10 * (1 + below(3, seed, "qty"))
    has_interval = bool(below(2, seed, "interval"))
    return Trade(
        cl_ord_id=cl_ord_id or key,
        order_id="b1",
        transact_ns=START_NS + below(6, seed, "at"),
        exec_id=f"e{below(6, seed, 'exec')}",
        last_qty=Decimal(qty),
        last_px=Decimal(10_000 + below(4, seed, "px")) / 100,
        commission=Decimal(below(3, seed, "fee")) / 100,
        cum_before=Decimal(begin) if has_interval else None,
        cum_after=Decimal(begin + qty) if has_interval else None,
        is_passive=(None, True, False)[below(3, seed, "passive")],
    )


def report(key: str, requests: list[str], seed: int) -> ExecReport | OrderSnapshot:
    """Return anything that a broker may say of chain `key`, whose requests are `requests`."""
    at_ns = START_NS + below(6, seed, "at")
    which = requests[below(len(requests), seed, "request")]
    exec_id = f"e{below(6, seed, 'exec')}"
    qty = Decimal(10 * (1 + below(12, seed, "total")))
    order_id = ("", "b1", "b2")[below(3, seed, "order")]
    known: tuple[ExecReport | OrderSnapshot, ...] = (
        Accepted(cl_ord_id=key, transact_ns=at_ns, order_id=order_id),
        trade(key, seed, which),
        trade(key, seed + 1, which),
        TradeCanceled(cl_ord_id=key, transact_ns=at_ns, exec_ref_id=exec_id),
        TradeCorrected(cl_ord_id=key, transact_ns=at_ns, exec_ref_id=exec_id, trade=_correction(trade(key, seed))),
        Canceled(cl_ord_id=which, transact_ns=at_ns, orig_cl_ord_id=key, text="by us"),
        Replaced(cl_ord_id=which, transact_ns=at_ns, orig_cl_ord_id=key, order_qty=qty, price=Decimal(101)),
        Expired(cl_ord_id=key, transact_ns=at_ns),
        DoneForDay(cl_ord_id=key, transact_ns=at_ns),
        Rejected(cl_ord_id=key, transact_ns=at_ns, code="no_funds", text="no"),
        CancelRejected(cl_ord_id=which, transact_ns=at_ns, code="too_late"),
        ReplaceRejected(cl_ord_id=which, transact_ns=at_ns, code="too_late"),
        Restated(cl_ord_id=key, transact_ns=at_ns, order_qty=qty),
        Suspended(cl_ord_id=key, transact_ns=at_ns),
        OrderSnapshot(
            cl_ord_id=key,
            order_id="b1",
            symbol="IBM",
            order_qty=Decimal((100, 100, 120)[below(3, seed, "terms")]),
            cum_qty=qty - 10,
            avg_px=Decimal("100.02"),
            is_live=bool(below(3, seed, "live")),
            transact_ns=at_ns,
            price=(None, Decimal("100.01"), Decimal("100.02"))[below(3, seed, "shown")],
        ),
    )
    return known[below(KINDS_OF_REPORT, seed, "kind")]


def _correction(trade: Trade) -> Trade:
    # A correction has an ExecID of its own; FIX knows no other.
    return msgspec.structs.replace(trade, exec_id=f"{trade.exec_id}.c")


def told(now_ns: int, said: ExecReport | OrderSnapshot) -> Record:
    """Return what a broker said as the record of it."""
    if isinstance(said, OrderSnapshot):
        return Found(now_ns=now_ns, account=ACCOUNT, cl_ord_id=said.cl_ord_id, seen=said)
    return Reported(now_ns=now_ns, account=ACCOUNT, report=said)


def beginning(number: int, now_ns: int = START_NS) -> list[Record]:
    """Return the records by which a parent has one order of 100 out."""
    side = (Side.BUY, Side.SELL)[number % 2]
    order = parent(number, side=side)
    algo = SavedAlgo(name="now × offset", version=1, fields=msgspec.Raw(b'{"reprices":0}'))
    return [
        ParentAccepted(now_ns=now_ns, parent=order, content_hash="0" * 32),
        ParentStarted(
            now_ns=now_ns,
            parent_id=order.parent_id,
            side=side,
            order_qty=Decimal(1_000),
            expire_ns=START_NS + 60 * S_NS,
            plan=Plan(algo="now × offset", parameters={"s": "0.25"}, collar_px=Decimal("100.5"), reasons=("why",)),
            quote=quote(now_ns),
        ),
        Stepped(
            now_ns=now_ns,
            parent_id=order.parent_id,
            cause="started",
            algo=algo,
            wake=Wake(at_ns=now_ns + S_NS, ask_below=Decimal("99.9")),
            quote=quote(now_ns),
            notes=("places 100 at 100.01",),
        ),
        Sending(now_ns=now_ns, request=new_order(number, side=side)),
    ]


def story(seeds: list[int], *, is_wide: bool = False) -> Iterator[list[Record]]:
    """Yield batches of records, one for each seed, that fold in their order; each seed is one thing that happens.

    `is_wide`: operators, files and bugs take part, holdings are adopted, and parents leave memory and come back before
    anything else happens to them.
    """
    begun: dict[int, int] = {}
    retired: dict[int, None] = {}
    whole = Book(keeps_all=True)
    for step, seed in enumerate(seeds):
        now_ns = START_NS + step * S_NS
        number = 1 + below(4, seed, "parent")
        if number not in begun:
            begun[number] = 1
            records = beginning(number, now_ns)
        elif number in retired:
            del retired[number]
            records = [recalled(whole, f"p{number}", now_ns), *_happens(number, begun, seed, now_ns)]
        elif is_wide and not below(8, seed, "retires"):
            retired[number] = None
            records = [ParentsRetired(now_ns=now_ns, parent_ids=(f"p{number}",))]
        elif is_wide and not below(5, seed, "is_operated"):
            records = operated(f"p{number}", request_id(number, 1), seed, now_ns)
        else:
            records = _happens(number, begun, seed, now_ns)
        if is_wide:
            for record in records:
                whole.apply(record)
        yield records


def _happens(number: int, begun: dict[int, int], seed: int, now_ns: int) -> list[Record]:
    parent_id = f"p{number}"
    key = request_id(number, 1)
    requests = [request_id(number, n) for n in range(1, begun[number] + 1)]
    match below(13, seed, "what"):
        case 0 | 1:
            begun[number] += 1
            request: Request
            if below(2, seed, "cancel"):
                request = cancel_request(number, begun[number])
            else:
                request = replace_request(number, begun[number], order_qty=120)
            return [Sending(now_ns=now_ns, request=request)]
        case 2:
            outcome = list(Outcome)[below(4, seed, "outcome")]
            return [Failed(now_ns=now_ns, account=ACCOUNT, cl_ord_id=requests[-1], outcome=outcome, text="reset")]
        case 3:
            return [Waited(now_ns=now_ns, parent_id=parent_id, code="no_tokens", text="next in 0.4 s")]
        case 4:
            return [
                Commanded(now_ns=now_ns, uid=1000, command=CancelParent(parent_id=parent_id, reason="asked")),
                ParentStopping(now_ns=now_ns, parent_id=parent_id, status=ParentStatus.CANCELED, reason="asked"),
                ParentEnded(now_ns=now_ns, parent_id=parent_id, status=ParentStatus.CANCELED, reason="asked"),
            ]
        case 5:
            refused = parent(100 + step_of(now_ns))
            return [
                ParentHeld(now_ns=now_ns, parent_id=parent_id, reason="overfill"),
                ParentRefused(now_ns=now_ns, parent=refused, content_hash="1" * 32, code="max_qty", text="too large"),
            ]
        case _:
            said = [report(key, requests, seed + 7 * n) for n in range(1 + below(3, seed, "reports"))]
            return [told(now_ns, one) for one in said]


def step_of(now_ns: int) -> int:
    """Return the number of the step of a story that happens at `now_ns`."""
    return (now_ns - START_NS) // S_NS


def batches(book: Book, seeds: list[int], *, is_wide: bool = False) -> Iterator[Batch]:
    """Yield the batches of a story as a cycle makes them: each folded into `book`, with the rows it touched."""
    for records in story(seeds, is_wide=is_wide):
        for record in records:
            book.apply(record)
        yield Batch(now_ns=records[-1].now_ns, records=tuple(records), rows=rows_of(book, book.take_touched()))
