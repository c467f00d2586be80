"""Chance as a value: the same seed and key give the same answer for ever.

Nothing is consumed by drawing, so a draw that is added or left out does not
shift the others.
"""

from decimal import Decimal
from hashlib import blake2b
from typing import Final

_BITS: Final = 64


def draw(seed: int, *key: str | int) -> int:
    """Return a 64-bit integer, uniform over keys."""
    text = "\x1f".join(f"{type(part).__name__[0]}{part}" for part in (seed, *key))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def below(limit: int, seed: int, *key: str | int) -> int:
    """Return an integer in [0, limit); `limit` must be above zero."""
    return draw(seed, *key) * limit >> _BITS


def unit(seed: int, *key: str | int) -> Decimal:
    """Return a number in [0, 1) with nine decimals."""
    return Decimal(below(1_000_000_000, seed, *key)).scaleb(-9)
