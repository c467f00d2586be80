"""When a broker says no to an account and not to an order: too often (429), or no so often that something is wrong.

A 429 closes the account's tokens until the broker's own instant, or for 1, 2,
4 s and so on; the requests themselves are decided afresh. Rejections in a row
latch a halt. What the broker may be asked for is `engine/throttle`'s.
"""

from typing import Final

from execd.core.events import RateLimitHit
from execd.core.rules import MS
from execd.engine import halting
from execd.engine.desk import Desk
from execd.engine.throttle import limited

RATE_LIMITED: Final = "rate_limited"
REJECTS: Final = "rejects"
BANNED_N: Final = 4
"""So many pauses in a row that ended in another 429 are no burst of ours any more: somebody is called."""


def on_rate_limit(desk: Desk, event: RateLimitHit) -> None:
    """Close the account's tokens for a while, and tell of it once for each pause."""
    account = event.account
    before = desk.lines.buckets_of(account)
    after = desk.lines.buckets[account] = limited(before, event.now_ns, event.until_ns, account)
    if after.limited_n == before.limited_n and event.now_ns < before.closed_ns:
        return
    is_ban = after.limited_n >= BANNED_N
    wait_ms = (after.closed_ns - event.now_ns) // MS
    text = (
        f"the broker of {account} says that it is asked too often: nothing but cancels for {wait_ms} ms ({event.text})"
    )
    if is_ban:
        text = f"{text}; {after.limited_n} pauses in a row did not help: it may have banned the account, look there"
    desk.alert(RATE_LIMITED, text, severity="critical" if is_ban else "warning", about=account)


def on_reject(desk: Desk, account: str, text: str, now_ns: int) -> None:
    """Count an order that the broker refused; so many in a row halt the account until somebody has looked."""
    rejects_n = desk.lines.rejects_n.get(account, 0) + 1
    if rejects_n < desk.rules.rejects_max:
        desk.lines.rejects_n[account] = rejects_n
        return
    desk.lines.rejects_n.pop(account, None)
    told = f"the broker of {account} refused {rejects_n} orders in a row, the last one because: {text}"
    halting.halt(desk, account=account, cause=REJECTS, text=told, now_ns=now_ns)
    desk.alert(REJECTS, told, severity="critical", about=account)


def on_accept(desk: Desk, account: str) -> None:
    """Begin to count anew: the broker takes orders."""
    desk.lines.rejects_n.pop(account, None)
