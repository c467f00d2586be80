"""The configuration as a JSON Schema, for editors: what each key takes, its default, its bounds and its meaning.

The loader is stricter than any schema can say, and needs none. Marks of our own begin with x-: the unit, the
environment variable, and whether a reload takes a change up.
"""

from decimal import Decimal
from typing import Any, Final

from execd.config.keys import ANY, Key, Part, rows
from execd.config.plain import plain

_BOUNDS: Final = {"above": "exclusiveMinimum", "least": "minimum", "most": "maximum"}


def settings_schema() -> dict[str, Any]:
    """Return the schema of config/execd.yaml."""
    whole = _section("The configuration of execd.")
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "execd", **whole}
    for row in rows():
        place = whole
        for part in row.path[:-1]:
            place = place["additionalProperties"] if part == ANY else place["properties"][part]
        name = row.path[-1]
        match row:
            case Part(is_named=True):
                named = {"type": "object", "description": row.meaning, "additionalProperties": _section(row.meaning)}
                place["properties"][name] = named
            case Part():
                place["properties"][name] = _section(row.meaning)
            case Key():
                place["properties"][name] = _value(row)
                if row.is_needed:
                    place.setdefault("required", []).append(name)
    return whole


def _section(meaning: str) -> dict[str, Any]:
    return {"type": "object", "description": meaning, "properties": {}, "additionalProperties": False}


def _value(key: Key) -> dict[str, Any]:
    # A list of one may be written as the one text, a tactic without parameters as its name.
    has_text = key.instead or key.json_type in {"array", "object"}
    types: Any = [key.json_type, "string"] if has_text else key.json_type
    told: dict[str, Any] = {"type": types, "description": key.meaning}
    if key.words:
        told["enum"] = list(key.words)
    for name, bound in key.limits:
        told[_BOUNDS[name]] = _number(bound)
    if not key.is_needed:
        told["default"] = _number(key.default) if isinstance(key.default, Decimal) else plain(key.default)
    if key.is_secret:
        told["writeOnly"] = True
    if key.unit:
        told["x-unit"] = key.unit
    return {**told, "x-reloadable": key.is_reloadable, "x-variable": key.variable}


def _number(value: Decimal) -> int | float:
    """Return the JSON number; the bounds and defaults are few, and short enough to be exact when read again."""
    return int(value) if value == int(value) else float(value)
