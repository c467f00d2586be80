"""From actions to requests, through the send gate, to the record that they may leave.

A request gets its deterministic ClOrdID here, and its `Sending` record is made
in the same breath as its effect.
"""

from decimal import Decimal
from typing import Final, assert_never

from execd.algos.base import Action, AlgoView, Amend, Finish, Place, Pull, Refuse
from execd.core.book import Parent
from execd.core.events import Cancel, Replace, Submit
from execd.core.ids import cl_ord_id
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest, Request
from execd.core.records import Sending
from execd.engine import expecting, halting, readings, risk
from execd.engine.desk import Desk
from execd.engine.parking import order_class

ZERO: Final = Decimal(0)


def requests_of(desk: Desk, parent: Parent, actions: tuple[Action, ...], now_ns: int) -> list[Request]:
    """Return what `actions` ask of the broker, numbered on from the parent's last request."""
    requests: list[Request] = []
    for action in actions:
        n = parent.requests_n + len(requests) + 1
        match action:
            case Place():
                requests.append(_new(desk, parent, action, n, now_ns))
            case Amend():
                requests.append(_replace(desk, parent, action, n, now_ns))
            case Pull():
                requests.append(cancel_request(desk, parent, action.key, action.text, extra=len(requests)))
            case Finish() | Refuse():
                pass  # These send nothing.
            case _:
                assert_never(action)
    return requests


def _new(desk: Desk, parent: Parent, action: Place, n: int, now_ns: int) -> NewOrder:
    order = parent.order
    expire_ns = parent.expire_ns if parent.expire_ns is not None else now_ns
    return NewOrder(
        cl_ord_id=_id(desk, parent, n),
        parent_id=order.parent_id,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        order_qty=action.qty,
        ord_type=action.ord_type,
        price=action.price,
        stop_px=action.stop_px,
        time_in_force=action.time_in_force,
        extended_hours=order.extended_hours,
        send_by_ns=min(now_ns + desk.rules.execution.send_within_ns, expire_ns),
        text=action.text,
    )


def _replace(desk: Desk, parent: Parent, action: Amend, n: int, now_ns: int) -> ReplaceRequest:
    order = parent.order
    return ReplaceRequest(
        cl_ord_id=_id(desk, parent, n),
        orig_cl_ord_id=_latest_id(desk, action.key),
        parent_id=order.parent_id,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        order_qty=action.qty,
        price=action.price,
        send_by_ns=now_ns + desk.rules.execution.send_within_ns,
        text=action.text,
    )


def cancel_request(desk: Desk, parent: Parent, key: str, text: str, extra: int = 0) -> CancelRequest:
    """Return a request to cancel the chain `key`; `extra` requests of the same step come before it."""
    order = parent.order
    return CancelRequest(
        cl_ord_id=_id(desk, parent, parent.requests_n + extra + 1),
        orig_cl_ord_id=_latest_id(desk, key),
        parent_id=order.parent_id,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        text=text,
    )


def _id(desk: Desk, parent: Parent, n: int) -> str:
    """Return the ClOrdID of a parent's next request: beyond those that the journal has lost and the broker knows."""
    key = desk.key_of(parent)
    return cl_ord_id(desk.epoch, key, n + desk.forgotten_n.get(key, 0))


def _latest_id(desk: Desk, key: str) -> str:
    """Return the ClOrdID under which the broker knows a chain now: that of its last accepted replace."""
    chain = desk.book.orders[key]
    for request in reversed(chain.requests):
        if isinstance(request, ReplaceRequest) and chain.has_taken(request.cl_ord_id):
            return request.cl_ord_id
    return key


def gate(desk: Desk, parent: Parent, view: AlgoView, requests: list[Request]) -> risk.Refusal | None:
    """Return the first refusal of the send gate; cancels are never asked about."""
    limits = desk.rules.limits_of(parent.order)
    halt = halting.halt_of(desk, parent.order.account, parent.order.symbol)
    stale = readings.stale_text(desk, parent.order.account, parent.order.symbol, view.now_ns)
    # Seats that are promised to others are taken, and so are those of the orders that come before in this step.
    promised_n = desk.seats_of(parent.order.account).promised_to_others(parent.order.parent_id)
    asked_n = 0
    for request in requests:
        if isinstance(request, CancelRequest):
            continue
        if limits is None:
            return risk.Refusal(code="no_limits", text=f"account {parent.order.account!r} has no limits")
        # A new order that the book knows already would be written a second time, under the same id.
        known_as = request.cl_ord_id if isinstance(request, NewOrder) else request.orig_cl_ord_id
        chain_key = desk.book.chains.get(known_as, "")
        chain = desk.book.orders.get(chain_key)
        rival = desk.rival(request.account, request.symbol, is_buy=request.side.is_buy)
        if rival is not None and rival.is_in_doubt and parent.order.flatten_id:
            rival = None  # What nobody can find out about must not keep us from getting out.
        context = risk.SendContext(
            kind=_kind(parent, request, is_known=bool(chain_key)),
            request=request,
            order_qty=view.order_qty,
            chain_cum_qty=ZERO if chain is None else chain.cum_qty,
            siblings=tuple(desk.book.orders[key] for key in parent.children if key != chain_key),
            rival=rival,
            open_orders_n=desk.open_orders_of(request.account) + promised_n + asked_n,
            market=view.market,
            instrument=view.instrument,
            limits=limits,
            execution=view.execution,
            now_ns=view.now_ns,
            halt="" if halt is None else halting.halt_text(halt),
            stale=stale,
            is_reducing=(halt is not None or bool(stale)) and halting.is_reducing(desk, parent, request),
        )
        refusal = risk.send(context)
        if refusal is not None:
            return refusal
        asked_n += isinstance(request, NewOrder)
    return None


def _kind(parent: Parent, request: NewOrder | ReplaceRequest, *, is_known: bool) -> risk.Kind:
    if parent.order.is_close:
        return risk.Kind.FLATTEN
    return risk.Kind.REPLACE if is_known or isinstance(request, ReplaceRequest) else risk.Kind.NEW


def send(desk: Desk, request: Request, now_ns: int) -> None:
    """Record that a request may leave, and wish for it."""
    desk.record(Sending(now_ns=now_ns, request=request))
    chain = desk.book.orders[desk.book.chains[request.cl_ord_id]]
    desk.reindex(chain)
    expecting.answer(desk, chain.key, now_ns)
    order_id = chain.order_ids[-1] if chain.order_ids else ""
    parent = desk.parent(request.parent_id)
    match request:
        case NewOrder():
            desk.leave_seats(request.parent_id)
            desk.effect(Submit(request=request, kind=order_class(parent, is_new=True)))
        case ReplaceRequest():
            desk.effect(Replace(request=request, order_id=order_id, kind=order_class(parent, is_new=False)))
        case CancelRequest():
            desk.effect(Cancel(request=request, order_id=order_id))
        case _:
            assert_never(request)
