"""An algorithm that does what a case says: place, amend, pull, each at its second of the parent's life.

It is how a case asks for any request through the real engine: it is stepped,
gated, journaled and resumed like every other algorithm. A request that never
reached the broker is decided afresh. A new kind of move is a word in `_act`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from execd.algos.base import AlgoView, Amend, Finish, Place, Pull, Step, was_no_attempt
from execd.algos.pulling import pull
from execd.core.enums import OrdType, ParentStatus, TimeInForce
from execd.core.order import Order
from execd.core.rules import S
from execd.core.wake import Wake

NAME: Final = "script"
RETRY_NS: Final = S


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What to do `at_s` after the parent's start. `is_eager`: also while an earlier request has no answer."""

    do: str
    at_s: int = 0
    qty: Decimal = Decimal(0)
    price: Decimal | None = None
    stop_px: Decimal | None = None
    ord_type: OrdType = OrdType.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY
    is_eager: bool = False


class Script(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`done_n` moves are done; `placed_n` orders were asked for."""

    moves: tuple[Move, ...]
    done_n: int = 0
    placed_n: int = 0
    pulls_n: int = 0

    def step(self, view: AlgoView) -> Step:
        """Return the next state, what to do, and when to ask again."""
        if view.children_n < self.placed_n:
            return Step(self)
        child = view.children[-1] if view.children else None
        last = view.last_child
        if last is not None and last.is_done and was_no_attempt(last) and view.now_ns < view.last_ns:
            return self._again(view)
        if self.done_n == len(self.moves):
            return self._end(view, child)
        move = self.moves[self.done_n]
        due_ns = view.started_ns + move.at_s * S
        if view.now_ns < due_ns:
            return Step(self, wake=Wake(at_ns=due_ns))
        return self._act(view, move, child)

    def _act(self, view: AlgoView, move: Move, child: Order | None) -> Step:
        done = replace(self, done_n=self.done_n + 1)
        soon = done.soon(view)
        if move.do == "place":
            return _placed(done, view, move)
        if child is None:
            return Step(done, wake=soon)  # It has ended meanwhile: there is nothing to change.
        if not move.is_eager and (child.pending is not None or child.is_in_doubt or child.acked_ns is None):
            return Step(self, wake=Wake(at_ns=view.now_ns + RETRY_NS))
        if move.do == "pull":
            return Step(done, (Pull(key=child.key, text="as written"),), soon)
        if move.qty <= child.cum_qty:
            return Step(done, wake=soon)
        return Step(done, (Amend(key=child.key, qty=move.qty, price=move.price, text="as written"),), soon)

    def soon(self, view: AlgoView) -> Wake:
        """Return when to ask again: at once where the next move does not wait for an answer."""
        is_eager = self.done_n < len(self.moves) and self.moves[self.done_n].is_eager
        return Wake(at_ns=view.now_ns if is_eager else view.now_ns + RETRY_NS)

    def _again(self, view: AlgoView) -> Step:
        placed = [move for move in self.moves[: self.done_n] if move.do == "place"][-1]
        return _placed(self, view, placed)

    def _end(self, view: AlgoView, child: Order | None) -> Step:
        if child is None:
            status = ParentStatus.FILLED if view.cum_qty >= view.order_qty else ParentStatus.CANCELED
            if view.cum_qty and status is ParentStatus.CANCELED:
                status = ParentStatus.PARTIALLY_FILLED
            return Step(self, (Finish(status=status, reason="as written"),))
        if view.now_ns < view.last_ns:
            return Step(self, wake=Wake(at_ns=view.last_ns))
        return pull(self, view, child, "deadline")

    def with_pulls(self, pulls_n: int) -> "Script":
        """Return the script having asked for so many cancels of its live child."""
        return replace(self, pulls_n=pulls_n)


def _placed(script: Script, view: AlgoView, move: Move) -> Step:
    qty = min(move.qty, view.leaves_qty)
    if qty <= 0:
        return Step(script, wake=Wake(at_ns=view.now_ns + RETRY_NS))
    place = Place(
        qty=qty,
        ord_type=move.ord_type,
        price=move.price,
        stop_px=move.stop_px,
        time_in_force=move.time_in_force,
        text="as written",
    )
    placed = replace(script, placed_n=view.children_n + 1, pulls_n=0)
    return Step(placed, (place,), placed.soon(view))


def make(parameters: Mapping[str, Any]) -> Script:
    """Return the script that a plan's parameters hold."""
    return Script(moves=tuple(msgspec.convert(parameters["moves"], list[Move], strict=False)))


def read(fields: msgspec.Raw) -> Script:
    """Return the script that was saved."""
    return msgspec.json.decode(fields, type=Script)
