"""Arithmetic that tactics share: from a wished price to one that may be sent.

Rounding to the grid, clipping to limit and collar, and staying short of the
touch happen here and in no tactic.
"""

from decimal import Decimal

import msgspec

from execd.algos.base import AlgoView
from execd.core.instrument import clip
from execd.core.market import Quote


class Priced(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A limit price on the grid, and how it came about."""

    price: Decimal
    text: str


def touch_px(quote: Quote, *, is_buy: bool) -> Decimal:
    """Return the price that trades at once: the ask for a buy, the bid for a sell."""
    return quote.ask_px if is_buy else quote.bid_px


def near_px(quote: Quote, *, is_buy: bool) -> Decimal:
    """Return the price that an order would join: the bid for a buy, the ask for a sell."""
    return quote.bid_px if is_buy else quote.ask_px


def near_size(quote: Quote, *, is_buy: bool) -> Decimal:
    """Return what is displayed on the side that an order would join."""
    return quote.bid_size if is_buy else quote.ask_size


def touch_size(quote: Quote, *, is_buy: bool) -> Decimal:
    """Return what is displayed at the price that trades at once."""
    return quote.ask_size if is_buy else quote.bid_size


def bounded(view: AlgoView, wished_px: Decimal, *, may_cross: bool, quote: Quote | None, text: str) -> Priced:
    """Return `wished_px` on the grid, inside limit and collar, and short of the touch unless it may cross.

    Bounds are rounded toward passive, so a bounded price never passes them. `text` says where the wish came from. Only
    what may cross needs no quote.
    """
    is_buy = view.parent.side.is_buy
    instrument = view.instrument
    nearest = instrument.nearest(wished_px, is_buy=is_buy)
    limits = tuple(None if bound is None else instrument.passive(bound, is_buy=is_buy) for bound in view.bounds)
    px = clip(nearest, limits, is_buy=is_buy)
    if px != nearest:
        text = f"{text}, held at {'the limit' if px == limits[0] else 'the collar'}"
    if may_cross or quote is None:
        return Priced(price=px, text=text)
    if is_buy:
        px = min(px, quote.ask_px - instrument.tick_at(quote.ask_px))
    else:
        px = max(px, quote.bid_px + instrument.tick_at(quote.bid_px))
    return Priced(price=px, text=text)
