"""How much of the printed volume a parent may be: what was counted so far, and what that allows.

The market's own count begins anew after a gap and after a restart; what was counted before is kept here. What was
printed unseen counts as zero, so a share can only be smaller than meant, never larger; each text says how often.
"""

from decimal import ROUND_CEILING, Decimal
from typing import Final

import msgspec

from execd.algos.base import ZERO, AlgoView
from execd.algos.schedules.base import Limit
from execd.core.codec import plain

HUNDRED: Final = Decimal(100)
PARTICIPATION: Final = "participation_cap"
PARTIAL_COVERAGE: Final = "partial_coverage"


class Tally(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Volume since the start of a parent: `kept_qty`, and what was printed beyond `base_qty` of the count `since_ns`.

    `counts_n` is how many counts of the market it has met after the first.
    """

    since_ns: int
    base_qty: Decimal
    kept_qty: Decimal = ZERO
    counts_n: int = 0

    @classmethod
    def of(cls, view: AlgoView) -> "Tally":
        """Return a count that begins now."""
        return cls(since_ns=view.market.volume_since_ns, base_qty=view.market.volume)

    def volume(self, view: AlgoView) -> Decimal:
        """Return what was printed since the start, as far as it was seen; of a partial feed as it was seen there."""
        return self.kept_qty + view.market.volume - (self.base_qty if self._goes_on(view) else ZERO)

    def renewed(self, view: AlgoView) -> "Tally":
        """Return the count with what is known now kept for good."""
        return Tally(
            since_ns=view.market.volume_since_ns,
            base_qty=view.market.volume,
            kept_qty=self.volume(view),
            counts_n=self._counts_n(view),
        )

    def told(self, view: AlgoView) -> str:
        """Return the volume in words, with the times at which some of it was not seen."""
        counts_n = self._counts_n(view)
        unseen = f" (unseen {counts_n} times, counted as zero then)" if counts_n else ""
        return f"{plain(self.volume(view))} printed{unseen}"

    def at(self, view: AlgoView, volume_qty: Decimal) -> Decimal:
        """Return what the market's count shows when `volume_qty` was printed since the start."""
        return volume_qty - self.kept_qty + (self.base_qty if self._goes_on(view) else ZERO)

    def _goes_on(self, view: AlgoView) -> bool:
        """Whether the market still counts as it did. A count that had not begun goes on with its first print."""
        if view.market.volume < self.base_qty:
            return False
        return view.market.volume_since_ns == self.since_ns or not (self.since_ns or self.base_qty)

    def _counts_n(self, view: AlgoView) -> int:
        return self.counts_n if self._goes_on(view) else self.counts_n + 1


class Share(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A parent may be `ratio_max` of the volume printed since its start; `quantum_qty` at a time.

    Of `quantum_qty` None is a round lot and 0 a step. `tally` is None until the first piece.
    """

    ratio_max: Decimal
    quantum_qty: Decimal | None = None
    tally: Tally | None = None

    def renewed(self, view: AlgoView) -> "Share":
        """Return it with what was printed so far kept for good."""
        tally = Tally.of(view) if self.tally is None else self.tally.renewed(view)
        return msgspec.structs.replace(self, tally=tally)

    def limit(self, view: AlgoView, ratio: Decimal) -> Limit:
        """Return what `ratio` of the volume so far allows."""
        scale = view.market.volume_scale
        if scale is None:
            text = "the feed shows a part of the market and nobody said how much of it"
            return Limit(qty=view.cum_qty, code=PARTIAL_COVERAGE, text=text)
        tally = self.tally or Tally.of(view)
        part = ratio * scale
        allowed_qty = part * tally.volume(view)
        text = f"{plain(ratio * HUNDRED)}% of {tally.told(view)}"
        if allowed_qty >= view.order_qty:
            return Limit(qty=view.order_qty, code=PARTICIPATION, text=text)
        quantum = self._quantum(view)
        qty = allowed_qty // quantum * quantum
        next_qty = min(qty + quantum, view.order_qty)
        needed_qty = (next_qty / part).to_integral_value(ROUND_CEILING)
        return Limit(
            qty=qty,
            code=PARTICIPATION,
            text=text,
            next_qty=next_qty,
            volume_at=tally.at(view, needed_qty),
            per_share=1 / part,
        )

    def _quantum(self, view: AlgoView) -> Decimal:
        """Return what is waited for: a round lot, or what was asked for; all that is left where that is less."""
        instrument = view.instrument
        wished = instrument.round_lot if self.quantum_qty is None else self.quantum_qty
        return max(instrument.floor_qty(min(wished, view.order_qty)), instrument.min_qty, instrument.qty_step)
