"""How much one account may send: tokens and sliding counts, as values.

Protective orders, replaces and new orders share a token bucket and a sliding
count. Beside it one ceiling counts requests of every class in any window:
that is the broker's own limit, so a part of it is kept for cancels and for
flatten, and another for questions. A class may use what a class below it has
left over, never what is kept for one above. `take` returns the next value, or
the instant at which to ask again; it costs the same however much was sent.
A broker that says 429 closes the account with `limited`.

It knows nothing of parents; who waits for a token is in `engine/parked`.
"""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from execd.core import chance
from execd.core.enums import RequestClass
from execd.core.rules import MS, S, Throttle

MINUTE_NS: Final = 60 * S
CANCELS_FREE_PART: Final = 3
"""A third of what is kept for cancels stays free for the next ones, however many have left in this window."""
FLATTEN_FREE_PART: Final = 6
"""And cancels themselves leave a sixth of it free for flatten."""
LIMITED_NS: Final = 1 * S
LIMITED_NS_MAX: Final = 60 * S
"""Without a word from the broker a 429 closes the account for 1, 2, 4 s and so on, up to this."""
TOLD_NS_MAX: Final = 900 * S
"""A broker that wants a longer pause is asked again after this all the same."""
URGENT_NS_MAX: Final = 8 * S
"""Cancels and flatten add no risk, so they are tried again after 1, 2, 4 s and at the latest after this."""
FORGIVEN_NS: Final = 60 * S
"""So long after the last pause without another 429 the next one counts as the first."""
JITTER_NS: Final = 250 * MS
_Link = tuple[int, "_Link | None"]


class Count(msgspec.Struct, frozen=True, gc=False):
    """Instants within a window, oldest first: those of `old` from `at` on, then those of `young`, newest first."""

    n: int = 0
    old: tuple[int, ...] = ()
    at: int = 0
    young: _Link | None = None

    @property
    def oldest_ns(self) -> int:
        """The oldest instant of a count that `since` has returned and that is not empty."""
        return self.old[self.at]


def since(count: Count, after_ns: int) -> Count:
    """Return the count of what came after `after_ns`; each instant is moved once and dropped once."""
    n, old, at, young = count.n, count.old, count.at, count.young
    while n:
        if at == len(old):
            old, at, young = _turned(young), 0, None
        if old[at] > after_ns:
            break
        n, at = n - 1, at + 1
    if n == count.n and old is count.old:
        return count
    return Count(n, old, at, young) if n else Count()


def plus(count: Count, at_ns: int) -> Count:
    """Return the count with one more instant, which must not be before the newest."""
    return Count(count.n + 1, count.old, count.at, (at_ns, count.young))


def _turned(young: _Link | None) -> tuple[int, ...]:
    instants = []
    while young is not None:
        at_ns, young = young
        instants.append(at_ns)
    return tuple(reversed(instants))


class Buckets(msgspec.Struct, frozen=True, kw_only=True):
    """One account's. `credit` is in units of one sixty-billionth of a token, so that a refill is an exact integer.

    `urgent` counts cancels and flatten. Until `closed_ns` nothing else leaves, until `urgent_ns` not even those.
    """

    rules: Throttle
    credit: int
    credit_ns: int = 0
    orders: Count = Count()
    urgent: Count = Count()
    reads: Count = Count()
    closed_ns: int = 0
    urgent_ns: int = 0
    limited_n: int = 0

    @property
    def tokens(self) -> int:
        """How many orders could leave at once, as of the last request."""
        return max(0, self.credit // MINUTE_NS)


def buckets(rules: Throttle) -> Buckets:
    """Return the full buckets of one account."""
    return Buckets(rules=rules, credit=rules.burst * MINUTE_NS)


def take(known: Buckets, kind: RequestClass, now_ns: int) -> tuple[Buckets, int | None]:
    """Return the buckets after a request of `kind` and None; or the buckets as they were and when to ask again.

    That instant is never after the first one at which the request may leave.
    """
    aged = _aged(known, now_ns)
    due_ns = max(now_ns, known.urgent_ns if kind.is_urgent else known.closed_ns)
    if kind.is_order:
        due_ns = max(due_ns, _order_due_ns(aged, now_ns))
    if _over(aged, kind):
        due_ns = max(due_ns, _freer_ns(aged, kind, now_ns))
    if due_ns > now_ns:
        return aged, due_ns
    return _spent(aged, kind, now_ns), None


def used(known: Buckets, now_ns: int) -> tuple[int, int, int]:
    """Return how many orders, cancels or flatten, and questions have left in the window that ends now."""
    aged = _aged(known, now_ns)
    return aged.orders.n, aged.urgent.n, aged.reads.n


def limited(known: Buckets, now_ns: int, until_ns: int, account: str) -> Buckets:
    """Return the buckets closed by a 429; `until_ns` is until when by the broker's word, 0 where it gave none.

    What was on its way together with the first one does not count again. The jitter is the same for the same account,
    instant and number.
    """
    if now_ns < known.closed_ns:
        return replace(known, closed_ns=max(known.closed_ns, min(until_ns, now_ns + TOLD_NS_MAX)))
    is_again = known.limited_n > 0 and now_ns < known.closed_ns + FORGIVEN_NS
    limited_n = known.limited_n + 1 if is_again else 1
    pause_ns = LIMITED_NS << min(limited_n - 1, 16)
    told_ns = min(until_ns, now_ns + TOLD_NS_MAX) - now_ns
    closed_ns = now_ns + (told_ns if told_ns > 0 else min(pause_ns, LIMITED_NS_MAX))
    jitter_ns = chance.below(JITTER_NS, limited_n, account, now_ns)
    urgent_ns = min(closed_ns, now_ns + min(pause_ns, URGENT_NS_MAX))
    return replace(known, closed_ns=closed_ns + jitter_ns, urgent_ns=urgent_ns, limited_n=limited_n)


def ruled(known: Buckets, rules: Throttle) -> Buckets:
    """Return the buckets under other rules: what has left still counts, and credit beyond the new burst is lost."""
    return replace(known, rules=rules, credit=min(known.credit, rules.burst * MINUTE_NS))


def remembered(rules: Throttle, sent: Iterable[tuple[int, RequestClass]], now_ns: int) -> Buckets:
    """Return the buckets of an account that has sent these requests, in any order: a restart is no fresh burst."""
    known = buckets(rules)
    for at_ns, kind in sorted(sent):
        if now_ns - rules.window_ns < at_ns <= now_ns:
            known = _spent(_aged(known, at_ns), kind, at_ns)
    return known


def _aged(known: Buckets, now_ns: int) -> Buckets:
    after_ns = now_ns - known.rules.window_ns
    orders, urgent, reads = since(known.orders, after_ns), since(known.urgent, after_ns), since(known.reads, after_ns)
    if orders is known.orders and urgent is known.urgent and reads is known.reads:
        return known
    return replace(known, orders=orders, urgent=urgent, reads=reads)


def _spent(aged: Buckets, kind: RequestClass, now_ns: int) -> Buckets:
    if kind.is_urgent:
        return replace(aged, urgent=plus(aged.urgent, now_ns))
    if kind is RequestClass.READ:
        return replace(aged, reads=plus(aged.reads, now_ns))
    credit = _credit(aged, now_ns) - MINUTE_NS
    return replace(aged, credit=credit, credit_ns=now_ns, orders=plus(aged.orders, now_ns))


def _credit(aged: Buckets, now_ns: int) -> int:
    elapsed_ns = max(0, now_ns - aged.credit_ns)
    return min(aged.rules.burst * MINUTE_NS, aged.credit + elapsed_ns * aged.rules.per_min)


def _order_due_ns(aged: Buckets, now_ns: int) -> int:
    """Return when the bucket has a token and the orders' own count has room."""
    due_ns, credit = now_ns, _credit(aged, now_ns)
    if credit < MINUTE_NS:
        due_ns += -((credit - MINUTE_NS) // aged.rules.per_min)
    if aged.orders.n >= aged.rules.window_max:
        due_ns = max(due_ns, aged.orders.oldest_ns + aged.rules.window_ns)
    return due_ns


def _kept_for_reads(rules: Throttle) -> int:
    return max(0, rules.requests_max - rules.window_max - rules.cancel_reserve)


def _free_for_cancels(rules: Throttle) -> int:
    return rules.cancel_reserve // CANCELS_FREE_PART


def _over(aged: Buckets, kind: RequestClass) -> bool:
    """Whether one more request would take what the ceiling has not, or what is kept for a class above."""
    rules, orders_n, urgent_n, reads_n = aged.rules, aged.orders.n, aged.urgent.n, aged.reads.n
    if kind is RequestClass.FLATTEN:
        held_n = orders_n + reads_n + urgent_n
    elif kind is RequestClass.CANCEL:
        held_n = orders_n + reads_n + urgent_n + rules.cancel_reserve // FLATTEN_FREE_PART
    else:
        held_n = orders_n + max(urgent_n + _free_for_cancels(rules), rules.cancel_reserve)
        held_n += reads_n if kind is RequestClass.READ else max(reads_n, _kept_for_reads(rules))
    return held_n >= rules.requests_max


def _freer_ns(aged: Buckets, kind: RequestClass, now_ns: int) -> int:
    """Return when the ceiling will hold less for this class than now."""
    rules = aged.rules
    counts = [aged.orders]
    if kind.is_urgent or aged.urgent.n + _free_for_cancels(rules) > rules.cancel_reserve:
        counts.append(aged.urgent)
    if not kind.is_order or aged.reads.n > _kept_for_reads(rules):
        counts.append(aged.reads)
    return min((count.oldest_ns for count in counts if count.n), default=now_ns) + rules.window_ns
