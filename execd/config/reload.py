"""What of a new configuration a running daemon may take up, and what needs a restart.

A pure comparison of two settings, leaf by leaf; the caller applies the result. A key that may change while orders work
is a row in RELOADABLE. A configuration that cannot be read changes nothing: it raises, and the old one stays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, SecretStr

from execd.config.loader import Loaded, read
from execd.config.plain import MASK, scalar
from execd.config.settings import Settings

KeyPath = tuple[str, ...]
# A section, or one key of it; `*` is a name that the operator chose. Limits have a rule of their own on top.
RELOADABLE: Final = (
    ("accounts", "*", "limits"),
    ("execution",),
    ("throttle",),
    ("reconcile",),
    ("risk",),
    ("kill",),
    ("sleeves",),
    ("presets",),
    ("clock",),
    ("outbox",),
    ("alerts",),
    ("logging", "level"),
)
LIMIT_STEP_MAX: Final = 2
"""A limit may be raised to this many times itself at once: a hundredfold one is a slip of a finger."""
Refusal = Literal["restart", "limit_step", "limit_live"]
_TOLD: Final[dict[Refusal, str]] = {
    "restart": "needs a restart",
    "limit_step": f"raises a limit more than {LIMIT_STEP_MAX} times; raise it in steps, or restart",
    "limit_live": "raises a limit of a live account, which needs a restart",
}


class _Absent(Enum):
    """The value of what is not there."""

    ABSENT = ""


@dataclass(frozen=True)
class Change:
    """One key that differs. `old` and `new` are YAML, secrets masked, empty where there is none."""

    path: KeyPath
    old: str
    new: str
    refusal: Refusal | None = None

    @property
    def name(self) -> str:
        """The dotted name."""
        return ".".join(self.path)

    @property
    def text(self) -> str:
        """What is to be told of it."""
        told = f"{self.name}: {self.old or 'absent'} → {self.new or 'absent'}"
        return f"{told}: {_TOLD[self.refusal]}" if self.refusal else told


@dataclass(frozen=True)
class Changes:
    """What differs between two configurations: what is taken up, and what is not."""

    applied: tuple[Change, ...]
    refused: tuple[Change, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not self.applied and not self.refused


def is_reloadable(path: KeyPath) -> bool:
    """Return whether the key at `path` may change while the daemon runs."""
    return any(
        len(path) >= len(row) and all(want in {"*", part} for want, part in zip(row, path, strict=False))
        for row in RELOADABLE
    )


def changes(old: Settings, new: Settings) -> Changes:
    """Return every key that differs, in the order of the settings."""
    found = tuple(_change(old, path, before, after) for path, before, after in _differing((), old, new))
    return Changes(
        applied=tuple(change for change in found if change.refusal is None),
        refused=tuple(change for change in found if change.refusal is not None),
    )


def reloaded(old: Settings, path: Path | None, env: Mapping[str, str]) -> tuple[Settings, Changes]:
    """Return the settings to go on with, and what became of each difference. Raises ConfigError: then `old` stays."""
    settings, found, _ = reloaded_from(old, read(path, env))
    return settings, found


def reloaded_from(old: Settings, loaded: Loaded) -> tuple[Settings, Changes, tuple[str, ...]]:
    """Return the same for a configuration that was read already, with its warnings."""
    found = changes(old, loaded.settings)
    settings = old
    for change in found.applied:
        settings = _with(settings, change.path, _at(loaded.settings, change.path))
    return settings, found, loaded.warnings


def _differing(path: KeyPath, old: object, new: object) -> Iterator[tuple[KeyPath, object, object]]:
    before, after = _parts(old), _parts(new)
    if before is None or after is None:
        if old != new:
            yield path, old, new
        return
    for name in {**before, **after}:
        yield from _differing((*path, name), before.get(name, _Absent.ABSENT), after.get(name, _Absent.ABSENT))


def _parts(value: object) -> Mapping[str, Any] | None:
    match value:
        case BaseModel():
            return {name: getattr(value, name) for name in type(value).model_fields}
        case Mapping():
            return value
        case _:
            return None


def _change(old: Settings, path: KeyPath, before: object, after: object) -> Change:
    return Change(path=path, old=_shown(before), new=_shown(after), refusal=_refusal(old, path, before, after))


def _refusal(old: Settings, path: KeyPath, before: object, after: object) -> Refusal | None:
    match path:
        case ("accounts", name, "limits", _) if isinstance(before, Decimal | int) and isinstance(after, Decimal | int):
            # Written so that a value that compares with nothing would be refused.
            if after <= before:
                return None
            if old.accounts[name].is_live:
                return "limit_live"
            return None if after <= before * LIMIT_STEP_MAX else "limit_step"
        case _:
            return None if is_reloadable(path) else "restart"


def _shown(value: object) -> str:
    match value:
        case _Absent.ABSENT:
            return ""
        case SecretStr():
            return MASK if value.get_secret_value() else '""'
        case _:
            return scalar(value)


def _at(value: object, path: KeyPath) -> object:
    for part in path:
        value = (_parts(value) or {}).get(part, _Absent.ABSENT)
    return value


def _with(settings: Settings, path: KeyPath, new: object) -> Settings:
    copied = _replaced(settings, path, new)
    assert isinstance(copied, Settings)
    return copied


def _replaced(value: object, path: KeyPath, new: object) -> object:
    """Return a copy of a section or of named sections in which `path` is `new`; absent takes the name out."""
    if not path:
        return new
    name, below = path[0], path[1:]
    part = _replaced((_parts(value) or {}).get(name), below, new)
    match value:
        case BaseModel():
            return value.model_copy(update={name: part})
        case Mapping():
            others = {key: old for key, old in value.items() if key != name}
            return others if part is _Absent.ABSENT else {**value, name: part}
        case _:
            raise TypeError(f"{type(value).__name__} has no keys")
