"""Algorithms by name, and their saved states.

`ENTRIES` lists what a user may name in `algo` (and what the policy chooses);
`save` and `load` turn a state into bytes and back. A state whose kind or
version is not known here cannot be loaded: its parent is held.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from execd.algos.base import Algo
from execd.algos.passthrough import Passthrough
from execd.algos.schedules import Now
from execd.algos.tactics import Offset, Sweep, Touch
from execd.algos.worker import Worker
from execd.core.codec import encode
from execd.core.enums import OrdType
from execd.core.parents import SavedAlgo
from execd.core.rules import Execution, S

Parameters = Mapping[str, Any]
SWEEP_TTL_NS: Final = 15 * S


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One algorithm: its name, whether an intent may name it, and how it is made from a plan's parameters."""

    name: str
    is_public: bool
    make: Callable[[Parameters, Execution], Algo]


def _offset(parameters: Parameters, execution: Execution) -> Algo:
    bps = Decimal(str(parameters.get("bps", execution.offset_bps)))
    ttl_ns = int(parameters.get("ttl_ns", execution.offset_ttl_ns))
    return Worker(schedule=Now(), tactic=Offset(bps=bps, ttl_ns=ttl_ns))


def _touch(parameters: Parameters, execution: Execution) -> Algo:
    del parameters
    tactic = Touch(spread_fraction=execution.high_spread_fraction, ttl_ns=execution.high_ttl_ns)
    return Worker(schedule=Now(), tactic=tactic)


def _sweep(parameters: Parameters, execution: Execution) -> Algo:
    del parameters, execution
    return Worker(schedule=Now(), tactic=Sweep(ttl_ns=SWEEP_TTL_NS))


def _passthrough(parameters: Parameters, execution: Execution) -> Algo:
    del execution
    is_exit = parameters.get("is_exit", False) is True
    return Passthrough(ord_type=OrdType(str(parameters["ord_type"])), is_exit=is_exit)


ENTRIES: Final[dict[str, Entry]] = {
    entry.name: entry
    for entry in (
        Entry(name="offset", is_public=True, make=_offset),
        Entry(name="passthrough", is_public=True, make=_passthrough),
        Entry(name="sweep", is_public=True, make=_sweep),
        Entry(name="touch", is_public=False, make=_touch),
    )
}

_KINDS: Final[dict[tuple[str, int], type[Worker | Passthrough]]] = {
    ("worker", 1): Worker,
    ("passthrough", 1): Passthrough,
}
_NAMES: Final = {kind: key for key, kind in _KINDS.items()}


class UnknownAlgoState(Exception):
    """A saved state is of a kind or version that this execd does not know, or does not decode."""


def save(algo: Algo) -> SavedAlgo:
    """Return an algorithm's state as it is stored."""
    name, version = _NAMES[type(algo)]  # type: ignore[index]  # Only registered states are ever made.
    return SavedAlgo(name=name, version=version, fields=msgspec.Raw(encode(algo)))


def load(saved: SavedAlgo) -> Algo:
    """Return the algorithm that `save` stored. Raises UnknownAlgoState."""
    kind = _KINDS.get((saved.name, saved.version))
    if kind is None:
        message = f"{saved.name} version {saved.version}"
        raise UnknownAlgoState(message)
    try:
        return msgspec.json.decode(saved.fields, type=kind)
    except msgspec.MsgspecError as error:
        message = f"{saved.name} version {saved.version}: {error}"
        raise UnknownAlgoState(message) from error
