"""From one file of many intents, as a replay takes it, to parents.

JSON (a list, or a mapping with `intents`), JSON lines, or the same list in YAML. Each intent is read by the same
model as a file of the inbox; only the size of the whole is free, for nobody waits for it. The first fault ends it: a
replay of half a file would answer another question. A new format is a reader here and a case in `_trees`.
"""

import json
from collections.abc import Callable, Iterator
from typing import Final, NoReturn

from execd.config.strict_yaml import NotStrict, Plain, Tree, read_yaml, shown
from execd.errors import IntentError
from execd.intake.documents import read_json
from execd.intake.parse import IntentFile, ParseContext, ParsedIntent, parse_tree

NODES_MAX: Final = 50_000_000
"""A million intents of YAML; whoever has more writes JSON, which is read ten times faster."""
_KEY: Final = "intents"


def parse_many(name: str, body: bytes, *, context_of: Callable[[IntentFile], ParseContext]) -> list[ParsedIntent]:
    """Return every intent of a file, in its order; the end of `name` says the format.

    Raises IntentError whose message names the intent, and whose field and line say where.
    """
    found: list[ParsedIntent] = []
    first: dict[str, int] = {}
    try:
        text = _text(body)
        for n, tree in enumerate(_trees(name, text), start=1):
            try:
                intent = parse_tree(tree, context_of=context_of)
            except IntentError as error:
                line = error.line if tree.lines else _line_of(name, text, n, error.field)
                raise IntentError(error.code, f"intent {n}: {error.message}", field=error.field, line=line) from None
            parent_id = intent.parent.parent_id
            if first.setdefault(parent_id, n) != n:
                message = f"intent {n} has the id {parent_id} of intent {first[parent_id]}; each needs its own"
                raise IntentError("duplicate_id", message, field="id", line=_line_of(name, text, n, "id"))
            found.append(intent)
    except NotStrict as fault:
        within = fault.path[1:] if fault.path and fault.path[0].isdigit() else fault.path
        raise IntentError(fault.code, fault.message, field=".".join(within) or None, line=fault.line) from None
    return found


def _trees(name: str, text: str) -> Iterator[Tree]:
    """Yield one document an intent. Those of JSON know no lines: finding them costs more than all the rest."""
    match name[name.rfind(".") :].lower():
        case ".jsonl" | ".ndjson":
            for number, line in enumerate(text.split("\n"), start=1):
                if line.strip():
                    yield _of_line(line, number)
        case ".json":
            yield from (Tree(item, {}) for item in _items(_loaded(text)))
        case ".yaml" | ".yml":
            yield from _parts(read_yaml(text, nodes_max=NODES_MAX))
        case _:
            message = "the name of the file must end in .json, .jsonl, .ndjson, .yaml or .yml"
            raise IntentError("unknown_format", message)


def _items(value: Plain) -> list[Plain]:
    if isinstance(value, dict) and list(value) == [_KEY]:
        value = value[_KEY]
    if isinstance(value, list):
        return value
    raise IntentError("wrong_type", f"the file must hold a list of intents, or a mapping with the one key {_KEY}")


def _parts(tree: Tree) -> Iterator[Tree]:
    above = 1 if isinstance(tree.value, dict) else 0
    lines: dict[str, dict[tuple[str, ...], int]] = {}
    for path, line in tree.lines.items():
        if len(path) > above:
            lines.setdefault(path[above], {})[path[above + 1 :]] = line
    for n, item in enumerate(_items(tree.value)):
        yield Tree(item, lines.get(str(n), {}))


def _line_of(name: str, text: str, n: int, field: str | None) -> int | None:
    """Return the line of a field of the `n`-th intent, by reading the text again."""
    if name.lower().endswith(".json"):
        tree = list(_parts(read_json(text)))[n - 1]
    else:
        tree = next(tree for at, tree in enumerate(_trees(name, text), start=1) if at == n)
    found = tree.line_of(tuple(field.split("."))) if field else None
    return found if found is not None else min(tree.lines.values(), default=None)


def _of_line(line: str, number: int) -> Tree:
    try:
        tree = read_json(line)
    except NotStrict as fault:
        raise NotStrict(fault.code, fault.message, number, fault.path) from None
    return Tree(tree.value, dict.fromkeys(tree.lines, number))


def _loaded(text: str) -> Plain:
    try:
        value: Plain = json.loads(
            text, parse_float=str, parse_int=str, parse_constant=_no_constant, object_pairs_hook=_object
        )
    except (NotStrict, json.JSONDecodeError, RecursionError):
        read_json(text)  # It finds the same fault, and its line.
        raise
    return value


def _no_constant(text: str) -> NoReturn:
    raise NotStrict("bad_number", f"{text} is not a number")


def _object(pairs: list[tuple[str, Plain]]) -> Plain:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict("duplicate_key", "a key stands twice")
    return found


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise NotStrict(
            "not_utf8", f"the file is not UTF-8: {shown(body[error.start : error.start + 4])}", line
        ) from None
