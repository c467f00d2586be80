"""Going on after a restart.

The book has been folded from the journal; algorithms are not re-run but
loaded as they were saved. Orders that may be live are asked about first;
parents step once with the first fresh quote of their symbol, or when their
turn in the spread comes.
"""

from typing import Final

from execd.algos.base import Algo
from execd.algos.registry import ENTRIES, UnknownAlgoState, load
from execd.core.book import Parent
from execd.core.enums import ParentStatus
from execd.core.rules import S
from execd.core.wake import Wake
from execd.engine.desk import Desk

SPREAD_NS: Final = 5 * S
"""Recovered parents are stepped over so long, not all at once."""


def take_up(desk: Desk, now_ns: int) -> None:
    """Load every open parent's algorithm, ask about every order that may be live, and let parents wait for a quote."""
    parent_ids = list(desk.open_parents)
    for n, parent_id in enumerate(parent_ids):
        parent = desk.parent(parent_id)
        symbol = parent.order.symbol
        desk.subscribe(symbol)
        if parent.status is ParentStatus.WORKING:
            try:
                desk.algos[parent_id] = _algo_of(desk, parent)
            except UnknownAlgoState as error:
                desk.hold(parent_id, f"unknown_algo_state: {error}", now_ns)
                continue
        for key in parent.live:
            desk.ask_about(desk.book.orders[key])
        desk.watchers.put(symbol, parent_id, Wake(every_quote=True))
        desk.set_timer(parent_id, now_ns + SPREAD_NS * (n + 1) // len(parent_ids))
        desk.write_report(parent_id)


def _algo_of(desk: Desk, parent: Parent) -> Algo:
    """Return an algorithm as it was saved, or as its plan begins it where it had changed nothing yet."""
    if parent.algo is not None:
        return load(parent.algo)
    if parent.plan is None or parent.plan.algo not in ENTRIES:
        message = "no plan" if parent.plan is None else parent.plan.algo
        raise UnknownAlgoState(message)
    return ENTRIES[parent.plan.algo].make(parent.plan.parameters, desk.rules.execution)
