"""What may stand where: the names below each place of the configuration, read off the model.

For those who read: the loader, the environment, the secret files. It imports only what a start needs anyway; the rows
for manuals are in `keys`.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, SecretStr

from execd.config.settings import Settings

KeyPath = tuple[str, ...]
PREFIX: Final = "EXECD_"
BARE: Final = "execution"
"""The one section whose variables may come without the prefix."""


def kind_at(path: KeyPath) -> Any:  # noqa: ANN401  # A model, a dictionary of models, or a value's own type.
    """Return the annotation at `path`; None where nothing can stand."""
    kind: Any = Settings
    for part in path:
        if is_model(kind):
            field = kind.model_fields.get(part)
            kind = field.annotation if field is not None else None
        else:
            # The value type of dict[Name, Account] or tuple[Tick, ...].
            kind = next((inner for inner in get_args(kind) if is_model(inner)), None)
    return kind


def is_model(kind: object) -> bool:
    """Return whether it is a section."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def names_at(path: KeyPath) -> tuple[str, ...]:
    """Return the field names of the section at `path`; none where it is a dictionary or a value."""
    kind = kind_at(path)
    return tuple(kind.model_fields) if is_model(kind) else ()


def holds_names(path: KeyPath) -> bool:
    """Return whether below `path` stand names that the operator chooses, each with a section."""
    return get_origin(kind_at(path)) is dict


def is_secret(path: KeyPath) -> bool:
    """Return whether the value at `path` may never be shown."""
    return kind_at(path) is SecretStr


@cache
def leaves(path: KeyPath = ()) -> tuple[KeyPath, ...]:
    """Return the fixed paths of all values; what is below a name that the operator chooses is left out."""
    return tuple(_leaves(path))


@cache
def secrets() -> tuple[KeyPath, ...]:
    """Return the paths of all secrets."""
    return tuple(path for path in leaves() if is_secret(path))


def variable_of(path: KeyPath) -> str:
    """Return the environment variable that sets `path`."""
    return PREFIX + "__".join(path).upper()


def _leaves(path: KeyPath) -> Iterator[KeyPath]:
    for name in names_at(path):
        below = (*path, name)
        if names_at(below):
            yield from _leaves(below)
        else:
            yield below
