"""From one text of many orders to its rows, one at a time.

A JSON or YAML list, or a csv file. Each row is held alone and knows its line, so that a file of 10,000 rows costs the
memory of one. A fault of the text itself ends the whole file, for nobody knows what its rest meant. What a field means
is not known here. A new format is a reader here and a case in `rows_of`.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Final

from execd.config.strict_yaml import DEPTH_MAX, NotStrict, Path, Plain, is_yaml_list, read_yaml_items, shown
from execd.intake.documents import (
    BODY_BYTES_MAX,
    DECODER,
    NODES_MAX,
    JsonText,
    Located,
    depth_exceeds,
    place_of_fault,
)

LIST_BYTES_MAX: Final = 8 * 1024 * 1024
ROWS_MAX: Final = 10_000
COLUMNS_MAX: Final = 100
_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_FIRST_LEN: Final = 4_096
"""Most rows are shorter; only a longer one is looked at in the length that a row may have."""


class Row:
    """One row of a text. `line` is where it begins."""

    def __init__(self, line: int, tree: Located) -> None:
        self.line = line
        self.tree = tree


def is_list(suffix: str, text: str) -> bool:
    """Return whether a text of this format holds a list of orders."""
    match suffix:
        case ".csv":
            return True
        case ".json":
            return text.lstrip(" \t\r\n").startswith("[")
        case ".yaml" | ".yml":
            return is_yaml_list(text)
        case _:
            return False


def rows_of(suffix: str, text: str) -> Iterator[Row]:
    """Yield the rows of a list. Raises NotStrict, maybe after some rows."""
    match suffix:
        case ".csv":
            yield from _csv_rows(text)
        case ".json":
            yield from _json_rows(text)
        case _:
            items = read_yaml_items(text, items_max=ROWS_MAX, item_nodes_max=NODES_MAX, item_len_max=BODY_BYTES_MAX)
            for line, tree in items:
                yield Row(line, tree)


class _CsvRow:
    """A row of a csv file, all of it on one line but for quoted line ends."""

    def __init__(self, value: Plain, line: int) -> None:
        self.value = value
        self._line = line

    def line_of(self, path: Path) -> int | None:
        """Return the line of the row, where any field is meant."""
        return self._line if path else None


def _json_rows(text: str) -> Iterator[Row]:
    at = _blanks(text, 0) + 1  # Behind the bracket that `is_list` saw.
    line = text.count("\n", 0, at) + 1
    rows_n = 0
    at, line = _over_blanks(text, at, line)
    is_more = not text.startswith("]", at)
    while is_more:
        rows_n += 1
        if rows_n > ROWS_MAX:
            raise NotStrict("too_large", f"more than {ROWS_MAX} items in one list", line)
        value, end = _json_value(text, at, line)
        if depth_exceeds(value, DEPTH_MAX - 1):
            raise NotStrict("too_deep", f"nested deeper than {DEPTH_MAX}", line)
        yield Row(line, JsonText(value, text[at:end], line))
        line += text.count("\n", at, end)
        at, line = _over_blanks(text, end, line)
        is_more = text.startswith(",", at)
        if is_more:
            at, line = _over_blanks(text, at + 1, line)
        elif not text.startswith("]", at):
            raise NotStrict("syntax", "not JSON: a comma or the end of the list is missing", line)
    at, line = _over_blanks(text, at + 1, line)
    if at < len(text):
        raise NotStrict("syntax", "not JSON: something stands behind the end of the list", line)


def _json_value(text: str, at: int, line: int) -> tuple[Plain, int]:
    """Return the value that begins at `at`, and where it ends; no more of the text is looked at than a row may have."""
    for length in (_FIRST_LEN, BODY_BYTES_MAX):
        part = text[at : at + length]
        try:
            value, used = DECODER.raw_decode(part)
        except (NotStrict, json.JSONDecodeError, RecursionError) as error:
            if length < BODY_BYTES_MAX and len(part) == length:
                continue
            raise _json_fault(error, part, line, is_cut=len(part) == length) from None
        # A number or a word may go on behind the end of the part; a mapping may not.
        if at + used < len(text) and used == len(part):
            continue
        return value, at + used
    raise NotStrict("too_large", f"more than {BODY_BYTES_MAX} characters in one item of a list", line)


def _json_fault(error: Exception, part: str, line: int, *, is_cut: bool) -> NotStrict:
    match error:
        case NotStrict():
            path, at = place_of_fault(error.code, part)
            return NotStrict(error.code, error.message, line if at is None else line + at - 1, path)
        case json.JSONDecodeError():
            # What was cut off looks like a string that never ends, or like an end where more should stand.
            if is_cut and (error.msg.startswith("Unterminated") or error.pos > len(part) - 16):
                return NotStrict("too_large", f"more than {BODY_BYTES_MAX} characters in one item of a list", line)
            return NotStrict("syntax", f"not JSON: {error.msg}", line + error.lineno - 1)
        case _:
            return NotStrict("too_deep", f"nested deeper than {DEPTH_MAX}", line)


def _blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return at if found is None else found.end()


def _over_blanks(text: str, at: int, line: int) -> tuple[int, int]:
    end = _blanks(text, at)
    return end, line + text.count("\n", at, end)


def _csv_rows(text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    rows_n = blanks_n = 0
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            code = "too_large" if "field larger" in str(error) else "syntax"
            raise NotStrict(code, f"not csv: {error}", max(line, reader.line_num)) from None
        if not cells:
            # An empty line, such as the last.
            blanks_n += 1
            if blanks_n > ROWS_MAX:
                raise NotStrict("too_large", f"more than {ROWS_MAX} empty lines", line)
            continue
        if sum(map(len, cells)) > BODY_BYTES_MAX:
            raise NotStrict("too_large", f"more than {BODY_BYTES_MAX} characters in one row", line)
        if not header:
            header = _header(cells, line)
            continue
        rows_n += 1
        if rows_n > ROWS_MAX:
            raise NotStrict("too_large", f"more than {ROWS_MAX} rows", line)
        if len(cells) != len(header):
            told = f"{len(cells)} cells in a row under {len(header)} names; quote a cell that holds a comma"
            raise NotStrict("ragged_row", told, line)
        yield Row(line, _CsvRow(_nested(header, cells), line))


def _header(cells: list[str], line: int) -> list[str]:
    if len(cells) > COLUMNS_MAX:
        raise NotStrict("too_large", f"{len(cells)} columns; at most {COLUMNS_MAX}", line)
    if len(cells) == 1 and (";" in cells[0] or "\t" in cells[0]):
        raise NotStrict("syntax", "not csv: separate the cells with commas, not with semicolons or tabs", line)
    seen: dict[str, None] = {}
    for name in cells:
        if not name:
            raise NotStrict("syntax", "not csv: a column has no name; the first row names the fields", line)
        if name in seen:
            raise NotStrict("duplicate_key", f"the column {shown(name)} stands twice", line)
        seen[name] = None
    for name in cells:
        if "." in name and name.partition(".")[0] in seen:
            told = f"the column {shown(name)} stands beside {shown(name.partition('.')[0])}; leave one out"
            raise NotStrict("duplicate_key", told, line)
    return cells


def _nested(header: list[str], cells: list[str]) -> Plain:
    """Return a row as a document; an empty cell is absent, and `algo.bps` is the `bps` inside `algo`."""
    found: dict[str, Plain] = {}
    for name, cell in zip(header, cells, strict=True):
        outer, _, inner = name.partition(".")
        if not cell:
            continue
        if not inner:
            found[name] = cell
            continue
        within = found.setdefault(outer, {})
        assert isinstance(within, dict)
        within[inner] = cell
    return found
