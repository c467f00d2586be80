"""What is tried: an experiment, and the parents that each of them has to work.

An experiment is a label and the fields of an intent that say how. Parents are drawn by day and seed alone, so every
experiment works the same ones: each is issued as a buy and as its mirror sell, so that a drift of the price cancels. A
new kind of parent is a size here; which experiments there are is in `_quality_experiments`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks._quality_days import FIRST, LAST, Day
from execd.core import chance
from execd.core.rules import S

HORIZONS_S: Final = (120, 600)
LEAST_QTY: Final = 100
SIZES: Final = ("to 1/2 displayed", "to 1 x displayed", "to 2 x displayed", "above")
"""Names of sizes, by what is typically displayed on a side; `_size_of` says where they end."""


@dataclass(frozen=True)
class Experiment:
    """How every parent of a run is to be worked: fields of an intent beside id, symbol, side, qty and times.

    `preset` is a shipped one, as it is; without it, `balanced` with the market permitted and nothing cut over time but
    by a schedule that is named.
    """

    label: str
    fields: dict[str, Any]
    preset: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """One parent: a buy and a sell of `qty` from `arrival_ns` on, each to be done `horizon_s` later."""

    arrival_ns: int
    horizon_s: int
    size: int
    qty: int

    @property
    def deadline_ns(self) -> int:
        """The last instant at which a fill may happen."""
        return self.arrival_ns + self.horizon_s * S


def pairs_of(day: Day, pairs_n: int, seed: int) -> list[Pair]:
    """Return the parents of a day: horizons in turn, arrivals anywhere between FIRST and LAST.

    Sizes go from LEAST_QTY to five times what is displayed, or to 1% of ten minutes' volume where that is more; each
    doubling is as likely as any other.
    """
    begins_ns, ends_ns = day.at(FIRST), day.at(LAST)
    most = max(LEAST_QTY, 5 * day.shown_qty, day.ten_minute_qty // 100)
    found = []
    for n in range(pairs_n):
        part = float(chance.unit(seed, day.name, n, "size"))
        qty = round(LEAST_QTY * (most / LEAST_QTY) ** part)
        found.append(
            Pair(
                arrival_ns=begins_ns + chance.below(ends_ns - begins_ns, seed, day.name, n),
                horizon_s=HORIZONS_S[n % len(HORIZONS_S)],
                size=_size_of(qty, day.shown_qty),
                qty=qty,
            )
        )
    return found


def intents_of(day: Day, pairs: Sequence[Pair], experiment: Experiment, first_n: int = 0) -> list[dict[str, Any]]:
    """Return the documents of both sides of each pair, buys and sells in turn; the first pair is number `first_n`.

    By its number alone a parent is what it is, whichever others are worked beside it.
    """
    return [
        {
            "id": f"p{n}-{side}",
            "symbol": day.symbol,
            "side": side,
            "qty": pair.qty,
            "not_before": _text(pair.arrival_ns),
            "deadline": _text(pair.deadline_ns),
            **experiment.fields,
        }
        for n, pair in enumerate(pairs, start=first_n)
        for side in ("buy", "sell")
    ]


def _size_of(qty: int, shown_qty: int) -> int:
    """Return the place of a size in SIZES."""
    return sum(qty > bound * shown_qty for bound in (0.5, 1, 2))


def _text(at_ns: int) -> str:
    seconds, ns = divmod(at_ns, S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ns:09d}Z"
