"""What a replay leaves behind: fills.csv, orders.csv, reports/*.json, summary.json.

The files hold nothing that depends on the machine or the hour: the same inputs and seed give the same bytes. A folder
that is not empty is only taken if a replay wrote it. `summary.json` is written last, so a folder without it is not
finished.
"""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from execd.core.book import Book
from execd.core.codec import decoder, encode, plain
from execd.core.order import Order
from execd.core.reports import Trade
from execd.engine.summary import FillReport, report
from execd.errors import ExecdError

KIND: Final = "execd replay"
SUMMARY: Final = "summary.json"
FILLS: Final = "fills.csv"
ORDERS: Final = "orders.csv"
REPORTS: Final = "reports"
FILL_COLUMNS: Final = ("parent_id", "ts_ns", "qty", "price", "passive")
ORDER_COLUMNS: Final = (
    "cl_ord_id parent_id symbol side ord_type time_in_force order_qty price status cum_qty avg_px commission sent_ns"
    " acked_ns done_ns text"
).split()
_PX_PLACES: Final = Decimal("0.000001")
_SUFFIX: Final = ".json"


class OutputError(ExecdError):
    """The folder for the results cannot be used."""


class _Marked(msgspec.Struct):
    kind: str = ""


def check(folder: Path) -> None:
    """Raise OutputError unless `folder` is new, empty, or what an earlier replay wrote; change nothing."""
    try:
        if folder.exists() and any(folder.iterdir()):
            _check_is_ours(folder)
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror or error}") from error


def prepare(folder: Path) -> None:
    """Make `folder` ready: created, or emptied of what an earlier replay wrote. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            _check_is_ours(folder)
            reports = folder / REPORTS
            former = [*reports.glob(f"*{_SUFFIX}"), folder / FILLS, folder / ORDERS, folder / SUMMARY]
            for file in former:
                file.unlink(missing_ok=True)
        (folder / REPORTS).mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror or error}") from error


def write_all(folder: Path, book: Book, summary: object) -> None:
    """Write every file; `prepare` comes before. Raises OutputError."""
    try:
        (folder / FILLS).write_bytes(fills_csv(book))
        (folder / ORDERS).write_bytes(orders_csv(book))
        for name, parent_id in report_names(list(book.parents)).items():
            (folder / REPORTS / name).write_bytes(_pretty(report(book, parent_id)))
        (folder / SUMMARY).write_bytes(_pretty(summary))
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror or error}") from error


def fills_csv(book: Book) -> bytes:
    """Return every execution that counts, by instant, intent and ExecID; `passive` is 1 where the order rested."""
    rows = sorted(((trade.transact_ns, order.first.parent_id, trade.exec_id), trade) for order, trade in _fills(book))
    return _csv(
        FILL_COLUMNS,
        (
            (parent_id, ts_ns, plain(trade.last_qty), plain(trade.last_px), int(bool(trade.is_passive)))
            for (ts_ns, parent_id, _), trade in rows
        ),
    )


def orders_csv(book: Book) -> bytes:
    """Return every child order in the order of sending."""
    orders = sorted(book.orders.values(), key=lambda order: (order.sent_ns, order.key))
    return _csv(ORDER_COLUMNS, (_order_row(order) for order in orders))


def report_names(parent_ids: list[str]) -> dict[str, str]:
    """Return the intents by the name of their report: the id, or its hash where an earlier one differs by case only.

    The rule is that of the daemon's outbox.
    """
    owners: dict[str, str] = {}
    names: dict[str, str] = {}
    for parent_id in parent_ids:
        owner = owners.setdefault(parent_id.casefold(), parent_id)
        stem = parent_id if owner == parent_id else f"_{sha256(parent_id.encode()).hexdigest()[:32]}"
        names[stem + _SUFFIX] = parent_id
    return names


def _check_is_ours(folder: Path) -> None:
    marker = folder / SUMMARY
    kind = ""
    if marker.is_file():
        try:
            kind = decoder(_Marked).decode(marker.read_bytes()).kind
        except msgspec.DecodeError:
            kind = ""  # Whatever it is, no replay wrote it.
    if kind != KIND:
        raise OutputError(f"{folder} is not empty and no replay wrote it; name another folder")


def _fills(book: Book) -> Iterator[tuple[Order, Trade]]:
    for order in book.orders.values():
        for trade in order.fills.counted:
            yield order, trade


def _order_row(order: Order) -> tuple[object, ...]:
    first, done = order.first, order.done_as
    avg_px = order.avg_px
    return (
        order.key,
        first.parent_id,
        first.symbol,
        first.side,
        first.ord_type,
        first.time_in_force,
        plain(order.order_qty),
        "" if order.price is None else plain(order.price),
        order.ord_status,
        plain(order.cum_qty),
        "" if avg_px is None else plain(avg_px.quantize(_PX_PLACES)),
        plain(order.fills.commission),
        order.sent_ns,
        order.acked_ns,
        "" if done is None else done.transact_ns,
        first.text if done is None else f"{first.text}; {done.code} {done.text}".rstrip("; "),
    )


def _csv(columns: tuple[str, ...] | list[str], rows: Iterator[tuple[object, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _pretty(value: FillReport | object) -> bytes:
    return msgspec.json.format(encode(value), indent=2) + b"\n"
