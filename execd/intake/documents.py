"""From bytes to one document of text.

JSON and YAML give the same tree: numbers are their own text, null is absence, and every key knows its line. Texts of
many orders are cut in `rows`. What a field means is not known here (`schema`), nor where the bytes came from
(`watch`). A new format is a reader here and a row in `_READERS`.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from typing import Final, NoReturn, Protocol

from execd.config.strict_yaml import DEPTH_MAX, NotStrict, Path, Plain, Tree, read_yaml, shown

BODY_BYTES_MAX: Final = 64 * 1024
NODES_MAX: Final = 1_000
"""Keys and values of one intent; the longest order that we know has under fifty."""
_JSON_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:\n]|NaN|Infinity')


class Located(Protocol):
    """A document, or a row of one, that knows where its keys stand."""

    @property
    def value(self) -> Plain:
        """What was written."""

    def line_of(self, path: Path) -> int | None:
        """Return the line of the key at `path`, else of the nearest key above it."""


class JsonText:
    """A JSON value; where its keys stand is only looked for when somebody asks, which takes longer than reading it."""

    def __init__(self, value: Plain, text: str, line: int = 1) -> None:
        """`line` is where the value begins."""
        self.value = value
        self._text = text
        self._line = line

    def line_of(self, path: Path) -> int | None:
        """Return the line of the key at `path`, else of the nearest key above it."""
        return self._located.line_of(path)

    @cached_property
    def _located(self) -> Tree:
        lines: dict[Path, int] = {}
        for path, line in json_keys(self._text):
            lines.setdefault(path, line + self._line - 1)
        return Tree(self.value, lines)


def read_document(suffix: str, text: str) -> Located:
    """Return the only document of a text. Raises NotStrict."""
    if len(text.encode()) > BODY_BYTES_MAX:
        raise NotStrict("too_large", f"an intent has at most {BODY_BYTES_MAX} bytes; only a list may be longer")
    return _READERS[suffix](text)


def suffix_of(name: str) -> str:
    """Return the end of a file's name that says how to read it. Raises NotStrict where it says nothing."""
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if suffix not in SUFFIXES:
        raise NotStrict("unknown_format", f"the name of the file must end in one of {', '.join(SUFFIXES)}")
    return suffix


def text_of_body(body: bytes, *, bytes_max: int) -> str:
    """Return the text of a file. Raises NotStrict."""
    if len(body) > bytes_max:
        raise NotStrict("too_large", f"{len(body)} bytes; a file has at most {bytes_max}")
    if not body.strip():
        raise NotStrict("empty_file", "the file is empty")
    if body.startswith(b"\xef\xbb\xbf"):
        raise NotStrict("not_utf8", "the file begins with a byte order mark; save it as UTF-8 without one", 1)
    if b"\0" in body:
        at = body[: body.index(b"\0")].count(b"\n") + 1
        raise NotStrict("not_utf8", "the file holds NUL bytes; save it as UTF-8", at)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrict("not_utf8", "the file is not UTF-8", body[: error.start].count(b"\n") + 1) from None


def read_json(text: str) -> Tree:
    """Return the document of a JSON text with all its lines. Raises NotStrict."""
    value = _json_value(text)
    lines: dict[Path, int] = {}
    for path, line in json_keys(text):
        lines.setdefault(path, line)
    return Tree(value, lines)


def _json_value(text: str) -> Plain:
    try:
        value: Plain = DECODER.decode(text)
    except NotStrict as fault:
        path, line = place_of_fault(fault.code, text)
        raise NotStrict(fault.code, fault.message, line, path) from None
    except json.JSONDecodeError as error:
        raise NotStrict("syntax", f"not JSON: {error.msg}", error.lineno) from None
    except RecursionError:
        raise NotStrict("too_deep", f"nested deeper than {DEPTH_MAX}") from None
    if depth_exceeds(value, DEPTH_MAX):
        raise NotStrict("too_deep", f"nested deeper than {DEPTH_MAX}")
    return value


def _read_json(text: str) -> JsonText:
    return JsonText(_json_value(text), text)


def _read_yaml(text: str) -> Tree:
    return read_yaml(text, nodes_max=NODES_MAX)


_READERS: Final[dict[str, Callable[[str], Located]]] = {".json": _read_json, ".yaml": _read_yaml, ".yml": _read_yaml}
SUFFIXES: Final = (*_READERS, ".csv")


def _no_constant(text: str) -> NoReturn:
    raise NotStrict("bad_number", f"{text} is not a number")


def _object(pairs: list[tuple[str, Plain]]) -> Plain:
    found: dict[str, Plain] = {}
    for key, value in pairs:
        if key in found:
            raise NotStrict("duplicate_key", f"the key {shown(key)} stands twice")
        found[key] = value
    return found


DECODER: Final = json.JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=_no_constant, object_pairs_hook=_object
)
"""Numbers are their text, and a key that stands twice is refused. It raises NotStrict too."""


def depth_exceeds(value: Plain, depth: int) -> bool:
    """Return whether lists and mappings stand in each other more than `depth` times."""
    match value:
        case dict():
            inner: list[Plain] = list(value.values())
        case list():
            inner = value
        case _:
            return False
    return depth == 0 or any(depth_exceeds(part, depth - 1) for part in inner)


def json_keys(text: str) -> list[tuple[Path, int]]:
    """Return the path and line of every key, in the order of the text, which must begin with a JSON value."""
    return [(path, line) for path, line, is_key in _json_places(text) if is_key]


def _json_places(text: str) -> Iterator[tuple[Path, int, bool]]:
    """Yield path and line of every key (True), and of every NaN and Infinity that stands for a number (False)."""
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
                if not above:
                    break
            case ",":
                if is_list[-1]:
                    above[-1] = str(int(above[-1]) + 1)
            case ":":
                above[-1] = json.loads(string)
                yield tuple(above), string_line, True
            case "NaN" | "Infinity":
                yield tuple(above), line, False
            case quoted:
                string, string_line = quoted, line


def place_of_fault(code: str, text: str) -> tuple[Path, int | None]:
    """Return path and line of what `DECODER` refused in a JSON text with this code; no line where it is not found."""
    seen: set[Path] = set()
    with suppress(IndexError, ValueError):  # The text after the fault need not be JSON; then the reason stands alone.
        for path, line, is_key in _json_places(text):
            if (is_key and path in seen) if code == "duplicate_key" else not is_key:
                return path, line
            if is_key:
                seen.add(path)
    return (), None
