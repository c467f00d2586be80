"""Every key of the configuration as a row: where it stands, what it takes, what it means.

The rows are read off the sections, their meaning off the text below each field, so the file, the manual, the JSON
Schema and `config show` cannot tell different things. It reads the sections' source, so it is not for the start.
"""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import ModuleType
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from execd.config import sections_preset, sections_running, sections_trading, sections_venue, settings
from execd.config.fields import Reader
from execd.config.reload import is_reloadable
from execd.config.settings import Settings

KeyPath = tuple[str, ...]
ANY: Final = "<name>"
"""Stands in a path for a name that the operator chooses: an account, a strategy, a symbol."""
_SOURCES: Final[tuple[ModuleType, ...]] = (
    settings,
    sections_trading,
    sections_preset,
    sections_venue,
    sections_running,
)
_BOUNDS: Final = {"above": "above", "least": "at least", "most": "at most"}
# The longest first: `_usd_max` is money, `_s_max` seconds.
_UNITS: Final = {
    "_usd": "USD",
    "_bps": "hundredths of a percent",
    "_ratio": "part of one",
    "_fraction": "part of one",
    "_per_min": "a minute",
    "_mib": "MiB",
    "_ms": "milliseconds",
    "_h": "hours",
    "_days": "days",
    "_days_back": "days",
    "_days_ahead": "days",
    "_s": "seconds",
}


@dataclass(frozen=True)
class Key:
    """One key. `default` is None where a value is needed; `words` are all that may be written, where few may.

    `limits` are its bounds: above, least, most. `instead` is the one word that may stand for a number; empty: none may.
    """

    path: KeyPath
    meaning: str
    json_type: str
    limits: tuple[tuple[str, Decimal], ...]
    words: tuple[str, ...]
    default: object
    is_needed: bool
    is_secret: bool
    is_reloadable: bool
    instead: str = ""

    @property
    def name(self) -> str:
        """The dotted name."""
        return ".".join(self.path)

    @property
    def bounds(self) -> str:
        """Its bounds in words; empty where it has none."""
        return ", ".join(f"{_BOUNDS[name]} {format(value, 'f')}" for name, value in self.limits)

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "EXECD_" + "__".join(part if part == ANY else part.upper() for part in self.path)

    @property
    def unit(self) -> str:
        """What the last word of its name says; empty where it says nothing."""
        last = self.path[-1].removesuffix("_max").removesuffix("_min")
        whole = f"_{self.path[-1]}"
        return next((unit for end, unit in _UNITS.items() if f"_{last}".endswith(end) or whole.endswith(end)), "")


@dataclass(frozen=True)
class Part:
    """A section: its keys follow it. `is_named`: below it stand names that the operator chooses."""

    path: KeyPath
    meaning: str
    is_named: bool


@cache
def rows() -> tuple[Key | Part, ...]:
    """Return every section and key in the order of the settings."""
    return tuple(_rows(Settings, ()))


@cache
def keys() -> tuple[Key, ...]:
    """Return every key."""
    return tuple(row for row in rows() if isinstance(row, Key))


def _rows(model: type[BaseModel], above: KeyPath) -> Iterator[Key | Part]:
    for name, field in model.model_fields.items():
        path = (*above, name)
        below, is_named = _model_below(field.annotation)
        if below is None or get_origin(field.annotation) is tuple:
            yield _key(model, path, field)
            continue
        yield Part(path, meaning_of(below), is_named=is_named)
        yield from _rows(below, (*path, ANY) if is_named else path)


def _model_below(annotation: Any) -> tuple[type[BaseModel] | None, bool]:  # noqa: ANN401  # Any type at all.
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    inner = (one for one in get_args(annotation) if isinstance(one, type) and issubclass(one, BaseModel))
    return next(inner, None), True


def _key(model: type[BaseModel], path: KeyPath, field: FieldInfo) -> Key:
    reader = next((one for one in field.metadata if isinstance(one, Reader)), None)
    is_list = get_origin(field.annotation) is tuple
    is_needed = field.default is PydanticUndefined
    words = reader.bounds.get("words") if reader is not None else None
    return Key(
        path=path,
        meaning=_texts(model)[path[-1]],
        json_type="array" if is_list or reader is None else reader.json_type,
        limits=_limits(reader),
        words=_words(words if words is not None else field.annotation),
        default=None if is_needed else field.default,
        is_needed=is_needed,
        is_secret=field.annotation is SecretStr,
        is_reloadable=is_reloadable(path),
        instead="" if reader is None else str(reader.bounds.get("word", "")),
    )


def _words(kind: object) -> tuple[str, ...]:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return tuple(word.value for word in kind)
    return ()


def _limits(reader: Reader | None) -> tuple[tuple[str, Decimal], ...]:
    bounds = reader.bounds if reader is not None else {}
    found = ((name, bounds.get(name)) for name in _BOUNDS)
    return tuple((name, Decimal(value)) for name, value in found if isinstance(value, Decimal | int))


def meaning_of(model: type[BaseModel]) -> str:
    """Return what a section says of itself, in one line."""
    return " ".join((model.__doc__ or "").split())


def _texts(model: type[BaseModel]) -> dict[str, str]:
    return _all_texts()[model.__name__]


@cache
def _all_texts() -> dict[str, dict[str, str]]:
    """Return, by class and field, the text that stands below the field."""
    found: dict[str, dict[str, str]] = {}
    for module in _SOURCES:
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.ClassDef):
                found[node.name] = dict(_below_fields(node))
    return found


def _below_fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, text in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            said = text.value if isinstance(text, ast.Expr) else None
            value = said.value if isinstance(said, ast.Constant) else ""
            yield field.target.id, " ".join(str(value).split())
