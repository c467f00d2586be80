"""From the bytes of a file to a parent and the hash that says "same content".

Pure: the same bytes, name and context give the same answer, and whatever the bytes are, the answer is a value or an
IntentError. Nothing is guessed. Formats are in `documents`, fields in `schema`; lists and csv will be cut into
documents here.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from execd.config.strict_text import nearest
from execd.config.strict_yaml import Plain, Tree, shown
from execd.core.codec import content_hash
from execd.core.orders import ParentOrder
from execd.errors import IntentError
from execd.intake.documents import read_document
from execd.intake.schema import IntentFile, ParseContext, intent_schema
from execd.intake.words import KINDS_UNBUILT

FIELDS: Final = tuple(IntentFile.model_fields)
_PYDANTIC_CODES: Final = {"missing": "missing_field", "extra_forbidden": "unknown_field"}
_LAST_LINE: Final = 1 << 30

__all__ = ["IntentFile", "ParseContext", "ParsedIntent", "intent_schema", "parse_file", "parse_tree"]


class ParsedIntent(msgspec.Struct, frozen=True, kw_only=True):
    """A valid intent. `content_hash` is of what was written, before defaults and whatever the format."""

    parent: ParentOrder
    content_hash: str


def parse_file(name: str, body: bytes, *, context: ParseContext) -> ParsedIntent:
    """Return the intent in `body`; only the end of `name` matters. Raises IntentError and nothing else."""
    return parse_tree(read_document(name, body), context_of=lambda _intent: context)


def parse_tree(tree: Tree, *, context_of: Callable[[IntentFile], ParseContext]) -> ParsedIntent:
    """Return the intent that a document holds; what is known at its arrival may hang on what it says."""
    fields = _fields(tree)
    try:
        intent = IntentFile.model_validate(fields)
        parent = intent.to_parent(context_of(intent))
    except ValidationError as error:
        raise _told(error, tree) from None
    except IntentError as error:
        line = tree.line_of(_path(error.field))
        raise IntentError(error.code, error.message, field=error.field, line=line) from None
    return ParsedIntent(parent=parent, content_hash=content_hash(intent.canonical()))


def _fields(tree: Tree) -> dict[str, Plain]:
    match tree.value:
        case dict() as mapping:
            _refuse_other_kinds(mapping, tree)
            # null is absence: producers that write every field write it for those they do not use.
            return {key: value for key, value in mapping.items() if value is not None}
        case list():
            raise IntentError(
                "not_supported", "lists of orders are not built yet; write each order as a file of its own"
            )
        case None:
            raise IntentError("empty_file", "the file holds nothing")
        case _:
            raise IntentError(
                "wrong_type", "an intent is a mapping of fields, such as {id: …, symbol: …, side: …, qty: …}"
            )


def _refuse_other_kinds(mapping: dict[str, Plain], tree: Tree) -> None:
    # Before its fields are looked at: "unknown field legs" would not tell the author of a pair what is wrong.
    kind = mapping.get("kind")
    if isinstance(kind, str) and kind in KINDS_UNBUILT:
        text = f"kind {kind} is not built yet; write each order as a file of its own"
        raise IntentError("not_supported", text, field="kind", line=tree.line_of(("kind",)))


def _told(error: ValidationError, tree: Tree) -> IntentError:
    """Return the first fault in the order of the file; what is missing comes last."""
    faults = [_fault(fault, tree) for fault in error.errors(include_url=False, include_input=False)]
    first = min(faults, key=lambda fault: fault.line or _LAST_LINE)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return IntentError(first.code, first.message + more, field=first.field, line=first.line)


def _fault(fault: Any, tree: Tree) -> IntentError:  # noqa: ANN401  # pydantic's ErrorDetails is a TypedDict of Any.
    context = fault.get("ctx", {})
    field = context.get("field") or ".".join(str(part) for part in fault["loc"])
    code = _PYDANTIC_CODES.get(fault["type"], fault["type"])
    message = context.get("text") or fault["msg"]
    if code == "unknown_field" and not context:
        message = f"there is no field {shown(field)}{nearest(field, FIELDS)}"
        return IntentError(code, message, field=shown(field)[1:-1], line=tree.line_of((str(fault["loc"][0]),)))
    if code == "missing_field" and not context:
        message = f"{field} is needed"
    return IntentError(code, message, field=field or None, line=tree.line_of(_path(field)))


def _path(field: str | None) -> tuple[str, ...]:
    return tuple(field.split(".")) if field else ()
