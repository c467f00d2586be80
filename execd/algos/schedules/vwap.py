"""Slices by the usual volume of each part of the day.

The profile is given (equal parts of the window), or learned from past days, the one that is asked for, and stretched
over the session's real open and close. Where it is not known the slices are even, and their text says so.
"""

from decimal import Decimal

from execd.algos.base import AlgoView
from execd.algos.schedules.base import Rest
from execd.algos.schedules.curve import SLICES_MAX, stretched, volume_weights
from execd.algos.schedules.sliced import Sliced
from execd.algos.schedules.slices import Slices
from execd.core.daily import Statistic


class Vwap(Sliced, frozen=True, kw_only=True, tag=True):
    """Worked from `start_ns` to `end_ns` (0: from the parent's start, to its end); `profile` empty: a learned one.

    That is of so many `days` and of `statistic`; what is None is as in the first that is learned.
    """

    start_ns: int = 0
    end_ns: int = 0
    profile: tuple[Decimal, ...] = ()
    days: int | None = None
    statistic: Statistic | None = None

    def cut(self, view: AlgoView) -> Slices | Rest:
        """Return the slices of the window; the last may be shorter."""
        begins_ns = max(self.start_ns, view.started_ns)
        ends_ns = self.ends_ns(view, begins_ns)
        ends_ns = max(begins_ns + 1, min(ends_ns, self.end_ns or ends_ns))
        interval_ns = max(self.interval_ns, -((begins_ns - ends_ns) // SLICES_MAX))
        n = -((begins_ns - ends_ns) // interval_ns)
        weights, text = self._weights(view, begins_ns=begins_ns, ends_ns=ends_ns, interval_ns=interval_ns, n=n)
        if not any(weights):
            weights, text = (), f"vwap, even: no volume profile{self._asked} of this window is known"
        return Slices(
            n=n,
            begins_ns=begins_ns,
            ends_ns=ends_ns,
            interval_ns=interval_ns,
            expire_ns=view.expire_ns,
            text=text,
            weights=weights,
        )

    def _weights(
        self, view: AlgoView, *, begins_ns: int, ends_ns: int, interval_ns: int, n: int
    ) -> tuple[tuple[int, ...], str]:
        edges_ns = [*range(begins_ns, ends_ns, interval_ns), ends_ns]
        if self.profile:
            return stretched(self.profile, edges_ns), f"vwap by a given profile of {len(self.profile)} parts"
        day, hours = view.market.day, view.market.hours
        profile = None if day is None else day.profile_of(self.days, self.statistic)
        if day is None or hours is None or not profile:
            return (), ""
        return volume_weights(profile, hours, edges_ns), f"vwap by the profile{self._asked} of {day.profile_source}"

    @property
    def _asked(self) -> str:
        """Which profile was asked for, in words; nothing where that is whichever there is."""
        days = None if self.days is None else f"{self.days} days"
        said = ", ".join(part for part in (days, self.statistic) if part is not None)
        return f" ({said})" if said else ""
