"""What may be asked of each algorithm: its parameters by name, with unit, default and bounds.

The one table behind the checks of an intent, the plan's values and the manual. Values are stored as text, integers or
booleans, so that a plan that was saved is the plan that is loaded. The terms of schedules and tactics are in
`schedule_terms` and `tactic_terms`; an algorithm that is not listed there cannot be asked for.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec


class Unit(StrEnum):
    """How a parameter is read, and what its stored value is."""

    BPS = "bps"
    """Hundredths of a percent; stored as text."""
    RATIO = "ratio"
    """A part of one; stored as text."""
    NUMBER = "number"
    """A plain number; stored as text."""
    QTY = "qty"
    """Shares; stored as text."""
    USD = "usd"
    """Money; stored as text."""
    PRICE = "price"
    """Currency units a share; stored as text."""
    SPAN = "span"
    """A duration such as 90s or 10m; stored as nanoseconds."""
    INSTANT = "instant"
    """A time such as 15:45, an instant with offset, or a duration from now; stored as nanoseconds of UTC."""
    COUNT = "count"
    """A whole number; stored as an integer."""
    FLAG = "flag"
    """true or false."""
    WORD = "word"
    """One of `words`."""
    RATIOS = "ratios"
    """Several parts of one, in order; stored as a list of text."""
    TACTIC = "tactic"
    """A tactic by its name, or a mapping with its name and parameters; stored as a mapping."""


Value = str | int | bool | list[str] | dict[str, object] | None


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter.

    `name` is what a file calls it, `default` what is stored where nobody says (None: the plan finds it, or it is off).
    `least` and `most` bound a number or (in seconds) a span, both included; `above` is a bound that is not included.
    """

    name: str
    unit: Unit
    text: str
    default: Value = None
    least: Decimal | None = None
    above: Decimal | None = None
    most: Decimal | None = None
    words: tuple[str, ...] = ()
    key: str = ""

    @property
    def stored(self) -> str:
        """The key of the stored value: `key` where it has another name, a span's and an instant's is in nanoseconds."""
        return self.key or (f"{self.name}_ns" if self.unit in {Unit.SPAN, Unit.INSTANT} else self.name)


class AlgoTerms(msgspec.Struct, frozen=True, kw_only=True):
    """One algorithm: the parameters that may be given, and whether a schedule may name it, too.

    `has_conditions`: it says itself when it trades, so nothing crosses for it at any urgency. `only_rests`:
    it means to stand in the book, so what is to trade at once or not at all cannot be worked by it.
    """

    name: str
    terms: tuple[Term, ...] = ()
    is_tactic: bool = False
    has_conditions: bool = False
    only_rests: bool = False

    def term(self, name: str) -> Term | None:
        """Return a parameter by the name that files use."""
        return next((term for term in self.terms if term.name == name), None)

    def defaults(self) -> dict[str, Value]:
        """Return the stored values of everything that has a default."""
        return {term.stored: term.default for term in self.terms if term.default is not None}


S: Final = 1_000_000_000
