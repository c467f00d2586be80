"""What a seed says before anything happens: accounts, rules, the market, the files that will come, and the ordeals.

A scene is a value; whoever plays it (`world`) draws only what depends on how
the play goes. A new thing that a seed decides is a field here.
"""

from decimal import Decimal
from typing import Final

import msgspec

from execd.core.rules import FREE_IDS, MS, PROVING, UNIQUE_IDS, Execution, Limits, Lookups, Reconcile, Rules, S
from execd.simulation.faults import Draws, Faults
from execd.simulation.wishes import Dropped, Wishes
from execd.venue.generator import Profile, SymbolSpec

START_NS: Final = 1_800_000_000 * S
MINUTES: Final = (20, 180)
"""A session is so long, where nobody says how long."""
SYMBOLS: Final = ("AAPL", "KO", "PFE", "XOM")
MODELS: Final[dict[str, Lookups]] = {"proving": PROVING, "unique": UNIQUE_IDS, "free": FREE_IDS}
SPARSE: Final = Profile(
    name="sparse",
    spread_weights=(0.6, 0.3, 0.1),
    quotes_per_s=0.25,
    prints_per_s=0.1,
    print_size_mean=200.0,
    print_size_log_sd=0.9,
    print_lot=100,
    shown_size_mean=500.0,
    shown_size_log_sd=0.7,
    inside_share=0.02,
    same_instant_share=0.2,
    close_quotes_share=0.2,
    respread_share=0.1,
    volatility_bps=400.0,
)
"""Few ticks that move far: what a session costs is its ticks, what it finds is what happens between them."""
SCHEDULED: Final = (
    "half_open",
    "stream_cut",
    "quotes_cut",
    "old_reports",
    "gateway_restart",
    "locked_out",
    "bust",
    "correction",
    "hand_trade",
    "overfill",
    "broker_cancel",
    "suspended_word",
    "symbol_halt",
    "symbol_silent",
    "clock_jump",
    "suspend",
    "disk_full",
    "kill_statement",
    "kill_effect",
    "kill_now",
    "bad_file",
    "same_file",
    "operator",
)
"""Classes that strike at instants which the seed names."""


class AccountScene(msgspec.Struct, frozen=True, kw_only=True):
    """One account and its broker: which model of ids, and what it tells.

    `is_numbered`: its reports carry numbers, so that a missing one is noticed and told again. `tells_trades`: asked
    about an order it tells its single fills. `tells_intervals`: a fill says its place in CumQty. `answers`: a new order
    is answered in the call, beside the stream.
    """

    name: str
    model: str
    is_numbered: bool
    tells_trades: bool
    tells_intervals: bool
    answers: bool


class Ordeal(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something that strikes at an instant."""

    at_ns: int
    name: str


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known beforehand."""

    seed: int
    end_ns: int
    accounts: tuple[AccountScene, ...]
    rules: Rules
    specs: tuple[SymbolSpec, ...]
    files: tuple[Dropped, ...]
    ordeals: tuple[Ordeal, ...]


def scene_of(seed: int, faults: Faults, *, minutes: int | None = None, intents_max: int | None = None) -> Scene:
    """Return the scene of a seed. `intents_max` leaves the later files out."""
    draws = Draws(seed)
    end_ns = START_NS + (minutes or draws.between(*MINUTES, "minutes")) * 60 * S
    accounts = _accounts(draws, faults)
    specs = tuple(
        SymbolSpec(symbol=symbol, start_px=Decimal(draws.between(1_500, 12_000, "px")).scaleb(-2), profile=SPARSE)
        for symbol in SYMBOLS[: draws.between(1, 3, "symbols")]
    )
    wishes = Wishes(
        draws,
        accounts=tuple(one.name for one in accounts),
        prices={spec.symbol: int(spec.start_px * 100) for spec in specs},
    )
    last_ns = START_NS + (end_ns - START_NS) * 7 // 10
    files = wishes.wall(draws.between(5, 40, "intents"), from_ns=START_NS + S, until_ns=last_ns)
    if intents_max is not None:
        files = files[:intents_max]
    files += _more_files(wishes, files, draws, faults, last_ns)
    ordeals = [
        Ordeal(at_ns=draws.between(START_NS + S, end_ns, name), name=name)
        for name in SCHEDULED
        for _ in range(faults.times(name))
        if name not in {"bad_file", "same_file"}
    ]
    return Scene(
        seed=seed,
        end_ns=end_ns,
        accounts=accounts,
        rules=_rules(draws, accounts),
        specs=specs,
        files=tuple(sorted(files, key=lambda one: one.at_ns)),
        ordeals=tuple(sorted(ordeals)),
    )


def _accounts(draws: Draws, faults: Faults) -> tuple[AccountScene, ...]:
    # A broker that takes fills back tells no places in CumQty: they would not be true any more.
    is_steady = not (faults.percent["bust"] or faults.percent["correction"])
    accounts = []
    for n in range(draws.between(1, 2, "accounts")):
        model = draws.pick(tuple(MODELS), "model")
        accounts.append(
            AccountScene(
                name=f"acct{n}",
                model=model,
                is_numbered=model == "proving",
                tells_trades=model == "proving" or draws.is_hit(75, "tells_trades"),
                tells_intervals=is_steady and draws.is_hit(50, "tells_intervals"),
                answers=draws.is_hit(50, "answers"),
            )
        )
    return tuple(accounts)


def _rules(draws: Draws, accounts: tuple[AccountScene, ...]) -> Rules:
    limits = {
        one.name: Limits(
            order_qty_max=Decimal(draws.pick((400, 1_000), "qty_max")),
            order_notional_max=Decimal(draws.pick((15_000, 250_000), "notional_max")),
            price_collar_ratio=Decimal("0.03"),
            open_orders_max=draws.pick((2, 4, 50), "open_max"),
        )
        for one in accounts
    }
    return Rules(
        limits=limits,
        lookups={one.name: MODELS[one.model] for one in accounts},
        execution=Execution(final_lead_ns=draws.pick((500 * MS, 2 * S), "lead")),
        reconcile=Reconcile(halts_on_external=bool(draws.below(2, "halts_on_external"))),
        memory_ns=draws.pick((300 * S, 24 * 3_600 * S), "memory"),
    )


def _more_files(wishes: Wishes, files: list[Dropped], draws: Draws, faults: Faults, last_ns: int) -> list[Dropped]:
    """Return nonsense, and files that come a second time."""
    more = [wishes.nonsense(draws.between(START_NS, last_ns, "bad_file")) for _ in range(faults.times("bad_file"))]
    for _ in range(faults.times("same_file") if files else 0):
        one = draws.pick(files, "same_file")
        at_ns = draws.between(one.at_ns, last_ns + 1, "same_file")
        more.append(Dropped(at_ns=at_ns, name=f"again-{one.name}", body=one.body))
    return more
