"""The parameters of schedules, and the table of everything that may be asked for.

What a term is is in `algo_terms`; nothing is read or checked here. A new schedule is a value here, named in
`SCHEDULE_TERMS`.
"""

from decimal import Decimal
from typing import Final

from execd.core.algo_terms import AlgoTerms, S, Term, Unit
from execd.core.daily import PROFILE_DAYS_MIN, PROFILE_DAYS_MOST, Statistic
from execd.core.tactic_terms import DAY_S, ONE, SPECIAL_TERMS, TACTIC_TERMS

TACTIC: Final = Term(name="tactic", unit=Unit.TACTIC, text="how each child is priced; by urgency where left out")
DURATION: Final = Term(
    name="duration",
    unit=Unit.SPAN,
    text="from the start to the end; to the deadline where left out",
    least=ONE,
    most=DAY_S,
)
CHILD_MIN: Final = Term(name="child_min", unit=Unit.QTY, text="the least child, but for the last", above=Decimal(0))
DISPLAYED_MAX: Final = Term(
    name="displayed_max",
    unit=Unit.RATIO,
    text="no child is more than this part of the smaller displayed side, or than a round lot where that is more",
    above=Decimal(0),
    most=Decimal(10),
)
PARTICIPATION_MAX: Final = Term(
    name="participation_max",
    unit=Unit.RATIO,
    text="never more than this part of the volume printed since the start",
    above=Decimal(0),
    most=ONE,
)
TRACKING: Final = Term(
    name="tracking",
    unit=Unit.RATIO,
    text="a slice that begins with more than this part of the order behind is crossed for",
    least=Decimal(0),
    most=ONE,
)
CATCH_UP: Final = Term(
    name="catch_up",
    unit=Unit.WORD,
    text="what a slice left over is spread over the later ones, or skipped",
    default="spread",
    words=("spread", "skip"),
)
JITTER: Final = Term(
    name="jitter",
    unit=Unit.RATIO,
    text="each slice but the first begins late by up to this part of an interval, drawn from the order's seed",
    default="0",
    least=Decimal(0),
    most=ONE,
)
MANNER: Final = (CATCH_UP, JITTER, CHILD_MIN, TRACKING, PARTICIPATION_MAX, DISPLAYED_MAX)
"""What every schedule that follows the clock takes."""


def interval(default_s: int, text: str = "time between two slices", most_s: Decimal = DAY_S) -> Term:
    """Return the term of a schedule's beat."""
    return Term(name="interval", unit=Unit.SPAN, text=text, default=default_s * S, least=ONE, most=most_s)


TWAP: Final = AlgoTerms(
    name="twap",
    terms=(
        TACTIC,
        DURATION,
        interval(60),
        Term(
            name="child_usd",
            unit=Unit.USD,
            text="notional of a child; without it there are as many slices as intervals",
            above=Decimal(0),
        ),
        *MANNER,
    ),
)
VWAP: Final = AlgoTerms(
    name="vwap",
    terms=(
        TACTIC,
        DURATION,
        interval(300),
        Term(name="start", unit=Unit.INSTANT, text="begin of the window; when working starts where left out"),
        Term(name="end", unit=Unit.INSTANT, text="end of the window; the deadline where left out"),
        Term(
            name="profile",
            unit=Unit.RATIOS,
            text="volume of equal parts of the window, of any scale; as past days were where left out",
            least=Decimal(0),
        ),
        Term(
            name="days",
            unit=Unit.COUNT,
            text="so many past days the profile is learned from; as the first of `refdata.profiles` where left out",
            least=Decimal(PROFILE_DAYS_MIN),
            most=Decimal(PROFILE_DAYS_MOST),
        ),
        Term(
            name="statistic",
            unit=Unit.WORD,
            text="how the parts of these days become one; as the first of `refdata.profiles` where left out",
            words=tuple(one.value for one in Statistic),
        ),
        *MANNER,
    ),
)
POV: Final = AlgoTerms(
    name="pov",
    terms=(
        TACTIC,
        Term(
            name="rate",
            unit=Unit.RATIO,
            text="part of the printed volume, ours included",
            default="0.10",
            above=Decimal(0),
            most=Decimal("0.20"),
        ),
        Term(
            name="participation_max",
            unit=Unit.RATIO,
            text="the hard cap, up to which a plan that crosses in the end may go",
            default="0.20",
            above=Decimal(0),
            most=Decimal("0.20"),
        ),
        interval(30, "how long one try lasts"),
        CHILD_MIN,
        TRACKING,
        DISPLAYED_MAX,
    ),
)
IS: Final = AlgoTerms(
    name="is",
    terms=(
        TACTIC,
        DURATION,
        interval(60, most_s=Decimal(3_600)),
        Term(
            name="risk_aversion",
            unit=Unit.NUMBER,
            text="λ, one over USD; 0 is even slices",
            default="0.000001",
            least=Decimal(0),
            most=ONE,
        ),
        Term(
            name="volatility",
            unit=Unit.RATIO,
            text="σ of a day over the price; from the ATR of past days where left out",
            above=Decimal(0),
            most=ONE,
        ),
        Term(
            name="adv", unit=Unit.QTY, text="usual volume of a day; as past days were where left out", above=Decimal(0)
        ),
        Term(
            name="temporary_impact",
            unit=Unit.RATIO,
            text="trading at this part of the usual volume costs one spread while it lasts",
            default="0.01",
            least=Decimal("0.001"),
            most=Decimal("0.05"),
        ),
        Term(
            name="permanent_impact",
            unit=Unit.RATIO,
            text="having traded this part of the usual volume costs one spread for good",
            default="0.1",
            least=Decimal("0.01"),
            most=Decimal(10),
        ),
        *MANNER,
    ),
)
SCHEDULE_TERMS: Final[tuple[AlgoTerms, ...]] = (TWAP, VWAP, POV, IS)
ALGO_TERMS: Final = {one.name: one for one in (*SCHEDULE_TERMS, *TACTIC_TERMS, *SPECIAL_TERMS)}
"""By name; the registry has a row for each."""
