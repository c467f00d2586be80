"""What the bodies of commands hold, each field with its bounds.

Strict: an unknown field, a wrong type or a text out of its bounds is refused
with the field's name. Numbers are decimal text, never floats. What amend says
is checked by the intake, by the same rules as a file.
"""

from decimal import Decimal
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from execd.core.enums import Horizon
from execd.surface.answers import Problem, as_problem

_LINE: Final = r"\A[^\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069]*\Z"
Reason = Annotated[str, Meta(max_length=200, pattern=_LINE)]
AccountName = Annotated[str, Meta(pattern=r"\A([A-Za-z0-9_][A-Za-z0-9._:-]{0,63})?\Z")]
Strategy = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")]
Symbol = Annotated[str, Meta(pattern=r"\A[A-Z][A-Z0-9./]{0,11}\Z")]
Signed = Annotated[str, Meta(pattern=r"\A[+-]?[0-9]{1,9}(\.[0-9]{1,9})?\Z")]
Price = Annotated[str, Meta(pattern=r"\A[0-9]{1,9}(\.[0-9]{1,9})?\Z")]
Word = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_.:-]{0,130}\Z")]
Body = TypeVar("Body", bound=msgspec.Struct)


class Because(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command that only says why."""

    reason: Reason = ""


class Halting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Halt new risk."""

    account: AccountName = ""
    reason: Reason = ""


class Resuming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lift halts."""

    account: AccountName = ""
    cause: Word = ""
    reason: Reason = ""


class Resolving(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Resolve a doubt."""

    is_lost: bool
    order_id: Word = ""
    reason: Reason = ""


class Adopting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Declare a holding."""

    symbol: Symbol
    qty: Signed
    px: Price | None = None
    account: AccountName = ""
    strategy: Strategy = "default"
    horizon: Horizon = Horizon.SWING
    is_external: bool = False
    reason: Reason = ""


class Acking(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Acknowledge alarms: of one code or id, or all where none is named."""

    which: Word = ""
    reason: Reason = ""


def read(body: bytes, kind: type[Body]) -> Body:
    """Return a body of a kind; an empty one has no field. Raises Problem."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.MsgspecError as error:
        raise as_problem(error) from None
    except UnicodeDecodeError:
        raise Problem("bad_value", "the body is not UTF-8") from None


def needed(reason: str, what: str) -> str:
    """Return the reason; without one risk is not taken up again. Raises Problem."""
    if not reason.strip():
        raise Problem("missing_field", f"{what} needs a reason: it is journaled who did it, and why", field="reason")
    return reason


def number(text: str) -> Decimal:
    """Return a number that its pattern has let through."""
    return Decimal(text)
