"""The wish that the daemon ends, and the waiting that belongs to it.

A signal, or a command over the socket, says it once; a second signal says
"now". What a stop does and in which order is in `app.py`. `leave` lets resting
orders rest at the broker; `cancel` pulls them and waits a while. Nothing here
sends anything.
"""

import asyncio
from typing import Final, Literal

import structlog

from execd.core.order import Order
from execd.engine.desk import Desk

LOOK_S: Final = 0.05
"""How often a stop looks whether the orders it pulled are gone."""
TOLD_MAX: Final = 20
"""Orders that are named when they stay."""
Policy = Literal["leave", "cancel"]

log = structlog.get_logger("execd.app")


class StopWish:
    """Whether, why and how the daemon shall end."""

    def __init__(self) -> None:
        """Begin with no such wish."""
        self.asked = asyncio.Event()
        self.hurry = asyncio.Event()
        self.reason = ""
        self.policy: Policy | None = None

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


def working(desk: Desk) -> list[Order]:
    """Return the orders that may still trade at a broker."""
    return [order for account in desk.rules.limits for order in desk.all_live(account)]


async def until_gone(desk: Desk) -> None:
    """Return once no order works any more."""
    while working(desk):  # noqa: ASYNC110  # Orders end by facts of the book, which sets nobody's event.
        await asyncio.sleep(LOOK_S)


def tell_left(desk: Desk) -> None:
    """Say which orders stay at the broker while nobody watches."""
    left = working(desk)
    if left:
        log.warning("stop_orders_left", orders=len(left), cl_ord_ids=[order.key for order in left[:TOLD_MAX]])
