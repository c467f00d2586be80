"""From the bytes of a file to what it asks for, and the hash that says "same content".

Pure: the same bytes, name and context give the same answer, and whatever the bytes are, the answer is a value or an
IntentError. Nothing is guessed. `parse_steps` stops for breath between rows, so that a file of 10,000 holds nothing
up. Formats are in `documents` and `rows`, fields in `schema` and `requests`, answers in `parsed`.
"""

from collections.abc import Callable, Generator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from execd.config.strict_text import nearest
from execd.config.strict_yaml import NotStrict, Plain, Tree, shown
from execd.core.codec import content_hash
from execd.core.commands import AmendParent
from execd.errors import IntentError
from execd.intake.context import ParseContext
from execd.intake.documents import Located, read_document, suffix_of, text_of_body
from execd.intake.gather import Gathered
from execd.intake.json_schema import intent_schema
from execd.intake.parsed import Parsed, ParsedIntent, ParsedList, ParsedRequest
from execd.intake.requests import REQUESTS, AmendFile
from execd.intake.rows import LIST_BYTES_MAX, is_list, rows_of
from execd.intake.schema import IntentFile
from execd.intake.words import kind_refusal

FIELDS: Final = tuple(IntentFile.model_fields)
_PYDANTIC_CODES: Final = {"missing": "missing_field", "extra_forbidden": "unknown_field"}
_LAST_LINE: Final = 1 << 30

__all__ = [
    "FIELDS",
    "IntentFile",
    "ParseContext",
    "Parsed",
    "ParsedIntent",
    "ParsedList",
    "ParsedRequest",
    "amend_of",
    "intent_schema",
    "parse_file",
    "parse_steps",
    "parse_tree",
]


def parse_file(name: str, body: bytes, *, context: ParseContext) -> Parsed:
    """Return what `body` asks for; only the end of `name` matters. Raises IntentError and nothing else."""
    steps = parse_steps(name, body, context=context)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            parsed: Parsed = end.value
            return parsed


def parse_steps(name: str, body: bytes, *, context: ParseContext) -> Generator[None, None, Parsed]:
    """Do what `parse_file` does, a row at a time; each step is well under a millisecond for rows of the usual size."""
    try:
        suffix = suffix_of(name)
        text = text_of_body(body, bytes_max=LIST_BYTES_MAX)
        yield
        if not is_list(suffix, text):
            return _one(read_document(suffix, text), context)
        return (yield from _many(suffix, text, context))
    except NotStrict as fault:
        raise IntentError(fault.code, fault.message, field=".".join(fault.path) or None, line=fault.line) from None


def _one(tree: Located, context: ParseContext) -> ParsedIntent | ParsedRequest:
    kind = tree.value.get("kind") if isinstance(tree.value, dict) else None
    model = REQUESTS.get(kind) if isinstance(kind, str) else None
    if model is None:
        return parse_tree(tree, context_of=lambda _intent: context)
    try:
        document = model.model_validate(_fields(tree))
        command = document.to_command(context)
    except ValidationError as error:
        raise _told(error, tree, tuple(model.model_fields)) from None
    except IntentError as error:
        raise _placed(error, tree) from None
    return ParsedRequest(document_id=document.id, content_hash=content_hash(document.canonical()), command=command)


def amend_of(target: str, fields: Mapping[str, object], *, context: ParseContext) -> AmendParent:
    """Return the change of an intent, its fields as in an amend document but for id and target. Raises IntentError."""
    given = {key: value for key, value in fields.items() if value is not None}
    for own in ("id", "kind", "target"):
        if own in given:
            raise IntentError("unknown_field", f"{own} does not belong here", field=own)
    try:
        # The id of a document makes it count once; a command counts when it is given, so any other than its target's.
        own_id = "1" if target == "0" else "0"
        document = AmendFile.model_validate({"kind": "amend", "id": own_id, "target": target} | given)
        return document.to_command(context)
    except ValidationError as error:
        raise _told(error, Tree(None, {}), tuple(AmendFile.model_fields)) from None


def _many(suffix: str, text: str, context: ParseContext) -> Generator[None, None, ParsedList]:
    gathered = Gathered()
    for row in rows_of(suffix, text):
        try:
            intent = _row(row.tree, context)
        except IntentError as error:
            gathered.refuse(row, error)
        else:
            gathered.take(row, intent)
        yield
    return gathered.answer()


def _row(tree: Located, context: ParseContext) -> ParsedIntent:
    kind = tree.value.get("kind") if isinstance(tree.value, dict) else None
    if isinstance(kind, str) and kind in REQUESTS:
        text = f"a list holds orders; write a {kind} as a file of its own"
        raise IntentError("not_in_list", text, field="kind", line=tree.line_of(("kind",)))
    if isinstance(tree.value, list):
        raise IntentError("wrong_type", "a list inside a list; each item is an order")
    return parse_tree(tree, context_of=lambda _intent: context)


def parse_tree(tree: Located, *, context_of: Callable[[IntentFile], ParseContext]) -> ParsedIntent:
    """Return the intent that a document holds; what is known at its arrival may hang on what it says."""
    fields = _fields(tree)
    try:
        intent = IntentFile.model_validate(fields)
        parent = intent.to_parent(context_of(intent))
    except ValidationError as error:
        raise _told(error, tree, FIELDS) from None
    except IntentError as error:
        raise _placed(error, tree) from None
    return ParsedIntent(parent=parent, content_hash=content_hash(intent.canonical()))


def _fields(tree: Located) -> dict[str, Plain]:
    match tree.value:
        case dict() as mapping:
            _refuse_other_kinds(mapping, tree)
            # null is absence: producers that write every field write it for those they do not use.
            return {key: value for key, value in mapping.items() if value is not None}
        case None:
            raise IntentError("empty_file", "nothing is written here")
        case _:
            raise IntentError(
                "wrong_type", "an intent is a mapping of fields, such as {id: …, symbol: …, side: …, qty: …}"
            )


def _refuse_other_kinds(mapping: dict[str, Plain], tree: Located) -> None:
    # Before its fields are looked at: "unknown field legs" would not tell the author of a pair what is wrong.
    kind = mapping.get("kind")
    if isinstance(kind, str) and kind != "order" and kind not in REQUESTS:
        code, text = kind_refusal(kind)
        raise IntentError(code, text, field="kind", line=tree.line_of(("kind",)))


def _placed(error: IntentError, tree: Located) -> IntentError:
    """Return the same refusal with the line of its field."""
    return IntentError(error.code, error.message, field=error.field, line=tree.line_of(_path(error.field)))


def _told(error: ValidationError, tree: Located, fields: tuple[str, ...]) -> IntentError:
    """Return the first fault in the order of the file; what is missing comes last."""
    faults = [_fault(fault, tree, fields) for fault in error.errors(include_url=False, include_input=False)]
    first = min(faults, key=lambda fault: fault.line or _LAST_LINE)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return IntentError(first.code, first.message + more, field=first.field, line=first.line)


def _fault(fault: Any, tree: Located, fields: tuple[str, ...]) -> IntentError:  # noqa: ANN401  # pydantic's ErrorDetails is a TypedDict of Any.
    context = fault.get("ctx", {})
    field = context.get("field") or ".".join(str(part) for part in fault["loc"])
    code = _PYDANTIC_CODES.get(fault["type"], fault["type"])
    message = context.get("text") or fault["msg"]
    if code == "unknown_field" and not context:
        message = f"there is no field {shown(field)}{nearest(field, fields)}"
        return IntentError(code, message, field=shown(field)[1:-1], line=tree.line_of((str(fault["loc"][0]),)))
    if code == "missing_field" and not context:
        message = f"{field} is needed"
    return IntentError(code, message, field=field or None, line=tree.line_of(_path(field)))


def _path(field: str | None) -> tuple[str, ...]:
    return tuple(field.split(".")) if field else ()
