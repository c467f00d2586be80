"""Short words for the venue's tests: quotes, requests, and a venue that is fed from lists of rows.

Nothing here decides what is right; a test says that. Instants are plain small integers.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from execd.core.enums import OrdType, QueueRule, Side, TimeInForce
from execd.core.instrument import Instrument
from execd.core.market import Halt, Quote
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest, Request
from execd.core.reports import ExecReport, Trade
from execd.venue.commission import Commission
from execd.venue.matching import Matching

SYMBOL = "ABC"


def venue(
    queue: QueueRule = QueueRule.PESSIMISTIC,
    *,
    isolates_accounts: bool = False,
    commission: Commission | None = None,
    taken_stays: bool = False,
) -> Matching:
    """Return a venue without orders; it charges nothing unless told."""
    return Matching(
        queue=queue,
        commission=commission or Commission(),
        instrument=lambda symbol: Instrument(symbol=symbol),
        isolates_accounts=isolates_accounts,
        taken_stays=taken_stays,
    )


def quote(bid: str, bid_size: int, ask: str, ask_size: int, now_ns: int = 0) -> Quote:
    """Return a quote of the one symbol; "0" for a side that is not there."""
    return Quote(
        symbol=SYMBOL,
        bid_px=Decimal(bid),
        bid_size=Decimal(bid_size),
        ask_px=Decimal(ask),
        ask_size=Decimal(ask_size),
        exchange_ns=now_ns,
        received_ns=now_ns,
    )


def halt(now_ns: int = 0, *, is_halted: bool) -> Halt:
    """Return the beginning or the end of a halt."""
    return Halt(symbol=SYMBOL, is_halted=is_halted, reason="test", exchange_ns=now_ns)


def new(cl_ord_id: str, side: str, qty: int, px: str | None = None, **other: Any) -> NewOrder:  # noqa: ANN401  # Any field.
    """Return a new order: limit with a price, else market, unless `ord_type` says."""
    terms: dict[str, Any] = {
        "cl_ord_id": cl_ord_id,
        "parent_id": "p",
        "account": "acc",
        "symbol": SYMBOL,
        "side": Side(side),
        "order_qty": Decimal(qty),
        "ord_type": OrdType.MARKET if px is None else OrdType.LIMIT,
        "price": Decimal(px) if px is not None else None,
        "time_in_force": TimeInForce.DAY,
        "send_by_ns": 1 << 62,
    }
    return NewOrder(**(terms | other))


def change(cl_ord_id: str, orig: str, qty: int, px: str | None = None, **other: Any) -> ReplaceRequest:  # noqa: ANN401
    """Return a replace of the order `orig`."""
    terms: dict[str, Any] = {
        "cl_ord_id": cl_ord_id,
        "orig_cl_ord_id": orig,
        "parent_id": "p",
        "account": "acc",
        "symbol": SYMBOL,
        "side": Side.BUY,
        "order_qty": Decimal(qty),
        "price": Decimal(px) if px is not None else None,
        "send_by_ns": 1 << 62,
    }
    return ReplaceRequest(**(terms | other))


def pull(cl_ord_id: str, orig: str, account: str = "acc") -> CancelRequest:
    """Return a cancel of the order `orig`."""
    return CancelRequest(
        cl_ord_id=cl_ord_id, orig_cl_ord_id=orig, parent_id="p", account=account, symbol=SYMBOL, side=Side.BUY
    )


Print = tuple[str, int]
Row = Request | Quote | Halt | Print


def tell(matching: Matching, row: Row, now_ns: int) -> list[ExecReport]:
    """Give one row to the venue; a print is (price, quantity)."""
    match row:
        case NewOrder():
            return matching.submit(row, now_ns)
        case ReplaceRequest():
            return matching.replace(row, now_ns)
        case CancelRequest():
            return matching.cancel(row, now_ns)
        case Quote():
            return matching.on_quote(row, now_ns)
        case Halt():
            return matching.on_halt(row, now_ns)
        case (px, qty):
            return matching.on_print(SYMBOL, Decimal(px), Decimal(qty), now_ns)


def play(matching: Matching, rows: Sequence[Row]) -> list[ExecReport]:
    """Give rows to the venue at the instants 0, 1, 2, …; return all reports."""
    return [report for now_ns, row in enumerate(rows) for report in tell(matching, row, now_ns)]


def fills(reports: Sequence[ExecReport]) -> list[tuple[str, str, str, bool | None]]:
    """Return the trades as (cl_ord_id, quantity, price, is_passive)."""
    return [
        (report.cl_ord_id, str(report.last_qty), str(report.last_px), report.is_passive)
        for report in reports
        if isinstance(report, Trade)
    ]
