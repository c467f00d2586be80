"""The operator's rules, as the deciding rooms see them.

Made once from the configuration (`config/settings.py`); defaults are those
of the specification. An account without limits is refused, so none has a
default here. Ratios are fractions of one, `*_ns` nanoseconds, money in the
account's currency.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

from execd.core.enums import AssetClass
from execd.core.instrument import ONE, Instrument
from execd.core.orders import ParentOrder
from execd.core.preset import PLAIN, Preset
from execd.core.session import AlwaysOpen, Session
from execd.core.usual import NOTHING_USUAL, Usual

MS: Final = 1_000_000
S: Final = 1_000_000_000


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one account may do. `is_owned_required`: a sell needs owned shares (off only for research replays)."""

    order_qty_max: Decimal
    order_notional_max: Decimal
    price_collar_ratio: Decimal
    open_orders_max: int
    is_owned_required: bool = True


class Throttle(msgspec.Struct, frozen=True, kw_only=True):
    """How fast one account may send. New orders and replaces share a bucket and a sliding count of `window_max`.

    `requests_max` bounds requests of every kind in any window, questions included: that is the broker's ceiling.
    `cancel_reserve` of it are kept for cancels and flatten.
    """

    burst: int = 20
    per_min: int = 130
    window_max: int = 150
    window_ns: int = 60 * S
    requests_max: int = 200
    cancel_reserve: int = 30


class Lookups(msgspec.Struct, frozen=True, kw_only=True):
    """How a broker is asked about a request in doubt, and what its "no such order" proves.

    Asked after each of `pauses_ns`, then for ever at the last one. `are_final`: one healthy "no such order" proves that
    the request never arrived. Else `misses_min` in a row prove nothing but that a person is needed; where the broker
    refuses an id that it has seen, the same request may be written again first, `resends_max` times.
    """

    are_final: bool = False
    pauses_ns: tuple[int, ...] = (500 * MS, 1 * S, 2 * S, 4 * S, 8 * S, 15 * S)
    misses_min: int = 5
    resends_max: int = 0


UNIQUE_IDS: Final = Lookups(resends_max=2)
"""A broker that takes a client order id once, as Alpaca does."""
FREE_IDS: Final = Lookups(pauses_ns=(5 * S, 10 * S, 20 * S, 40 * S, 60 * S))
"""A broker that takes the same id twice, as IBKR does: nothing in doubt is ever written again."""
PROVING: Final = Lookups(are_final=True, pauses_ns=(0, 1 * S, 2 * S, 4 * S, 8 * S, 15 * S))
"""A broker whose answer about an id is the truth for ever, as the simulated venue's is."""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """How orders are worked, whatever the preset.

    `own` are parameters that the operator gives an algorithm, by its name, where nobody else says.
    """

    is_smart: bool = True
    own: dict[str, dict[str, Any]] = {}
    partial_accept_ratio: Decimal = Decimal("0.80")
    replans_max: int = 3
    final_lead_ns: int = 500 * MS
    quote_age_resting_ns_max: int = 5 * S
    quote_age_marketable_ns_max: int = 30 * S
    retry_ns: int = 1 * S
    send_within_ns: int = 1 * S


class Reconcile(msgspec.Struct, frozen=True, kw_only=True):
    """How often an account is compared with its broker; one whose last whole reading is older takes no new risk.

    `halts_on_external`: a symbol in which somebody else trades on the account takes none either.
    """

    every_ns: int = 60 * S
    stale_ns: int = 180 * S
    halts_on_external: bool = True


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the engine is told by its operator. Limits and lookups are by account name.

    `strategies` are those that the configuration names. `rejects_max` orders that a broker refused in a row halt their
    account. `reconcile` None: accounts are not read, as a tape is replayed. `is_observing`: plan and report, send
    nothing. Ended parents stay in memory for `memory_ns`, at most `memory_parents_max` of them.
    `duplicate_window_ns` 0: the id alone guards against asking twice. `usual` and `class_usual` say what is usual where
    the history of a symbol does not. `is_partial`: the feed sees a part of the market, of which the whole is said to be
    `partial_volume_scale` times as much; None: nobody said. `cannot_replace` are accounts whose broker changes no
    working order: it is pulled, and another placed. Both are facts of adapters. `preset` says how
    orders are worked, `sleeve_presets` how those of the strategies that have another.
    """

    limits: dict[str, Limits]
    throttle: Throttle = Throttle()
    execution: Execution = Execution()
    session: Session = AlwaysOpen()
    instruments: dict[str, Instrument] = {}
    lookups: dict[str, Lookups] = {}
    strategies: tuple[str, ...] = ()
    rejects_max: int = 10
    reconcile: Reconcile | None = None
    is_observing: bool = False
    duplicate_window_ns: int = 0
    memory_ns: int = 24 * 3_600 * S
    memory_parents_max: int = 10_000
    preset: Preset = PLAIN
    sleeve_presets: dict[str, Preset] = {}
    usual: dict[str, Usual] = {}
    class_usual: dict[AssetClass, Usual] = {}
    is_partial: bool = False
    partial_volume_scale: Decimal | None = None
    cannot_replace: tuple[str, ...] = ()

    @property
    def volume_scale(self) -> Decimal | None:
        """How often printed volume and displayed sizes count to stand for the whole market; None: it is not known."""
        return self.partial_volume_scale if self.is_partial else ONE

    def usual_of(self, symbol: str) -> tuple[Usual, Usual]:
        """Return what is said of a symbol, and of its asset class."""
        of_class = self.class_usual.get(self.instrument(symbol).asset_class, NOTHING_USUAL)
        return self.usual.get(symbol, NOTHING_USUAL), of_class

    def preset_of(self, strategy: str) -> Preset:
        """Return how orders of a strategy are worked."""
        return self.sleeve_presets.get(strategy, self.preset)

    def instrument(self, symbol: str) -> Instrument:
        """Return the instrument of a symbol; one that is not listed is an ordinary US share."""
        known = self.instruments.get(symbol)
        return known if known is not None else Instrument(symbol=symbol)

    def lookups_of(self, account: str) -> Lookups:
        """Return how an account's broker is asked; of one that nobody described nothing proves anything."""
        return self.lookups.get(account, FREE_IDS)

    def limits_of(self, parent: ParentOrder) -> Limits | None:
        """Return the limits that bind a parent; None means refuse."""
        return self.limits.get(parent.account)
