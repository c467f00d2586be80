"""The variables of the environment that are ours, and those that somebody meant to be.

A misspelt variable is a setting that is silently not read, so what looks like ours and is not stops the start with the
nearest name; what could be anybody's is left alone. It reads no environment: that is handed in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from execd.config.shape import BARE, PREFIX, KeyPath, holds_names, is_secret, leaves, names_at, variable_of
from execd.config.strict_text import close_to, nearest
from execd.config.strict_yaml import NotStrict, Plain, read_yaml, shown
from execd.errors import ConfigError

VALUE_NODES_MAX: Final = 10_000
# Ours, but not settings: where things lie.
PLACES: Final = ("EXECD_STATE_DIR", "EXECD_CONFIG")
# What only the tests read.
TESTS: Final = ("EXECD_HYPOTHESIS", "EXECD_SHARED_DATA")
TESTS_PREFIX: Final = "EXECD_TEST_"
_NEAR: Final = 0.8
"""`EXECUTON` is 0.94 like `EXECUTION`, `EXECUTOR` 0.82, `SELECTION` 0.67."""
_ENDS_LEN_MIN: Final = 5
"""A shorter ending, such as the `id` of EXECUTION_ID, is near to anything."""


@dataclass(frozen=True)
class Variable:
    """A variable that sets the key at `path`. `is_bare`: without the prefix, so that another may win over it."""

    name: str
    path: KeyPath
    value: Plain
    is_bare: bool

    @property
    def origin(self) -> str:
        """Where the value came from."""
        return f"environment variable {self.name}"


def read_variables(env: Mapping[str, str]) -> tuple[tuple[Variable, ...], tuple[str, ...]]:
    """Return the variables that set keys, weakest first, and warnings. Raises ConfigError with all misspelt ones."""
    variables: list[Variable] = []
    wrong: list[str] = []
    warnings: list[str] = []
    for name in sorted(env):
        try:
            variable = _variable(name, env[name])
        except ConfigError as error:
            wrong.append(str(error))
            continue
        if variable is not None:
            variables.append(variable)
        elif told := _not_read(name):
            warnings.append(told)
    wrong += _twice(variables)
    if wrong:
        raise ConfigError("\n".join(wrong))
    prefixed = {_folded(one): one.name for one in variables if not one.is_bare}
    for one in variables:
        if one.is_bare and (winner := prefixed.get(_folded(one))):
            warnings.append(f"environment variable {one.name}: not used, for {winner} is set, too")
        if is_secret(one.path):
            warnings.append(f"{one.origin}: a secret in the environment shows in /proc; put it into a secrets file")
    return tuple(sorted(variables, key=lambda one: not one.is_bare)), tuple(warnings)


def _variable(name: str, text: str) -> Variable | None:
    """Return what a variable sets; None where it is not ours. Raises ConfigError where it is misspelt."""
    upper = name.upper()
    if upper in PLACES or upper in TESTS or upper.startswith(TESTS_PREFIX):
        return None
    if upper.startswith(PREFIX):
        path = _path(name, len(PREFIX))
        return Variable(name, path, _value(name, text, path), is_bare=False)
    head, mark, rest = upper.partition("__")
    if head == BARE.upper() and mark:
        path = _path(name, 0)
        return Variable(name, path, _value(name, text, path), is_bare=True)
    if mark and (close := close_to(head, (BARE.upper(), *_sections()), cutoff=_NEAR)):
        raise ConfigError(f"environment variable {name}: did you mean {close}__{rest}?")
    if meant := _with_one_underscore(upper):
        raise ConfigError(f"environment variable {name}: did you mean {meant}?")
    return None


def _path(name: str, start: int) -> KeyPath:
    """Return the path of a variable's key, in the spelling of the fields; names in dictionaries keep their own."""
    written = name[start:].split("__")
    if written[0].lower() not in names_at(()):
        known = (*(variable_of(leaf) for leaf in leaves()), *_sections(), *PLACES)
        raise ConfigError(f"environment variable {name}: unknown{nearest(name.upper(), known)}")
    path: KeyPath = ()
    for part in written:
        fields = names_at(path)
        if path and not fields and not holds_names(path):
            raise ConfigError(f"environment variable {name}: {'.'.join(path)} is a value; nothing stands below it")
        if not fields:
            path = (*path, part)
        elif part.lower() in fields:
            path = (*path, part.lower())
        else:
            raise ConfigError(f"environment variable {name}: {shown(part)} is unknown{nearest(part.lower(), fields)}")
    if not path[-1]:
        raise ConfigError(f"environment variable {name}: a name is missing at its end")
    return path


def _value(name: str, text: str, path: KeyPath) -> Plain:
    # A list or a mapping is written as in YAML's one-line form; everything else is the text itself.
    if is_secret(path) or not text.startswith(("[", "{")):
        return text
    try:
        return read_yaml(text, nodes_max=VALUE_NODES_MAX).value
    except NotStrict as fault:
        raise ConfigError(f"environment variable {name}: {fault.message}") from None


def _with_one_underscore(upper: str) -> str:
    """Return what EXECUTION_OFFSET_BPS must have meant; nothing where the rest is no key of ours."""
    head, _, rest = upper.partition("_")
    key = rest.strip("_").lower()
    if len(key) < _ENDS_LEN_MIN or not close_to(head, (BARE.upper(),), cutoff=_NEAR):
        return ""
    close = close_to(key, names_at((BARE,)), cutoff=_NEAR)
    return f"{BARE.upper()}__{close.upper()}" if close else ""


def _not_read(name: str) -> str:
    """Return a warning about a variable that is spelled as a key of ours and lacks the prefix."""
    path = tuple(name.lower().split("__"))
    if len(path) > 1 and (path in leaves() or path[0] in {"accounts", "sleeves", "presets", "instruments"}):
        return f"environment variable {name}: not read; if it is meant for execd, write {variable_of(path)}"
    return ""


def _twice(variables: list[Variable]) -> Iterator[str]:
    """Report two variables of one rank that set one key to different values: capitals and small letters are alike."""
    seen: dict[tuple[KeyPath, bool], Variable] = {}
    for one in variables:
        first = seen.setdefault((_folded(one), one.is_bare), one)
        if first.value != one.value:
            yield f"environment variable {one.name}: sets the same key as {first.name}; keep one"


def _folded(variable: Variable) -> KeyPath:
    return tuple(part.casefold() for part in variable.path)


def _sections() -> tuple[str, ...]:
    return tuple(variable_of((section,)) for section in names_at(()))
