"""The parameters of tactics and specials.

What a term is is in `algo_terms`; nothing is read or checked here. A new tactic is a value here, named in
`TACTIC_TERMS`.
"""

from decimal import Decimal
from typing import Final

from execd.core.algo_terms import AlgoTerms, S, Term, Unit

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
DAY_S: Final = Decimal(86_400)


def ttl(default_s: int, text: str = "how long a try lasts") -> Term:
    """Return the term of a tactic's life."""
    return span("ttl", default_s, text)


def span(name: str, default_s: int, text: str) -> Term:
    """Return the term of a time of at least a second."""
    return Term(name=name, unit=Unit.SPAN, text=text, default=default_s * S, least=ONE, most=DAY_S)


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
        Term(
            name="day_factors",
            unit=Unit.FLAG,
            text="whether bps counts more at the edges of the day",
            default=False,
        ),
    ),
)
ADAPTIVE_OFFSET: Final = AlgoTerms(
    name="adaptive_offset",
    is_tactic=True,
    terms=(
        Term(
            name="bps",
            unit=Unit.BPS,
            text="least distance beyond the middle; half the spread where that is more",
            default="5",
            least=ZERO,
            most=Decimal(1_000),
        ),
        ttl(60, "how long a child rests"),
        Term(
            name="day_factors",
            unit=Unit.FLAG,
            text="whether the distance counts more at the edges of the day",
            default=True,
        ),
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
            least=ZERO,
            most=ONE,
        ),
        span("interval", 15, "time between two reprices"),
        Term(
            name="reprices",
            unit=Unit.COUNT,
            text="so often it is repriced",
            default=6,
            least=ZERO,
            most=Decimal(100),
        ),
        ttl(120),
    ),
)


def peg(default: str) -> tuple[Term, ...]:
    """Return the terms of a price that hangs on what others show."""
    return (
        Term(
            name="peg",
            unit=Unit.WORD,
            text="where it stands: a tick inside our side's touch, at the middle, or offset_ticks from that touch",
            default=default,
            words=("inside", "mid", "primary"),
        ),
        Term(
            name="offset_ticks",
            unit=Unit.COUNT,
            text="peg primary: so many ticks from our own side's touch toward the middle; negative stands behind it",
            default=0,
            least=Decimal(-100),
            most=Decimal(100),
        ),
        Term(
            name="move_bps",
            unit=Unit.BPS,
            text="how far the reference may go before the price follows it",
            default="10",
            above=ZERO,
            most=Decimal(1_000),
        ),
    )


PROGRESSIVE: Final = AlgoTerms(
    name="progressive",
    is_tactic=True,
    only_rests=True,
    terms=(
        Term(
            name="steps",
            unit=Unit.RATIOS,
            text="how far each step goes from the middle to the touch",
            default=["0", "0.10", "0.20", "0.30"],
            least=ZERO,
            most=ONE,
        ),
        span("step_buy", 15, "how long a step of a buy lasts"),
        span("step_sell", 10, "how long one of a sell lasts"),
        ttl(120, "how long all steps together last at most"),
        Term(
            name="adaptive_step",
            unit=Unit.FLAG,
            text="from the first of steps on by 0.15 where the spread is over 2%, 0.05 where under 0.5%, else 0.10",
            default=False,
        ),
        Term(
            name="aggression",
            unit=Unit.FLAG,
            text="whether each step goes only aggression_buy or aggression_sell of its way",
            default=False,
        ),
        Term(
            name="aggression_buy",
            unit=Unit.RATIO,
            text="with aggression: of a buy",
            default="0.75",
            least=ZERO,
            most=ONE,
        ),
        Term(
            name="aggression_sell",
            unit=Unit.RATIO,
            text="with aggression: of a sell",
            default="0.85",
            least=ZERO,
            most=ONE,
        ),
    ),
)
ANCHOR: Final = AlgoTerms(
    name="anchor",
    is_tactic=True,
    only_rests=True,
    terms=(
        *peg("inside"),
        Term(
            name="repegs",
            unit=Unit.COUNT,
            text="so often it follows a reference that moved",
            default=5,
            least=ZERO,
            most=Decimal(1_000),
        ),
        Term(
            name="join_ratio",
            unit=Unit.RATIO,
            text="peg inside: joins the touch where no more than this part of what is missing is shown there",
            least=ZERO,
            most=Decimal(100),
        ),
    ),
)
ICEBERG: Final = AlgoTerms(
    name="iceberg",
    is_tactic=True,
    only_rests=True,
    terms=(
        Term(name="display", unit=Unit.QTY, text="shares shown at a time; without it one round lot", above=ZERO),
        Term(
            name="jitter",
            unit=Unit.RATIO,
            text="each refill shows up to this part more or less, drawn",
            default="0.2",
            least=ZERO,
            most=Decimal("0.9"),
        ),
        *peg("primary"),
    ),
)
SNIPER: Final = AlgoTerms(
    name="sniper",
    is_tactic=True,
    has_conditions=True,
    terms=(
        Term(
            name="spread_bps",
            unit=Unit.BPS,
            text="takes while the spread is at most this; without it whatever the spread",
            above=ZERO,
            most=Decimal(1_000),
        ),
        Term(
            name="size",
            unit=Unit.QTY,
            text="takes while at least so much is displayed where it takes from; without it whatever is",
            above=ZERO,
        ),
        Term(
            name="price",
            unit=Unit.PRICE,
            text="takes at this price or better; without it as far as limit_price and the collar",
            above=ZERO,
        ),
    ),
)


def ratio(name: str, default: str, text: str, most: Decimal = ONE) -> Term:
    """Return the term of a part from 0 on."""
    return Term(name=name, unit=Unit.RATIO, text=text, default=default, least=ZERO, most=most)


ADAPTIVE_JOIN: Final = AlgoTerms(
    name="adaptive_join",
    is_tactic=True,
    only_rests=True,
    terms=(
        Term(
            name="look",
            unit=Unit.SPAN,
            text="time between two looks",
            default=S // 2,
            least=Decimal("0.1"),
            most=Decimal(60),
        ),
        Term(
            name="ttl",
            unit=Unit.SPAN,
            text="how long a try lasts; without it as long as there is time",
            least=ONE,
            most=DAY_S,
        ),
        ratio("take_first", "0.9", "spread of one tick: takes from this share of both touches on our side, at first"),
        ratio("take_last", "0.5", "and in the end; what is in between falls evenly"),
        ratio("improve_share", "0.4", "wider spread: improves above this share, else joins"),
        span("calm", 25, "spread of one tick: joins where the touches live so long on average, else stands behind"),
        ratio("show_ratio", "0.1", "shows at least this part of the order"),
        ratio("queue_ratio", "0.5", "and at least this part of the queue that it joins", most=Decimal(100)),
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
TACTIC_TERMS: Final = (OFFSET, ADAPTIVE_OFFSET, MARKETABLE, PROGRESSIVE, ANCHOR, ICEBERG, SNIPER, ADAPTIVE_JOIN)
SPECIAL_TERMS: Final = (SWEEP, PASSTHROUGH)
