"""docs/intents.md, made from the schema: `python -m execd.intake.document > docs/intents.md`.

The tables come from the models, the codes and the examples; only the prose between them is here. A test holds the
file to this program. It reads nothing and is imported by nothing but that test.
"""

import sys
from collections.abc import Iterable
from typing import Final

from execd.intake import codes
from execd.intake.algo_words import algo_manual
from execd.intake.documents import BODY_BYTES_MAX
from execd.intake.manual_examples import DOCUMENTS, LISTS, ORDERS, Example
from execd.intake.manual_fields import FIELDS_TOLD, Told
from execd.intake.requests import REQUESTS
from execd.intake.rows import LIST_BYTES_MAX, ROWS_MAX

_KIB: Final = BODY_BYTES_MAX // 1024
_MIB: Final = LIST_BYTES_MAX // (1024 * 1024)

HEAD: Final = """\
<!-- Made by `python -m execd.intake.document`; change that program, not this page. -->
# Intents

An intent is a file that says what a strategy wants. Put it into `<state>/inbox`; write it elsewhere and rename it in
(`mv`, on the same file system), then it is read at once and whole. A file that is written in place is read when it
has stood still for `inbox.settle_ms`. Names with a leading dot, names that end in `.tmp`, and directories are left
alone. `execd submit FILE` hands in the same files over the control socket.
"""

AFTER_ORDERS: Final = f"""\
What happens: the file moves to `accepted/` once its orders are durable, and `outbox/<id>.json` follows each order to
its end. A file that cannot be taken moves to `rejected/` beside `<name>.error.json`: `code`, `message`, `field`,
`line`, and `rows` where the file held many orders.

A file holds one order, a list of orders, or one document with a `kind`, as `.json`, `.yaml`, `.yml` or `.csv`, in
UTF-8 without a byte order mark. An order has at most {_KIB} KiB, a list {_MIB} MiB and {ROWS_MAX:,} rows; which one a
file is, its content says. `execd schema intent` prints a JSON Schema for editors; the daemon is stricter than it.

Files are taken oldest first, many at a time, between reports, cancels and quotes, which they never hold up. Whoever
must not wait behind a full inbox uses the commands (`execd cancel`) or the control socket.
"""

AFTER_LISTS: Final = """\
A row is refused by the rules of an order. Without more, one bad row refuses the whole file, and nothing of it is
traded. Where a row says `on_error: skip`, the good rows are taken: the file moves to `accepted/`, and the refused
rows are told in `rejected/<name>.error.json` with the code `rows_refused`. An id that stands in two rows is refused
in both. Where the text itself cannot be read (syntax, encoding, a repeated key, a ragged row), the file is refused
whole in any case.
"""

AFTER_DOCUMENTS: Final = """\
A document has an id of its own, so that it counts once; the same file again changes nothing, and one that was refused
is refused again with the same code. A cancel may arrive before its target: the later order is then refused
`cancelled_before`. An amend of an intent that is not known is refused, and so is a `qty` below what is filled and
working: what rests counts, so `execd pause ID` first, amend, then `execd resume ID`. `execd explain` with the id of a
document tells what became of it.
"""

TEXT: Final = """\
## How text is read

Nothing is guessed. Every value is text until its field reads it, in JSON, YAML and csv alike:

- **Numbers**: digits, at most nine of them after a point, below 10⁹, no leading zeros, no exponent, no `_`, ASCII only.
  `100`, `"100"` and `100.0` are the same number. `010`, `1e3`, `.5`, `+1`, `NaN` and `true` are refused.
- **Booleans**: `true` and `false`. `yes`, `NO` and `on` are text: the symbol `NO` is the symbol NO.
- **null** (in YAML also `~` and nothing at all, in csv an empty cell) is the same as leaving the field out.
- **Times**: RFC 3339 with an offset, up to nanoseconds (`2026-03-02T14:30:00.5Z`); `15:45` or `15:45:30`, of the
  exchange's day (`session.zone`) on which the file arrived; or a duration after its arrival: `10m`, `90s`, `1h30m`,
  `500ms`. A file arrives at its modification time, so an old file does not come to life by being read late.
- **csv**: commas, `"` around cells that hold commas, quotes or line ends, one header row, every row as long as it. A
  column reaches into `algo` (`algo.name`, `algo.bps`, `algo.tactic` for a tactic by its name) and no further: a tactic
  with parameters of its own (`algo.tactic.name`) and lists (`steps`, `profile`) need JSON or YAML.
- Refused: duplicate keys and columns, unknown fields, YAML anchors, aliases, tags, merges and second documents, nesting
  beyond 16, NUL, anything that is not UTF-8.

## The same id again

Same id and same content: acknowledged, nothing is sent. Same id and other content: refused, the first one stands;
that holds for as long as the journal is kept, and across orders and documents. *Same content* compares what was
written, before defaults: field order, format (JSON, YAML, csv, alone or in a list), comments and the spelling of
numbers do not matter, nor does `on_error`, which is about the file; a field that spells out its default does matter,
and so does another spelling of a time.

## When the inbox is gone

Unmounted, removed, read-only, or open to everybody: the daemon alerts (`inbox_gone`), takes no file and begins no new
risk; open orders, cancels by command and exits go on. When the inbox is back, that ends by itself. A file whose move
to `accepted/` fails (a full disk) stays, and is moved when that is possible again; it is never traded twice.
"""

CODES_HEAD: Final = """\
## Codes

Stable: a code may be added, never given another meaning. What is refused while the file is read or at the first gate
is in `rejected/` beside its `.error.json`. What needs the market or the position is decided when working starts,
perhaps hours later: the file is then in `accepted/`, and the report in the outbox has status `rejected` and the code
as reason. An intent that was read is never refused for a time that has passed before its id has been looked up.
"""


def manual() -> str:
    """Return the page."""
    parts = [
        HEAD,
        *_examples(ORDERS),
        AFTER_ORDERS,
        "## Fields of an order\n",
        _fields("order"),
    ]
    parts += [
        _UNBUILT,
        algo_manual(),
        "## Lists and csv\n",
        *_examples(LISTS),
        AFTER_LISTS,
        "## Documents about another intent\n",
    ]
    parts += [*_examples(DOCUMENTS), AFTER_DOCUMENTS]
    for kind in REQUESTS:
        parts += [f"### {kind}\n", _fields(kind)]
    parts += [TEXT, CODES_HEAD]
    for told, some in _STAGES:
        parts += [f"### {told}\n", _codes(some)]
    return "\n".join(parts)


_UNBUILT: Final = """\
Known and refused `not_supported` until they are built, never ignored: `protect` other than `none`, `extended_hours:
true`, the kinds `basket` and `pair`, stop orders, `gtc` and auctions, and every other algorithm.
"""
_STAGES: Final = (
    ("At the door", codes.AT_THE_DOOR),
    ("In the text", codes.IN_THE_TEXT),
    ("In a field or a row", codes.IN_A_FIELD),
    ("At the gate", codes.AT_THE_GATE),
    ("About the target of a document", codes.ABOUT_THE_TARGET),
    ("When working starts", codes.AT_THE_START),
    ("Before an order leaves", codes.BEFORE_AN_ORDER),
    ("Reasons to wait", codes.WAITING),
    ("Reasons to be held", codes.HELD),
    ("Reasons to end", codes.ENDED),
    ("Of commands alone", codes.OF_A_COMMAND),
)


def _examples(examples: Iterable[Example]) -> list[str]:
    return [
        f"{example.what} (`{example.name}`):\n\n```{example.name.rpartition('.')[2]}\n{example.text}```\n"
        for example in examples
    ]


def _fields(kind: str) -> str:
    head = "| field | what may be written | when left out | example |\n|---|---|---|---|\n"
    return head + "".join(_row(name, told) for name, told in FIELDS_TOLD[kind].items())


def _row(name: str, told: Told) -> str:
    example = f"`{told.example}`" if told.example else ""
    return f"| `{name}` | {told.what} | {told.left_out} | {example} |\n"


def _codes(some: Iterable[codes.Code]) -> str:
    head = "| code | meaning | what to do |\n|---|---|---|\n"
    return head + "".join(f"| `{code.code}` | {code.meaning} | {code.remedy} |\n" for code in some)


if __name__ == "__main__":
    sys.stdout.write(manual())
