"""Whether anything is known of what a scope names: a word for whoever may have misspelt it.

A scope of which nothing is known is taken all the same, for it may be about
what comes later; the answer says it. Accounts are not asked about here: an
unknown one is refused. A new dimension of a scope is a check in `doubted_name`.
"""

from typing import Final

from execd.core.orders import Sleeve
from execd.core.scopes import Scope
from execd.engine.desk import Desk

SHOWN_MAX: Final = 20


def doubted_name(desk: Desk, scope: Scope) -> str:
    """Return that nothing is known of the symbol or sleeve of a scope, ready to be appended; empty where all is."""
    told: list[str] = []
    if scope.symbol and not _is_symbol_known(desk, scope.symbol):
        told.append(f"nothing is known of symbol {scope.symbol}: check the name")
    if scope.strategy and not _is_sleeve_known(desk, scope):
        sleeves = list(dict.fromkeys([*desk.rules.strategies, *(_text(one) for one in _sleeves(desk))]))
        more = f" and {len(sleeves) - SHOWN_MAX} more" if len(sleeves) > SHOWN_MAX else ""
        known = f"known sleeves are {', '.join(sleeves[:SHOWN_MAX])}{more}" if sleeves else "no sleeve is known yet"
        told.append(f"nothing is known of {Scope(strategy=scope.strategy, horizon=scope.horizon).text}: check the name")
        told.append(known)
    return "".join(f"; {one}" for one in told)


def _is_symbol_known(desk: Desk, symbol: str) -> bool:
    book = desk.book
    return (
        symbol in desk.rules.instruments
        or any(key.symbol == symbol for key in book.positions)
        or any(key.symbol == symbol for key in book.external_positions)
        or any(parent.order.symbol == symbol for parent in book.parents.values())
        or any(row.parent.symbol == symbol for row in book.listed.values())
        or any(seen.symbol == symbol for seen in book.external_orders.values())
    )


def _is_sleeve_known(desk: Desk, scope: Scope) -> bool:
    if scope.strategy in desk.rules.strategies:
        return True  # A sleeve of the configuration has its default horizon, and takes intents of any.
    named = Scope(strategy=scope.strategy, horizon=scope.horizon)
    return any(named.covers(sleeve, "") for sleeve in _sleeves(desk))


def _sleeves(desk: Desk) -> list[Sleeve]:
    """Return every sleeve that owns or owned something, or has an intent; each once, in the order of the book."""
    book = desk.book
    found = [key.sleeve for key in book.positions]
    found += [parent.order.sleeve for parent in book.parents.values()]
    found += [row.parent.sleeve for row in book.listed.values()]
    return list(dict.fromkeys(found))


def _text(sleeve: Sleeve) -> str:
    return f"{sleeve.strategy}/{sleeve.horizon}"
