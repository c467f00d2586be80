"""The language between the engine and an algorithm.

`AlgoView` is all that an algorithm may know, `Step` all that it may say: its
next state, actions, when to be asked again, and what it waits for. Stepping
more often than asked changes nothing.
"""

from decimal import Decimal
from typing import Final, Protocol

import msgspec

from execd.core import chance
from execd.core.codec import plain
from execd.core.daily import DailyValues
from execd.core.enums import OrdType, Outcome, ParentStatus, TimeInForce
from execd.core.instrument import Instrument
from execd.core.market import Quote, Seen
from execd.core.order import Order
from execd.core.orders import CancelRequest, ParentOrder, Plan
from execd.core.rules import Execution, Limits
from execd.core.session import Session
from execd.core.session_table import SessionWindow
from execd.core.wake import NEVER, Wake

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
BPS: Final = Decimal(10_000)
IMMEDIATE: Final = (TimeInForce.IOC, TimeInForce.FOK)
TIMEOUT: Final = "timeout"
OPERATOR: Final = "operator"
"""Begins the text of a cancel that no algorithm asked for."""


class MarketView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a symbol now; None is what is not known.

    `quote` stands, priceable or not; its age counts from its last proof. `last_px` was printed at `last_ns`. `volume`
    is what was printed since `volume_since_ns`: a restart or a gap begins a new count, at 0 nothing has been. `day` is
    from past days, as is `prev_close_px`; `hours` are the session in progress, else the next one. `spread_ewma` is in
    currency units; `volatility_factor` is the last half hour's against the usual of this time of day. Of a feed that
    sees only a part of the market, printed volume and displayed sizes count `volume_scale` times; None where nobody
    said how much: then nothing may be derived from them.
    """

    quote: Quote | None = None
    quote_age_ns: int = 0
    last_px: Decimal | None = None
    last_ns: int = 0
    volume: Decimal = ZERO
    is_halted: bool = False
    volume_since_ns: int = 0
    day: DailyValues | None = None
    hours: SessionWindow | None = None
    prev_close_px: Decimal | None = None
    spread_ewma: Decimal | None = None
    volatility_factor: Decimal | None = None
    volume_scale: Decimal | None = ONE

    def counted(self, size: Decimal) -> Decimal | None:
        """Return what a volume or a displayed size of this feed stands for; None where nobody knows."""
        return None if self.volume_scale is None else size * self.volume_scale

    @property
    def seen(self) -> Seen:
        """What the journal keeps of it beside the quote, so that a decision can be understood later."""
        day = self.day
        return Seen(
            last_px=self.last_px,
            volume=self.volume,
            spread_ewma=self.spread_ewma,
            volatility_factor=self.volatility_factor,
            adv_qty=None if day is None else day.adv_qty,
            as_of_date="" if day is None else day.as_of_date,
        )


class AlgoView(msgspec.Struct, frozen=True, kw_only=True):
    """One parent at one instant.

    `children` are its live orders, `children_n` counts all it ever had, `last_child` is the newest. `working_qty` is
    what its live orders may still trade. From `last_ns` on nothing new is placed and what is out is pulled.
    `can_replace`: the broker changes a working order; else one is pulled and another placed. `limits` are those that
    the gate holds a child to; None: it holds it to none.
    """

    now_ns: int
    parent: ParentOrder
    plan: Plan
    order_qty: Decimal
    cum_qty: Decimal
    working_qty: Decimal
    avg_px: Decimal | None = None
    children: tuple[Order, ...]
    children_n: int
    last_child: Order | None
    market: MarketView
    session: Session
    instrument: Instrument
    execution: Execution
    started_ns: int
    expire_ns: int
    can_replace: bool = True
    limits: Limits | None = None
    cause: str = ""

    @property
    def leaves_qty(self) -> Decimal:
        """Quantity still wanted."""
        return max(ZERO, self.order_qty - self.cum_qty)

    @property
    def last_ns(self) -> int:
        """`expire_ns` less the lead that a cancel needs. A life that is shorter than the lead sees no order at all."""
        return self.expire_ns - self.execution.final_lead_ns

    @property
    def bounds(self) -> tuple[Decimal | None, Decimal | None]:
        """Prices that no child may pass: the intent's limit and the plan's collar."""
        return (self.plan.limit_px, self.plan.collar_px)

    def child_qty_max(self, price: Decimal | None) -> Decimal | None:
        """Return the largest total that one order of this price may have (None: of the market); None: nothing says."""
        if self.limits is None:
            return None
        px, most_qty = valued_px(self.market, price), self.limits.order_qty_max
        value = ZERO if px is None else px * self.instrument.multiplier
        if value > ZERO:
            most_qty = min(most_qty, self.limits.order_notional_max / value)
        return self.instrument.floor_qty(most_qty)

    def draw(self, *key: str | int) -> Decimal:
        """Return a number in [0, 1) that is this parent's for ever under this key."""
        return chance.unit(self.parent.seed, self.parent.parent_id, *key)


class Place(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Send a new child. Prices are on the grid; `price` is None only without a limit, `stop_px` is a stop's alone."""

    qty: Decimal
    ord_type: OrdType
    price: Decimal | None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    text: str = ""


class Amend(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Change a live child; `qty` is the new total of its chain."""

    key: str
    qty: Decimal
    price: Decimal | None
    text: str = ""


class Pull(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Cancel what is left of a live child."""

    key: str
    text: str = ""


class Finish(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Nothing more will be done; only said when no child is live."""

    status: ParentStatus
    reason: str = ""


class Refuse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Hold the parent: it cannot be worked without somebody's help."""

    code: str
    text: str = ""


Action = Place | Amend | Pull | Finish | Refuse


class Waiting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Why nothing is done now: a stable code, and the numbers. `is_retold`: these are told anew while they change."""

    code: str
    text: str
    is_retold: bool = False


class Algo(Protocol):
    """What every algorithm is."""

    def step(self, view: AlgoView) -> "Step":
        """Return the next state, what to do, and when to ask again."""


class Step(msgspec.Struct, frozen=True):
    """What an algorithm says."""

    algo: Algo
    actions: tuple[Action, ...] = ()
    wake: Wake = NEVER
    waiting: Waiting | None = None


def quote_problem(market: MarketView, symbol: str, age_ns_max: int) -> Waiting | None:
    """Return why nothing may be priced from this market; None where it may."""
    if market.is_halted:
        return Waiting(code="halted", text=f"{symbol} is halted")
    quote = market.quote
    if quote is None:
        return Waiting(code="no_quote", text=f"no quote of {symbol} yet")
    if not quote.is_priceable:
        text = f"bid {quote.bid_px} x {quote.bid_size}, ask {quote.ask_px} x {quote.ask_size}"
        return Waiting(code="quote_unusable", text=text)
    if market.quote_age_ns > age_ns_max:
        return Waiting(code="quote_stale", text=f"quote age {market.quote_age_ns} ns, at most {age_ns_max}")
    return None


def usable_quote(view: AlgoView, age_ns_max: int) -> Quote | Waiting:
    """Return the quote that an order may be priced from, or why there is none."""
    problem = quote_problem(view.market, view.parent.symbol, age_ns_max)
    if problem is not None or view.market.quote is None:
        return problem or Waiting(code="no_quote", text="no quote")
    return view.market.quote


def valued_px(market: MarketView, price: Decimal | None) -> Decimal | None:
    """Return at what an order is valued: its price, of the market the dearer touch; None where there is no quote."""
    if price is not None or market.quote is None:
        return price
    return max(market.quote.ask_px, market.quote.bid_px)


def stand_in_px(market: MarketView, now_ns: int, age_ns_max: int) -> tuple[Decimal, str] | None:
    """Return what stands in for the middle of a quote that is missing or old, and what it is; None where nothing may.

    The last print while it is no older than `age_ns_max`; the previous close while nothing was printed in the session.
    A quote that is there and may not price (crossed, jumped) has no stand-in: something is wrong with the market.
    """
    if market.is_halted or (market.quote is not None and not market.quote.is_priceable):
        return None
    if market.last_px is not None and market.last_px > ZERO and now_ns - market.last_ns <= age_ns_max:
        return market.last_px, f"last {plain(market.last_px)}"
    hours, close_px = market.hours, market.prev_close_px
    if hours is None or close_px is None or not hours.open_ns <= now_ns < hours.close_ns:
        return None
    return None if market.last_ns >= hours.open_ns else (close_px, f"previous close {plain(close_px)}")


def ended(view: AlgoView, *, without_fill: ParentStatus, reason: str) -> Finish:
    """Return the end that the fills call for."""
    if view.cum_qty >= view.order_qty:
        return Finish(status=ParentStatus.FILLED)
    if view.cum_qty > ZERO:
        return Finish(status=ParentStatus.PARTIALLY_FILLED, reason=reason)
    return Finish(status=without_fill, reason=reason)


def was_no_attempt(child: Order) -> bool:
    """Whether a child ended without ever having met the market: it left too late, or never arrived."""
    done = child.done_as
    return done is not None and done.code in {Outcome.NOT_SENT, Outcome.RATE_LIMITED, Outcome.NEVER_ARRIVED}


def was_immediate(child: Order) -> bool:
    """Whether a child was meant to take at once or end: that it ended is no time-out of its tactic."""
    return child.first.time_in_force in IMMEDIATE


def was_pulled_by_operator(child: Order) -> bool:
    """Whether a child ended because somebody wanted it out of the market, not because the market did not take it."""
    last = child.requests[-1]
    return isinstance(last, CancelRequest) and last.text.startswith(OPERATOR)
