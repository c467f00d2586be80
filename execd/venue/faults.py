"""What the venue is told to do wrong, and when.

Switches, counted and never drawn: the next N, every n-th, for so long. Asking
whether one hits is all that happens here; what a hit does is in `session`. A
new switch is a row in FAULTS, a case there, and a row in docs/venue.md.
"""

from typing import Final, Literal

import msgspec
from msgspec.structs import replace

FaultName = Literal[
    "drop-request",
    "drop-report",
    "delay-request",
    "delay-report",
    "duplicate-report",
    "reorder-reports",
    "hang",
    "accept-then-silence",
    "disconnect",
    "disconnect-on-request",
    "reject",
    "refuse-request",
    "limit-rate",
    "deny-request",
    "fail-request",
    "cut-request",
    "late-request",
    "drop-answer",
    "fail-answer",
    "garble-answer",
    "blind-find",
    "stale-find",
    "other-find",
    "fail-find",
    "drop-find",
    "sums-only",
    "garble-report",
    "strange-report",
    "replay-reports",
    "mute-report",
    "fail-survey",
    "drop-survey",
    "cut-survey",
    "stale-survey",
    "garble-survey",
    "empty-positions",
    "unread-positions",
    "shift-positions",
]
FAULTS: Final[dict[FaultName, str]] = {
    "drop-request": "the next requests are lost on their way; nobody is told",
    "drop-report": "the next reports are not told, their numbers are missing in the stream",
    "delay-request": "requests are taken --seconds later, in their order",
    "delay-report": "reports are told --seconds later, in their order",
    "duplicate-report": "the next reports are told twice",
    "reorder-reports": "the next reports change places with those behind them",
    "hang": "nothing is read and nothing said for --seconds, on connections that stay open",
    "accept-then-silence": "the next new orders trade, but nothing is told of them; only asking shows them",
    "disconnect": "every connection is cut, once, now",
    "disconnect-on-request": "the next requests are taken, and the connection is cut in place of an answer",
    "reject": "the next new orders are rejected with --code",
    "refuse-request": "the next requests are not taken, and that is said",
    "limit-rate": "the next requests are not taken, for there were too many: again in --seconds",
    "deny-request": "the next requests are not taken, for the account may do nothing",
    "fail-request": "the next requests are not taken, and answered by an error that says nothing of it",
    "cut-request": "the next requests are not taken, and the connection is cut",
    "late-request": "the next requests are taken --seconds later, and neither answered nor shown until then",
    "drop-answer": "the next requests are taken and never answered; their reports come",
    "fail-answer": "the next requests are taken, and answered by an error that says nothing of it",
    "garble-answer": "the next requests are taken, and answered by what is no frame",
    "blind-find": "the next questions about an order are answered by: there is none",
    "stale-find": "the next questions about an order are answered as it was when it was taken",
    "other-find": "the next questions about an order are answered with an order of a share more, under its id",
    "fail-find": "the next questions about an order are answered by an error",
    "drop-find": "the next questions about an order are never answered",
    "sums-only": "the next answers about an order have no single trades",
    "garble-report": "what is no frame is said in the place of the next reports",
    "strange-report": "what is of no known kind is said before the next reports",
    "replay-reports": "every report that is kept is told again, once, now",
    "mute-report": "the next reports are never told, and no number is missing in the stream",
    "fail-survey": "the next readings of an account are answered by an error",
    "drop-survey": "the next readings of an account are never answered",
    "cut-survey": "the next readings show only the first half of their orders and trades, and say nothing of it",
    "stale-survey": "the next readings show what the last one before them did, as if it were so now",
    "garble-survey": "the last order of the next readings makes no sense; without orders, a row without a name",
    "empty-positions": "the next readings show no position at all",
    "unread-positions": "the positions of the next readings could not be read",
    "shift-positions": "the next readings show one share more of each position than there is",
}
SECONDS_MAX: Final = 3_600.0
_NS: Final = 1_000_000_000


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One switch. It hits each `every`-th time, `count` times (None: again and again), until `until_ns` (0: for ever).

    `account` empty: all. `seconds` is what delays and hangs take, `code` what a rejection says.
    """

    name: FaultName
    account: str = ""
    count: int | None = None
    every: int = 1
    until_ns: int = 0
    seconds: float = 1.0
    code: str = "fault"
    asked_n: int = 0
    hit_n: int = 0

    def check(self) -> str:
        """Return what is wrong with it; empty where nothing is."""
        if self.every < 1 or (self.count is not None and self.count < 1):
            return "count and every are 1 or more"
        if not 0 < self.seconds <= SECONDS_MAX:
            return f"seconds must be above 0, and at most {SECONDS_MAX:g}"
        return ""

    def is_over(self, now_ns: int) -> bool:
        """Whether it hits no more."""
        return (self.until_ns > 0 and now_ns >= self.until_ns) or self.count == 0


class Faults:
    """The switches that are on, by name and account; one of a name and an account takes the place of the last."""

    def __init__(self) -> None:
        self._on: dict[tuple[str, str], Fault] = {}

    def set(self, fault: Fault) -> None:
        """Switch one on."""
        self._on[fault.name, fault.account] = fault

    def clear(self, name: str = "") -> None:
        """Switch one off, or all."""
        self._on = {key: fault for key, fault in self._on.items() if name and fault.name != name}

    def listed(self, now_ns: int) -> list[Fault]:
        """Return those that are on."""
        self._on = {key: fault for key, fault in self._on.items() if not fault.is_over(now_ns)}
        return list(self._on.values())

    def hit(self, name: FaultName, account: str, now_ns: int) -> Fault | None:
        """Return the switch that hits here and now, and count it; None where none does."""
        for key in ((name, account), (name, "")):
            fault = self._on.get(key)
            if fault is None or fault.is_over(now_ns):
                continue
            asked_n = fault.asked_n + 1
            hits = asked_n % fault.every == 0
            count = fault.count - 1 if hits and fault.count is not None else fault.count
            fault = replace(fault, asked_n=asked_n, count=count, hit_n=fault.hit_n + int(hits))
            self._on[key] = fault
            if hits:
                return fault
        return None


def ns_of(seconds: float) -> int:
    """Return seconds as nanoseconds."""
    return int(seconds * _NS)
