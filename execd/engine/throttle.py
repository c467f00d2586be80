"""Token buckets as values.

`take` returns the next bucket, or the instant at which a token is due. A
bucket refills continuously; beside it a sliding count bounds every window,
burst included.
"""

from typing import Final

import msgspec
from msgspec.structs import replace

from execd.core.rules import Throttle

MINUTE_NS: Final = 60_000_000_000


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """`credit` is in units of one sixty-billionth of a token, so that a refill is an exact integer."""

    per_min: int
    burst: int
    window_ns: int
    window_max: int
    credit: int
    at_ns: int = 0
    taken_ns: tuple[int, ...] = ()


def full(*, per_min: int, burst: int, window_ns: int, window_max: int) -> Bucket:
    """Return a bucket that can give its whole burst."""
    return Bucket(per_min=per_min, burst=burst, window_ns=window_ns, window_max=window_max, credit=burst * MINUTE_NS)


def take(bucket: Bucket, now_ns: int, n: int = 1) -> tuple[Bucket, int | None]:
    """Return the bucket after taking `n` tokens and None; or the bucket unchanged and when `n` will be due."""
    elapsed_ns = max(0, now_ns - bucket.at_ns)
    credit = min(bucket.burst * MINUTE_NS, bucket.credit + elapsed_ns * bucket.per_min)
    since_ns = now_ns - bucket.window_ns
    recent = tuple(at_ns for at_ns in bucket.taken_ns if at_ns > since_ns)
    wanted = n * MINUTE_NS
    due_ns = now_ns
    if credit < wanted:
        due_ns += -((credit - wanted) // bucket.per_min)
    over = len(recent) + n - bucket.window_max
    if over > 0:
        # The window is free again when enough of the oldest have left it.
        due_ns = max(due_ns, recent[min(over, len(recent)) - 1] + bucket.window_ns)
    if due_ns > now_ns:
        return bucket, due_ns
    return replace(bucket, credit=credit - wanted, at_ns=now_ns, taken_ns=(*recent, *(now_ns for _ in range(n)))), None


class Buckets(msgspec.Struct, frozen=True):
    """One account's two buckets."""

    orders: Bucket
    cancels: Bucket


def buckets(throttle: Throttle) -> Buckets:
    """Return the full buckets of one account."""
    orders = full(
        per_min=throttle.per_min, burst=throttle.burst, window_ns=throttle.window_ns, window_max=throttle.window_max
    )
    cancels = full(
        per_min=throttle.cancel_per_min,
        burst=throttle.cancel_burst,
        window_ns=throttle.window_ns,
        window_max=throttle.cancel_burst + throttle.cancel_per_min,
    )
    return Buckets(orders, cancels)
