"""Slices that weigh cost against risk: Almgren and Chriss, against the arrival price.

Early slices are larger the more the price may move while one waits, and the less it costs to trade fast. What the
market is like (volatility, usual volume, spread) is given or learned, and taken note of once, when the slices are cut.
"""

from decimal import Decimal
from typing import Final

from execd.algos.base import ZERO, AlgoView, Waiting, usable_quote
from execd.algos.schedules.almgren_chriss import Impact, holdings, trades
from execd.algos.schedules.base import Rest
from execd.algos.schedules.curve import SLICES_MAX, scaled
from execd.algos.schedules.sliced import Sliced, intervals_n
from execd.algos.schedules.slices import Slices
from execd.core.codec import plain
from execd.core.market import Quote
from execd.core.wake import Wake

DAY_NS: Final = 23_400_000_000_000
"""A full session, the unit of time where the market never closes."""
RANGE_OF_SIGMA: Final = Decimal("1.6")
"""The mean range of a day's random walk is √(8/π) times its standard deviation."""
QTY: Final = Decimal(1_000_000)


class Shortfall(Sliced, frozen=True, kw_only=True, tag=True):
    """`risk_aversion` is one over currency; `volatility_ratio` a day's standard deviation over the price.

    Trading `temporary_ratio` of a usual day's volume a day costs one spread while it lasts, having traded
    `permanent_ratio` of it costs one for good. `adv_qty` and `volatility_ratio` None: as past days were.
    """

    risk_aversion: Decimal = Decimal("0.000001")
    temporary_ratio: Decimal = Decimal("0.01")
    permanent_ratio: Decimal = Decimal("0.10")
    volatility_ratio: Decimal | None = None
    adv_qty: Decimal | None = None

    def cut(self, view: AlgoView) -> Slices | Rest:
        """Return slices along the optimal trajectory; a price and a spread are needed first."""
        quote = usable_quote(view, view.execution.quote_age_marketable_ns_max)
        if isinstance(quote, Waiting):
            return Rest(wake=Wake(every_quote=True), waiting=quote)
        begins_ns = view.started_ns
        ends_ns = self.ends_ns(view, begins_ns)
        interval_ns = max(self.interval_ns, -((begins_ns - ends_ns) // SLICES_MAX))
        n = intervals_n(ends_ns - begins_ns, interval_ns)
        hours = view.market.hours
        tau = Decimal(interval_ns) / (DAY_NS if hours is None else hours.close_ns - hours.open_ns)
        impact, text = self._impact(view, quote, tau)
        weights = () if impact is None else scaled(trades(holdings(impact, qty=QTY, tau=tau, n=n)))
        return Slices(
            n=n,
            begins_ns=begins_ns,
            ends_ns=ends_ns,
            interval_ns=interval_ns,
            expire_ns=view.expire_ns,
            text=text,
            weights=weights,
        )

    def _impact(self, view: AlgoView, quote: Quote, tau: Decimal) -> tuple[Impact | None, str]:
        """Return what the market is like, and that in words; None where too little of it is known, or it has no best.

        A slice so long that its lasting impact outweighs the passing one has none: the model wants η̃ above zero.
        """
        day, px = view.market.day, quote.mid_px
        adv_qty = self.adv_qty if self.adv_qty is not None or day is None else day.adv_qty
        sigma = None if self.volatility_ratio is None else self.volatility_ratio * px
        if sigma is None and day is not None and day.atr_px is not None:
            sigma = day.atr_px / RANGE_OF_SIGMA
        if not adv_qty or sigma is None:
            return None, f"is, even: the {'usual volume' if not adv_qty else 'volatility'} is not known"
        spread = view.market.spread_ewma or quote.spread
        impact = Impact(
            sigma=sigma,
            eta=spread / (self.temporary_ratio * adv_qty),
            gamma=spread / (self.permanent_ratio * adv_qty),
            epsilon=spread / 2,
            lambda_=self.risk_aversion,
        )
        if impact.eta_tilde(tau) <= ZERO:
            return None, "is, even: in slices of this length the permanent impact outweighs the temporary one"
        told = f"is: risk aversion {plain(self.risk_aversion)}, volatility {plain(round(sigma, 6))} a share and day"
        return impact, f"{told}, ADV {plain(adv_qty)}, spread {plain(spread)}"
