"""The shipped file and the manual, written from the sections: `python -m execd.config.document file|manual`.

Both are committed, and a test compares them with what is written here. It describes the program's keys and never a
user's values. The manual's own prose is in `manual`.
"""

import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from execd.config.keys import Key, Part, rows
from execd.config.manual import manual_text
from execd.config.plain import scalar
from execd.config.sections_trading import SIM_LIMITS

OWN_FILE: Final = ("instruments", "class_defaults")
_WIDTH: Final = 120
_COMMENT_AT: Final = 36
_FILE_HEAD: Final = """\
# execd: the complete configuration. Every key is here with its default; a test holds the two together, so a line may
# be deleted without effect. Any key can be set by an environment variable instead, which then wins:
#   EXECD_<SECTION>__<KEY>, for example EXECD_SIM__SPEED=10; the execution section also without prefix,
#   EXECUTION__ENABLE_SMART_EXECUTION=false.
# An unknown or misspelt key stops the start with its line and the nearest name. Values are read as text by the rule
# of their key: only `true` and `false` are booleans, and numbers are plain digits (no 1e3, no 1_000).
# Units are the last word of a name: _s seconds, _ms milliseconds, _h hours, _bps hundredths of a percent, _ratio parts
# of one. Check a change with `execd check-config --config FILE`; docs/configuration.md has the bounds of each key.
# This file is written by `python -m execd.config.document file`.
"""


def file_text() -> str:
    """Return config/execd.yaml."""
    return _FILE_HEAD + "\n".join(_file_lines()) + "\n"


def _file_lines() -> Iterator[str]:
    for row in rows():
        depth = len(row.path) - 1
        match row:
            case Part() if row.path == ("accounts",):
                yield from ("", *_wrapped(row.meaning, 0), "accounts:", "  sim:")
            case Part() if row.path[0] == "presets" and depth > 0:
                continue
            case Part() if row.path[0] in OWN_FILE:
                # They have a file of their own; the same in both places is refused.
                continue
            case Part() if row.is_named:
                yield from ("", *_wrapped(row.meaning, 0), f"{row.path[-1]}: {{}}")
            case Part():
                yield from (("", *_wrapped(row.meaning, 0)) if depth == 0 else ())
                yield f"{'  ' * depth}{row.path[-1]}:"
            case Key() if row.path[0] in {"sleeves", "presets", *OWN_FILE}:
                continue
            case Key() if row.path[0] == "accounts":
                value = "sim" if row.path[-1] == "adapter" else getattr(SIM_LIMITS, row.path[-1])
                yield from _line(row, depth, value)
            case Key():
                yield from ([""] if depth == 0 else [])
                yield from _line(row, depth, row.default)


def _line(key: Key, depth: int, value: object) -> Iterator[str]:
    value = value.get_secret_value() if key.is_secret else value  # type: ignore[attr-defined]  # Empty in the defaults.
    line = f"{'  ' * depth}{key.path[-1]}: {scalar(value)}"
    told = f"{line:<{_COMMENT_AT - 2}}  # {key.meaning.removesuffix('.')}"
    if len(told) <= _WIDTH:
        yield told
    else:
        yield from _wrapped(key.meaning, depth)
        yield line


def _wrapped(text: str, depth: int) -> list[str]:
    indent = "  " * depth + "# "
    return textwrap.wrap(text, width=_WIDTH, initial_indent=indent, subsequent_indent=indent)


_TEXTS: Final[Mapping[str, Callable[[], str]]] = {
    "file": file_text,
    "manual": manual_text,
}

if __name__ == "__main__":
    sys.stdout.write(_TEXTS[sys.argv[1]]())
