"""What a comparison with a broker says of one thing: the difference, who was right, and what follows.

Values only: `engine/reconcile` makes them, `engine/reconciling` carries them
out. A new rule is a row in RULES, a verdict there, and a row in the manual.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from execd.core.reconciled import ExternalSeen, Right
from execd.core.records import Found, Reported

RULES: Final[Mapping[str, str]] = {
    "missed_trade": "a trade of ours that was not reported",
    "missed_bust": "a trade of ours that was busted or corrected, and nobody said so",
    "missed_acceptance": "an order of ours that the broker has, and has not acknowledged",
    "missed_fill": "more of an order is filled than was reported, its trades are not told singly",
    "recounted": "less of an order is filled than its broker had told in one sum, and that is the later word",
    "missed_end": "an order of ours that has ended, and nobody said so",
    "missed_terms": "an order of ours that works under other terms",
    "came_back": "an order that was taken for lost lives at the broker",
    "not_listed": "a live order of ours that the broker does not list: it is asked about",
    "doubtful": "the broker shows less of an order than it has told: it is asked about",
    "contradiction": "the broker has said two things of an order that cannot both be true, and stays with both",
    "unknown_of_ours": "an order with our mark that is not in memory: the journal is asked",
    "external_order": "an order that is not ours",
    "external_trade": "a trade of an order that is not ours, and that is not shown",
    "unreadable": "a row of the broker's that makes no sense",
    "empty_positions": "an empty list of positions of an account that holds something: not believed",
    "position_differs": "a position that differs, for the first time",
    "position_mismatch": "a position that differs for two readings, with nothing on its way in the symbol",
    "position_agrees": "a position that differed, and agrees again",
    "unknown_holding": "a position of an account that is met for the first time",
}
"""Every rule by its stable name."""


class Suspect(msgspec.Struct, frozen=True, gc=False):
    """A difference that was seen once: what it was, and when it was read. The same again later is believed."""

    what: str
    read_ns: int


class Drift(msgspec.Struct, frozen=True, gc=False):
    """A position as the journal has it, and as the broker shows it."""

    expected: Decimal
    seen: Decimal


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A difference and what follows from it.

    `facts` are to be folded, in order; `ask` is a ClOrdID to be looked up, `recall` one to ask the journal about.
    `suspect` is remembered under the subject. `halts` is the cause for which the symbol is halted (empty: it is not);
    `lifts` the cause of a halt of it that is over.
    """

    rule: str
    subject: str
    symbol: str
    right: Right
    text: str
    facts: tuple[Reported | Found | ExternalSeen, ...] = ()
    ask: str = ""
    recall: str = ""
    suspect: Suspect | None = None
    halts: str = ""
    lifts: str = ""
    drift: Drift | None = None
