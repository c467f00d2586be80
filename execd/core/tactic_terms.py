"""The parameters of tactics and specials.

What a term is is in `algo_terms`; nothing is read or checked here. A new tactic is a value here, named in
`TACTIC_TERMS`.
"""

from decimal import Decimal
from typing import Final

from execd.core.algo_terms import AlgoTerms, S, Term, Unit

ONE: Final = Decimal(1)
DAY_S: Final = Decimal(86_400)


def ttl(default_s: int, text: str = "how long a try lasts") -> Term:
    """Return the term of a tactic's life."""
    return Term(name="ttl", unit=Unit.SPAN, text=text, default=default_s * S, least=ONE, most=DAY_S)


OFFSET: Final = AlgoTerms(
    name="offset",
    is_tactic=True,
    terms=(
        Term(
            name="bps",
            unit=Unit.BPS,
            text="distance from the middle; negative stays on its own side",
            default="5",
            least=Decimal(-1_000),
            most=Decimal(1_000),
        ),
        ttl(60, "how long a child rests"),
    ),
)
MARKETABLE: Final = AlgoTerms(
    name="marketable",
    is_tactic=True,
    terms=(
        Term(
            name="spread_fraction",
            unit=Unit.RATIO,
            text="part of the spread that the first price goes beyond the touch",
            default="0.25",
            least=Decimal(0),
            most=ONE,
        ),
        Term(
            name="interval",
            unit=Unit.SPAN,
            text="time between two reprices",
            default=15 * S,
            least=ONE,
            most=DAY_S,
        ),
        Term(
            name="reprices",
            unit=Unit.COUNT,
            text="so often it is repriced",
            default=6,
            least=Decimal(0),
            most=Decimal(100),
        ),
        ttl(120),
    ),
)
SWEEP: Final = AlgoTerms(name="sweep")
PASSTHROUGH: Final = AlgoTerms(
    name="passthrough",
    terms=(
        Term(
            name="order_type",
            key="ord_type",
            unit=Unit.WORD,
            text="the one order's type; without it limit where there is a limit_price, else market",
            words=("limit", "market"),
        ),
    ),
)
TACTIC_TERMS: Final = (OFFSET, MARKETABLE)
SPECIAL_TERMS: Final = (SWEEP, PASSTHROUGH)
