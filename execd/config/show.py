"""The configuration in force as text: every value, where it came from, secrets masked.

The YAML loads again to the same settings, but for secrets, which stay where they are. It reads nothing and decides
nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, SecretStr

from execd.config.loader import DEFAULT, SHIPPED, Loaded
from execd.config.plain import MASK, plain, scalar
from execd.config.settings import Settings

KeyPath = tuple[str, ...]
_ORIGIN_AT: Final = 44


def yaml_text(loaded: Loaded, *, has_origins: bool) -> str:
    """Return the whole configuration as YAML; with `has_origins` each line says where its value came from."""
    lines: list[str] = []
    for path, value in _walk((), loaded.settings):
        line = "  " * (len(path) - 1) + _line(path, value)
        is_value = not isinstance(value, BaseModel | Mapping) or not value
        lines.append(f"{line:<{_ORIGIN_AT - 2}}  # {loaded.origin(path)}" if has_origins and is_value else line)
    return "\n".join(lines) + "\n"


def as_document(loaded: Loaded) -> dict[str, Any]:
    """Return the same for JSON: numbers as exact text, and the origin of each key that no default gave."""
    return {
        "file": str(loaded.file) if loaded.file is not None else None,
        "digest": loaded.settings.digest(),
        "settings": plain(loaded.settings),
        "origins": {".".join(path): origin for path, _, origin in overrides(loaded)},
        "warnings": list(loaded.warnings),
    }


def overrides(loaded: Loaded) -> tuple[tuple[KeyPath, str, str], ...]:
    """Return path, value (secrets masked) and origin of each value that differs from the default."""
    defaults = dict(_walk((), Settings()))
    found = ((path, value) for path, value in _walk((), loaded.settings) if not isinstance(value, BaseModel | Mapping))
    return tuple(
        (path, MASK if isinstance(value, SecretStr) else scalar(value), loaded.origin(path))
        for path, value in found
        if not loaded.origin(path).startswith((DEFAULT, SHIPPED)) and defaults.get(path) != value
    )


def _walk(path: KeyPath, value: object) -> Iterator[tuple[KeyPath, object]]:
    """Yield every section and value below `path`, each section before what is in it."""
    match value:
        case BaseModel():
            parts = {name: getattr(value, name) for name in type(value).model_fields}
        case Mapping():
            parts = dict(value)
        case _:
            return
    for name, part in parts.items():
        yield (*path, name), part
        yield from _walk((*path, name), part)


def _line(path: KeyPath, value: object) -> str:
    name = scalar(path[-1])
    match value:
        case SecretStr():
            return f"# {name}: {MASK if value.get_secret_value() else 'none'} (a secret, not written here)"
        case Mapping() if not value:
            return f"{name}: {{}}"
        case BaseModel() | Mapping():
            return f"{name}:"
        case _ if path == ("instruments_file",):
            # What it holds follows below, and may not stand in two places.
            return f'{name}: ""'
        case _:
            return f"{name}: {scalar(value)}"
