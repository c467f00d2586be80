"""What can go wrong in a simulated world, how often, and how often it did.

A seed draws for each class of fault how likely it is; each draw has a name and
numbers of its own, so that leaving a class out does not shift the others. What
a fault does is at the place where it is asked for: `front`, `stream`, `edge`,
`process`, `ordeals`. A new class is a row in FAULTS and a question there.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

from execd.core.chance import draw
from execd.venue.generator_chance import Chance

_Any = TypeVar("_Any")
_PERCENT: Final = (0, 0, 0, 5, 5, 20, 20, 50)
"""Half as likely the higher it is: a world in which everything fails proves nothing."""
_TIMES: Final = {0: 0, 5: 1, 20: 3, 50: 6}
"""How often in a session something happens that is no matter of a single call."""

FAULTS: Final = {
    # Calls to a broker.
    "refused": "no connection could be made: surely not sent",
    "rejected": "the broker says no to a new order",
    "rate_limited": "the broker says: too many requests",
    "hang": "nothing arrives and nobody answers for a minute",
    "accept_timeout": "the request is taken, and nobody answers",
    "error_after_accept": "the request is taken, and an error is answered",
    "late_accept": "nobody answers, and the request is taken 1 to 60 s later",
    "order_hidden": "an order is taken, and for minutes the broker knows nothing of it",
    "reset": "the connection breaks before the request arrives",
    "read_fails": "a question is not answered, or with garbage",
    "read_lags": "a question is answered from before the latest seconds",
    "part_unread": "of an account's orders, trades or positions one part is not told",
    "empty_list": "an account's list of positions, or of orders, is empty though it should not be",
    # What brokers report.
    "report_late": "a report comes 1 to 30 s late, behind others",
    "report_twice": "a report is told twice",
    "report_swapped": "a report changes places with the next",
    "report_lost": "a report is not told",
    "report_garbled": "a report cannot be read: the stream is begun anew",
    "half_open": "the stream says nothing for a while, and nobody notices",
    "stream_cut": "the stream of reports is cut",
    "quotes_cut": "the stream of quotes is cut",
    "old_reports": "yesterday's reports are told again",
    # Brokers themselves.
    "gateway_restart": "the broker is away for a while, and has lost what it held for the day",
    "locked_out": "the broker lets an account do nothing: 401",
    "order_id_again": "the broker gives an order number a second time",
    "bust": "the broker takes a fill back",
    "correction": "the broker corrects a fill",
    "hand_trade": "somebody trades on the account by hand",
    "overfill": "the broker fills more than was ordered",
    "broker_cancel": "the broker cancels an order that nobody asked it to",
    "suspended_word": "the broker uses a word for an order's status that says nothing",
    "symbol_halt": "a symbol is halted",
    "symbol_silent": "nothing is shown of a symbol's market for minutes, also from a death on",
    "nibbled": "an order is filled by a few shares at a time, or just before its cancel arrives",
    # The machine.
    "clock_jump": "the wall clock is set",
    "suspend": "the machine sleeps",
    "disk_full": "the disk has no room",
    "disk_slow": "a commit takes up to 5 s",
    "kill_statement": "the process dies before or after a statement of a commit",
    "kill_effect": "the process dies between two effects of a batch",
    "kill_now": "the process dies between two batches",
    "power_loss": "a death takes what was not synced with it",
    # People.
    "bad_file": "a file in the inbox is nonsense",
    "same_file": "a file comes a second time",
    "operator": "somebody commands something",
    "wrong_resolve": "somebody says of a request in doubt what is not so",
}

PROMISED: Final = {
    "accept_timeout": "in_doubt",
    "error_after_accept": "in_doubt",
    "late_accept": "in_doubt",
    "order_hidden": "in_doubt",
    "hang": "in_doubt",
    "reset": "in_doubt",
    "stream_cut": "stream_gap",
    "half_open": "stream_gap",
    "quotes_cut": "stream_gap",
    "report_garbled": "stream_gap",
    "hand_trade": "external_order",
    "overfill": "parent_held",
    "suspend": "suspended",
    "disk_full": "journal_full",
}
"""The alert that a class promises whenever it was noticed by a process that lived on (SPEC 17)."""


class Draws:
    """Chance of one seed, by name."""

    def __init__(self, seed: int) -> None:
        """Begin with the first number of every name."""
        self._seed = seed
        self._chances: dict[str, Chance] = {}

    def below(self, limit: int, name: str) -> int:
        """Return the next integer of `name` in [0, limit)."""
        chance = self._chances.get(name)
        if chance is None:
            chance = self._chances[name] = Chance(self._seed, name)
        return chance.bits() * limit >> 64

    def between(self, low: int, high: int, name: str) -> int:
        """Return the next integer of `name` from `low` to `high`, both included."""
        return low + self.below(high - low + 1, name)

    def pick(self, many: Sequence[_Any], name: str) -> _Any:
        """Return one of `many`."""
        return many[self.below(len(many), name)]

    def is_hit(self, percent: int, name: str) -> bool:
        """Whether something happens that does `percent` times of a hundred."""
        return percent > 0 and self.below(100, name) < percent


class Faults:
    """The classes that a seed has drawn, and how often each has struck."""

    def __init__(self, seed: int, *, without: frozenset[str] = frozenset()) -> None:
        """`without` are classes that are left out."""
        self.draws = Draws(seed)
        self.percent = {
            name: 0 if name in without else _PERCENT[draw(seed, "percent", name) * len(_PERCENT) >> 64]
            for name in FAULTS
        }
        self.hits: dict[str, int] = dict.fromkeys(FAULTS, 0)
        self.is_calm = False

    @property
    def armed(self) -> list[str]:
        """The classes that can strike."""
        return [name for name, percent in self.percent.items() if percent]

    def strikes(self, name: str) -> bool:
        """Whether a class strikes here and now; counted."""
        if self.is_calm or not self.draws.is_hit(self.percent[name], name):
            return False
        self.hits[name] += 1
        return True

    def first_of(self, *names: str) -> str:
        """Return the first class that strikes; empty where none does."""
        return next((name for name in names if self.strikes(name)), "")

    def times(self, name: str) -> int:
        """Return how often something of a class is to happen in the session."""
        return _TIMES[self.percent[name]]

    def count(self, name: str) -> None:
        """Note that a class struck."""
        self.hits[name] += 1
