"""Documents that ask for something about an intent that is already there: cancel, amend, flatten.

Each is a pydantic model with `to_command`, the only way inside. A kind whose feature does not exist yet is read as
strictly as the others and then refused, so that its author learns of a typo today. A new kind is a model here, a row
in REQUESTS and one in `manual_fields`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator, model_validator

from execd.config.strict_text import inside, nearest, refusal, text_of
from execd.config.strict_yaml import shown
from execd.core.commands import AmendParent, CancelParent, FlattenScope
from execd.core.enums import Horizon
from execd.core.scopes import Scope
from execd.errors import IntentError
from execd.intake.context import ParseContext
from execd.intake.schema import spelled
from execd.intake.words import (
    IdText,
    NoteText,
    PositiveText,
    ScopeText,
    SlippageText,
    UrgencyText,
    WhenText,
    kind_of,
    name_of,
    symbol_of,
    unbuilt,
)

AMENDABLE: Final = ("qty", "limit_price", "deadline", "urgency", "max_slippage_bps")
_Document = TypeVar("_Document", bound="Request")


class Request(BaseModel):
    """What every such document has: an id of its own, so that it counts once, and a note that is journaled."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    id: IdText
    note: NoteText | None = None

    def canonical(self) -> dict[str, Any]:
        """Return what was written, spelled one way."""
        return spelled(self)

    def _reason(self) -> str:
        # It stands in one line of a status.
        return " ".join((self.note or "").split())


class CancelFile(Request):
    """Stop working an intent and cancel what it has out. It may arrive before its target."""

    kind: Annotated[str, *kind_of("cancel")]
    target: IdText

    @model_validator(mode="after")
    def _is_about_another(self) -> Self:
        return _about_another(self, self.target)

    def to_command(self, context: ParseContext) -> CancelParent:
        """Return the cancel."""
        context.arrived_ns()
        return CancelParent(parent_id=self.target, reason=self._reason())


class AmendFile(Request):
    """Change what is given of an intent; no limit of its plan is ever loosened."""

    kind: Annotated[str, *kind_of("amend")]
    target: IdText
    qty: PositiveText | None = None
    limit_price: PositiveText | None = None
    deadline: WhenText | None = None
    urgency: UrgencyText | None = None
    max_slippage_bps: SlippageText | None = None
    protect: Annotated[None, *unbuilt("leave protect out: protective orders come later")] = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if all(getattr(self, name) is None for name in AMENDABLE):
            raise refusal("amend_nothing", f"nothing is changed; give any of {', '.join(AMENDABLE)}", field="target")
        return _about_another(self, self.target)

    def to_command(self, context: ParseContext) -> AmendParent:
        """Return the change; a deadline counts from the file's arrival."""
        context.arrived_ns()
        return AmendParent(
            parent_id=self.target,
            order_qty=self.qty,
            price=self.limit_price,
            expire_ns=context.instant(self.deadline),
            urgency=self.urgency,
            max_slippage_bps=self.max_slippage_bps,
            reason=self._reason(),
        )


class FlattenFile(Request):
    """Trade what is owned to zero: of one symbol, of one sleeve, or of an account."""

    kind: Annotated[str, *kind_of("flatten")]
    scope: ScopeText
    value: Annotated[str, PlainValidator(text_of)]

    def _name(self) -> str:
        """Return the value without the horizon that a sleeve may have."""
        head, slash, horizon = self.value.rpartition("/")
        return head if self.scope == "sleeve" and slash and horizon in set(Horizon) else self.value

    @model_validator(mode="after")
    def _value_fits_scope(self) -> Self:
        try:
            symbol_of(self.value) if self.scope == "symbol" else name_of(self._name())
        except ValueError as error:  # PydanticCustomError is one; only it is raised by readers.
            raise inside(error, "value") from None
        return self

    def to_command(self, context: ParseContext) -> FlattenScope:
        """Return the flatten."""
        context.arrived_ns()
        if self.scope == "account" and self.value not in context.accounts:
            text = f"there is no account {shown(self.value)}{nearest(self.value, context.accounts)}"
            raise IntentError("unknown_account", text, field="value")
        return FlattenScope(scope=self._scope(), flatten_id=self.id, reason=self._reason())

    def _scope(self) -> Scope:
        match self.scope:
            case "symbol":
                return Scope(symbol=self.value)
            case "account":
                return Scope(account=self.value)
            case _:
                horizon = self.value.removeprefix(self._name()).removeprefix("/")
                return Scope(strategy=self._name(), horizon=Horizon(horizon) if horizon else None)


REQUESTS: Final[Mapping[str, type[CancelFile | AmendFile | FlattenFile]]] = {
    "cancel": CancelFile,
    "amend": AmendFile,
    "flatten": FlattenFile,
}


def _about_another(document: _Document, target: str) -> _Document:
    if target == document.id:
        text = "the document needs an id of its own; target is the id of the intent that it is about"
        raise refusal("conflicting_fields", text, field="id")
    return document
