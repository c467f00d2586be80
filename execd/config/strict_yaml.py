"""YAML as text: every scalar stays what somebody wrote.

`NO`, `010` and `15:45` are text here, and nothing is read that a reader of the file could not see: no anchors,
aliases, tags, merges, duplicate keys or second documents. Only plain `null`, `~` and nothing at all mean absent.
What a text means is decided by the field that takes it (`strict_text`). It reads no file and knows no field.
Configuration and intents both read YAML through here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import yaml

DEPTH_MAX: Final = 16
"""The specification's limit; nothing of ours nests deeper than five."""
_NULLS: Final = ("", "~", "null")
_MERGE: Final = "<<"
_BOM: Final = "\ufeff"
_SHOWN_LEN_MAX: Final = 60
_PART_LEN: Final = 4_096
# A base loader: its resolver gives no scalar a type, and its events carry tags only where somebody wrote one. libyaml
# is 19 times faster, which an order feels; it takes a tab for white space in some places where Python refuses.
_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

Path = tuple[str, ...]
Plain = str | bool | None | list["Plain"] | dict[str, "Plain"]
"""What a document is made of. Numbers are text; only JSON knows booleans."""


class NotStrict(ValueError):
    """A text that may not be read. `code` is one of `syntax`, `duplicate_key`, `too_deep`, `too_large`, `yaml_feature`.

    `path` is the key at which it stands, where that is known. It never leaves the rooms config and intake: they turn it
    into ConfigError and IntentError.
    """

    def __init__(self, code: str, message: str, line: int | None = None, path: Path = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.path = path


class Tree:
    """A document and the line (from 1) on which each of its keys stands; paths count list items as text."""

    def __init__(self, value: Plain, lines: dict[Path, int]) -> None:
        self.value = value
        self.lines = lines

    def line_of(self, path: Path) -> int | None:
        """Return the line of the key at `path`, else of the nearest key above it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def shown(value: object) -> str:
    """Return foreign text as it may stand in a message: ASCII, escaped, short."""
    text = ascii(value)
    return text if len(text) <= _SHOWN_LEN_MAX else text[: _SHOWN_LEN_MAX - 3] + "..."


def read_yaml(text: str, *, nodes_max: int) -> Tree:
    """Return the only document of `text`, None where there is none. Raises NotStrict.

    `nodes_max` bounds the work: about 2 µs a node, and 30 µs where PyYAML came without libyaml.
    """
    builder = _Builder(nodes_max)
    with _told():
        for event in _events(text):
            builder.take(event)
    return Tree(builder.value, builder.lines)


def is_yaml_list(text: str) -> bool:
    """Return whether the document is a list, from its beginning alone; what is no YAML is none."""
    try:
        for event in _events(text):
            if isinstance(event, yaml.NodeEvent):
                return isinstance(event, yaml.SequenceStartEvent)
    except (yaml.YAMLError, ValueError, OverflowError):
        return False
    return False


def read_yaml_items(text: str, *, items_max: int, item_nodes_max: int, item_len_max: int) -> Iterator[tuple[int, Tree]]:
    """Yield the items of the list that `text` is, each with its line, and hold one at a time.

    `item_len_max` bounds the characters of an item and of what stands around it. Raises NotStrict, maybe after items.
    """
    metered = _Metered(text, item_len_max)
    outer = builder = _Builder(item_nodes_max)
    depth = items_n = line = 0
    with _told():
        for event in _events(text, metered):
            at = event.start_mark.line + 1
            is_end = isinstance(event, yaml.CollectionEndEvent)
            if depth == 0 and isinstance(event, yaml.SequenceStartEvent):
                outer.check(event, at)
                depth = 1
                continue
            if depth == 0:
                outer.take(event)
                continue
            if depth == 1 and is_end:
                depth = 0
                continue
            if depth == 1:
                items_n += 1
                line = at
                if items_n > items_max:
                    raise NotStrict("too_large", f"more than {items_max} items in one list", line)
                builder = _Builder(item_nodes_max, depth_max=DEPTH_MAX - 1)
            builder.take(event)
            depth += isinstance(event, yaml.CollectionStartEvent) - is_end
            if depth == 1:
                metered.begin()
                yield line, Tree(builder.value, builder.lines)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the parser raises into NotStrict."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else None
        raise NotStrict("syntax", f"not YAML: {error.problem or error.context}", line) from None
    except yaml.YAMLError as error:
        raise NotStrict("syntax", f"not YAML: {str(error).splitlines()[0]}") from None
    except NotStrict:
        raise
    except (ValueError, OverflowError):
        # PyYAML hands an escape such as "\UFFFFFFFF", or a version of 5,000 digits, to chr() and int() unchecked.
        raise NotStrict("syntax", "not YAML: an escape or a version that is no number") from None


class _Metered:
    """A text that is read in parts and ends, loudly, where one item is longer than it may be."""

    def __init__(self, text: str, item_len_max: int) -> None:
        self._text = text
        self._item_len_max = item_len_max
        self._at = self._begun = 0

    def begin(self) -> None:
        """Note that an item has ended. The parser has read ahead by a part or two; nobody is refused for that."""
        self._begun = self._at

    def read(self, size: int = -1) -> str:
        """Return the next part."""
        if self._at - self._begun > self._item_len_max + 2 * _PART_LEN:
            line = self._text.count("\n", 0, self._begun) + 1
            raise NotStrict("too_large", f"more than {self._item_len_max} characters in one item of a list", line)
        part = self._text[self._at : self._at + (min(size, _PART_LEN) if size > 0 else _PART_LEN)]
        self._at += len(part)
        return part


def _events(text: str, metered: _Metered | None = None) -> Iterator[Any]:
    if _BOM in text:
        # One parser takes it for text, the other swallows it; no reader of the file could see it.
        if text.startswith(_BOM):
            raise NotStrict("syntax", "the file begins with a byte order mark; save it as UTF-8 without one", 1)
        raise NotStrict(
            "syntax", "not YAML: a byte order mark inside the text", text[: text.index(_BOM)].count("\n") + 1
        )
    yield from yaml.parse(text if metered is None else metered, Loader=_LOADER)


class _Open:
    """A list or mapping being read. `key` is the key whose value comes next, None before a key."""

    def __init__(self, value: list[Plain] | dict[str, Plain], path: Path) -> None:
        self.value = value
        self.path = path
        self.key: str | None = None


class _Builder:
    """Builds the tree from the events of the parser, without recursion, and stops at the first thing not allowed."""

    def __init__(self, nodes_max: int, *, depth_max: int = DEPTH_MAX) -> None:
        self.value: Plain = None
        self.lines: dict[Path, int] = {}
        self._nodes_max = self._nodes_left = nodes_max
        self._depth_max = depth_max
        self._documents = 0
        self._open: list[_Open] = []

    def take(self, event: Any) -> None:  # noqa: ANN401  # The event classes of PyYAML carry no types.
        """Take the next event. Raises NotStrict."""
        line = event.start_mark.line + 1
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise NotStrict("yaml_feature", "a second document in one file; write one file each", line)
            case yaml.AliasEvent():
                raise NotStrict("yaml_feature", "aliases are not read; write the value out", line)
            case yaml.ScalarEvent():
                self.check(event, line)
                # A plain scalar has the style "" or None, as the parser likes.
                is_null = not event.style and event.value in _NULLS
                self._put(event.value, line, value=None if is_null else event.value)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self.check(event, line)
                self._begin({} if isinstance(event, yaml.MappingStartEvent) else [], line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
            case _:
                pass

    def check(self, event: Any, line: int) -> None:  # noqa: ANN401  # The same.
        """Count a node and refuse what hides things. Raises NotStrict."""
        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise NotStrict("too_large", "more keys and values than anything of ours has", line)
        if event.anchor is not None:
            raise NotStrict("yaml_feature", "anchors are not read; write the value out", line)
        if event.tag is not None:
            raise NotStrict("yaml_feature", f"the tag {shown(event.tag)} is not read; the field knows its type", line)

    def _begin(self, value: list[Plain] | dict[str, Plain], line: int) -> None:
        if len(self._open) >= self._depth_max:
            raise NotStrict("too_deep", f"nested deeper than {DEPTH_MAX}", line)
        path = self._put(None, line, value=value)
        self._open.append(_Open(value, path))

    def _put(self, text: str | None, line: int, *, value: Plain) -> Path:
        """Place a value, or a key where one is due (`text`: None for what can be no key); return its path."""
        if not self._open:
            self.value = value
            return ()
        top = self._open[-1]
        if isinstance(top.value, list):
            top.value.append(value)
            return (*top.path, str(len(top.value) - 1))
        if top.key is None:
            self._key(top, text, line)
            return top.path
        path = (*top.path, top.key)
        top.value[top.key] = value
        top.key = None
        return path

    def _key(self, top: _Open, text: str | None, line: int) -> None:
        if text is None:
            raise NotStrict("syntax", "a key must be text", line)
        if text == _MERGE:
            raise NotStrict("yaml_feature", "merge keys are not read; write the values out", line)
        path = (*top.path, text)
        if path in self.lines:
            told = f"the key {shown(text)} stands twice, first on line {self.lines[path]}"
            raise NotStrict("duplicate_key", told, line, path)
        self.lines[path] = line
        top.key = text
