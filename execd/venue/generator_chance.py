"""Chance for the generator: fast, and a pure function of (seed, name, n).

`core.chance` makes the key; the n-th number under it is splitmix64 of key + n × γ (Steele, Lea and
Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). Laws are tables of integers,
so two machines whose `log` differs in the last bit still draw the same day.
Nothing here knows of markets; a new law is a function that makes a table.
"""

import math
from functools import lru_cache
from typing import Final

from execd.core import chance

_MASK: Final = (1 << 64) - 1
_GAMMA: Final = 0x9E37_79B9_7F4A_7C15
_MIX_1: Final = 0xBF58_476D_1CE4_E5B9
_MIX_2: Final = 0x94D0_49BB_1331_11EB

GAP_BITS: Final = 12
_GAPS_N: Final = 1 << GAP_BITS
_MILLION: Final = 1_000_000
GAPS: Final = tuple(round(-_MILLION * math.log1p(-(n + 0.5) / _GAPS_N)) for n in range(_GAPS_N))
"""Waiting times at equal chance, in millionths of their mean."""

_COINS: Final = 64
_SD: Final = 4.0
"""Heads among 64 coins: mean 32, standard deviation 4. Near enough to normal, and exact everywhere."""
NORMALS: Final = tuple((heads - _COINS / 2) / _SD for heads in range(_COINS + 1))
_WEIGHTS: Final = tuple(math.comb(_COINS, heads) / 2**_COINS for heads in range(_COINS + 1))
_BISECTIONS: Final = 60


class Chance:
    """The numbers under one key, counted. Which numbers come does not depend on what they are used for."""

    __slots__ = ("_at",)

    def __init__(self, seed: int, name: str) -> None:
        """Begin with the first number under (`seed`, `name`)."""
        self._at = chance.draw(seed, "generator", name)

    def bits(self) -> int:
        """Return the next 64 bits."""
        self._at = mixed = (self._at + _GAMMA) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * _MIX_1) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * _MIX_2) & _MASK
        return mixed ^ (mixed >> 31)

    def heads(self) -> int:
        """Return how many of 64 coins fell heads: the index into `NORMALS` and into `lots_by_heads`."""
        return self.bits().bit_count()


def gap_ns(bits: int, mean_ns: int) -> int:
    """Return a waiting time with mean `mean_ns` from the low `GAP_BITS` of `bits`; at least 1 ns."""
    return GAPS[bits & (_GAPS_N - 1)] * mean_ns // _MILLION + 1


@lru_cache(maxsize=256)
def lots_by_heads(mean: float, log_sd: float, lot: int) -> tuple[int, ...]:
    """Return numbers of lots by heads: lognormal, with the given mean, at least one lot.

    `mean` and `lot` are in shares, `log_sd` is that before rounding. The mean is met as nearly as whole lots can;
    it cannot be below one lot.
    """
    low, high = -10.0, 2 * math.log(mean / lot + 1) + 10
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        lots = _rounded(middle, log_sd)
        if sum(map(float.__mul__, _WEIGHTS, map(float, lots))) * lot < mean:
            low = middle
        else:
            high = middle
    return _rounded(high, log_sd)


def _rounded(log_median: float, log_sd: float) -> tuple[int, ...]:
    return tuple(max(1, round(math.exp(log_median + log_sd * normal))) for normal in NORMALS)
