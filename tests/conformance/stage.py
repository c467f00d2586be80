"""A case on its stage: what it asks for, what goes wrong at which second, and how it is played.

A `Case` is a value; `play` drives it over a driver, kills the daemon at a
point where it is told to, begins the next life from the journal, lets a calm
follow in which a person looks after what waits for one, and returns the stage
as it was left. What must hold then is in `verdict.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from execd.core.book import Book
from execd.core.codec import encode
from execd.core.commands import Command, ReleaseParent, ResolveOrder, ResumeNew
from execd.core.enums import OrdType, ParentStatus, Side, TimeInForce
from execd.core.events import Alert, CommandReceived, ParentReceived
from execd.core.instrument import Instrument
from execd.core.market import Quote, one_print
from execd.core.order import Order
from execd.core.orders import AlgoSpec, NewOrder, ParentOrder
from execd.core.rules import Limits, Reconcile, Rules, S
from execd.journal.memory import MemoryJournal
from execd.venue.commission import Commission
from tests.conformance.driver import ACCOUNT, SYMBOL, Driver, Tick, Wrong
from tests.conformance.life import Fuse, Life
from tests.conformance.loop import START_NS, LoopClock
from tests.conformance.script import NAME

Written = dict[str, Any]
"""A move of the scripted algorithm, as plain as a plan's parameters are."""

LIMITS: Final = Limits(
    order_qty_max=Decimal(10_000),
    order_notional_max=Decimal(250_000),
    price_collar_ratio=Decimal("0.5"),
    open_orders_max=50,
)
COMMISSION: Final = Commission(rate_bps=Decimal(0), per_share=Decimal("0.005"), minimum=Decimal(0))
RESTART_S: Final = 1.5
ORDERED_S: Final = 2.0
"""When the first request of a case leaves, as a rule: the market is shown at 1 s, intents come here."""
LIVES_S: Final = 40.0
"""A parent's life; what it has out then is pulled."""
CALM_LOOK_S: Final = 5.0
PATIENCE_S: Final = 240.0
"""After so long in the calm a person decides what the broker does not tell."""
CALM_S_MAX: Final = 600.0


def quote(bid: str = "10.00", ask: str = "10.02", size: int = 1_000) -> Quote:
    """Return what the market shows."""
    return Quote(
        symbol=SYMBOL,
        bid_px=Decimal(bid),
        bid_size=Decimal(size),
        ask_px=Decimal(ask),
        ask_size=Decimal(size),
        exchange_ns=START_NS,
        received_ns=START_NS,
    )


def traded(px: str, qty: int) -> Tick:
    """Return a trade of others."""
    return one_print(symbol=SYMBOL, px=Decimal(px), qty=Decimal(qty), exchange_ns=START_NS)


def place(
    qty: int = 100,
    price: str | None = "10.00",
    *,
    at_s: int = 0,
    time_in_force: TimeInForce = TimeInForce.DAY,
    stop_px: str | None = None,
) -> Written:
    """Return the move that places an order: a market order without a price, a stop with a `stop_px`."""
    kinds = {
        (False, False): OrdType.MARKET,
        (True, False): OrdType.LIMIT,
        (False, True): OrdType.STOP,
        (True, True): OrdType.STOP_LIMIT,
    }
    return {
        "do": "place",
        "at_s": at_s,
        "qty": str(qty),
        "price": price,
        "stop_px": stop_px,
        "ord_type": str(kinds[price is not None, stop_px is not None]),
        "time_in_force": str(time_in_force),
    }


def amend(at_s: int, qty: int, price: str | None = None, *, is_eager: bool = False) -> Written:
    """Return the move that replaces the order."""
    return {"do": "amend", "at_s": at_s, "qty": str(qty), "price": price, "is_eager": is_eager}


def pull(at_s: int, *, is_eager: bool = False) -> Written:
    """Return the move that cancels the order."""
    return {"do": "pull", "at_s": at_s, "is_eager": is_eager}


class Stage:
    """Everything that a case may touch while it runs."""

    def __init__(self, driver: Driver, clock: LoopClock, folder: Path, fuse: Fuse) -> None:
        self.driver = driver
        self.clock = clock
        self.folder = folder
        self.fuse = fuse
        self.journal = MemoryJournal(created_ns=START_NS)
        self.rules = Rules(
            limits={ACCOUNT: LIMITS},
            lookups={ACCOUNT: driver.lookups},
            instruments={SYMBOL: Instrument(symbol=SYMBOL)},
            reconcile=Reconcile(),
        )
        self.alerts: list[Alert] = []
        self.resolved: list[str] = []
        self.lives_n = 0
        self.deaths: list[BaseException] = []
        self.seen: dict[str, Order] = {}
        self._life: Life | None = None
        self._given: dict[str, ParentOrder] = {}
        self._ref = 0

    @property
    def life(self) -> Life:
        """The daemon that lives now."""
        assert self._life is not None
        return self._life

    @property
    def book(self) -> Book:
        """What it believes."""
        return self.life.book

    def order(self, n: int = -1) -> Order:
        """Return one of our orders, the latest as a rule."""
        return list(self.book.orders.values())[n]

    def codes(self) -> list[str]:
        """Return the codes of every alert of every life, each once."""
        return list(dict.fromkeys(alert.code for alert in (*self.alerts, *self.life.alerts)))

    def intent(
        self, parent_id: str, *moves: Written, side: Side = Side.BUY, qty: int = 1_000, lives_s: float = LIVES_S
    ) -> None:
        """Let an intent come that does as written; it comes again to the next life, where this one lost it."""
        now_ns = self.clock.now_ns()
        self._give(
            ParentOrder(
                parent_id=parent_id,
                account=ACCOUNT,
                symbol=SYMBOL,
                side=side,
                order_qty=Decimal(qty),
                algo=AlgoSpec(name=NAME, parameters={"moves": list(moves)}),
                effective_ns=now_ns,
                start_by_ns=now_ns + 3_600 * S,
                expire_ns=now_ns + int(lives_s * S),
            )
        )

    def command(self, command: Command) -> None:
        """Let a person command something."""
        self._ref += 1
        self.life.post(
            CommandReceived(now_ns=self.clock.now_ns(), command=command, uid=1000, pid=7, ref=f"person:{self._ref}")
        )

    def wrong(self, what: Wrong, *, count: int = 1, seconds: float = 1.0, code: str = "") -> None:
        """Let something go wrong from now on."""
        self.driver.wrong(what, count=count, seconds=seconds, code=code)

    def by_hand(self, cl_ord_id: str, qty: int = 100, price: str | None = "10.02") -> None:
        """Let somebody place an order beside us."""
        self.driver.by_hand(
            NewOrder(
                cl_ord_id=cl_ord_id,
                parent_id="",
                account=ACCOUNT,
                symbol=SYMBOL,
                side=Side.BUY,
                order_qty=Decimal(qty),
                ord_type=OrdType.MARKET if price is None else OrdType.LIMIT,
                price=None if price is None else Decimal(price),
                time_in_force=TimeInForce.DAY,
                send_by_ns=0,
            )
        )

    async def begin(self) -> None:
        """Let a life begin from the journal."""
        self.lives_n += 1
        book = await self.journal.load()
        self._life = Life(
            rules=self.rules,
            journal=self.journal,
            book=book,
            clock=self.clock,
            adapter=self.driver.meet(book),
            fuse=self.fuse,
            folder=self.folder,
        )
        await self._life.begin()
        for parent in self._given.values():
            if parent.parent_id not in book.parents:
                self._give(parent)

    async def end(self) -> None:
        """Let the life end as if it had been killed."""
        life = self.life
        await life.end()
        self.alerts += life.alerts
        life.alerts.clear()
        if life.death is not None:
            self.deaths.append(life.death)
        await self.driver.part(life.broker, life.feed)

    def _give(self, parent: ParentOrder) -> None:
        self._given[parent.parent_id] = parent
        content_hash = encode(parent).decode()
        self.life.post(ParentReceived(now_ns=self.clock.now_ns(), parent=parent, content_hash=content_hash, ref="file"))


Act = Callable[[Stage], None]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What happens, and what is promised.

    `acts` are (second, what is done then); `market` what is shown when; `needs` what a driver must be able to do;
    `alerts` the codes that people must have been told, and `check` what else holds, where nothing was killed.
    `begins` is done before the first daemon starts. `asks_person`: the broker alone cannot settle it. `ends_s`: the
    venue's day ends then.
    """

    name: str
    acts: tuple[tuple[float, Act], ...]
    market: tuple[tuple[float, Any], ...] = ()
    needs: tuple[Wrong, ...] = ()
    alerts: tuple[str, ...] = ()
    check: Callable[[Stage], None] = lambda _: None
    until_s: float = 60.0
    asks_person: bool = False
    begins: Act = lambda _: None
    ends_s: float = 0.0


Judge = Callable[[Case, Stage], Awaitable[list[str]]]


async def play(
    case: Case, driver: Driver, folder: Path, clock: LoopClock, judge: Judge, *, dies_at: int = 0
) -> tuple[Stage, list[str]]:
    """Play a case to its calm end, and return what `judge` finds wrong there.

    `dies_at`: the point at which its first life is killed (0: it is not).
    """
    fuse = Fuse(dies_at)
    stage = Stage(driver, clock, folder, fuse)
    await driver.open(folder, clock, ((0.0, quote()), *case.market), case.ends_s)
    try:
        case.begins(stage)
        await stage.begin()
        told = asyncio.create_task(_tell(case, stage))
        mourner = asyncio.create_task(_go_on(stage))
        try:
            await told
            stage.driver.calm()
            await _calm(case, stage)
            return stage, await judge(case, stage)
        finally:
            mourner.cancel()
            told.cancel()
            await asyncio.gather(mourner, told, return_exceptions=True)
    finally:
        await stage.end()
        await driver.close()


async def _tell(case: Case, stage: Stage) -> None:
    """Do what is written, each at its second, whether or not somebody lives."""
    for at_s, act in sorted(case.acts, key=lambda one: one[0]):
        await _until(stage, at_s)
        act(stage)
    await _until(stage, case.until_s)


async def _until(stage: Stage, at_s: float) -> None:
    ahead_ns = START_NS + int(at_s * S) - stage.clock.now_ns()
    await asyncio.sleep(max(0, ahead_ns) / S)


async def _go_on(stage: Stage) -> None:
    """Begin the next life a little after one has died."""
    while True:
        await stage.fuse.blown.wait()
        await stage.end()
        await asyncio.sleep(RESTART_S)
        counted_n = stage.fuse.n
        stage.fuse = Fuse()
        stage.fuse.n = counted_n
        await stage.begin()


async def _calm(case: Case, stage: Stage) -> None:
    """Wait until everything has come to rest; what waits for a person gets one."""
    waited_s = 0.0
    while not await _is_at_rest(stage):
        assert waited_s < CALM_S_MAX, f"{case.name} does not come to rest: {_restless(stage)}"
        await asyncio.sleep(CALM_LOOK_S)
        waited_s += CALM_LOOK_S
        await _look_after(stage, is_late=waited_s > PATIENCE_S)


async def _is_at_rest(stage: Stage) -> bool:
    if stage.fuse.blown.is_set() or _restless(stage):
        return False
    return not any(one.is_live and one.cl_ord_ids[0] in stage.book.orders for one in await stage.driver.orders())


def _restless(stage: Stage) -> list[str]:
    book = stage.book
    open_parents = [name for name, parent in book.parents.items() if not parent.status.is_terminal]
    return [*open_parents, *(key for key, order in book.orders.items() if order.is_in_doubt or not order.is_done)]


async def _look_after(stage: Stage, *, is_late: bool) -> None:
    """Do what only a person may: decide a doubt by looking at the broker, release what is held, lift what is halted."""
    if stage.fuse.blown.is_set():
        return
    book = stage.book
    held = [name for name, parent in book.parents.items() if parent.status is ParentStatus.HELD]
    doubted = [order for order in book.orders.values() if order.is_in_doubt]
    for order in doubted:
        if is_late or order.first.parent_id in held:
            known = [name for one in await stage.driver.orders() for name in one.cl_ord_ids]
            stage.resolved.append(order.key)
            stage.command(
                ResolveOrder(cl_ord_id=order.key, is_lost=order.key not in known, reason="looked at the broker")
            )
    if not doubted:
        for parent_id in held:
            stage.command(ReleaseParent(parent_id=parent_id, reason="compared with the broker"))
        if book.halts:
            stage.command(ResumeNew(reason="compared with the broker"))
