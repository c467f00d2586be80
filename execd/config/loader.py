"""From a file, an environment and secret files to settings, or to one error that says where.

The environment wins over the secret files, these over the file, the file over the defaults. Whatever is unknown or
misspelt stops the start, with the file and line or the variable, and the nearest name: a limit that is silently not
read is the worst kind. It reads its files and nothing else; the environment is handed in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from execd.config.environment import read_variables
from execd.config.fields import NAME
from execd.config.files import read_document
from execd.config.presets import shipped_document, shipped_names
from execd.config.secret_files import SHARED_DIR, read_secrets
from execd.config.settings import Settings
from execd.config.shape import KeyPath, names_at, secrets
from execd.config.strict_text import nearest
from execd.config.strict_yaml import Plain
from execd.errors import ConfigError

FAULTS_SHOWN_MAX: Final = 10
NAME_SHOWN_LEN_MAX: Final = 200
CLASS_DEFAULTS: Final = "class_defaults"
DEFAULT: Final = "default"
SHIPPED: Final = "shipped preset"
PRESETS_DIR: Final = "presets"


@dataclass(frozen=True)
class Loaded:
    """Settings and where they came from. `warnings` are for a log; no start fails of them."""

    settings: Settings
    file: Path | None
    origins: Mapping[KeyPath, str]
    warnings: tuple[str, ...]
    instruments_file: Path | None = None
    """None: every symbol is an ordinary US share, unless the file itself has instruments."""

    def origin(self, path: KeyPath) -> str:
        """Return where the value at `path` was written: `default`, a file and line, a variable, or a secret file."""
        return self.origins.get(path, DEFAULT)


def load(path: Path | None, env: Mapping[str, str]) -> Settings:
    """Return the settings of the file at `path` (None: defaults) under the environment. Raises ConfigError."""
    return read(path, env).settings


def read(path: Path | None, env: Mapping[str, str], *, shared_secrets: Path = SHARED_DIR) -> Loaded:
    """Return the settings with their origins and warnings. Raises ConfigError with every fault that it found."""
    source = _Source()
    if path is not None:
        source.take_file(path)
    source.take_environment(env)
    source.take_secrets(env, shared_secrets)
    source.take_instruments(path)
    source.take_presets(path)
    try:
        settings = Settings(**source.values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        told = [source.told(fault) for fault in faults[:FAULTS_SHOWN_MAX]]
        if len(faults) > FAULTS_SHOWN_MAX:
            told.append(f"and {len(faults) - FAULTS_SHOWN_MAX} more")
        raise ConfigError("\n".join(told)) from None
    return Loaded(
        settings=settings,
        file=path,
        origins=source.origins,
        warnings=tuple(source.warnings),
        instruments_file=source.instruments_file,
    )


class _Source:
    """The merged tree of text, and where each key came from."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origins: dict[KeyPath, str] = {}
        self.warnings: list[str] = []
        self.instruments_file: Path | None = None

    def take_file(self, path: Path) -> None:
        """Take the keys of a configuration file."""
        document = read_document(path)
        self._note(path, (), document.tree.lines)
        self.values = _without_null(document.mapping)
        if document.is_read_by_others and (shown := [secret for secret in secrets() if self._has(secret)]):
            names = ", ".join(".".join(secret) for secret in shown)
            self.warnings.append(f"{path}: holds a secret ({names}) and can be read by others; run chmod 600 on it")

    def take_instruments(self, path: Path | None) -> None:
        """Take the instruments beside the configuration file; only the shipped name may be absent."""
        named = self.values.get("instruments_file")
        if named == "" or not (named is None or isinstance(named, str)):
            return
        beside = path.parent if path is not None else Path()
        file = beside / (named or Settings.model_fields["instruments_file"].default)
        if named is None and (path is None or not file.is_file()):
            return
        document = read_document(file)
        found = _without_null(document.mapping)
        # Beside the symbols stands what is usual for their classes; no symbol is written in small letters.
        of_classes = {name: found.pop(name) for name in (CLASS_DEFAULTS,) if name in found}
        for name in ("instruments", *of_classes):
            if name in self.values:
                raise ConfigError(f"{self.origin((name,))}: {name} stand here and in {file}; keep one place")
        self.instruments_file = file
        lines = document.tree.lines
        self._note(file, ("instruments",), {path: line for path, line in lines.items() if path[0] not in of_classes})
        self._note(file, (), {path: line for path, line in lines.items() if path[0] in of_classes})
        self.values |= {"instruments": found, **of_classes}

    def take_presets(self, path: Path | None) -> None:
        """Take every preset that is named: from `presets` beside the file, else as it is shipped.

        What the file or the environment says of it stays: one number can be changed without a copy of the rest.
        """
        beside = (path.parent if path is not None else Path()) / PRESETS_DIR
        for name, named_by in self._presets_named():
            own = beside / f"{name}.yaml"
            if own.is_file():
                document, where = read_document(own), str(own)
            elif name in shipped_names():
                document, where = shipped_document(name), f"{SHIPPED} {name}"
            elif name in self.values.get("presets", {}):
                continue
            else:
                known = shipped_names()
                text = f"there is no preset {name}: no file {own}, and shipped are {', '.join(known)}"
                raise ConfigError(f"{self.origin(named_by)}: {_dotted(named_by)}: {text}{nearest(name, known)}")
            given = self.values.setdefault("presets", {})
            if isinstance(given, dict) and isinstance(given.get(self._spelled(given, name), {}), dict):
                given[name] = self._over(given.get(name, {}), document.mapping, ("presets", name))
                for key_path, line in document.tree.lines.items():
                    self.origins.setdefault(("presets", name, *key_path), f"{where}:{line}")

    def take_environment(self, env: Mapping[str, str]) -> None:
        """Take the variables that are ours; the prefixed name wins over the bare one."""
        variables, warnings = read_variables(env)
        for variable in variables:
            self._put(variable.path, variable.value, variable.origin)
        self.warnings += warnings

    def take_secrets(self, env: Mapping[str, str], shared: Path) -> None:
        """Take the secrets that files hold; a variable wins over them."""
        named = self.values.get("secrets_dir")
        found, warnings = read_secrets(named if isinstance(named, str) else "", env, shared)
        self.warnings += warnings
        for secret in found:
            origin = self.origins.get(secret.path, "")
            if origin.startswith("environment"):
                self.warnings.append(f"secret file {secret.file}: not used, for {origin} is set, too")
            else:
                self._put(secret.path, secret.value, f"secret file {secret.file}")

    def origin(self, path: KeyPath) -> str:
        """Return where the key at `path`, the nearest above it, or the first below it was written."""
        for length in range(len(path), 0, -1):
            above = path[:length]
            if above in self.origins:
                return self.origins[above]
            below = (origin for key_path, origin in self.origins.items() if key_path[:length] == above)
            if beside := next(below, None):
                return beside
        return "configuration"

    def told(self, fault: Any) -> str:  # noqa: ANN401  # pydantic's ErrorDetails is a TypedDict of Any.
        """Return one line about a fault: where, which key, what is wrong, the nearest name."""
        context = fault.get("ctx", {})
        path = tuple(str(part) for part in fault["loc"] if part != "[key]")
        if context.get("field"):
            path = (*path, *context["field"].split("."))
        match fault["type"]:
            case "extra_forbidden":
                text = f"unknown key{nearest(path[-1], names_at(path[:-1]))}"
            case "missing":
                text = "is needed"
            case "model_type" | "dict_type" | "tuple_type" | "model_attributes_type":
                text = "has keys of its own below it, not a value"
            case _:
                text = str(context.get("text") or fault["msg"])
        return f"{self.origin(path)}: {_dotted(path)}: {text}"

    def _spelled(self, given: dict[str, Any], name: str) -> str:
        """Return the name, after giving its spelling to what a variable in capitals said of it."""
        written = next((one for one in given if one != name and one.casefold() == name.casefold()), None)
        if written is not None and name not in given:
            given[name] = given.pop(written)
            for path in [path for path in self.origins if path[:2] == ("presets", written)]:
                self.origins["presets", name, *path[2:]] = self.origins.pop(path)
        return name

    def _presets_named(self) -> Iterator[tuple[str, KeyPath]]:
        """Yield each preset that is named or changed once, with the key; what is no name is left to its field."""
        execution, sleeves = self.values.get("execution"), self.values.get("sleeves")
        shipped_name = Settings.model_fields["execution"].default.preset
        section = execution if isinstance(execution, dict) else {}
        named: list[tuple[object, KeyPath]] = [(section.get("preset", shipped_name), ("execution", "preset"))]
        for strategy, sleeve in (sleeves if isinstance(sleeves, dict) else {}).items():
            if isinstance(sleeve, dict):
                named.append((sleeve.get("preset"), ("sleeves", strategy, "preset")))
        changed = self.values.get("presets")
        shipped = {name.casefold(): name for name in shipped_names()}
        given = tuple(changed) if isinstance(changed, dict) else ()
        named.extend((shipped.get(name.casefold(), name), ("presets", name)) for name in given)
        seen: dict[str, KeyPath] = {}
        for name, path in named:
            if isinstance(name, str) and NAME.fullmatch(name):
                seen.setdefault(name, path)
        yield from seen.items()

    def _over(self, given: dict[str, Any], below: Mapping[str, Any], path: KeyPath) -> dict[str, Any]:
        """Return what a file of a preset says, with what is given instead; a tactic is one value."""
        merged = dict(below)
        for key, value in given.items():
            before = merged.get(key)
            is_section = isinstance(value, dict) and isinstance(before, dict) and bool(names_at((*path, key)))
            merged[key] = self._over(value, before, (*path, key)) if is_section and before is not None else value
        return merged

    def _note(self, file: Path, above: KeyPath, lines: Mapping[KeyPath, int]) -> None:
        for key_path, line in lines.items():
            self.origins[*above, *key_path] = f"{file}:{line}"

    def _has(self, path: KeyPath) -> bool:
        place: Any = self.values
        for part in path:
            place = place.get(part) if isinstance(place, dict) else None
        return bool(place)

    def _put(self, path: KeyPath, value: Plain, origin: str) -> None:
        place = self.values
        found: KeyPath = ()
        for part in path:
            # Shells like capitals: EXECD_ACCOUNTS__SIM__... means the account that is written sim.
            key = next((known for known in place if known.casefold() == part.casefold()), part)
            found = (*found, key)
            if len(found) == len(path):
                place[key] = value
                break
            below = place.setdefault(key, _default_at(found))
            if not isinstance(below, dict):
                raise ConfigError(f"{self.origin(found)}: {_dotted(found)}: has keys of its own below it, not a value")
            place = below
        # What the file said below here is not in force any more.
        for gone in [key_path for key_path in self.origins if key_path[: len(found)] == found]:
            del self.origins[gone]
        self.origins.update((key_path, origin) for key_path in _paths(found, value))


def _paths(path: KeyPath, value: Plain) -> Iterator[KeyPath]:
    """Yield `path` and every key that a mapping holds below it."""
    yield path
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _paths((*path, key), below)


def _dotted(path: KeyPath) -> str:
    """Return a path for a message: keys are foreign text, and may be anything."""
    text = ".".join(path)
    is_plain = text.isascii() and text.isprintable() and len(text) <= NAME_SHOWN_LEN_MAX
    return text if is_plain else ascii(text)[:NAME_SHOWN_LEN_MAX]


def _without_null(mapping: dict[str, Plain]) -> dict[str, Any]:
    """Return the mapping without keys that say nothing: an empty section is its defaults."""
    kept: dict[str, Any] = {}
    for key, value in mapping.items():
        if isinstance(value, dict):
            kept[key] = _without_null(value)
        elif value is not None:
            kept[key] = value
    return kept


def _default_at(path: KeyPath) -> dict[str, Any]:
    """Return what no file wrote at `path`: the shipped accounts, so that one variable changes one key of one."""
    if path != ("accounts",):
        return {}
    return {name: account.model_dump() for name, account in Settings().accounts.items()}
