"""What 10,000 open parents cost: memory of the daemon, and time per event beside 100.

Every parent works one resting order. Memory is of the whole daemon's process (the venue is another one), which has
recovered them from its journal, five seconds later. Time is CPU of the decision cycle with the journal's rows, without
a commit: a quote that wakes nobody, a report whose parent steps and sends anew, a timer that only looks. The floor of
the time is the same with 100 parents; 500 symbols in both. The daemon's have few symbols: the market is not measured.

Run: .venv/bin/python benchmarks/open_parents.py [parents]
"""

import gc
import sys
import time
from statistics import median
from time import process_time_ns
from typing import Final

from benchmarks._daemon import Daemon
from benchmarks._intents import quote, resting
from benchmarks._scratch import scratch
from benchmarks.child_orders import RULES
from execd.core.events import Event, QuoteReceived, ReportReceived, StreamAlive, Submit, TimerFired
from execd.core.ids import epoch_of
from execd.core.orders import NewOrder
from execd.core.reports import Accepted, Canceled
from execd.core.rules import S
from execd.engine.cycle import Cycle
from execd.engine.engine import Engine
from execd.journal.sync import SyncJournal

FEW_N: Final = 100
SYMBOLS: Final = [f"S{n}" for n in range(500)]
FEW_SYMBOLS: Final = ["AAPL", "BAC", "IBM", "MSFT", "SPY"]
CENTS: Final = 100
"""What everything costs when the parents begin: far below the daemon's market, so that their orders rest there."""
EVENTS_N: Final = 300
RSS_MIB_MAX: Final = 300.0
RATIO_MAX: Final = 1.5
"""What still counts as independent of their number: dictionaries of 10,000 miss the processor's caches more often."""
SETTLED_S: Final = 6.0


class Desk:
    """An engine with so many open parents, and where its journal keeps them if it has one."""

    def __init__(self, parents_n: int, symbols: list[str], journal: SyncJournal | None = None) -> None:
        """Let the parents begin."""
        self.symbols = symbols
        self.now_ns = time.time_ns()
        self.journal = journal
        self.cycle = Cycle(Engine(RULES, journal.epoch if journal is not None else epoch_of(self.now_ns)))
        self.latest: dict[str, NewOrder] = {}
        self.take(StreamAlive(now_ns=self.now_ns), *self.quotes())
        self.take(*(resting(f"p{n}", symbols[n % len(symbols)], self.now_ns) for n in range(parents_n)))
        self.take(*(self.accepted(order) for order in list(self.latest.values())))

    def accepted(self, order: NewOrder) -> Event:
        """Return the broker's word that it has an order."""
        report = Accepted(cl_ord_id=order.cl_ord_id, order_id=f"D-{order.cl_ord_id}", transact_ns=self.now_ns)
        return ReportReceived(now_ns=self.now_ns, account="sim", report=report)

    def quotes(self) -> list[Event]:
        """Return a quote of each symbol."""
        return [QuoteReceived(now_ns=self.now_ns, quote=quote(symbol, self.now_ns, CENTS)) for symbol in self.symbols]

    def take(self, *events: Event) -> None:
        """Let the cycle take events, and keep what it decides."""
        for event in events:
            self.cycle.push(event)
        while self.cycle.has_work():
            batch = self.cycle.turn(self.now_ns)
            if self.journal is not None and batch.records:
                self.journal.commit(batch)
            for effect in self.cycle.committed(batch, self.now_ns):
                if isinstance(effect, Submit):
                    self.latest[effect.request.parent_id] = effect.request

    def cost_us(self, events: list[Event]) -> float:
        """Return the median of what an event costs."""
        took: list[float] = []
        for event in events:
            begun_ns = process_time_ns()
            self.take(event)
            took.append((process_time_ns() - begun_ns) / 1e3)
        return median(took)

    def costs_us(self) -> dict[str, float]:
        """Return what each kind of event costs."""
        gc.collect()
        gc.freeze()
        parents = list(self.latest)
        quotes = self.cost_us(self.quotes()[:EVENTS_N])
        self.now_ns += S
        self.take(StreamAlive(now_ns=self.now_ns))
        picked = [parents[n * 37 % len(parents)] for n in range(min(EVENTS_N, len(parents)))]
        canceled: list[Event] = [
            ReportReceived(
                now_ns=self.now_ns,
                account="sim",
                report=Canceled(cl_ord_id=self.latest[one].cl_ord_id, transact_ns=self.now_ns),
            )
            for one in dict.fromkeys(picked)
        ]
        reports = self.cost_us(canceled)
        for one in picked:
            self.cycle.engine.desk.timers[one] = self.now_ns
        timers = self.cost_us([TimerFired(now_ns=self.now_ns, key=one) for one in dict.fromkeys(picked)])
        return {"a quote": quotes, "a report, and the new order": reports, "a timer": timers}


def main(parents_n: int) -> int:
    """Print memory and costs."""
    with scratch() as folder:
        root = folder / "state"
        root.mkdir()
        with SyncJournal(root / "journal.db", created_ns=time.time_ns()) as journal:
            Desk(parents_n, FEW_SYMBOLS, journal)
        empty = folder / "empty"
        with Daemon(empty) as daemon:
            time.sleep(1)
            floor_mib = daemon.rss_mib()
        with Daemon(root) as daemon:
            time.sleep(SETTLED_S)
            rss_mib, ready_s = daemon.rss_mib(), daemon.ready_s
    print(f"{parents_n} open parents, recovered in {ready_s:.1f} s: {rss_mib:.0f} MiB (target {RSS_MIB_MAX:g})")
    each_kib = (rss_mib - floor_mib) * 1_024 / parents_n
    print(f"  floor: a daemon without any {floor_mib:.0f} MiB, so {each_kib:.1f} KiB each")
    few, many = Desk(FEW_N, SYMBOLS).costs_us(), Desk(parents_n, SYMBOLS).costs_us()
    print(f"{'CPU us per event':32} {FEW_N:>9} {parents_n:>9} {'ratio':>6}  target {RATIO_MAX:g}")
    for name, few_us in few.items():
        print(f"{name:32} {few_us:9.1f} {many[name]:9.1f} {many[name] / few_us:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
