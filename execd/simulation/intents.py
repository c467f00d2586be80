"""The intents of a replay: when each arrives, and whose account it uses.

An intent is read as a file that arrives when it may start: `not_before` where it says an instant, else the first
regular print of its symbol's tape. It never goes stale unless it says so. Reading the text is `intake.parse_many`.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from execd.core.rules import PROVING, Limits, Rules
from execd.core.session import AlwaysOpen
from execd.intake.parse import IntentFile, ParseContext, ParsedIntent
from execd.intake.parse_many import parse_many

RESEARCH_LIMITS: Final = Limits(
    order_qty_max=Decimal(10_000_000),
    order_notional_max=Decimal(10_000_000_000),
    price_collar_ratio=Decimal("0.03"),
    open_orders_max=1_000_000,
    is_owned_required=False,
)
"""Limits of a replay without a configuration: the holdings that its sells need are assumed."""
NEVER_STALE_NS: Final = 100 * 365 * 86_400 * 1_000_000_000
ACCOUNT: Final = "sim"
"""The account of an intent that names none, where no configuration does."""
ISOLATED: Final = "iso-"


def read_intents(
    name: str, body: bytes, *, begins_ns: Callable[[str], int], accounts: Sequence[str] = (), seed: int = 0
) -> list[ParsedIntent]:
    """Return the intents of a file. `begins_ns` says of a symbol when its tape's regular trading begins.

    The first of `accounts` is the default; where none is given every name is taken. Raises IntentError.
    """
    default = accounts[0] if accounts else ACCOUNT

    def context_of(intent: IntentFile) -> ParseContext:
        now_ns = getattr(intent.not_before, "at_ns", None)
        if now_ns is None:
            now_ns = begins_ns(intent.symbol)
        return ParseContext(
            now_ns=now_ns,
            mtime_ns=now_ns,
            accounts=tuple(accounts) or (default, intent.account or default),
            default_account=default,
            # Only asked for when an order goes stale.
            session=AlwaysOpen(),
            always_open_valid_ns=NEVER_STALE_NS,
            seed=seed,
        )

    return parse_many(name, body, context_of=context_of)


def research_rules(intents: Sequence[ParsedIntent]) -> Rules:
    """Return the rules of a replay without a configuration: defaults, and wide limits for every account in use."""
    limits = {intent.parent.account: RESEARCH_LIMITS for intent in intents}
    return Rules(limits=limits, lookups=dict.fromkeys(limits, PROVING))


def isolated(intents: Sequence[ParsedIntent], rules: Rules) -> tuple[list[ParsedIntent], Rules]:
    """Return the intents with an account each, and rules in which each such account has the limits of the original."""
    alone: list[ParsedIntent] = []
    limits: dict[str, Limits] = dict(rules.limits)
    for intent in intents:
        account = ISOLATED + intent.parent.parent_id
        known = rules.limits.get(intent.parent.account)
        if known is not None:
            limits[account] = known
        alone.append(replace(intent, parent=replace(intent.parent, account=account)))
    return alone, replace(rules, limits=limits)
