"""The words between a flatten and the engine: what it is shown, what it says, and how much may be closed.

Values, and the one sizing rule. Which of them when is in `flatten.py`.
"""

from decimal import Decimal
from typing import Final, Literal

import msgspec

from execd.core.instrument import Instrument
from execd.core.parents import PositionKey

ZERO: Final = Decimal(0)


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """What a sleeve owns of a symbol, and what bounds its close. Quantities but `out_qty` are signed.

    `account_qty` is what all sleeves of the account own, `external_qty` what was declared as nobody's here,
    `broker_qty` what the broker says it holds (None: unread), `out_qty` what other orders may still take off this
    position, and `account_out_qty` off the account's. `is_busy`: a close of its account and symbol is under way.
    """

    key: PositionKey
    instrument: Instrument
    owned_qty: Decimal
    account_qty: Decimal
    external_qty: Decimal = ZERO
    broker_qty: Decimal | None = None
    out_qty: Decimal = ZERO
    account_out_qty: Decimal = ZERO
    is_busy: bool = False


class FlattenView(msgspec.Struct, frozen=True, kw_only=True):
    """The book as a flatten sees it.

    `working` are intents of the scope that may still place orders. `unconfirmed_n` and `doubtful_n` count orders of the
    scope that may still trade and are not its own: not yet known to be gone, and in doubt. `opens_ns`: when the market
    opens; None while it is open, or where nobody knows. `is_placing`: an intent of its own has not ended. `untold_n` is
    of how many orders something was told that is not booked yet, for they must be fetched from the journal. Of
    what it has closed, `unread` are the accounts that were not read since, and `drifts` say where the broker shows
    something else than what is owned and declared.
    """

    now_ns: int
    legs: tuple[Leg, ...]
    working: tuple[str, ...] = ()
    unconfirmed_n: int = 0
    doubtful_n: int = 0
    untold_n: int = 0
    is_open: bool = True
    opens_ns: int | None = None
    is_placing: bool = False
    unread: tuple[str, ...] = ()
    drifts: tuple[str, ...] = ()


class Stop(msgspec.Struct, frozen=True):
    """End an intent, and cancel what it has out."""

    parent_id: str


class Close(msgspec.Struct, frozen=True, kw_only=True):
    """Begin an intent that closes at most `qty` of a position; `number` makes its name."""

    key: PositionKey
    qty: Decimal
    number: int


class ReadPositions(msgspec.Struct, frozen=True):
    """Ask an account's broker what it holds."""

    account: str


class Told(msgspec.Struct, frozen=True):
    """What somebody should know."""

    code: Literal["not_flat", "flat", "unbounded_flatten"]
    text: str


Command = Stop | Close | ReadPositions


def flatten_qty(leg: Leg) -> Decimal:
    """Return how much of a position may be closed now; never more than owned, never through zero at the broker.

    Owned less what the sleeves and declared external holdings together have more than the broker shows (SPEC 8), at
    most what the broker holds on that side; from both, what other orders may still take off.
    """
    sign = 1 if leg.owned_qty > ZERO else -1
    qty = abs(leg.owned_qty) - leg.out_qty
    if leg.broker_qty is not None:
        missing_qty = max(ZERO, sign * (leg.account_qty + leg.external_qty - leg.broker_qty))
        qty = min(qty - missing_qty, sign * leg.broker_qty - leg.account_out_qty)
    qty = leg.instrument.floor_qty(max(ZERO, qty))
    return qty if qty >= leg.instrument.min_qty else ZERO
