"""Settings as plain text: the way back from values to what a file may hold.

What is written here loads again to the same settings, but for secrets, which are never written. It knows no section,
so a new kind of value is a case in `plain`.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from pydantic import BaseModel, SecretStr

MASK: Final = "**********"
Plain = str | bool | int | None | list["Plain"] | dict[str, "Plain"]
# What every reader of YAML takes for the same text; all else is quoted.
_BARE: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.<>-]*( [A-Za-z0-9_/.<>-]+)*")
_TWISTED: Final = frozenset("y n yes no on off true false null".split())


def plain(value: object) -> Plain:
    """Return the value as JSON holds it: numbers as exact text, secrets masked, an empty one empty."""
    match value:
        case BaseModel():
            return {name: plain(getattr(value, name)) for name in type(value).model_fields}
        case Mapping():
            return {str(name): plain(part) for name, part in value.items()}
        case tuple() | list():
            return [plain(part) for part in value]
        case SecretStr():
            return MASK if value.get_secret_value() else ""
        case Decimal():
            return format(value, "f")
        case bool() | int():
            return value
        case None:
            return None
        case _:
            return str(value)


def scalar(value: object) -> str:
    """Return the YAML of a value in one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return format(value, "f") if isinstance(value, Decimal) else str(value)
        case BaseModel():
            return scalar({name: getattr(value, name) for name in type(value).model_fields})
        case Mapping():
            return "{" + ", ".join(f"{scalar(str(key))}: {scalar(part)}" for key, part in value.items()) + "}"
        case tuple() | list():
            return "[" + ", ".join(scalar(part) for part in value) + "]"
        case _:
            return _text(str(value))


def _text(text: str) -> str:
    if _BARE.fullmatch(text) and text.lower() not in _TWISTED:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
