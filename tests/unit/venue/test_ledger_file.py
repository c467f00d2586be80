"""The venue's ledger: what was told is in it, whenever the venue dies; what is not a ledger stays as it is."""

import asyncio
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from execd.core.enums import OrdType, Side, TimeInForce
from execd.core.reports import Accepted, ExecReport, Trade
from execd.errors import VenueBusy, VenueError
from execd.venue.door import LEDGER_NAME, SOCKET_NAME, VenueLock, listen
from execd.venue.keeper import Keeper
from execd.venue.ledger import Holding, Ledger
from execd.venue.ledger_file import Batch, LedgerFile
from execd.venue.matching_orders import Working
from tests.unit.venue.housed import ledger

Told = list[tuple[str, int, ExecReport]]


class Mortal(LedgerFile):
    """A ledger whose venue dies at a certain write: before it, or after it is durable."""

    def __init__(self, path: Path, *, writes: int, is_durable: bool) -> None:
        super().__init__(path)
        self._writes = writes
        self._is_durable = is_durable

    def write(self, batch: Batch) -> None:
        """Write, or die."""
        self._writes -= 1
        if self._writes >= 0:
            super().write(batch)
            return
        if self._is_durable:
            super().write(batch)
        raise VenueError("the venue was killed")


def working(name: str, *, cum: int) -> Working:
    """Return an order of which `cum` shares have traded."""
    return Working(
        order_id=f"S-{name}",
        cl_ord_id=name,
        account="sim",
        lane="",
        symbol="ABC",
        side=Side.BUY,
        is_buy=True,
        order_qty=Decimal(1_000),
        ord_type=OrdType.LIMIT,
        price=Decimal(10),
        stop_px=None,
        time_in_force=TimeInForce.DAY,
        last_ns=cum,
        cl_ord_ids=[name],
        cum_qty=Decimal(cum),
    )


def reports_of(name: str, trades: int) -> list[tuple[ExecReport, Working]]:
    """Return what is said of an order over its life."""
    said: list[tuple[ExecReport, Working]] = [
        (Accepted(cl_ord_id=name, transact_ns=1, order_id=f"S-{name}"), working(name, cum=0))
    ]
    for n in range(1, trades + 1):
        trade = Trade(
            cl_ord_id=name,
            transact_ns=n,
            order_id=f"S-{name}",
            exec_id=f"S-{name}.{n}",
            last_qty=Decimal(1),
            last_px=Decimal(10),
        )
        said.append((trade, working(name, cum=n)))
    return said


async def live(path: Path, orders: list[int], *, writes: int, is_durable: bool) -> Told:
    """Let a venue report until it dies, and return what it told."""
    told: Told = []
    file = Mortal(path, writes=writes, is_durable=is_durable)
    keeper = Keeper(file, file.load(), lambda account, seq, report: told.append((account, seq, report)))
    running = asyncio.create_task(keeper.run())
    try:
        for n, trades in enumerate(orders):
            for report, order in reports_of(f"o{n}", trades):
                keeper.take("sim", report, order)
            await keeper.settled()
    except VenueError:
        pass  # It was killed: what it told before is what counts.
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await keeper.close()
    file.close()
    return told


@settings(deadline=None, max_examples=40)
@given(orders=st.lists(st.integers(0, 4), min_size=1, max_size=6), writes=st.integers(0, 7), is_durable=st.booleans())
def test_what_was_told_is_in_the_ledger_whenever_the_venue_dies(
    orders: list[int],
    writes: int,
    is_durable: bool,  # noqa: FBT001  # Hypothesis hands over the kind of death.
) -> None:
    """Killed at any write, before or after it is durable: a report that left is found again, order and trade too."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / LEDGER_NAME
        told = asyncio.run(live(path, orders, writes=writes, is_durable=is_durable))
        with closing(LedgerFile(path)) as file:
            kept, written = file.load(), file.reports("sim", 0)
        fold = Ledger()
        for execution in kept.executions:
            fold.record(execution)
        trades = [report for _, report in written if isinstance(report, Trade)]

        assert [(seq, report) for _, seq, report in told] == written[: len(told)]
        assert list(range(1, len(written) + 1)) == [seq for seq, _ in written]
        assert trades == [execution.trade for execution in kept.executions]
        assert (fold.holdings("sim"), len(written)) == (kept.holdings.get("sim", {}), kept.seqs.get("sim", 0))
        assert {report.cl_ord_id for _, report in written} == {order.cl_ord_id for order in kept.orders}
        assert sum((order.cum_qty for order in kept.orders), Decimal(0)) == len(trades)


def test_an_order_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """All its facts, among them what its commission was counted on."""
    order = working("a", cum=3)
    order.earned, order.paid, order.trades_n, order.stop_px = Decimal("0.30"), Decimal(1), 3, Decimal("9.5")
    (report, _), *_ = reports_of("a", 0)

    async def write() -> None:
        with ledger(tmp_path) as file:
            keeper = Keeper(file, file.load(), lambda *_: None)
            keeper.take("sim", report, order)
            await keeper.close()

    asyncio.run(write())
    with ledger(tmp_path) as file:
        (found,) = file.load().orders
        fields = [name for name in Working.__slots__ if getattr(found, name) != getattr(order, name)]

        assert [] == fields


PAGE_LEN = 4_096


@pytest.mark.parametrize("content", [b"SQLite format 3\x00 and then nothing", b"a letter to somebody", b"x" * 5_000])
def test_a_file_that_is_no_ledger_is_refused_untouched(tmp_path: Path, content: bytes) -> None:
    """Whatever it is, it belongs to somebody."""
    path = tmp_path / LEDGER_NAME
    path.write_bytes(content)
    with pytest.raises(VenueError, match="untouched"):
        LedgerFile(path)

    assert (content, [LEDGER_NAME]) == (path.read_bytes(), [one.name for one in tmp_path.iterdir()])


@pytest.mark.parametrize("place", [0, 1])
def test_a_damaged_ledger_is_refused_with_the_next_step(tmp_path: Path, place: int) -> None:
    """SQLite says that the image is malformed; which file to put back or to move away, we say."""
    path = tmp_path / "ledger.db"
    LedgerFile(path).close()
    body = bytearray(path.read_bytes())
    # The page of the schema, or of a table.
    from_byte, to_byte = max(100, place * PAGE_LEN), (place + 1) * PAGE_LEN
    body[from_byte:to_byte] = b"\xff" * (to_byte - from_byte)
    path.write_bytes(body)
    with pytest.raises(VenueError, match=r"put a copy of it back; without one move ledger\.db") as raised:
        LedgerFile(path)

    assert bytes(body) == path.read_bytes()
    assert str(path) in str(raised.value)


def test_another_program_s_database_is_refused_untouched(tmp_path: Path) -> None:
    """A database without our mark is not ours, however empty its own marks are."""
    path = tmp_path / LEDGER_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE letters (body TEXT)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(VenueError, match="not a ledger"):
        LedgerFile(path)

    assert before == path.read_bytes()


def test_a_newer_ledger_is_refused_untouched(tmp_path: Path) -> None:
    """A downgrade must not write into what it does not understand."""
    with ledger(tmp_path):
        pass
    path = tmp_path / LEDGER_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
        connection.execute("PRAGMA journal_mode = DELETE")
    before = path.read_bytes()
    with pytest.raises(VenueError, match="version 2"):
        LedgerFile(path)

    assert before == path.read_bytes()


def test_a_directory_has_one_venue(tmp_path: Path) -> None:
    """The second one is told who holds it; once it is let go anybody may have it."""
    with VenueLock(tmp_path), pytest.raises(VenueBusy, match=r"pid \d+"):
        VenueLock(tmp_path)
    with VenueLock(tmp_path) as again:
        path = again.path

    assert path.exists()


def test_the_socket_file_of_a_dead_venue_is_replaced(tmp_path: Path) -> None:
    """Its name is no use without a listener; only our user may open the new one."""
    listen(tmp_path).close()
    stale = (tmp_path / SOCKET_NAME).stat().st_ino
    with listen(tmp_path) as door:
        mode = (tmp_path / SOCKET_NAME).stat().st_mode & 0o777

        assert (True, 0o600) == (bool(door.getsockname()), mode)
    assert stale  # It was there before.


def test_holdings_are_the_fold_of_executions(tmp_path: Path) -> None:
    """Quantity, cash and commission of each symbol."""

    async def write() -> None:
        with ledger(tmp_path) as file:
            keeper = Keeper(file, file.load(), lambda *_: None)
            for report, order in reports_of("a", 3):
                keeper.take("sim", report, order)
            await keeper.close()

    asyncio.run(write())
    with ledger(tmp_path) as file:
        expected = {"sim": {"ABC": Holding(qty=Decimal(3), cash=Decimal(-30), commission=Decimal(0))}}

        assert expected == file.load().holdings
