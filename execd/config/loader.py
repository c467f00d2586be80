"""From a file and an environment to settings, or to one error that says where.

The environment wins over the file, the file over the defaults. Whatever is unknown or misspelt stops the start, with
the file and line or the variable, and the nearest name: a limit that is silently not read is the worst kind. It
reads its two files and nothing else; the environment is handed in.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from execd.config.settings import Settings
from execd.config.strict_text import nearest
from execd.config.strict_yaml import NotStrict, Plain, Tree, read_yaml, shown
from execd.errors import ConfigError

FILE_BYTES_MAX: Final = 4 * 1024 * 1024
NODES_MAX: Final = 200_000
FAULTS_SHOWN_MAX: Final = 10
PREFIX: Final = "EXECD_"
BARE_SECTION: Final = "EXECUTION"
# Ours, but not settings: where things lie, and what the tests read.
NOT_SETTINGS: Final = ("EXECD_STATE_DIR", "EXECD_CONFIG", "EXECD_HYPOTHESIS", "EXECD_SHARED_DATA")
NEWLINE: Final = b"\n"
_NEAR: Final = 0.8
"""`EXECUTON` is 0.94 like `EXECUTION`, `EXECUTOR` 0.82, `SELECTION` 0.67."""

_Path = tuple[str, ...]


def load(path: Path | None, env: Mapping[str, str]) -> Settings:
    """Return the settings of the file at `path` (None: defaults) under the environment. Raises ConfigError."""
    source = _Source()
    if path is not None:
        source.take_file(path)
    source.take_environment(env)
    source.take_instruments(path)
    try:
        return Settings(**source.values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        told = [source.told(fault) for fault in faults[:FAULTS_SHOWN_MAX]]
        if len(faults) > FAULTS_SHOWN_MAX:
            told.append(f"and {len(faults) - FAULTS_SHOWN_MAX} more")
        raise ConfigError("\n".join(told)) from None


class _Source:
    """The merged tree of text, and where each key came from."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origins: dict[_Path, str] = {}

    def take_file(self, path: Path) -> None:
        """Take the keys of a configuration file."""
        mapping, tree = _read(path)
        for key_path, line in tree.lines.items():
            self.origins[key_path] = f"{path}:{line}"
        self.values = _without_null(mapping)

    def take_instruments(self, path: Path | None) -> None:
        """Take the instruments beside the configuration file; only the shipped name may be absent."""
        if path is None:
            return
        named = self.values.get("instruments_file")
        file = path.parent / str(named or Settings.model_fields["instruments_file"].default)
        if named == "" or (named is None and not file.is_file()):
            return
        if "instruments" in self.values:
            raise ConfigError(f"{self.origin(('instruments',))}: instruments stand here and in {file}; keep one place")
        mapping, tree = _read(file)
        for key_path, line in tree.lines.items():
            self.origins["instruments", *key_path] = f"{file}:{line}"
        self.values["instruments"] = _without_null(mapping)

    def take_environment(self, env: Mapping[str, str]) -> None:
        """Take the variables that are ours; the prefixed name wins over the bare one."""
        for name in sorted(env, key=lambda name: (name.upper().startswith(PREFIX), name)):
            key_path = _setting_of(name)
            if key_path is not None:
                self._put(key_path, _value_of(name, env[name]), name)

    def origin(self, path: _Path) -> str:
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
            path = (*path, context["field"])
        match fault["type"]:
            case "extra_forbidden":
                text = f"unknown key{nearest(path[-1], _names_at(path[:-1]))}"
            case "missing":
                text = "is needed"
            case "model_type" | "dict_type" | "tuple_type" | "model_attributes_type":
                text = "has keys of its own below it, not a value"
            case _:
                text = str(context.get("text") or fault["msg"])
        return f"{self.origin(path)}: {'.'.join(path)}: {text}"

    def _put(self, path: _Path, value: Plain, name: str) -> None:
        place = self.values
        found: _Path = ()
        for part in path:
            # Shells like capitals: EXECD_ACCOUNTS__SIM__... means the account that is written sim.
            key = next((known for known in place if known.casefold() == part.casefold()), part)
            found = (*found, key)
            if len(found) == len(path):
                place[key] = value
                break
            below = place.setdefault(key, _default_at(found))
            if not isinstance(below, dict):
                raise ConfigError(f"{self.origin(found)}: {'.'.join(found)}: has keys of its own below it, not a value")
            place = below
        self.origins[found] = f"environment variable {name}"


def _read(path: Path) -> tuple[dict[str, Plain], Tree]:
    try:
        with path.open("rb") as file:
            body = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    if len(body) > FILE_BYTES_MAX:
        raise ConfigError(f"{path}: larger than {FILE_BYTES_MAX} bytes")
    try:
        tree = read_yaml(body.decode("utf-8"), nodes_max=NODES_MAX)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}:{body[: error.start].count(NEWLINE) + 1}: not UTF-8") from None
    except NotStrict as fault:
        raise ConfigError(f"{path}:{fault.line or 1}: {fault.message}") from None
    match tree.value:
        case None:
            return {}, tree
        case dict() as mapping:
            return mapping, tree
        case _:
            raise ConfigError(f"{path}:1: a configuration is a mapping of sections")


def _without_null(mapping: dict[str, Plain]) -> dict[str, Any]:
    """Return the mapping without keys that say nothing: an empty section is its defaults."""
    kept: dict[str, Any] = {}
    for key, value in mapping.items():
        if isinstance(value, dict):
            kept[key] = _without_null(value)
        elif value is not None:
            kept[key] = value
    return kept


def _setting_of(name: str) -> _Path | None:
    """Return the key that a variable sets; None where it is not ours. Raises ConfigError where it is misspelt."""
    upper = name.upper()
    if upper in NOT_SETTINGS:
        return None
    head = upper.partition("__")[0]
    sections = [f"{PREFIX}{section.upper()}" for section in Settings.model_fields]
    if upper.startswith(PREFIX):
        if head in sections:
            return _known(name, upper.removeprefix(PREFIX))
        raise ConfigError(f"environment variable {name}: unknown{nearest(head, (*sections, *NOT_SETTINGS))}")
    if head == BARE_SECTION and "__" in upper:
        return _known(name, upper)
    if "__" in upper and (close := get_close_matches(head, (BARE_SECTION, *sections), n=1, cutoff=_NEAR)):
        raise ConfigError(f"environment variable {name}: did you mean {close[0]}__{upper.partition('__')[2]}?")
    return None


def _known(name: str, dotted: str) -> _Path:
    """Return the path of a variable's key, in the spelling of the fields; names in dictionaries keep their own."""
    upper = dotted.split("__")
    written = name[len(name) - len(dotted) :].split("__")
    path: _Path = ()
    for part, own in zip(upper, written, strict=True):
        fields = _names_at(path)
        if not fields:
            path = (*path, own)
        elif part.lower() in fields:
            path = (*path, part.lower())
        else:
            raise ConfigError(f"environment variable {name}: {shown(part)} is unknown{nearest(part.lower(), fields)}")
    return path


def _value_of(name: str, text: str) -> Plain:
    # A list or a mapping is written as in YAML's one-line form; everything else is the text itself.
    if not text.startswith(("[", "{")):
        return text
    try:
        return read_yaml(text, nodes_max=NODES_MAX).value
    except NotStrict as fault:
        raise ConfigError(f"environment variable {name}: {fault.message}") from None


def _kind_at(path: _Path) -> Any:  # noqa: ANN401  # A model, a dictionary of models, or a value's own type.
    kind: Any = Settings
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(part)
            kind = field.annotation if field is not None else None
        else:
            # The value type of dict[Name, Account] or tuple[Tick, ...].
            kind = next((inner for inner in get_args(kind) if _is_model(inner)), None)
    return kind


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _names_at(path: _Path) -> tuple[str, ...]:
    """Return the field names of the section at `path`; none where it is a dictionary or a value."""
    kind = _kind_at(path)
    return tuple(kind.model_fields) if _is_model(kind) else ()


def _default_at(path: _Path) -> dict[str, Any]:
    """Return what no file wrote at `path`: the shipped accounts, so that one variable changes one key of one."""
    if path != ("accounts",):
        return {}
    return {name: account.model_dump() for name, account in Settings().accounts.items()}
