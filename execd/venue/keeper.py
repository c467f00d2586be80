"""Nothing is told before it is durable: the venue's reports on their way to those who hear them.

Reports are numbered as they happen, written together in a thread, and told
when the write has returned. A write that fails ends the venue, for what is in
memory is then ahead of what it may say. It knows no connection and no matching.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from execd.core.codec import encode_text
from execd.core.reports import ExecReport, Trade, TradeCanceled, TradeCorrected
from execd.errors import VenueError
from execd.venue.ledger import Execution, Ledger
from execd.venue.ledger_file import Batch, Kept, LedgerFile
from execd.venue.matching_orders import Working

Tell = Callable[[str, int, ExecReport], None]
"""(account, seq, report): called once a report is durable."""
BATCH_REPORTS_MAX: Final = 2_000
Done = TypeVar("Done")


class Keeper:
    """The ledger's one writer. `ledger` holds what is durable, for readers; `taken` also what is being written."""

    def __init__(self, file: LedgerFile, kept: Kept, tell: Tell) -> None:
        """Begin with what the file holds."""
        self.ledger = Ledger()
        self.ledger.seed(kept.holdings, kept.executions)
        self.taken = Ledger()
        self.taken.seed(kept.holdings, kept.executions)
        self.accounts = dict(kept.accounts)
        """When each account began here."""
        self._file = file
        self._tell = tell
        self._taken: dict[str, int] = dict(kept.seqs)
        self._told: dict[str, int] = dict(kept.seqs)
        self._batches: list[Batch] = [Batch()]
        self._waiting: list[asyncio.Future[None]] = []
        self._grows = asyncio.Event()
        self._is_broken = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")

    def take(self, account: str, report: ExecReport, order: Working | None) -> None:
        """Give a report its number; it is told once it is written, with the order as it is now."""
        batch = self._batch()
        seq = self._taken.get(account, 0) + 1
        self._taken[account] = seq
        batch.reports.append((account, seq, report))
        if order is not None:
            self._add_order(batch, order)
            if isinstance(report, TradeCanceled | TradeCorrected):
                self._undo(batch, report.exec_ref_id)
            trade = report.trade if isinstance(report, TradeCorrected) else report
            if isinstance(trade, Trade):
                self._add_execution(
                    batch, Execution(account=account, symbol=order.symbol, side=order.side, trade=trade)
                )
        self._grows.set()

    def begin(self, account: str, since_ns: int, orders: list[Working], executions: list[Execution]) -> None:
        """Write down that an account is here since then, with what it remembers; nothing is told."""
        self.accounts[account] = since_ns
        batch = self._batch()
        batch.accounts[account] = since_ns
        for order in orders:
            self._add_order(batch, order)
        for execution in executions:
            self._add_execution(batch, execution)
        self._grows.set()

    def seq_of(self, account: str) -> int:
        """Return the number of the last report that was told."""
        return self._told.get(account, 0)

    async def settled(self) -> None:
        """Return once everything taken so far is durable and told. Raises VenueError where it cannot become so."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self._grows.set()
        await done

    async def read(self, job: Callable[[LedgerFile], Done]) -> Done:
        """Return what `job` reads from the file, between two writes."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, job, self._file)

    async def run(self) -> None:
        """Write and tell, for ever. Raises VenueError where the ledger cannot be written."""
        try:
            while True:
                await self._grows.wait()
                await self._turn()
        finally:
            self._fail_waiting()

    async def close(self) -> None:
        """Write and tell what is left, and let the thread end."""
        try:
            await self._turn()
        finally:
            self._fail_waiting()
            self._thread.shutdown()

    async def _turn(self) -> None:
        """Write everything that was taken, batch by batch."""
        while not self._is_broken and (self._waiting or _has_content(self._batches[0])):
            self._grows.clear()
            waiting, self._waiting = self._waiting, []
            batches, self._batches = self._batches, [Batch()]
            try:
                while batches:
                    await self._write(batches.pop(0))
            except BaseException:  # Whatever it was, nothing that waits is forgotten; it is raised on.
                self._waiting.extend(waiting)
                self._batches = [*batches, *self._batches]
                raise
            for done in waiting:
                if not done.done():
                    done.set_result(None)

    async def _write(self, batch: Batch) -> None:
        if not _has_content(batch):
            return
        # Once begun, a write ends: whether it is durable must never be a question.
        writing = asyncio.get_running_loop().run_in_executor(self._thread, self._file.write, batch)
        try:
            await asyncio.shield(writing)
        except VenueError:
            # What came after it must not be written without it.
            self._is_broken = True
            raise
        for execution in batch.executions:
            self.ledger.record(execution)
        for exec_id in batch.undone:
            self.ledger.undo(exec_id)
        for account, seq, report in batch.reports:
            self._told[account] = seq
            self._tell(account, seq, report)

    def _batch(self) -> Batch:
        if len(self._batches[-1].reports) >= BATCH_REPORTS_MAX:
            self._batches.append(Batch())
        return self._batches[-1]

    def _add_order(self, batch: Batch, order: Working) -> None:
        batch.orders[order.order_id] = (order.account, not order.ended, order.last_ns, encode_text(order))

    def _add_execution(self, batch: Batch, execution: Execution) -> None:
        batch.positions[execution.account, execution.symbol] = self.taken.record(execution)
        batch.executions.append(execution)

    def _undo(self, batch: Batch, exec_id: str) -> None:
        undone = self.taken.undo(exec_id)
        if undone is not None:
            execution, held = undone
            batch.positions[execution.account, execution.symbol] = held
            batch.undone.append(exec_id)

    def _fail_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            if not done.done():
                done.set_exception(VenueError("the venue has ended"))


def _has_content(batch: Batch) -> bool:
    return bool(batch.reports or batch.orders or batch.executions or batch.accounts)
