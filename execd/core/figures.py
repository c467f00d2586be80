"""Numbers as brokers write them, read once and strictly.

JSON numbers and text come in many shapes: 1e2, nine decimals, null, NaN. What
is finite and within bounds is that number, exactly; anything else raises, and
the adapter tells the row it stands in as one that makes no sense. Nothing is
rounded, guessed, or taken as zero.
"""

import re
from decimal import Decimal
from typing import Final

TEXT_LEN_MAX: Final = 40
EXPONENT_MAX: Final = 15
"""Quantities, prices and money of any account are far below 10¹⁵ and above 10⁻¹⁵."""
_FIGURE: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")


def figure_of(told: object) -> Decimal:
    """Return the number that a broker told as text, whole number or Decimal. Raises ValueError for anything else.

    Never give it a float: read JSON so that its numbers stay text or become Decimal.
    """
    match told:
        case bool() | float() | None:
            raise ValueError(f"{told!r} stands where a number belongs")
        case Decimal() if not told.is_finite():
            raise ValueError(f"{told} is no number")
        case Decimal() | int():
            text = str(told)
        case str():
            text = told
        case _:
            raise ValueError(f"a {type(told).__name__} stands where a number belongs")
    if len(text) > TEXT_LEN_MAX or not _FIGURE.fullmatch(text):
        raise ValueError(f"{text[:TEXT_LEN_MAX]!r} is no number of a broker's")
    figure = Decimal(text)
    if figure and not -EXPONENT_MAX <= figure.adjusted() < EXPONENT_MAX:
        raise ValueError(f"{text} is out of all bounds")
    return figure
