"""The rows of one file, gathered into one answer: all of them, the good ones, or none.

`on_error: skip` in any row takes the good rows; else one bad row refuses the file. An id that stands in two rows is
refused in both, for nobody knows which one was meant. It reads no text and knows no field but `id` and `on_error`.
"""

from typing import Final

from execd.config.strict_yaml import shown
from execd.errors import IntentError, RowFault
from execd.intake.parsed import ParsedIntent, ParsedList
from execd.intake.rows import Row
from execd.intake.words import ON_ERROR

_SKIP: Final = "skip"


class Gathered:
    """What was found so far."""

    def __init__(self) -> None:
        self._rows_n = 0
        self._intents: list[tuple[int, int, ParsedIntent]] = []
        self._faults: list[RowFault] = []
        self._rows_of_id: dict[str, list[int]] = {}
        self._policies: dict[str, int] = {}

    def take(self, row: Row, intent: ParsedIntent) -> None:
        """Add a good row."""
        self._rows_n += 1
        self._note(row)
        self._intents.append((self._rows_n, row.line, intent))

    def refuse(self, row: Row, error: IntentError) -> None:
        """Add a bad row."""
        self._rows_n += 1
        line = error.line if error.line is not None else row.line
        found = self._note(row)
        self._faults.append(RowFault(self._rows_n, line, found, error.code, error.message, error.field))

    def answer(self) -> ParsedList:
        """Return what is to be taken. Raises IntentError with every bad row where that is nothing."""
        if not self._rows_n:
            raise IntentError("empty_file", "the list holds no order")
        if len(self._policies) > 1:
            text = "rows of one file say on_error: skip and on_error: reject; only one can hold"
            raise IntentError("conflicting_fields", text, field="on_error", line=max(self._policies.values()))
        good = self._apart_from_doubles()
        faults = tuple(sorted(self._faults, key=lambda fault: fault.row))
        is_atomic = _SKIP not in self._policies
        if faults and (is_atomic or not good):
            raise whole_file(faults)
        return ParsedList(
            intents=tuple(intent for _, _, intent in good),
            is_atomic=is_atomic,
            refused=faults,
            places={intent.parent.parent_id: (row, line) for row, line, intent in good},
        )

    def _note(self, row: Row) -> str | None:
        """Remember what a row says of itself, good or bad; return its id where it has one."""
        fields = row.tree.value
        if not isinstance(fields, dict):
            return None
        policy, found = fields.get("on_error"), fields.get("id")
        if isinstance(policy, str) and policy in ON_ERROR:
            self._policies.setdefault(policy, row.line)
        if not isinstance(found, str):
            return None
        self._rows_of_id.setdefault(found, []).append(self._rows_n)
        return found if found.isascii() and found.isprintable() else shown(found)

    def _apart_from_doubles(self) -> list[tuple[int, int, ParsedIntent]]:
        good: list[tuple[int, int, ParsedIntent]] = []
        for row, line, intent in self._intents:
            found = intent.parent.parent_id
            others = [other for other in self._rows_of_id[found] if other != row]
            if not others:
                good.append((row, line, intent))
                continue
            text = f"row {others[0]} has the same id; each order needs its own"
            self._faults.append(RowFault(row, line, found, "duplicate_id", text, "id"))
        return good


def whole_file(faults: tuple[RowFault, ...]) -> IntentError:
    """Return the refusal of a whole file because of these rows."""
    first = faults[0]
    more = f" (and {len(faults) - 1} more rows)" if len(faults) > 1 else ""
    text = f"row {first.row}: {first.message}{more}; nothing of the file was taken"
    return IntentError(first.code, text, field=first.field, line=first.line, rows=faults)
