"""What was touched lately, and when, by our own clock: names and instants, the latest last.

What is older than `KEPT_NS` is forgotten, so it costs the same however long
the daemon runs.
"""

from collections import OrderedDict
from typing import Final

from execd.core.rules import S

KEPT_NS: Final = 60 * S
"""Ten times what a comparison with a broker asks for."""


class Recent:
    """Names with the instant at which each was touched last."""

    def __init__(self) -> None:
        """Begin with none."""
        # Not a dict: the first of one whose first thousands were taken out is found behind all of their places.
        self._at_ns: OrderedDict[str, int] = OrderedDict()

    def touch(self, name: str, now_ns: int) -> None:
        """Note that something was touched now."""
        at_ns = self._at_ns
        at_ns[name] = now_ns
        at_ns.move_to_end(name)
        while at_ns[oldest := next(iter(at_ns))] < now_ns - KEPT_NS:
            del at_ns[oldest]

    def touched_ns(self, name: str) -> int:
        """Return when something was touched last; 0 where that is forgotten."""
        return self._at_ns.get(name, 0)

    def seen(self) -> dict[str, int]:
        """Return a copy of all that is remembered."""
        return dict(self._at_ns)
