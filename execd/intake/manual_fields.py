"""What every field of every document says about itself: for the manual and for the JSON Schema.

Words, an example each, and what holds when the field is left out. Rules are in `words` and `schema`; a test holds this
table to their fields and feeds them every example. A new field is a row here.
"""

from typing import Final, NamedTuple

from execd.config.strict_algo import PUBLIC
from execd.core.enums import Horizon, Side, Urgency
from execd.intake.words import NOTE_LEN_MAX, ON_CLOSED, ON_ERROR, SCOPES, SLIPPAGE_BPS_MAX


class Told(NamedTuple):
    """One field: its type and bounds, what holds without it, and an example."""

    what: str
    left_out: str
    example: str


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


_ID: Final = "a letter or digit, then letters, digits and `. _ : -`; at most 64"
_QUANTITY: Final = "exactly one of `qty`, `notional`, `target_qty`, `close`"
_NOTE: Final = Told(
    f"text of at most {NOTE_LEN_MAX} characters without control, bidirectional or hidden signs; kept and shown, never"
    " read as anything",
    "empty",
    "rebalance of March",
)

ORDER: Final = {
    "kind": Told("`order`", "`order`", "order"),
    "id": Told(f"{_ID}. The idempotency key: the same id never trades twice", "needed", "rebalance-2026-03-02-AAPL"),
    "symbol": Told("a capital letter, then capitals, digits, `.` and `/`; at most 12, ASCII", "needed", "BRK.B"),
    "side": Told(_words(tuple(Side)), "needed with `qty` and `notional`; refused with `target_qty` and `close`", "buy"),
    "qty": Told("shares, above 0", _QUANTITY, "300"),
    "notional": Told("money, above 0; shares are counted when working starts", "the same", "2500.50"),
    "target_qty": Told(
        "the position that the sleeve shall have in the symbol, signed: what is missing is traded when working starts."
        " A newer target replaces an older one; through zero the closing order comes first",
        "the same",
        "-150",
    ),
    "close": Told("`true`: trade what is owned to zero", "the same", "true"),
    "account": Told("the name of a configured account", "the only one; needed where there are several", "sim"),
    "strategy": Told(f"a name: {_ID}", "`default`", "momentum"),
    "horizon": Told(_words(tuple(Horizon)), "that of the strategy under `sleeves`, else `swing`", "intraday"),
    "urgency": Told(_words(tuple(Urgency)), "`normal`", "high"),
    "limit_price": Told("a price, above 0 and at least the smallest step; no order ever passes it", "none", "191.50"),
    "order_type": Told("`market` (without `limit_price`), `limit` (with it)", "the plan chooses", "limit"),
    "time_in_force": Told(
        "`day`, `ioc`, `fok`; of each order that leaves, so not `ioc` or `fok` with a schedule or with what only rests",
        "`day`",
        "ioc",
    ),
    "extended_hours": Told("`false`", "`false`", "false"),
    "algo": Told(
        f"a mapping with `name` ({_words(PUBLIC)}) and its parameters: see below",
        "the policy chooses",
        "{name: offset, bps: 5, ttl: 60s}",
    ),
    "protect": Told(
        "`none`: nothing shall protect what it opens",
        "what the preset says; one that protects refuses the order, for that is not built yet",
        "none",
    ),
    "not_before": Told("a time: working starts no earlier", "when the file is read", "10m"),
    "valid_until": Told(
        "a time: working starts no later",
        "the end of the session of the file's arrival; `session.file_valid_s` where it never ends. Both count from"
        " `not_before` where that is later",
        '"15:30"',
    ),
    "deadline": Told(
        "a time: no fill comes later",
        "the end of the session in which it is first worked; `execution.default_life_s` where it never ends",
        "2026-03-02T15:45:00-05:00",
    ),
    "on_closed": Told(f"{_words(ON_CLOSED)}: wait for the next session, or refuse", "`queue`", "reject"),
    "max_slippage_bps": Told(
        f"0 to {SLIPPAGE_BPS_MAX}: the collar, from the middle at the start",
        "that of the asset class, else that of the preset",
        "12.5",
    ),
    "reference_price": Told("the price at which you decided, above 0; for the report", "none", "191.20"),
    "supersedes": Told(
        "the id of the intent that this one replaces: that one is cancelled and ended first, then this one starts",
        "none",
        "rebalance-2026-03-02-AAPL-a",
    ),
    "allow_duplicate": Told(
        "`true`: work it although the sleeve asked for the same within `risk.duplicate_window_s`; without it such an"
        " order is accepted and held (`duplicate_suspected`) until somebody releases it",
        "`false`",
        "true",
    ),
    "on_error": Told(
        f"{_words(ON_ERROR)}; of a list or csv file: `skip` takes its good rows, else all are taken or none. One row"
        " that says it speaks for its file",
        "`reject`",
        "skip",
    ),
    "note": _NOTE,
}

CANCEL: Final = {
    "kind": Told("`cancel`", "needed", "cancel"),
    "id": Told(f"{_ID}. The document's own: it counts once", "needed", "cancel-1"),
    "target": Told(
        "the id of the intent to stop; it may come later than its cancel, and is refused then", "needed", "a1"
    ),
    "note": _NOTE,
}

AMEND: Final = {
    "kind": Told("`amend`", "needed", "amend"),
    "id": Told(f"{_ID}. The document's own: it counts once", "needed", "amend-1"),
    "target": Told("the id of the intent to change", "needed", "a1"),
    "qty": Told("the new total, above 0 and at least what is filled and working", "unchanged", "200"),
    "limit_price": Told("a price that is not looser", "unchanged", "191.40"),
    "deadline": Told("a time, as in an order", "unchanged", "30m"),
    "urgency": Told(_words(tuple(Urgency)), "unchanged", "high"),
    "max_slippage_bps": Told(f"0 to {SLIPPAGE_BPS_MAX}, not looser", "unchanged", "8"),
    "protect": Told("refused until protective orders are built", "unchanged", ""),
    "note": _NOTE,
}

FLATTEN: Final = {
    "kind": Told("`flatten`", "needed", "flatten"),
    "id": Told(f"{_ID}. The document's own: it counts once", "needed", "flat-1"),
    "scope": Told(_words(SCOPES), "needed", "symbol"),
    "value": Told("which one: a symbol, a strategy or `strategy/horizon`, or an account", "needed", "AAPL"),
    "note": _NOTE,
}

FIELDS_TOLD: Final = {"order": ORDER, "cancel": CANCEL, "amend": AMEND, "flatten": FLATTEN}
