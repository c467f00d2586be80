"""A small world in virtual time: one engine, the simulated venue, a market that tests write.

It drives the real `Cycle` as every runner does: push, turn, commit, act. Time
moves from event to event; nothing sleeps. `crash` throws the engine away and
begins again from what was committed, as a restart does; the venue lives on.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import StrEnum
from itertools import count
from typing import Any, Final

import msgspec

from execd.core.book import Book
from execd.core.codec import decoder, encode
from execd.core.commands import CancelParent, Command
from execd.core.effects import TakeSnapshot
from execd.core.enums import Outcome, QueueRule, Side
from execd.core.events import (
    Alert,
    Cancel,
    CommandReceived,
    DocumentReceived,
    Effect,
    Event,
    HaltReceived,
    ListItem,
    ListReceived,
    LookedUp,
    LookupFailed,
    ParentReceived,
    PrintsReceived,
    Query,
    QuoteReceived,
    RateLimitHit,
    Recall,
    RecallAnswered,
    Recovered,
    Replace,
    Reply,
    ReportReceived,
    RequestFailed,
    SetTimer,
    Submit,
    TimerFired,
)
from execd.core.market import Halt, Prints, Quote, one_print
from execd.core.orders import NewOrder, ParentOrder, Request
from execd.core.reading import SnapshotReceived
from execd.core.records import ParentsRetired, Record
from execd.core.reports import ExecReport
from execd.core.rules import PROVING, Execution, Limits, Rules, S
from execd.core.snapshot import AccountSnapshot
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.engine.stepping import step_parent
from execd.venue.commission import Commission
from execd.venue.matching import Matching

START_NS: Final = 1_700_000_000 * S
LIMITS: Final = Limits(
    order_qty_max=Decimal(10_000),
    order_notional_max=Decimal(250_000),
    price_collar_ratio=Decimal("0.03"),
    open_orders_max=500,
)
RULES: Final = Rules(limits={"sim": LIMITS}, lookups={"sim": PROVING})
NO_COMMISSION: Final = Commission(rate_bps=Decimal(0), per_share=Decimal(0), minimum=Decimal(0))
EPOCH: Final = "0000000"
STEPS_MAX: Final = 200_000
_RECORDS: Final = decoder(list[Record])


def quote(symbol: str, bid: str, ask: str, at_s: float = 0, size: int = 100, ask_size: int | None = None) -> Quote:
    """Return a quote `at_s` seconds after the start."""
    at_ns = START_NS + int(at_s * S)
    return Quote(
        symbol=symbol,
        bid_px=Decimal(bid),
        bid_size=Decimal(size),
        ask_px=Decimal(ask),
        ask_size=Decimal(size if ask_size is None else ask_size),
        exchange_ns=at_ns,
        received_ns=at_ns,
    )


def intent(
    parent_id: str,
    symbol: str = "AAPL",
    side: Side = Side.BUY,
    **fields: Any,  # noqa: ANN401  # ParentOrder checks them.
) -> ParentOrder:
    """Return a parent that may start at once; `fields` go to ParentOrder."""
    if not {"order_qty", "notional", "is_close", "target_qty"} & set(fields):
        fields["order_qty"] = Decimal(100)
    defaults: dict[str, Any] = {"account": "sim", "effective_ns": START_NS, "start_by_ns": START_NS + 3600 * S}
    return ParentOrder(parent_id=parent_id, symbol=symbol, side=side, **(defaults | fields))


class Fate(StrEnum):
    """What becomes of a request or a question."""

    WELL = "well"
    LOST = "lost"
    """A request does not arrive, and nobody knows; a question has no answer."""
    TAKEN = "taken"
    """A request arrives, and nobody knows."""
    LIMITED = "limited"
    """A request or a question is refused because there were too many (429)."""
    BLIND = "blind"
    """A question is answered in good health by "no such order", whatever is there."""


class World:
    """Everything between an intent and its last fill."""

    def __init__(
        self,
        rules: Rules = RULES,
        *,
        latency_ns: int = 0,
        report_latency_ns: int = 0,
        queue: QueueRule = QueueRule.PESSIMISTIC,
        steps_more: bool = False,
    ) -> None:
        """`steps_more`: after every event each open parent is stepped once again, which must change nothing."""
        self.rules = rules
        self.latency_ns = latency_ns
        self.report_latency_ns = report_latency_ns
        self.steps_more = steps_more
        self.now_ns = START_NS
        self.venue = Matching(queue=queue, commission=NO_COMMISSION, instrument=rules.instrument)
        self.records: list[Record] = []
        self.effects: list[Effect] = []
        self.submitted: list[NewOrder] = []
        self.is_cut_off = False
        """While it is, no request reaches the venue, and that is known at once."""
        self.fates: deque[Fate] = deque()
        """What becomes of the next requests, one each; those after them go well."""
        self.looks: deque[Fate] = deque()
        """What becomes of the next questions about an order."""
        self.is_deaf = False
        """While it is, no report of the venue is heard."""
        self.holds: Callable[[str], dict[str, Decimal]] | None = None
        """What a broker says that an account holds; None: it cannot be asked."""
        self.after_event: Callable[[], None] = lambda: None
        self._heap: list[tuple[int, int, int, Callable[[], None]]] = []
        self._seq = count()
        self.cycle = Cycle(Engine(rules, EPOCH))

    @property
    def engine(self) -> Engine:
        """The engine that lives now."""
        return self.cycle.engine

    @property
    def book(self) -> Book:
        """The book of the engine that lives now."""
        return self.cycle.engine.book

    def drop(self, parent: ParentOrder, content_hash: str | None = None) -> None:
        """Let an intent arrive now."""
        hashed = content_hash if content_hash is not None else encode(parent).decode()
        self.tell(ParentReceived(now_ns=self.now_ns, parent=parent, content_hash=hashed, ref=parent.parent_id))

    def cancel(self, parent_id: str) -> None:
        """Let an operator cancel a parent now."""
        self.command(CancelParent(parent_id=parent_id))

    def command(self, command: Command) -> Reply:
        """Let an operator command something now; return the answer."""
        self.tell(CommandReceived(now_ns=self.now_ns, command=command, uid=1000, pid=7, ref="operator"))
        return self.replies()[-1]

    def ask(self, command: Command) -> None:
        """Let an operator command something now, whatever the answer."""
        self.command(command)

    def document(self, document_id: str, command: Command, content_hash: str = "a") -> Reply:
        """Let a file that asks something arrive now; return the answer."""
        self.tell(
            DocumentReceived(
                now_ns=self.now_ns, document_id=document_id, content_hash=content_hash, command=command, ref="file"
            )
        )
        return self.replies()[-1]

    def drop_list(self, *parents: ParentOrder, is_atomic: bool = True) -> Reply:
        """Let a file with several intents arrive now; return the answer."""
        items = tuple(ListItem(parent=one, content_hash=encode(one).decode()) for one in parents)
        self.tell(ListReceived(now_ns=self.now_ns, items=items, is_atomic=is_atomic, ref="list"))
        return self.replies()[-1]

    def replies(self) -> list[Reply]:
        """Return every answer so far."""
        return [effect for effect in self.effects if isinstance(effect, Reply)]

    def alerts(self) -> list[str]:
        """Return the codes of every alert so far."""
        return [effect.code for effect in self.effects if isinstance(effect, Alert)]

    def show(self, tick: Quote | Prints | Halt) -> None:
        """Let the market show something now: to the venue first, then to the engine."""
        match tick:
            case Quote():
                seen = msgspec.structs.replace(tick, exchange_ns=self.now_ns, received_ns=self.now_ns)
                reports = self.venue.on_quote(seen, self.now_ns)
                self.tell(QuoteReceived(now_ns=self.now_ns, quote=seen))
            case Prints():
                reports = self.venue.on_print(tick.symbol, tick.last_px, tick.volume, self.now_ns)
                self.tell(PrintsReceived(now_ns=self.now_ns, prints=tick))
            case Halt():
                reports = self.venue.on_halt(tick, self.now_ns)
                self.tell(HaltReceived(now_ns=self.now_ns, halt=tick))
        self._report(reports)

    def print(self, symbol: str, px: str, qty: int) -> None:
        """Let a trade of others be printed now."""
        self.show(one_print(symbol=symbol, px=Decimal(px), qty=Decimal(qty), exchange_ns=self.now_ns))

    def at(self, at_s: float, act: Callable[[], None]) -> None:
        """Do something `at_s` seconds after the start."""
        heapq.heappush(self._heap, (START_NS + int(at_s * S), 0, next(self._seq), act))

    def run(self, until_s: float) -> None:
        """Let time pass until `until_s` seconds after the start."""
        until_ns = START_NS + int(until_s * S)
        for _ in range(STEPS_MAX):
            if not self._heap or self._heap[0][0] > until_ns:
                self.now_ns = until_ns
                return
            at_ns, _, _, act = heapq.heappop(self._heap)
            self.now_ns = max(self.now_ns, at_ns)
            act()
        message = f"more than {STEPS_MAX} steps: something does not come to rest"
        raise AssertionError(message)

    def tell(self, event: Event) -> None:
        """Give the engine an event: decide, commit, act, until it has nothing more to do."""
        self.cycle.push(event)
        while self.cycle.has_work():
            batch = self.cycle.turn(self.now_ns)
            self.records.extend(batch.records)
            for effect in self.cycle.committed(batch, self.now_ns):
                self.effects.append(effect)
                self._carry_out(effect)
            if self.cycle.poison is not None:
                raise self.cycle.poison
        # A timer that is due at this very instant is no step too many: it has its turn first.
        if self.steps_more and not (self._heap and self._heap[0][0] <= self.now_ns):
            self._step_more()
        self.after_event()

    def crash(self, *, keep: int | None = None) -> None:
        """Lose the process: begin again from the first `keep` records (all), as they read back from bytes."""
        kept = self.records if keep is None else self.records[:keep]
        self.records = _RECORDS.decode(encode(kept))
        self._heap = [item for item in self._heap if item[1] == 0]
        heapq.heapify(self._heap)
        book = Book()
        for record in self.records:
            book.apply(record)
        book.take_touched()
        self.cycle = Cycle(Engine(self.rules, EPOCH, book))
        self.tell(Recovered(now_ns=self.now_ns))

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Submit() | Cancel() | Replace() if self.is_cut_off:
                self._later(lambda: self._fail(effect.request, Outcome.NOT_SENT))
            case Submit() | Cancel() | Replace() if self.fates and (fate := self.fates.popleft()) is not Fate.WELL:
                self._doubt(effect, fate)
            case Submit():
                self.submitted.append(effect.request)
                self._later(lambda: self._report(self.venue.submit(effect.request, self.now_ns)))
            case Cancel():
                self._later(lambda: self._report(self.venue.cancel(effect.request, self.now_ns)))
            case Replace():
                self._later(lambda: self._report(self.venue.replace(effect.request, self.now_ns)))
            case SetTimer(key=key, at_ns=at_ns):
                self._push(at_ns, lambda: self.tell(TimerFired(now_ns=self.now_ns, key=key)))
            case Query(account=account, cl_ord_id=cl_ord_id):
                fate = self.looks.popleft() if self.looks else Fate.WELL
                self._later(lambda: self._answer(account, cl_ord_id, fate))
            case Recall(account=account, cl_ord_id=cl_ord_id):
                self._later(lambda: self._recall(account, cl_ord_id))
            case TakeSnapshot(account=account):
                self._later(lambda: self._read(account))
            case _:
                pass  # Reports, alerts and answers are looked at by the tests themselves.

    def _fail(self, request: Request, outcome: Outcome) -> None:
        account, cl_ord_id = request.account, request.cl_ord_id
        self.tell(
            RequestFailed(now_ns=self.now_ns, account=account, cl_ord_id=cl_ord_id, outcome=outcome, text="no answer")
        )

    def _doubt(self, effect: Submit | Cancel | Replace, fate: Fate) -> None:
        """Let a request be lost or taken without anybody knowing, or be refused for being one too many."""
        request = effect.request
        if fate is Fate.LIMITED:
            self._later(lambda: self.tell(RateLimitHit(now_ns=self.now_ns, account=request.account, text="429")))
        if fate is Fate.TAKEN:
            match effect:
                case Submit():
                    self.submitted.append(effect.request)
                    reports = self.venue.submit(effect.request, self.now_ns)
                case Cancel():
                    reports = self.venue.cancel(effect.request, self.now_ns)
                case Replace():
                    reports = self.venue.replace(effect.request, self.now_ns)
            self._report(reports)
        self._later(lambda: self._fail(request, Outcome.RATE_LIMITED if fate is Fate.LIMITED else Outcome.UNKNOWN))

    def _answer(self, account: str, cl_ord_id: str, fate: Fate) -> None:
        if fate is Fate.LOST:
            self.tell(LookupFailed(now_ns=self.now_ns, account=account, cl_ord_id=cl_ord_id, text="no answer"))
            return
        seen = None if fate is Fate.BLIND else self.venue.find(account, cl_ord_id)
        self.tell(LookedUp(now_ns=self.now_ns, account=account, cl_ord_id=cl_ord_id, seen=seen))

    def _read(self, account: str) -> None:
        if self.holds is None:
            return
        now_ns = self.now_ns
        seen = AccountSnapshot(
            account=account, since_ns=now_ns, asked_ns=now_ns, read_ns=now_ns, positions=self.holds(account)
        )
        self.tell(SnapshotReceived(now_ns=now_ns, snapshot=seen))

    def _recall(self, account: str, cl_ord_id: str) -> None:
        """Answer as the journal does: with the parent as it left memory."""
        asked = _everything(self.records).order_of(cl_ord_id)
        if asked is None:
            self.tell(RecallAnswered(now_ns=self.now_ns, cl_ord_id=cl_ord_id, account=account))
            return
        parent_id = asked.first.parent_id
        left = [
            n for n, one in enumerate(self.records) if isinstance(one, ParentsRetired) and parent_id in one.parent_ids
        ]
        then = _everything(self.records[: left[-1]])
        parent = then.parents[parent_id]
        orders = tuple(then.orders[key] for key in parent.children)
        self.tell(
            RecallAnswered(now_ns=self.now_ns, cl_ord_id=cl_ord_id, account=account, parent=parent, orders=orders)
        )

    def _report(self, reports: Iterable[ExecReport]) -> None:
        for report in reports:
            self._push(self.now_ns + self.report_latency_ns, lambda report=report: self._hear(report))  # type: ignore[misc]

    def _hear(self, report: ExecReport) -> None:
        if self.is_deaf:
            return
        self.tell(ReportReceived(now_ns=self.now_ns, account="sim", report=report))

    def _later(self, act: Callable[[], None]) -> None:
        self._push(self.now_ns + self.latency_ns, act)

    def _push(self, at_ns: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (max(at_ns, self.now_ns), 1, next(self._seq), act))

    def _step_more(self) -> None:
        before_n = len(self.records)
        for parent_id in list(self.engine.desk.open_parents):
            step_parent(self.engine.desk, parent_id, self.now_ns, "more")
        extra = [*self.engine.desk.take_effects()]
        told = self.engine.take_records()
        acts = [effect for effect in extra if isinstance(effect, Submit | Cancel | Replace)]
        if acts or told:
            message = f"stepping once more did something: {acts} {told} after {before_n} records"
            raise AssertionError(message)
        for effect in extra:
            self._carry_out(effect)


def _everything(records: Iterable[Record]) -> Book:
    book = Book(keeps_all=True)
    for record in records:
        book.apply(record)
    return book


def execution(**fields: Any) -> Rules:  # noqa: ANN401  # Execution checks them.
    """Return the rules with these execution numbers."""
    return msgspec.structs.replace(RULES, execution=msgspec.structs.replace(Execution(), **fields))
