"""Bar files: found by symbol in one folder, read strictly, refused with file and line.

    <bars_dir>/bars_daily/aig.csv.gz   bars_hour/aig.csv   bars_1m/azo_2024.csv.gz

The name is the symbol in lower case (a slash becomes a dash), then perhaps `_` and anything. The first line is one of
`HEADERS`; `ts_ns` is the start of the bar. Nothing is repaired, nothing outside the folder is read. A further folder
or header is a row here.
"""

import gzip
import os
import re
import stat
import zlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

from execd.core.daily import BarSpan
from execd.core.market import Bar
from execd.errors import RefDataError

FOLDERS: Final = {
    BarSpan.DAILY: ("bars_daily",),
    BarSpan.HOUR: ("bars_hour",),
    BarSpan.MINUTE: ("bars_1m", "bars_1m_quotes"),
}
HEADERS: Final = (
    "ts_ns,open,high,low,close,volume",
    "ts_ns,open,high,low,close,volume,vwap",
    "ts_ns,open,high,low,close,volume,bid,bid_size,ask,ask_size",
)
FILES_MAX: Final = 20_000
FILE_BYTES_MAX: Final = 256 * 1024 * 1024
"""Unpacked; a year of one-minute bars is about ten megabytes."""
LINE_BYTES_MAX: Final = 512
FOREVER_NS: Final = 2**63 - 1
_SYMBOL: Final = re.compile(r"[A-Z][A-Z0-9./]{0,11}")
_INSTANT: Final = re.compile(r"[0-9]{1,19}")
_NUMBER: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
_EMPTY: Final = ["", "", "", "", ""]


class BadBars(RefDataError):
    """A bar file cannot be used; file and line are named."""


def symbols(bars_dir: Path) -> list[str]:
    """Return the symbols that have daily or minute bars, in order. Raises BadBars where the folder cannot be read."""
    listed = (*_listed(bars_dir, BarSpan.DAILY), *_listed(bars_dir, BarSpan.MINUTE))
    names = (name.removesuffix(".gz").removesuffix(".csv") for name in listed)
    found = {name.partition("_")[0].upper().replace("-", "/") for name in names}
    return sorted(symbol for symbol in found if _SYMBOL.fullmatch(symbol))


def files_of(bars_dir: Path, symbol: str, span: BarSpan) -> list[Path]:
    """Return the files of a symbol, in the order of their names. Raises BadBars where one lies outside the folder."""
    if not _SYMBOL.fullmatch(symbol):
        raise BadBars(f"{symbol!r} is not a symbol in capitals")
    wanted = symbol.lower().replace("/", "-")
    listed = _listed(bars_dir, span)
    names = [name for name in listed if name.removesuffix(".gz").removesuffix(".csv").partition("_")[0] == wanted]
    return [_inside(bars_dir, listed[name]) for name in sorted(names)]


def read(files: Iterable[Path], symbol: str, span: BarSpan, *, from_ns: int = 0, to_ns: int = FOREVER_NS) -> list[Bar]:
    """Return the bars of some files that lie in [from_ns, to_ns), begun and over, in the order of time.

    Raises BadBars, also where two files say different things of one bar. Of other rows only the instant is looked at:
    a year of minutes takes seconds to read in full.
    """
    bars: dict[int, Bar] = {}
    for path in files:
        for bar in _bars(path, symbol, span, range(from_ns, max(from_ns, to_ns - span.span_ns + 1))):
            if bars.setdefault(bar.start_ns, bar) != bar:
                raise BadBars(f"{path}: the bar of {bar.start_ns} is in another file with other values; keep one")
    return [bars[start_ns] for start_ns in sorted(bars)]


def _listed(bars_dir: Path, span: BarSpan) -> dict[str, Path]:
    """Return the bar files of a span by name; of a name in two folders the first counts."""
    listed: dict[str, Path] = {}
    for folder in (bars_dir / name for name in FOLDERS[span]):
        try:
            names = [path.name for path in folder.iterdir()]
        except FileNotFoundError:
            continue
        except OSError as error:
            raise BadBars(f"{folder} cannot be listed: {error.strerror}") from error
        if len(names) > FILES_MAX:
            raise BadBars(f"{folder} has {len(names)} files, {FILES_MAX} at most; split it")
        for name in names:
            if name.endswith((".csv", ".csv.gz")):
                listed.setdefault(name, folder / name)
    return listed


def _inside(bars_dir: Path, path: Path) -> Path:
    """Return where a file really lies. Raises BadBars where a link leads out of the folder, or it is no file."""
    try:
        real, top = path.resolve(strict=True), bars_dir.resolve(strict=True)
        is_file = stat.S_ISREG(real.stat().st_mode)
    except (OSError, RuntimeError) as error:
        raise BadBars(f"{path} cannot be read: {error}") from error
    if not real.is_relative_to(top):
        raise BadBars(f"{path} leads out of {bars_dir}; put the file itself there")
    if not is_file:
        raise BadBars(f"{path} is not a regular file")
    return real


def _bars(path: Path, symbol: str, span: BarSpan, starts_ns: range) -> Iterator[Bar]:
    lines = _lines(path)
    header = next(lines, "")
    if header not in HEADERS:
        raise BadBars(f"{path}:1: the header is {header[:80]!r}; it must be {HEADERS[0]}, or that and vwap")
    fields_n, before_ns = len(header.split(",")), -1
    for number, text in enumerate(lines, start=2):
        fields = text.split(",")
        if len(fields) != fields_n:
            raise BadBars(f"{path}:{number}: {len(fields)} fields, the header has {fields_n}")
        if not _INSTANT.fullmatch(fields[0]) or (start_ns := int(fields[0])) <= before_ns:
            raise BadBars(f"{path}:{number}: ts_ns {fields[0][:32]!r} is no instant after the line before")
        before_ns = start_ns
        # A minute without a print: quotes may have moved, but there is no bar.
        if start_ns in starts_ns and fields[1:6] != _EMPTY:
            yield _bar(fields, symbol, span, f"{path}:{number}")


def _bar(fields: list[str], symbol: str, span: BarSpan, where: str) -> Bar:
    if not all(_NUMBER.fullmatch(field) for field in fields[1:6]):
        raise BadBars(f"{where}: {','.join(fields[1:6])[:80]!r} are not five plain numbers")
    open_px, high_px, low_px, close_px, volume = (Decimal(field) for field in fields[1:6])
    if not 0 < low_px <= min(open_px, close_px) <= max(open_px, close_px) <= high_px:
        raise BadBars(
            f"{where}: open {open_px} and close {close_px} do not lie between low {low_px} and high {high_px}"
        )
    start_ns = int(fields[0])
    return Bar(
        symbol=symbol,
        start_ns=start_ns,
        end_ns=start_ns + span.span_ns,
        open_px=open_px,
        high_px=high_px,
        low_px=low_px,
        close_px=close_px,
        volume=volume,
    )


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines without their ends, with all limits kept, whatever a packed file unpacks to."""
    read_n = 0
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as raw:
            file = gzip.GzipFile(fileobj=raw) if path.name.endswith(".gz") else raw
            while line := file.readline(LINE_BYTES_MAX + 1):
                read_n += len(line)
                if len(line) > LINE_BYTES_MAX or read_n > FILE_BYTES_MAX:
                    raise BadBars(f"{path}: longer than {FILE_BYTES_MAX} bytes, or a line than {LINE_BYTES_MAX}")
                yield line.decode("ascii").rstrip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise BadBars(f"{path} cannot be read: {error}") from error
