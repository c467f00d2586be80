"""The venue's ledger on disk: what it acknowledged, what traded, what it said.

One SQLite file, one connection, one thread at a time; a commit is durable when
it returns (synchronous=FULL). It decides nothing: `keeper` says what belongs
together. A file that is corrupt, newer, or not a ledger is refused untouched.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from execd.core.codec import encode_text
from execd.core.reports import ExecReport, Trade
from execd.errors import VenueError
from execd.venue.ledger import EXECUTIONS_MAX, Execution, Holding
from execd.venue.matching_orders import Working

VERSION: Final = 1
APPLICATION_ID: Final = int.from_bytes(b"exvs", "big")
ORDERS_MAX: Final = 50_000
"""Ended orders that a restarted venue can still be asked about; executions are kept for ever."""
REPORTS_MAX: Final = 200_000
"""Reports of an account that can be told again; a daemon that missed more is told of a gap and asks."""
PAGE_ROWS: Final = 1_000
CORRUPT_HELP: Final = (
    "put a copy of it back; without one move ledger.db and what lies beside it away: the venue then begins its "
    "accounts anew, and each execd needs a new --state-dir"
)
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY_CODE: Final = 0xFF
_MAGIC: Final = b"SQLite format 3\x00"
_HEADER_LEN: Final = 100
_orders: Final = msgspec.json.Decoder(Working)
_executions: Final = msgspec.json.Decoder(Execution)
_reports: Final = msgspec.json.Decoder(ExecReport)


class Batch(msgspec.Struct):
    """What becomes durable together. Reports are (account, seq, report); orders and positions replace what was.

    `undone` are executions that never happened.
    """

    reports: list[tuple[str, int, ExecReport]] = []
    orders: dict[str, tuple[str, bool, int, str]] = {}
    executions: list[Execution] = []
    undone: list[str] = []
    positions: dict[tuple[str, str], Holding] = {}
    accounts: dict[str, int] = {}


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a ledger holds when it is opened. `seqs` is the last report of each account, `accounts` when it began."""

    accounts: dict[str, int]
    orders: tuple[Working, ...]
    executions: tuple[Execution, ...]
    holdings: dict[str, dict[str, Holding]]
    seqs: dict[str, int]
    last_ns: int


class LedgerFile:
    """One ledger, open. Every method may wait for the disk; call them one after the other."""

    def __init__(self, path: Path) -> None:
        """Open the ledger, or make it. Raises VenueError; a file that cannot be used is left untouched."""
        self.path = path
        try:
            if path.exists() and path.stat().st_size:
                _check(path)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise VenueError(f"the venue's ledger {path} cannot be opened: {error}; {_help(error)}") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._connection.close()
            raise VenueError(f"the venue's ledger {path} cannot be used: {error}; {_help(error)}") from error
        except BaseException:  # Whatever it was, the file must not stay open.
            self._connection.close()
            raise

    def load(self) -> Kept:
        """Forget what is beyond the limits, and return the rest. Raises VenueError where a row cannot be read."""
        try:
            self._prune()
            bodies = self._all("SELECT body FROM orders ORDER BY last_ns, order_id")
            latest = self._all("SELECT body FROM executions ORDER BY n DESC LIMIT ?", EXECUTIONS_MAX)
            orders = sorted((_orders.decode(str(body)) for (body,) in bodies), key=lambda order: order.seq)
            executions = tuple(_executions.decode(str(body)) for (body,) in reversed(latest))
            holdings: dict[str, dict[str, Holding]] = {}
            for account, symbol, *cells in self._all("SELECT * FROM positions"):
                qty, cash, commission = (Decimal(str(cell)) for cell in cells)
                held = holdings.setdefault(str(account), {})
                held[str(symbol)] = Holding(qty=qty, cash=cash, commission=commission)
            heads = self._all("SELECT account, MAX(seq), MAX(transact_ns) FROM reports GROUP BY account")
            accounts = self._all("SELECT account, since_ns FROM accounts ORDER BY since_ns, account")
        except (sqlite3.Error, msgspec.DecodeError, ValueError, ArithmeticError) as error:
            raise VenueError(f"the venue's ledger {self.path} cannot be read: {error}; {_help(error)}") from error
        return Kept(
            accounts={str(account): int(str(since_ns)) for account, since_ns in accounts},
            orders=tuple(orders),
            executions=executions,
            holdings=holdings,
            seqs={str(account): int(str(seq)) for account, seq, _ in heads},
            last_ns=max((int(str(last_ns)) for _, _, last_ns in heads), default=0),
        )

    def write(self, batch: Batch) -> None:
        """Make a batch durable, all or nothing. Raises VenueError: nothing of it may be told then."""
        reports = ((account, seq, report.transact_ns, encode_text(report)) for account, seq, report in batch.reports)
        executions = (
            (one.trade.exec_id, one.account, one.trade.transact_ns, encode_text(one)) for one in batch.executions
        )
        positions = (
            (account, symbol, str(held.qty), str(held.cash), str(held.commission))
            for (account, symbol), held in batch.positions.items()
        )
        orders = ((order_id, *row) for order_id, row in batch.orders.items())
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._many("INSERT OR IGNORE INTO accounts VALUES (?, ?)", batch.accounts.items())
            self._many("INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?)", orders)
            self._many("INSERT INTO executions (exec_id, account, transact_ns, body) VALUES (?, ?, ?, ?)", executions)
            self._many("DELETE FROM executions WHERE exec_id = ?", ((exec_id,) for exec_id in batch.undone))
            self._many("INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?, ?)", positions)
            self._many("INSERT INTO reports VALUES (?, ?, ?, ?)", reports)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise VenueError(f"the venue's ledger {self.path} could not be written: {error}") from error

    def reports(self, account: str, after_seq: int) -> list[tuple[int, ExecReport]]:
        """Return the next reports of an account, at most PAGE_ROWS. Raises VenueError."""
        sql = "SELECT seq, body FROM reports WHERE account = ? AND seq > ? ORDER BY seq LIMIT ?"
        rows = self._all(sql, account, after_seq, PAGE_ROWS)
        return [(int(str(seq)), _reports.decode(str(body))) for seq, body in rows]

    def seq_before(self, account: str, since_ns: int) -> int:
        """Return the number of the last report that happened before `since_ns`; zero where there is none."""
        sql = "SELECT COALESCE(MAX(seq), 0) FROM reports WHERE account = ? AND transact_ns < ?"
        return int(str(self._all(sql, account, since_ns)[0][0]))

    def first_seq(self, account: str) -> int:
        """Return the number of the first report that is still kept; zero where there is none."""
        sql = "SELECT COALESCE(MIN(seq), 0) FROM reports WHERE account = ?"
        return int(str(self._all(sql, account)[0][0]))

    def executions(self, account: str, since_ns: int, limit: int) -> list[Execution]:
        """Return the latest executions at or after `since_ns`, earliest first; of all accounts where it is empty."""
        sql = "SELECT body FROM executions WHERE (account = ? OR ? = '') AND transact_ns >= ? ORDER BY n DESC LIMIT ?"
        rows = self._all(sql, account, account, since_ns, limit)
        return [_executions.decode(str(body)) for (body,) in reversed(rows)]

    def trades_of(self, order_id: str) -> tuple[Trade, ...]:
        """Return every trade of an order, earliest first."""
        # An ExecID is its order's id, a dot and a number; "/" is what follows the dot.
        sql = "SELECT body FROM executions WHERE exec_id >= ? AND exec_id < ? ORDER BY n"
        rows = self._all(sql, f"{order_id}.", f"{order_id}/")
        return tuple(_executions.decode(str(body)).trade for (body,) in rows)

    def close(self) -> None:
        """Close; closing again changes nothing."""
        self._connection.close()

    def _prepare(self) -> None:
        (mode,) = self._connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise VenueError(f"the venue's ledger {self.path} cannot have a write-ahead file here: use a local disk")
        self._connection.execute("PRAGMA synchronous = FULL")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            script = files(__package__).joinpath("ledger.sql").read_text(encoding="utf-8")
            self._connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nCOMMIT;")

    def _prune(self) -> None:
        self._connection.execute(
            "DELETE FROM orders WHERE order_id IN "
            "(SELECT order_id FROM orders WHERE is_live = 0 ORDER BY last_ns DESC LIMIT -1 OFFSET ?)",
            (ORDERS_MAX,),
        )
        for account, last in self._all("SELECT account, MAX(seq) FROM reports GROUP BY account"):
            bounds = (account, int(str(last)) - REPORTS_MAX)
            self._connection.execute("DELETE FROM reports WHERE account = ? AND seq <= ?", bounds)

    def _many(self, sql: str, rows: Iterable[tuple[str | int, ...]]) -> None:
        self._connection.executemany(sql, rows)

    def _all(self, sql: str, *parameters: str | int) -> list[tuple[object, ...]]:
        return self._connection.execute(sql, parameters).fetchall()


def _check(path: Path) -> None:
    """Look at a file without changing it. Raises VenueError."""
    with path.open("rb") as file:
        header = file.read(_HEADER_LEN)
    if len(header) < _HEADER_LEN or not header.startswith(_MAGIC) or _number(header, 68) not in {APPLICATION_ID, 0}:
        raise VenueError(f"{path} is not a ledger of the simulated venue; it was left untouched, move it away")
    # Closing the last writer would fold the write-ahead file in, and that is a change.
    wal = path.with_name(f"{path.name}-wal")
    access = "mode=ro" if wal.exists() and wal.stat().st_size else "immutable=1"
    with closing(sqlite3.connect(f"file:{quote(str(path))}?{access}", uri=True)) as connection:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
        if application_id != APPLICATION_ID and (application_id or version or tables):
            raise VenueError(f"{path} is not a ledger of the simulated venue; it was left untouched, move it away")
        if version > VERSION:
            raise VenueError(f"the venue's ledger {path} has version {version}, this execd knows {VERSION}")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise VenueError(f"the venue's ledger {path} is corrupt ({verdict}); it was left untouched: {CORRUPT_HELP}")


def _help(error: Exception) -> str:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & _PRIMARY_CODE
    return (
        CORRUPT_HELP if code in _DAMAGED else "let this user read and write it and its directory, and look at the disk"
    )


def _number(header: bytes, offset: int) -> int:
    return int.from_bytes(header[offset : offset + 4], "big")
