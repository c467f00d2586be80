"""An intent as somebody wrote it, and the one way from there to a parent.

Every field of an order is here; one whose feature does not exist yet is refused, never ignored. The types are in
`words`, the other kinds of document in `requests`, reading bytes is in `parse`. A new field is a line in `IntentFile`,
its use in `to_parent`, and a row in `manual_fields`.
"""

from decimal import Decimal
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, model_validator

from execd.config.strict_text import nearest, refusal
from execd.config.strict_yaml import shown
from execd.core import chance
from execd.core.algo_terms import S, Unit
from execd.core.codec import plain
from execd.core.daily import profile_problem
from execd.core.enums import Horizon, OrdType, Side, TimeInForce, Urgency
from execd.core.orders import AlgoSpec, ParentOrder
from execd.core.schedule_terms import ALGO_TERMS, SCHEDULE_TERMS
from execd.errors import IntentError
from execd.intake.agreement import LEARNED, agree
from execd.intake.algo_words import span_text
from execd.intake.context import ParseContext
from execd.intake.times import Instant, Span, WallTime, When
from execd.intake.words import (
    AlgoText,
    CloseFlag,
    FlagText,
    HorizonText,
    IdText,
    KindText,
    NameText,
    NoteText,
    OnClosedText,
    OnErrorText,
    OrdTypeText,
    PositiveText,
    ProtectText,
    SideText,
    SignedText,
    SlippageText,
    SymbolText,
    TimeInForceText,
    UrgencyText,
    WhenText,
    never,
)

_SEED_LIMIT: Final = 1 << 63
"""A seed fits a signed 64-bit column."""
QUANTITIES: Final = ("qty", "notional", "target_qty", "close")
SCHEDULES: Final = frozenset(terms.name for terms in SCHEDULE_TERMS)


class IntentFile(BaseModel):
    """An intent as somebody wrote it; `to_parent` is the only way inside."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True, title="execd intent")

    kind: KindText = "order"
    id: IdText
    symbol: SymbolText
    side: SideText | None = None
    qty: PositiveText | None = None
    notional: PositiveText | None = None
    target_qty: SignedText | None = None
    close: CloseFlag | None = None
    account: NameText | None = None
    strategy: NameText | None = None
    horizon: HorizonText | None = None
    urgency: UrgencyText | None = None
    limit_price: PositiveText | None = None
    order_type: OrdTypeText | None = None
    time_in_force: TimeInForceText | None = None
    extended_hours: Annotated[bool, *never("extended_hours", "leave it out: orders trade in the regular session")] = (
        False
    )
    algo: AlgoText | None = None
    protect: ProtectText | None = None
    not_before: WhenText | None = None
    valid_until: WhenText | None = None
    deadline: WhenText | None = None
    on_closed: OnClosedText | None = None
    max_slippage_bps: SlippageText | None = None
    reference_price: PositiveText | None = None
    supersedes: IdText | None = None
    allow_duplicate: FlagText = False
    on_error: OnErrorText | None = None
    note: NoteText | None = None

    @model_validator(mode="after")
    def _says_how_much_once(self) -> Self:
        given = [name for name in QUANTITIES if getattr(self, name) is not None]
        if len(given) != 1:
            told = "none is given" if not given else f"{' and '.join(given)} are given"
            text = f"exactly one of qty, notional, target_qty, close: true says how much; {told}"
            raise refusal("one_quantity", text, field="qty")
        finds_side = given[0] in {"target_qty", "close"}
        if not finds_side and self.side is None:
            raise refusal("missing_field", f"side is needed: one of {', '.join(Side)}", field="side")
        if finds_side and self.side is not None:
            text = f"{given[0]} finds its side from what is owned; leave side out"
            raise refusal("conflicting_fields", text, field="side")
        if self.supersedes == self.id:
            text = "an intent cannot replace itself; supersedes names another id"
            raise refusal("conflicting_fields", text, field="supersedes")
        return self

    @model_validator(mode="after")
    def _prices_agree(self) -> Self:
        if self.order_type is OrdType.LIMIT and self.limit_price is None:
            raise refusal("missing_field", "order_type limit needs limit_price", field="limit_price")
        if self.order_type is OrdType.MARKET and self.limit_price is not None:
            text = "a market order passes any limit_price; leave one of the two out"
            raise refusal("conflicting_fields", text, field="order_type")
        asked = self.algo.parameters.get("ord_type") if self.algo is not None else None
        if asked is not None and self.order_type is not None and asked != self.order_type:
            text = f"algo asks for {asked}, order_type for {self.order_type}; leave one out"
            raise refusal("conflicting_fields", text, field="algo.order_type")
        if asked == OrdType.LIMIT and self.limit_price is None:
            raise refusal("missing_field", "passthrough of a limit order needs limit_price", field="limit_price")
        if asked == OrdType.MARKET and self.limit_price is not None:
            text = "a market order passes any limit_price; leave one of the two out"
            raise refusal("conflicting_fields", text, field="algo.order_type")
        return self

    @model_validator(mode="after")
    def _algo_agrees(self) -> Self:
        """Refuse parameters of an algorithm that contradict each other, or the size of the order."""
        if self.algo is not None:
            agree(self.algo, qty=self.qty, notional=self.notional)
        return self

    @model_validator(mode="after")
    def _may_be_immediate(self) -> Self:
        """Refuse an order that is to trade at once or not at all, and is worked over time or rests."""
        if self.time_in_force not in {TimeInForce.IOC, TimeInForce.FOK} or self.algo is None:
            return self
        terms = ALGO_TERMS[self.algo.name]
        if any(term.unit is Unit.TACTIC for term in terms.terms):
            text = f"{self.algo.name} works over time by orders of its own, {self.time_in_force} is for one order"
            raise refusal("conflicting_fields", f"{text}; leave one of the two out", field="time_in_force")
        if terms.only_rests:
            text = f"{self.algo.name} rests in the book, and an order with {self.time_in_force} cannot"
            raise refusal("conflicting_fields", f"{text}; leave one of the two out", field="time_in_force")
        return self

    @model_validator(mode="after")
    def _is_cut_only_where_it_may_be(self) -> Self:
        """Refuse a schedule for what is never cut over time, and one whose pieces outlast the order."""
        terms = ALGO_TERMS[self.algo.name] if self.algo is not None else None
        if terms is None or self.algo is None or terms.name not in SCHEDULES:
            return self
        if self.close is not None:
            text = f"close is never cut over time, and {terms.name} cuts; leave algo out, or give qty instead of close"
            raise refusal("conflicting_fields", text, field="algo")
        interval_ns = {**terms.defaults(), **self.algo.parameters}.get("interval_ns")
        life_ns = _life_ns(self.not_before, self.deadline)
        # What has no duration is not cut by its interval: a default that is longer than the order lives does no harm.
        is_meant = terms.term("duration") is not None or "interval_ns" in self.algo.parameters
        if not is_meant or not isinstance(interval_ns, int) or life_ns is None:
            return self
        if 0 < life_ns < interval_ns:
            field = "algo.interval" if "interval_ns" in self.algo.parameters else "deadline"
            text = f"an interval of {span_text(interval_ns)} is longer than the {span_text(life_ns)} to the deadline"
            raise refusal("conflicting_fields", text, field=field)
        return self

    def to_parent(self, context: ParseContext) -> ParentOrder:
        """Return the parent that is asked for. Raises IntentError where the context forbids it.

        The side of a `close` or a target is the engine's to find; until then it is `sell`. Whether a time has passed
        is the engine's question too, for a known id must be answered as known, however late.
        """
        account = self._account(context)
        self._refuse_below_tick(context)
        self._refuse_unlearned(context)
        effective_ns, start_by_ns, expire_ns = self._times(context)
        strategy = self.strategy or "default"
        return ParentOrder(
            parent_id=self.id,
            account=account,
            strategy=strategy,
            horizon=self.horizon or context.horizons.get(strategy, Horizon.SWING),
            symbol=self.symbol,
            side=self.side or Side.SELL,
            order_qty=self.qty,
            notional=self.notional,
            is_close=self.close is not None,
            target_qty=self.target_qty,
            price=self.limit_price,
            ord_type=self.order_type,
            time_in_force=self.time_in_force or TimeInForce.DAY,
            urgency=self.urgency or Urgency.NORMAL,
            algo=_on_the_day(self.algo, context),
            effective_ns=effective_ns,
            start_by_ns=start_by_ns,
            expire_ns=expire_ns,
            default_life_ns=context.default_life_ns,
            queue_when_closed=self.on_closed != "reject",
            max_slippage_bps=self.max_slippage_bps,
            reference_price=self.reference_price,
            supersedes=self.supersedes or "",
            allow_duplicate=self.allow_duplicate,
            note=self.note or "",
            is_unprotected=self.protect is not None,
            seed=chance.below(_SEED_LIMIT, context.seed, "intent", account, self.id),
        )

    def canonical(self) -> dict[str, Any]:
        """Return what was written, before defaults, spelled one way: numbers without needless zeros, times as text.

        `on_error` is about the file, not about the order: the same order sent again alone is the same.
        """
        return spelled(self, apart_from=("on_error",))

    def _account(self, context: ParseContext) -> str:
        account = self.account or context.default_account
        if account is None:
            names = ", ".join(context.accounts) or "none is configured"
            raise IntentError("missing_field", f"account is needed: one of {names}", field="account")
        if account not in context.accounts:
            text = f"there is no account {shown(account)}{nearest(account, context.accounts)}"
            raise IntentError("unknown_account", text, field="account")
        return account

    def _refuse_below_tick(self, context: ParseContext) -> None:
        if self.limit_price is None:
            return
        tick = context.instrument(self.symbol).tick_at(self.limit_price)
        if self.limit_price < tick:
            text = f"{plain(self.limit_price)} is below the smallest price step of {self.symbol}, {plain(tick)}"
            raise IntentError("out_of_range", text, field="limit_price")

    def _refuse_unlearned(self, context: ParseContext) -> None:
        """Refuse a volume profile of past days that nobody learns: the slices would be even, or of other days."""
        given = self.algo.parameters if self.algo is not None else {}
        asked = [name for name in LEARNED if name in given]
        problem = profile_problem(given.get("days"), given.get("statistic"), context.profiles) if asked else ""
        if problem:
            raise IntentError("not_learned", problem, field=f"algo.{asked[0]}")

    def _times(self, context: ParseContext) -> tuple[int, int, int | None]:
        """Return effective_ns, start_by_ns, expire_ns."""
        arrived_ns = context.arrived_ns()
        not_before_ns = context.instant(self.not_before)
        start_by_ns = context.instant(self.valid_until)
        expire_ns = context.instant(self.deadline)
        if not_before_ns is not None and expire_ns is not None and expire_ns <= not_before_ns:
            raise IntentError("times_out_of_order", "the deadline is not after not_before", field="deadline")
        if not_before_ns is not None and start_by_ns is not None and start_by_ns < not_before_ns:
            raise IntentError("times_out_of_order", "valid_until is before not_before", field="valid_until")
        if start_by_ns is None:
            start_by_ns = context.default_start_by_ns(max(arrived_ns, not_before_ns or 0))
        return context.now_ns if not_before_ns is None else not_before_ns, start_by_ns, expire_ns


def _life_ns(not_before: When | None, deadline: When | None) -> int | None:
    """Return how long an order lives by what is written alone; None where that hangs on when it arrives."""
    match not_before, deadline:
        case None, Span(span_ns=life_ns):
            return life_ns
        case Span(span_ns=first), Span(span_ns=last):
            return last - first
        case Instant(at_ns=first), Instant(at_ns=last):
            return last - first
        case WallTime(seconds_of_day=first), WallTime(seconds_of_day=last):
            return (last - first) * S
        case _:
            return None


def _on_the_day(algo: AlgoSpec | None, context: ParseContext) -> AlgoSpec | None:
    """Return an algorithm whose times are instants."""
    if algo is None:
        return None
    parameters = {key: context.instant(one) if isinstance(one, When) else one for key, one in algo.parameters.items()}
    start_ns, end_ns = parameters.get("start_ns"), parameters.get("end_ns")
    if start_ns is not None and end_ns is not None and end_ns <= start_ns:
        raise IntentError("times_out_of_order", "the end of the window is not after its start", field="algo.end")
    return AlgoSpec(name=algo.name, parameters=parameters)


def spelled(model: BaseModel, *, apart_from: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the fields that were written, by name, each spelled one way."""
    names = sorted(model.model_fields_set.difference(apart_from))
    return {name: _spelled(getattr(model, name)) for name in names}


def _spelled(value: object) -> object:
    match value:
        case Decimal():
            return plain(value)
        case Instant() | WallTime() | Span():
            return value.text
        case AlgoSpec():
            parameters = {key: _spelled(part) for key, part in sorted(value.parameters.items())}
            return {"name": value.name, "parameters": parameters}
        case _:
            return value
