"""The lines to the brokers, by account: tokens, who waits for one, what is to be asked, how often it was refused.

State of the engine beside the book: the tokens are made again from the book
after a restart (`parking.remember`), the rest begins empty. It decides nothing.
"""

from execd.core.rules import Throttle
from execd.engine.parked import Parked
from execd.engine.throttle import Buckets, buckets, ruled


class Lines:
    """What is kept of every account's line."""

    def __init__(self, rules: Throttle) -> None:
        """Begin with full buckets and nobody waiting."""
        self.buckets: dict[str, Buckets] = {}
        self.parked: dict[str, Parked] = {}
        self.questions: dict[str, dict[str, None]] = {}
        """Orders that somebody wants to know about, the longest waiting first."""
        self.failed_n: dict[str, int] = {}
        """By order: how many questions about it in a row had no answer."""
        self.rejects_n: dict[str, int] = {}
        """Orders in a row that the broker refused."""
        self.heard_ns: dict[str, int] = {}
        """Since when its report stream has been up, as far as we know."""
        self.doubted_ns: dict[str, int] = {}
        """When it was last begun anew because it had not told something."""
        self._rules = rules

    def change_rules(self, rules: Throttle) -> None:
        """Go on under other rules; what has left still counts."""
        if rules != self._rules:
            self._rules = rules
            self.buckets = {account: ruled(known, rules) for account, known in self.buckets.items()}

    def buckets_of(self, account: str) -> Buckets:
        """Return an account's tokens."""
        known = self.buckets.get(account)
        if known is None:
            known = self.buckets[account] = buckets(self._rules)
        return known

    def parked_of(self, account: str) -> Parked:
        """Return who waits for a token of an account."""
        known = self.parked.get(account)
        if known is None:
            known = self.parked[account] = Parked()
        return known

    def want(self, account: str, cl_ord_id: str) -> None:
        """Want to know about an order; wanting it twice is wanting it once."""
        self.questions.setdefault(account, {})[cl_ord_id] = None
