"""The wish that the daemon ends, and the waiting that belongs to it.

A signal, or a command over the socket, says it once; a second signal says
"now". What a stop does and in which order is in `app.py`. `leave` lets resting
orders rest at the broker; `cancel` pulls them and waits a while, and who asked
for it is told where some stay all the same. Nothing here sends anything.
"""

import asyncio
from typing import Final, Literal, NamedTuple

import structlog

from execd.core.codec import plain
from execd.core.events import Alert
from execd.core.order import Order
from execd.engine.desk import Desk

LOOK_S: Final = 0.05
"""How often a stop looks whether the orders it pulled are gone."""
TOLD_MAX: Final = 20
"""Orders that are named when they stay."""
Policy = Literal["leave", "cancel"]
STOPPED: Final = "stopped"
ORDERS_LEFT: Final = "stop_orders_left"
"""The code of an alert, too: orders that were to be pulled are at the broker while nobody watches."""
NOT_WRITTEN: Final = "journal_full"
NOT_WRITTEN_TEXT: Final = (
    "stopped, but the journal had no room for what happened last: make room on its disk, then start again; what is "
    "missing is asked of the broker"
)

log = structlog.get_logger("execd.app")


class Ended(NamedTuple):
    """How a stop came out. `code` is `stopped`, or what was wished and did not come true; `text` says it."""

    code: str = STOPPED
    text: str = STOPPED


class StopWish:
    """Whether, why and how the daemon shall end."""

    def __init__(self) -> None:
        """Begin with no such wish."""
        self.asked = asyncio.Event()
        self.hurry = asyncio.Event()
        self.reason = ""
        self.policy: Policy | None = None
        self._ended: Ended | None = None
        self._is_told = asyncio.Event()

    def ask(self, reason: str, policy: Policy | None = None) -> None:
        """Wish the end; `policy` None is the configured one. The first to ask is the one who is heard."""
        if not self.asked.is_set():
            self.reason, self.policy = reason, policy
            self.asked.set()

    def signal(self) -> None:
        """Wish the end by a signal; wishing it again means at once."""
        if self.asked.is_set():
            self.hurry.set()
        self.ask("signal")

    def tell(self, ended: Ended) -> None:
        """Tell everybody who waits how it came out; only closing is left to do then."""
        self._ended = ended
        self._is_told.set()

    async def ended(self) -> Ended:
        """Return how it came out, once that is known."""
        await self._is_told.wait()
        return self._ended or Ended()


def working(desk: Desk) -> list[Order]:
    """Return the orders that may still trade at a broker."""
    return [order for account in desk.rules.limits for order in desk.all_live(account)]


async def until_gone(desk: Desk) -> None:
    """Return once no order works any more."""
    while working(desk):  # noqa: ASYNC110  # Orders end by facts of the book, which sets nobody's event.
        await asyncio.sleep(LOOK_S)


def tell_left(desk: Desk) -> list[Order]:
    """Say which orders stay at the broker while nobody watches, and return them."""
    left = working(desk)
    if left:
        log.warning(ORDERS_LEFT, orders=len(left), cl_ord_ids=[order.key for order in left[:TOLD_MAX]])
    return left


def alert_of(left: list[Order]) -> Alert:
    """Return what somebody must know of orders that were to be pulled and stay."""
    named = ", ".join(_order_text(order) for order in left[:TOLD_MAX])
    more = f" and {len(left) - TOLD_MAX} more" if len(left) > TOLD_MAX else ""
    number = "1 order is" if len(left) == 1 else f"{len(left)} orders are"
    text = f"stopped, but {number} still at the broker: {named}{more}; the next start takes them up"
    return Alert(code=ORDERS_LEFT, text=text, severity="critical")


def _order_text(order: Order) -> str:
    first, doubt = order.first, ", in doubt" if order.is_in_doubt else ""
    return f"{first.side} {plain(order.leaves_qty)} {first.symbol} ({first.parent_id}, {order.key}{doubt})"
