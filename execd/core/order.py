"""The life of one broker order, as facts that only grow.

An `Order` is a chain: its key is the first ClOrdID, each replace and cancel
of it has its own. Everything a reader asks (OrdStatus, CumQty, LeavesQty,
AvgPx) is computed. How it learns what the broker told is in `core/folding.py`,
how fills are counted in `core/fills.py`.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.core.enums import OrdStatus, Outcome
from execd.core.fills import Fills
from execd.core.orders import CancelRequest, NewOrder, ReplaceRequest, Request

ZERO: Final = Decimal(0)
_SURELY_DEAD: Final = (Outcome.NOT_SENT, Outcome.RATE_LIMITED, Outcome.REFUSED, Outcome.NEVER_ARRIVED)


class Done(msgspec.Struct, frozen=True, gc=False, order=True):
    """The broker said that an order trades no more; of several the earliest counts."""

    transact_ns: int
    status: OrdStatus
    code: str = ""
    text: str = ""


CALLED_LOST: Final = "resolved"
"""The code of an end that a person told, of an order of which its broker had told before."""


class Answer(msgspec.Struct, frozen=True, gc=False, order=True):
    """A request of the chain was answered; of several the earliest counts."""

    cl_ord_id: str
    transact_ns: int
    is_accepted: bool
    text: str = ""


class Failure(msgspec.Struct, frozen=True, gc=False, order=True):
    """A request of the chain ended without a report."""

    cl_ord_id: str
    outcome: Outcome
    text: str = ""


class Terms(msgspec.Struct, frozen=True, gc=False):
    """Terms under which the chain works since `transact_ns`; `price` None = as before."""

    transact_ns: int
    order_qty: Decimal
    price: Decimal | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What we know of one chain. Tuples are sorted and hold no value twice, so equal knowledge is an equal value."""

    requests: tuple[Request, ...]
    sent_ns: int
    order_ids: tuple[str, ...] = ()
    acked_ns: int | None = None
    fills: Fills = Fills()
    answers: tuple[Answer, ...] = ()
    failures: tuple[Failure, ...] = ()
    done: Done | None = None
    terms: tuple[Terms, ...] = ()
    suspended_ns: int | None = None
    last_ns: int = 0
    missed: tuple[str, ...] = ()
    """ClOrdIDs of requests in doubt, one for each time that the broker showed no trace of it."""
    resent_n: int = 0
    vouched_ns: int | None = None
    """When a person said that it lives at the broker, who has not told of it."""
    tried_ns: int = 0
    """When a request of it was sent, or ended without a report, for the last time."""
    shown: Terms | None = None
    """The latest terms that the broker has shown when it was asked."""

    @property
    def first(self) -> NewOrder:
        """The request that began the chain."""
        request = self.requests[0]
        if not isinstance(request, NewOrder):
            message = f"chain {request.cl_ord_id} does not begin with a new order"
            raise TypeError(message)
        return request

    @property
    def key(self) -> str:
        """The first ClOrdID: the name of the chain for ever."""
        return self.requests[0].cl_ord_id

    @property
    def order_qty(self) -> Decimal:
        """Total quantity of the chain under its latest terms."""
        if self.shown is None and not self.terms:
            return self.first.order_qty  # So it is with nearly all, and it is asked often.
        if (shown := self._shown_now()) is not None:
            return shown.order_qty
        return self.terms[-1].order_qty if self.terms else self.first.order_qty

    @property
    def price(self) -> Decimal | None:
        """Limit price under the latest terms; None for a market order."""
        if (shown := self._shown_now()) is not None and shown.price is not None:
            return shown.price
        for terms in reversed(self.terms):
            if terms.price is not None:
                return terms.price
        return self.first.price

    @property
    def cum_qty(self) -> Decimal:
        """Quantity filled."""
        return self.fills.cum_qty

    @property
    def avg_px(self) -> Decimal | None:
        """Average price of what is filled; None while nothing is."""
        return self.fills.notional / self.fills.cum_qty if self.fills.cum_qty else None

    @property
    def done_as(self) -> Done | None:
        """How the order ended, if it did: by the broker's word, else because its first request surely never lived."""
        if self.done is not None:
            return self.done
        if self.acked_ns is not None:
            return None
        failure = self._death(self.key)
        return None if failure is None else Done(0, OrdStatus.REJECTED, failure.outcome, failure.text)

    @property
    def is_done(self) -> bool:
        """Whether nothing of it can trade as far as we know."""
        return self.done is not None or self.fills.cum_qty >= self.order_qty or self.done_as is not None

    @property
    def is_taken_for_lost(self) -> bool:
        """Whether it ended without its broker's word: a person, or a broker that knew nothing of it, is believed."""
        is_told = self.done is not None and self.done.code != CALLED_LOST
        return self.is_done and not is_told and self.fills.cum_qty < self.order_qty

    @property
    def leaves_qty(self) -> Decimal:
        """Quantity still able to trade. Zero once the order is done."""
        return ZERO if self.is_done else self.order_qty - self.cum_qty

    @property
    def pending(self) -> Request | None:
        """The latest cancel or replace that has neither an answer nor surely failed."""
        for request in reversed(self.requests[1:]):
            if not self.is_settled(request.cl_ord_id):
                return request
        return None

    @property
    def cancels_refused_n(self) -> int:
        """How many cancels the broker has refused; one that was never sent is none."""
        refused = {answer.cl_ord_id for answer in self.answers if not answer.is_accepted}
        refused.update(failure.cl_ord_id for failure in self.failures if failure.outcome is Outcome.REFUSED)
        return sum(isinstance(request, CancelRequest) and request.cl_ord_id in refused for request in self.requests)

    @property
    def is_in_doubt(self) -> bool:
        """Whether a request of it ended unknown and nothing has resolved it since."""
        return (
            bool(self.failures)
            and not self.is_done
            and any(
                failure.outcome is Outcome.UNKNOWN and not self.is_settled(failure.cl_ord_id)
                for failure in self.failures
            )
        )

    @property
    def exposure_qty(self) -> Decimal:
        """Quantity that may still trade, counting an unanswered replace at its larger and a doubted one at its sum."""
        if self.is_done:
            return ZERO
        pending = self.pending
        qty = self.order_qty
        if isinstance(pending, ReplaceRequest):
            qty = qty + pending.order_qty if self.is_in_doubt else max(qty, pending.order_qty)
        return qty - self.cum_qty

    @property
    def ord_status(self) -> OrdStatus:
        """OrdStatus (FIX 39): the highest that the facts support."""
        if self.cum_qty >= self.order_qty:
            return OrdStatus.FILLED
        if (done := self.done_as) is not None:
            return done.status
        return self._live_status()

    def _live_status(self) -> OrdStatus:
        match self.pending:
            case CancelRequest():
                return OrdStatus.PENDING_CANCEL
            case ReplaceRequest():
                return OrdStatus.PENDING_REPLACE
            case _:
                pass  # Nothing is outstanding: the facts below decide.
        if self.suspended_ns is not None and self.suspended_ns >= self.last_ns:
            return OrdStatus.SUSPENDED
        if self.cum_qty > ZERO:
            return OrdStatus.PARTIALLY_FILLED
        return OrdStatus.PENDING_NEW if self.acked_ns is None and self.vouched_ns is None else OrdStatus.NEW

    def has_taken(self, cl_ord_id: str) -> bool:
        """Whether the broker has taken a cancel or replace: by its answer, or by the terms that it has shown since."""
        answered = any(answer.cl_ord_id == cl_ord_id and answer.is_accepted for answer in self.answers)
        return answered or self._is_shown(cl_ord_id)

    def is_answered(self, cl_ord_id: str) -> bool:
        """Whether the broker, or a person, has told what became of a request of the chain."""
        if cl_ord_id == self.key and (self.acked_ns is not None or self.vouched_ns is not None):
            return True
        return any(answer.cl_ord_id == cl_ord_id for answer in self.answers) or self._is_shown(cl_ord_id)

    def _shown_now(self) -> Terms | None:
        """Return the terms that the broker has shown, where nothing later is known."""
        shown = self.shown
        if shown is None or (self.terms and terms_rank(self.terms[-1]) >= terms_rank(shown)):
            return None
        return shown

    def _is_shown(self, cl_ord_id: str) -> bool:
        """Whether the terms that the broker has shown are those that a replace asked for, and were not before."""
        shown = self._shown_now()
        if shown is None:
            return False
        told = replace(self, shown=None)
        if shown.order_qty == told.order_qty and shown.price in {None, told.price}:
            return False
        return any(
            isinstance(request, ReplaceRequest)
            and request.cl_ord_id == cl_ord_id
            and request.order_qty == shown.order_qty
            and (request.price is None or shown.price in {None, request.price})
            for request in self.requests
        )

    def is_settled(self, cl_ord_id: str) -> bool:
        """Whether a request of the chain has an answer, or surely never lived."""
        return self.is_answered(cl_ord_id) or self._death(cl_ord_id) is not None

    def _death(self, cl_ord_id: str) -> Failure | None:
        """Return what proves that a request never lived.

        One that was written more than once is only dead by the broker's word on the request as such: that the last
        attempt was not sent, or refused, says nothing about the one before it, of which nobody knows.
        """
        told = [failure for failure in self.failures if failure.cl_ord_id == cl_ord_id]
        is_resent = bool(self.resent_n) and cl_ord_id == self.key
        proofs = (Outcome.NEVER_ARRIVED,) if is_resent else _SURELY_DEAD
        return next((failure for failure in told if failure.outcome in proofs), None)


def terms_rank(terms: Terms) -> tuple[int, Decimal, Decimal]:
    """Return by what the latest of several terms is told."""
    return (terms.transact_ns, terms.order_qty, terms.price if terms.price is not None else ZERO)
