"""Algorithms' states as bytes, and back.

A state whose kind or version is not known here cannot be loaded: its parent is held. The states of former versions
are decoded as they were and turned into today's; each has a sample in the tests for ever.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from execd.algos.base import Algo
from execd.algos.passthrough import Passthrough
from execd.algos.schedules import Now
from execd.algos.tactics import Marketable, Offset, Tactic
from execd.algos.worker import Worker
from execd.core.codec import encode
from execd.core.parents import SavedAlgo

State = Worker | Passthrough


class UnknownAlgoState(Exception):
    """A saved state is of a kind or version that this execd does not know, or does not decode."""


class _Sweep1(msgspec.Struct, frozen=True, tag="Sweep"):
    ttl_ns: int
    is_exit: bool = True


class _Touch1(msgspec.Struct, frozen=True, tag="Touch"):
    spread_fraction: Decimal
    ttl_ns: int
    is_exit: bool = False


class _Offset1(msgspec.Struct, frozen=True, tag="Offset"):
    bps: Decimal
    ttl_ns: int
    is_exit: bool = False


class _Worker1(msgspec.Struct, frozen=True, tag="Worker"):
    """The worker of 0.1.0: it priced each child once."""

    schedule: Now
    tactic: _Sweep1 | _Touch1 | _Offset1
    placed_n: int = 0
    settled_n: int = 0
    pulls_n: int = 0
    replans_n: int = 0


def save(algo: Algo) -> SavedAlgo:
    """Return an algorithm's state as it is stored."""
    name, version = _NAMES[type(algo)]
    return SavedAlgo(name=name, version=version, fields=msgspec.Raw(encode(algo)))


def load(saved: SavedAlgo) -> Algo:
    """Return the algorithm that `save` stored. Raises UnknownAlgoState."""
    read = _READERS.get((saved.name, saved.version))
    if read is None:
        message = f"{saved.name} version {saved.version}"
        raise UnknownAlgoState(message)
    try:
        return read(saved.fields)
    except msgspec.MsgspecError as error:
        message = f"{saved.name} version {saved.version}: {error}"
        raise UnknownAlgoState(message) from error


def _worker1(fields: msgspec.Raw) -> Worker:
    was = msgspec.json.decode(fields, type=_Worker1)
    tactic: Tactic
    match was.tactic:
        case _Sweep1(ttl_ns=ttl_ns):
            tactic = Marketable(interval_ns=ttl_ns, reprices_max=5, first_k=1, is_exit=True)
        case _Touch1(spread_fraction=fraction, ttl_ns=ttl_ns):
            tactic = Marketable(interval_ns=ttl_ns, reprices_max=0, ttl_ns=ttl_ns, spread_fraction=fraction)
        case _Offset1(bps=bps, ttl_ns=ttl_ns):
            tactic = Offset(bps=bps, ttl_ns=ttl_ns)
    worker = Worker.of(was.schedule, tactic)
    return msgspec.structs.replace(
        worker, placed_n=was.placed_n, settled_n=was.settled_n, pulls_n=was.pulls_n, replans_n=was.replans_n
    )


def _worker(fields: msgspec.Raw) -> Worker:
    return msgspec.json.decode(fields, type=Worker)


def _passthrough(fields: msgspec.Raw) -> Passthrough:
    return msgspec.json.decode(fields, type=Passthrough)


_READERS: Final[dict[tuple[str, int], Callable[[msgspec.Raw], State]]] = {
    ("worker", 1): _worker1,
    ("worker", 2): _worker,
    ("passthrough", 1): _passthrough,
}
_NAMES: Final[dict[type[Algo], tuple[str, int]]] = {Worker: ("worker", 2), Passthrough: ("passthrough", 1)}
