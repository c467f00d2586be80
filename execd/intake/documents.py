"""From bytes to one document of text.

JSON and YAML give the same tree: numbers are their own text, null is absence, and every key knows its line. What a
field means is not known here (`schema`), nor where the bytes came from (`watch`). A new format is a reader here and
a row in `_READERS`.
"""

import json
import re
from collections.abc import Callable
from typing import Final, NoReturn

from execd.config.strict_yaml import DEPTH_MAX, NotStrict, Path, Plain, Tree, read_yaml, shown
from execd.errors import IntentError

BODY_BYTES_MAX: Final = 64 * 1024
NODES_MAX: Final = 1_000
"""Keys and values of one intent; the longest order that we know has under fifty."""
_JSON_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:\n]')


def read_document(name: str, body: bytes) -> Tree:
    """Return the document in `body`; the end of `name` says how to read it. Raises IntentError."""
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if suffix == ".csv":
        raise IntentError("not_supported", "csv files are not taken yet; write one .json or .yaml file an order")
    reader = _READERS.get(suffix)
    if reader is None:
        raise IntentError("unknown_format", "the name of the file must end in .json, .yaml or .yml")
    try:
        return reader(_text(body))
    except NotStrict as fault:
        raise IntentError(fault.code, fault.message, line=fault.line) from None


def read_json(text: str) -> Tree:
    """Return the document of a JSON text. Raises NotStrict."""
    try:
        value = json.loads(text, parse_float=str, parse_int=str, parse_constant=_no_constant, object_pairs_hook=_object)
    except NotStrict as fault:
        raise NotStrict(fault.code, fault.message, _line_of_repetition(text)) from None
    except json.JSONDecodeError as error:
        raise NotStrict("syntax", f"not JSON: {error.msg}", error.lineno) from None
    except RecursionError:
        raise NotStrict("too_deep", f"nested deeper than {DEPTH_MAX}") from None
    if _depth_exceeds(value, DEPTH_MAX):
        raise NotStrict("too_deep", f"nested deeper than {DEPTH_MAX}")
    lines: dict[Path, int] = {}
    for path, line in _json_keys(text):
        lines.setdefault(path, line)
    return Tree(value, lines)


def _read_yaml(text: str) -> Tree:
    return read_yaml(text, nodes_max=NODES_MAX)


_READERS: Final[dict[str, Callable[[str], Tree]]] = {".json": read_json, ".yaml": _read_yaml, ".yml": _read_yaml}


def _text(body: bytes) -> str:
    if len(body) > BODY_BYTES_MAX:
        raise NotStrict("too_large", f"{len(body)} bytes; an intent has at most {BODY_BYTES_MAX}")
    if not body.strip():
        raise NotStrict("empty_file", "the file is empty")
    if body.startswith(b"\xef\xbb\xbf"):
        raise NotStrict("not_utf8", "the file begins with a byte order mark; save it as UTF-8 without one", 1)
    if b"\0" in body:
        raise NotStrict(
            "not_utf8", "the file holds NUL bytes; save it as UTF-8", body[: body.index(b"\0")].count(b"\n") + 1
        )
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrict("not_utf8", "the file is not UTF-8", body[: error.start].count(b"\n") + 1) from None


def _no_constant(text: str) -> NoReturn:
    raise NotStrict("bad_number", f"{text} is not a number")


def _object(pairs: list[tuple[str, Plain]]) -> Plain:
    found: dict[str, Plain] = {}
    for key, value in pairs:
        if key in found:
            raise NotStrict("duplicate_key", f"the key {shown(key)} stands twice")
        found[key] = value
    return found


def _depth_exceeds(value: Plain, depth: int) -> bool:
    match value:
        case dict():
            inner: list[Plain] = list(value.values())
        case list():
            inner = value
        case _:
            return False
    return depth == 0 or any(_depth_exceeds(part, depth - 1) for part in inner)


def _json_keys(text: str) -> list[tuple[Path, int]]:
    """Return the path and line of every key, in the order of the text, which must be JSON."""
    keys: list[tuple[Path, int]] = []
    above: list[str] = []  # The key or index under which each open list or mapping now stands.
    is_list: list[bool] = []
    line = string_line = 1
    string = ""
    for token in _JSON_TOKEN.finditer(text):
        match token.group():
            case "\n":
                line += 1
            case "{" | "[" as bracket:
                is_list.append(bracket == "[")
                above.append("0")
            case "}" | "]":
                above.pop()
                is_list.pop()
            case ",":
                if is_list[-1]:
                    above[-1] = str(int(above[-1]) + 1)
            case ":":
                above[-1] = json.loads(string)
                keys.append((tuple(above), string_line))
            case quoted:
                string, string_line = quoted, line
    return keys


def _line_of_repetition(text: str) -> int | None:
    """Return the line of the first key that stands twice, or of nothing where the text is no JSON beyond it."""
    seen: dict[Path, int] = {}
    try:
        keys = _json_keys(text)
    except (IndexError, ValueError):
        # The text after the repetition need not be JSON; the reason stands without its line.
        return None
    for path, line in keys:
        if path in seen:
            return line
        seen[path] = line
    return None
