"""Arithmetic of curves over time: exact parts of a quantity, and the shape of a day's volume.

Whole numbers and decimals only; nothing here knows a parent or the market. A curve is a row of weights, one a slice,
whole numbers of any scale: only their parts of the sum count.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final

from execd.core.session_table import SessionWindow

SCALE: Final = 10**9
"""Weights that come from fractions are whole parts of this."""
SLICES_MAX: Final = 500
"""More slices than a session has minutes say nothing more; each of them is in every saved state."""
ZERO: Final = Decimal(0)


def part_of(qty: Decimal, *, done: int, whole: int, step: Decimal) -> Decimal:
    """Return `done`/`whole` of a quantity, in whole steps, rounded up; `done` = `whole` is all of it.

    Rounding up has the first slice of even a tiny order begin at once; parts of growing `done` sum exactly.
    """
    if done >= whole:
        return qty
    steps, rest = divmod(qty, step)
    del rest  # What no step can hold is in the last part.
    return -(-int(steps) * done // whole) * step


def scaled(shares: Sequence[Decimal]) -> tuple[int, ...]:
    """Return shares, not all zero, as whole weights; a share that is too small to count is 0."""
    whole = sum(shares, ZERO)
    return tuple(int((share * SCALE / whole).to_integral_value(ROUND_HALF_EVEN)) for share in shares)


def volume_weights(profile: Sequence[Decimal], hours: SessionWindow, edges_ns: Sequence[int]) -> tuple[int, ...]:
    """Return the weight of each slice between two neighbours of `edges_ns` by the profile of a session.

    The profile's equal buckets are stretched over the real open and close, and each trades evenly: half of a bucket is
    half of its volume. What lies outside the session has no volume.
    """
    done = [_volume_done(profile, hours, at_ns) for at_ns in edges_ns]
    whole = Fraction(sum(profile, ZERO))
    if not whole:
        return (0,) * (len(edges_ns) - 1)
    return tuple(round((after - before) / whole * SCALE) for before, after in pairwise(done))


def stretched(profile: Sequence[Decimal], edges_ns: Sequence[int]) -> tuple[int, ...]:
    """Return the weight of each slice where the profile's equal parts are those of all slices together."""
    return volume_weights(profile, SessionWindow(open_ns=edges_ns[0], close_ns=edges_ns[-1]), edges_ns)


def _volume_done(profile: Sequence[Decimal], hours: SessionWindow, at_ns: int) -> Fraction:
    length_ns = hours.close_ns - hours.open_ns
    passed_ns = min(max(at_ns - hours.open_ns, 0), length_ns)
    whole_n, rest = divmod(passed_ns * len(profile), length_ns)
    done = Fraction(sum(profile[:whole_n], ZERO))
    return done + Fraction(profile[whole_n]) * Fraction(rest, length_ns) if rest else done
