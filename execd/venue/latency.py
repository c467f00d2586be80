"""How long a request travels to the venue.

A request acts that long after it was sent; what the venue reports is seen at
the venue's own instant, as a trade on a tape is. Keeping requests of one
account in the order of their sending is the runner's part. Chance is keyed by
the request, so adding one changes no other.
"""

import msgspec

from execd.core import chance


class Latency(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`base_ns`, and up to `jitter_ns` more, uniform; both zero or above."""

    base_ns: int = 0
    jitter_ns: int = 0
    seed: int = 0

    def acts_at(self, cl_ord_id: str, now_ns: int) -> int:
        """Return the instant at which a request sent at `now_ns` acts."""
        jitter_ns = chance.below(self.jitter_ns + 1, self.seed, "latency", cl_ord_id) if self.jitter_ns else 0
        return now_ns + self.base_ns + jitter_ns
