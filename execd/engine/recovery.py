"""Going on after a restart.

The book has been folded from the journal; algorithms are not re-run but
loaded as they were saved. Orders that may be live are asked about first;
parents step once with the first fresh quote of their symbol, or when their
turn in the spread comes.
"""

from typing import Final

from execd.algos.base import Algo
from execd.algos.registry import make
from execd.algos.saving import UnknownAlgoState, load
from execd.core.book import Parent
from execd.core.enums import ParentStatus
from execd.core.rules import S
from execd.core.wake import Wake
from execd.engine import doubt, flattening, hearing, kill, memory, parking, poison
from execd.engine.desk import Desk

INTERRUPTED: Final = "execd ended while it was on its way"
SPREAD_NS: Final = 5 * S
"""Recovered parents are stepped over so long, not all at once."""


def take_up(desk: Desk, now_ns: int) -> None:
    """Load every open parent's algorithm, ask about every order that may be live, and let parents wait for a quote."""
    parking.remember(desk, now_ns)
    hearing.begin(desk, desk.rules.limits, now_ns)
    poison.set_aside(desk, now_ns)
    for cl_ord_id, told in desk.book.external.items():
        if memory.is_ours(desk, cl_ord_id) and desk.book.order_of(cl_ord_id) is None and told:
            memory.recall(desk, "", cl_ord_id)
    memory.begin(desk, now_ns)
    parent_ids = list(desk.open_parents)
    for n, parent_id in enumerate(parent_ids):
        parent = desk.parent(parent_id)
        symbol = parent.order.symbol
        desk.subscribe(symbol)
        if parent.status is ParentStatus.WORKING:
            try:
                desk.algos[parent_id] = _algo_of(parent)
            except UnknownAlgoState as error:
                desk.hold(parent_id, f"unknown_algo_state: {error}", now_ns)
                continue
            if desk.rules.is_observing and parent.live:
                desk.hold(parent_id, "observe: it has orders out; start with mode: trade to work them", now_ns)
        for key in parent.live:
            order = doubt.doubt_unanswered(desk, desk.book.orders[key], INTERRUPTED, now_ns)
            desk.ask_about(order)
            if order.is_in_doubt:
                doubt.begin(desk, order, now_ns)
        desk.watchers.put(symbol, parent_id, Wake(every_quote=True))
        # Who gets out of something does not wait for its turn.
        spread_ns = 0 if parent.order.flatten_id else SPREAD_NS * (n + 1) // len(parent_ids)
        desk.set_timer(parent_id, now_ns + spread_ns)
        desk.write_report(parent_id)
    for order in [order for account in desk.rules.limits for order in desk.all_live(account)]:
        # A busted trade can bring an order of an ended parent back to life, which nobody looks after.
        if desk.parent(order.first.parent_id).status.is_terminal:
            desk.ask_about(order)
    flattening.take_up(desk, now_ns)
    kill.take_up(desk, now_ns)


def ensure_algo(desk: Desk, parent_id: str) -> None:
    """Load the algorithm of a parent that is released; where its state cannot be read, its plan begins anew."""
    parent = desk.parent(parent_id)
    if parent.started_ns is None or parent_id in desk.algos:
        return
    try:
        desk.algos[parent_id] = _algo_of(parent)
    except UnknownAlgoState:
        algo = None if parent.plan is None else make(parent.plan)
        if algo is not None:
            desk.algos[parent_id] = algo


def _algo_of(parent: Parent) -> Algo:
    """Return an algorithm as it was saved, or as its plan begins it where it had changed nothing yet."""
    if parent.algo is not None:
        return load(parent.algo)
    algo = None if parent.plan is None else make(parent.plan)
    if algo is None:
        message = "no plan" if parent.plan is None else parent.plan.algo
        raise UnknownAlgoState(message)
    return algo
