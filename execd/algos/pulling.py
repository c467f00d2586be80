"""How an algorithm takes a live child out of the market.

A cancel is asked for again until the child has ended: what the broker refused
too often needs a person, what was never sent is no refusal. An algorithm with
children of its own kind keeps `pulls_n` and calls `pull`.
"""

from typing import Final, Protocol

from execd.algos.base import Algo, AlgoView, Pull, Refuse, Step
from execd.core.order import Order
from execd.core.orders import CancelRequest
from execd.core.rules import S
from execd.core.wake import Wake

CAME_BACK: Final = "it was taken for lost and lives, and another one was sent since"
CANCELS_REFUSED_MAX: Final = 10
"""A broker that refuses so many cancels of one order needs a person."""
CANCEL_RETRY_NS: Final = 1 * S
RELEASE: Final = "release"
"""Why a parent is stepped that an operator has just released."""


class Pulling(Algo, Protocol):
    """An algorithm that counts the cancels it asked of its live child, so that asking twice is asking once."""

    @property
    def pulls_n(self) -> int:
        """Cancels asked for."""

    def with_pulls(self, pulls_n: int) -> Algo:
        """Return the algorithm with another count."""


def is_last(view: AlgoView, child: Order) -> bool:
    """Whether no other child was asked for after this one."""
    return view.last_child is None or view.last_child.key == child.key


def pull(algo: Pulling, view: AlgoView, child: Order, text: str) -> Step:
    """Return the step that pulls `child`, or that waits for the answer to the last try."""
    cancels_n = sum(isinstance(request, CancelRequest) for request in child.requests)
    # What is counted is of the last child alone: an earlier one that came back has a cancel of its own.
    is_counted = is_last(view, child)
    is_asked = is_counted and cancels_n < algo.pulls_n
    if is_asked or child.pending is not None or child.is_in_doubt:
        return Step(algo)  # Its answer wakes us.
    # Whoever releases the parent has looked, and wants it tried once more.
    if child.cancels_refused_n >= CANCELS_REFUSED_MAX and view.cause != RELEASE:
        refusal = Refuse(code="cancel_refused", text=f"{child.cancels_refused_n} cancels of {child.key} were refused")
        return Step(algo, (refusal,))
    if cancels_n and view.now_ns < child.tried_ns + CANCEL_RETRY_NS:
        return Step(algo, wake=Wake(at_ns=child.tried_ns + CANCEL_RETRY_NS))
    asking = algo.with_pulls(cancels_n + 1) if is_counted else algo
    return Step(asking, (Pull(key=child.key, text=text),))
