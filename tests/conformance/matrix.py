"""Which cases run over which drivers: every case over every driver that can do what it needs.

A new adapter is a line in DRIVERS.
"""

import zlib
from collections.abc import Callable
from typing import Final

from execd.core.rules import FREE_IDS, PROVING, UNIQUE_IDS
from tests.conformance.driver import Driver
from tests.conformance.sim import SimInside, SimProcess
from tests.conformance.stage import Case

DRIVERS: Final[dict[str, Callable[[], Driver]]] = {
    "inside-unique": lambda: SimInside("inside-unique", UNIQUE_IDS, takes_ids_again=False),
    "inside-free": lambda: SimInside("inside-free", FREE_IDS, takes_ids_again=True),
    "process-unique": lambda: SimProcess("process-unique", UNIQUE_IDS, takes_ids_again=False),
    "process-free": lambda: SimProcess("process-free", FREE_IDS, takes_ids_again=True),
    "process-proving": lambda: SimProcess("process-proving", PROVING, takes_ids_again=False),
}


def able(case: Case) -> list[str]:
    """Return the names of the drivers that can do what a case needs."""
    return [name for name, make in DRIVERS.items() if frozenset(case.needs) <= make().can]


def drawn(case: Case, driver: str, points_n: int, deaths_n: int) -> list[int]:
    """Return the points at which a case's daemon is killed over a driver, the same ones each time; 0 means all."""
    if deaths_n == 0:
        return list(range(1, points_n + 1))
    draws = (zlib.crc32(f"{case.name}|{driver}|{n}".encode()) for n in range(deaths_n))
    return sorted({1 + draw % points_n for draw in draws})
