"""The types of an intent's fields: each carries its rule, its bounds and its JSON schema.

A field whose feature does not exist yet is `unbuilt`: known by name, so that it is refused `not_supported` and never
ignored. Cross-field rules are in `schema`. A new kind of field is a reader and an annotated type here.
"""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Final, NoReturn

from pydantic import PlainValidator, WithJsonSchema

from execd.config.strict_text import decimal_of, flag_of, nearest, refusal, span_ns_of, text_of, word_of
from execd.config.strict_yaml import shown
from execd.core.codec import plain
from execd.core.enums import Horizon, OrdType, Side, TimeInForce, Urgency
from execd.core.orders import AlgoSpec
from execd.intake.times import When, when_of

ZERO: Final = Decimal(0)
SLIPPAGE_BPS_MAX: Final = Decimal(10_000)
"""A collar as wide as the price itself; more can only be a mistake of units."""
OFFSET_BPS_MAX: Final = Decimal(1_000)
NOTE_LEN_MAX: Final = 200
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_SYMBOL: Final = re.compile(r"[A-Z][A-Z0-9./]{0,11}")
_NOTE_CONTROLS: Final = "\n\t"
_NOTE_JOINERS: Final = "\u200c\u200d"
"""Format characters that some scripts and signs are spelled with; the others hide text or turn it around."""
_NUMBER_SCHEMA: Final = r"^-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?$"

KINDS: Final = ("order", "cancel", "amend", "flatten")
KINDS_UNBUILT: Final = ("basket", "pair")
ORD_TYPES_UNBUILT: Final = ("stop", "stop_limit", "trailing_stop", "market_on_close", "limit_on_close", "moc", "loc")
TIMES_UNBUILT: Final = ("gtc", "gtd", "opg", "cls")
ON_CLOSED: Final = ("queue", "reject")
ON_ERROR: Final = ("reject", "skip")
SCOPES: Final = ("symbol", "sleeve", "account")
ALGOS: Final = ("offset", "passthrough", "sweep")


def _id(value: object) -> str:
    text = text_of(value)
    if _ID.fullmatch(text):
        return text
    raise refusal("bad_id", f"{shown(text)}: a letter or digit, then letters, digits and . _ : - , at most 64 in all")


def name_of(value: object) -> str:
    """Return a name of the operator's: an account, a strategy."""
    text = text_of(value)
    if _ID.fullmatch(text):
        return text
    raise refusal("bad_text", f"{shown(text)}: a letter or digit, then letters, digits and . _ : - , at most 64 in all")


def symbol_of(value: object) -> str:
    """Return a symbol as the exchange spells it."""
    text = text_of(value)
    # No folding: a full-width or Cyrillic A is not the A of the exchange.
    if _SYMBOL.fullmatch(text):
        return text
    raise refusal("bad_symbol", f"{shown(text)}: a capital letter, then capitals, digits, . and /, at most 12 in all")


def _note(value: object) -> str:
    text = text_of(value)
    if len(text) > NOTE_LEN_MAX:
        raise refusal("bad_text", f"{len(text)} characters; a note has at most {NOTE_LEN_MAX}")
    for character in text:
        # Cc would write on terminals, Cf turns or hides what a reader sees, Zl and Zp break the line of a log, and Cs
        # (half a pair) cannot be written at all.
        is_hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        if is_hidden and character not in _NOTE_CONTROLS + _NOTE_JOINERS:
            raise refusal("bad_text", f"the character U+{ord(character):04X} may not stand in a note")
    return text


def kind_refusal(text: str) -> tuple[str, str]:
    """Return the code and the words with which a kind that is not read here is refused."""
    if text in KINDS_UNBUILT:
        return "not_supported", f"kind {text} is not built yet; write each order as a file of its own"
    return "bad_value", f"{shown(text)} is no kind of document{nearest(text, (*KINDS, *KINDS_UNBUILT))}"


def _kind(value: object, *, kind: str) -> str:
    text = text_of(value)
    if text == kind:
        return text
    raise refusal(*kind_refusal(text))


def _ord_type(value: object) -> OrdType:
    text = text_of(value)
    if text in ORD_TYPES_UNBUILT:
        raise refusal("not_supported", f"order_type {text} is not built yet; use limit or market, or leave it out")
    if text in {OrdType.MARKET, OrdType.LIMIT}:
        return OrdType(text)
    names = (OrdType.MARKET.value, OrdType.LIMIT.value)
    raise refusal("bad_value", f"{shown(text)} is not one of {', '.join(names)}{nearest(text, names)}")


def _time_in_force(value: object) -> TimeInForce:
    text = text_of(value)
    if text in TIMES_UNBUILT:
        raise refusal("not_supported", f"time_in_force {text} is not built yet; use day, ioc or fok")
    names = (TimeInForce.DAY.value, TimeInForce.IOC.value, TimeInForce.FOK.value)
    if text in names:
        return TimeInForce(text)
    raise refusal("bad_value", f"{shown(text)} is not one of {', '.join(names)}{nearest(text, names)}")


def _one_of(value: object, *, words: tuple[str, ...]) -> str:
    text = text_of(value)
    if text in words:
        return text
    raise refusal("bad_value", f"{shown(text)} is not one of {', '.join(words)}{nearest(text, words)}")


def _close(value: object) -> bool:
    if flag_of(value):
        return True
    raise refusal("bad_value", "close can only be true; leave it out and give qty, notional or target_qty instead")


def _never(value: object, *, what: str, instead: str) -> bool:
    if flag_of(value):
        raise refusal("not_supported", f"{what} is not built yet; {instead}")
    return False


def _protect(value: object) -> str:
    # An ignored stop is the worst case: everything but an explicit "none" is refused.
    if value == "none":
        return "none"
    raise refusal(
        "not_supported",
        "protective orders are not built yet; leave protect out or write none, and place the exit yourself",
    )


def _unbuilt(value: object, *, instead: str) -> NoReturn:
    del value
    raise refusal("not_supported", f"not built yet; {instead}")


def _algo(value: object) -> AlgoSpec:
    if not isinstance(value, dict):
        raise refusal("wrong_type", "algo is a mapping with a name, such as {name: offset, bps: 5}")
    given = {key: part for key, part in value.items() if part is not None}
    if "name" not in given:
        raise refusal("missing_field", "algo needs a name, such as {name: offset, bps: 5}", field="algo.name")
    name = text_of(given.pop("name"))
    if name not in ALGOS:
        text = f"the algo {shown(name)} is not built (built: {', '.join(ALGOS)}){nearest(name, ALGOS)}"
        raise refusal("not_supported", text, field="algo.name")
    readers = _PARAMETERS[name]
    parameters: dict[str, str | int] = {}
    for key, part in given.items():
        if key not in readers:
            known = ", ".join(readers) or "none"
            text = f"{name} has no parameter {shown(key)} (known: {known}){nearest(key, readers)}"
            raise refusal("unknown_field", text, field=f"algo.{key}")
        stored, reader = readers[key]
        try:
            parameters[stored] = reader(part)
        except ValueError as error:  # PydanticCustomError is one; only it is raised by readers.
            raise inside(error, f"algo.{key}") from None
    return AlgoSpec(name=name, parameters=dict(sorted(parameters.items())))


def inside(error: ValueError, field: str) -> ValueError:
    """Return the refusal of a reader as one of the named field."""
    return refusal(str(getattr(error, "type", "bad_value")), str(error), field=field)


def _offset_bps(value: object) -> str:
    return plain(decimal_of(value, least=-OFFSET_BPS_MAX, most=OFFSET_BPS_MAX))


def _ttl_ns(value: object) -> int:
    span_ns = span_ns_of(value)
    if span_ns < 10**9:
        raise refusal("out_of_range", f"{shown(value)} is shorter than 1s")
    return span_ns


def _passthrough_ord_type(value: object) -> str:
    return _ord_type(value).value


# What a file calls a parameter -> what the algorithm calls it, and its reader. Values are text or integers, so that a
# plan that was saved is the plan that is loaded.
_PARAMETERS: Final[dict[str, dict[str, tuple[str, Callable[[object], str | int]]]]] = {
    "offset": {"bps": ("bps", _offset_bps), "ttl": ("ttl_ns", _ttl_ns)},
    "passthrough": {"order_type": ("ord_type", _passthrough_ord_type)},
    "sweep": {},
}


def _words(*names: str) -> WithJsonSchema:
    return WithJsonSchema({"enum": list(names)})


def _text(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


_ANY_NUMBER: Final[dict[str, Any]] = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _NUMBER_SCHEMA}]}

IdText = Annotated[str, PlainValidator(_id), _text(f"^{_ID.pattern}$")]
NameText = Annotated[str, PlainValidator(name_of), _text(f"^{_ID.pattern}$")]
SymbolText = Annotated[str, PlainValidator(symbol_of), _text(f"^{_SYMBOL.pattern}$")]
NoteText = Annotated[str, PlainValidator(_note), WithJsonSchema({"type": "string", "maxLength": NOTE_LEN_MAX})]
PositiveText = Annotated[Decimal, PlainValidator(partial(decimal_of, above=ZERO)), WithJsonSchema(_ANY_NUMBER)]
SlippageText = Annotated[
    Decimal, PlainValidator(partial(decimal_of, least=ZERO, most=SLIPPAGE_BPS_MAX)), WithJsonSchema(_ANY_NUMBER)
]
SignedText = Annotated[Decimal, PlainValidator(decimal_of), WithJsonSchema(_ANY_NUMBER)]
WhenText = Annotated[When, PlainValidator(when_of), WithJsonSchema({"type": "string"})]
KindText = Annotated[str, PlainValidator(partial(_kind, kind="order")), _words("order")]
SideText = Annotated[Side, PlainValidator(partial(word_of, words=Side)), _words(*Side)]
HorizonText = Annotated[Horizon, PlainValidator(partial(word_of, words=Horizon)), _words(*Horizon)]
UrgencyText = Annotated[Urgency, PlainValidator(partial(word_of, words=Urgency)), _words(*Urgency)]
OrdTypeText = Annotated[OrdType, PlainValidator(_ord_type), _words("market", "limit")]
TimeInForceText = Annotated[TimeInForce, PlainValidator(_time_in_force), _words("day", "ioc", "fok")]
OnClosedText = Annotated[str, PlainValidator(partial(_one_of, words=ON_CLOSED)), _words(*ON_CLOSED)]
OnErrorText = Annotated[str, PlainValidator(partial(_one_of, words=ON_ERROR)), _words(*ON_ERROR)]
ScopeText = Annotated[str, PlainValidator(partial(_one_of, words=SCOPES)), _words(*SCOPES)]
FlagText = Annotated[bool, PlainValidator(flag_of), WithJsonSchema({"type": "boolean"})]
CloseFlag = Annotated[bool, PlainValidator(_close), WithJsonSchema({"const": True})]
ProtectText = Annotated[str, PlainValidator(_protect), _words("none")]
AlgoText = Annotated[
    AlgoSpec,
    PlainValidator(_algo),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {"name": {"enum": list(ALGOS)}, "bps": _ANY_NUMBER, "ttl": {"type": "string"}},
            "required": ["name"],
        }
    ),
]


def kind_of(kind: str) -> tuple[PlainValidator, WithJsonSchema]:
    """Return the rule of the field `kind` of a document that has to say what it is."""
    return PlainValidator(partial(_kind, kind=kind)), WithJsonSchema({"const": kind})


def never(what: str, instead: str) -> tuple[PlainValidator, WithJsonSchema]:
    """Return the rule of a switch that may only be false until its feature exists."""
    return PlainValidator(partial(_never, what=what, instead=instead)), WithJsonSchema({"const": False})


def unbuilt(instead: str) -> tuple[PlainValidator, WithJsonSchema]:
    """Return the rule of a field that is refused until its feature exists."""
    return PlainValidator(partial(_unbuilt, instead=instead)), WithJsonSchema({"not": {}})
