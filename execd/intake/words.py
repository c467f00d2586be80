"""The types of an intent's fields: each carries its rule, its bounds and its JSON schema.

A field whose feature does not exist yet is `unbuilt`: known by name, so that it is refused `not_supported` and never
ignored. Cross-field rules are in `schema`. A new kind of field is a reader and an annotated type here.
"""

import re
import unicodedata
from decimal import Decimal
from functools import partial
from typing import Annotated, Final, NoReturn

from pydantic import PlainValidator, WithJsonSchema

from execd.config.strict_algo import algo_of
from execd.config.strict_text import decimal_of, flag_of, inside, nearest, refusal, text_of, word_of
from execd.config.strict_yaml import shown
from execd.core.enums import Horizon, OrdType, Side, TimeInForce, Urgency
from execd.core.orders import AlgoSpec
from execd.intake.algo_words import NUMBER_SCHEMA, algo_schema
from execd.intake.times import When, when_of

ZERO: Final = Decimal(0)
SLIPPAGE_BPS_MAX: Final = Decimal(10_000)
"""A collar as wide as the price itself; more can only be a mistake of units."""
NOTE_LEN_MAX: Final = 200
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_SYMBOL: Final = re.compile(r"[A-Z][A-Z0-9./]{0,11}")
_NOTE_CONTROLS: Final = "\n\t"
_NOTE_JOINERS: Final = "\u200c\u200d"
"""Format characters that some scripts and signs are spelled with; the others hide text or turn it around."""

KINDS: Final = ("order", "cancel", "amend", "flatten")
KINDS_UNBUILT: Final = ("basket", "pair")
ORD_TYPES_UNBUILT: Final = ("stop", "stop_limit", "trailing_stop", "market_on_close", "limit_on_close", "moc", "loc")
TIMES_UNBUILT: Final = ("gtc", "gtd", "opg", "cls")
ON_CLOSED: Final = ("queue", "reject")
ON_ERROR: Final = ("reject", "skip")
SCOPES: Final = ("symbol", "sleeve", "account")


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
    if isinstance(value, dict) and value.get("name") == "passthrough" and value.get("order_type") in ORD_TYPES_UNBUILT:
        try:
            _ord_type(value["order_type"])
        except ValueError as error:  # PydanticCustomError is one; only it is raised by readers.
            raise inside(error, "algo.order_type") from None
    name, parameters = algo_of(value, instants=when_of)
    return AlgoSpec(name=name, parameters=parameters)


def _words(*names: str) -> WithJsonSchema:
    return WithJsonSchema({"enum": list(names)})


def _text(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


IdText = Annotated[str, PlainValidator(_id), _text(f"^{_ID.pattern}$")]
NameText = Annotated[str, PlainValidator(name_of), _text(f"^{_ID.pattern}$")]
SymbolText = Annotated[str, PlainValidator(symbol_of), _text(f"^{_SYMBOL.pattern}$")]
NoteText = Annotated[str, PlainValidator(_note), WithJsonSchema({"type": "string", "maxLength": NOTE_LEN_MAX})]
PositiveText = Annotated[Decimal, PlainValidator(partial(decimal_of, above=ZERO)), WithJsonSchema(NUMBER_SCHEMA)]
SlippageText = Annotated[
    Decimal, PlainValidator(partial(decimal_of, least=ZERO, most=SLIPPAGE_BPS_MAX)), WithJsonSchema(NUMBER_SCHEMA)
]
SignedText = Annotated[Decimal, PlainValidator(decimal_of), WithJsonSchema(NUMBER_SCHEMA)]
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
AlgoText = Annotated[AlgoSpec, PlainValidator(_algo), WithJsonSchema(algo_schema())]


def kind_of(kind: str) -> tuple[PlainValidator, WithJsonSchema]:
    """Return the rule of the field `kind` of a document that has to say what it is."""
    return PlainValidator(partial(_kind, kind=kind)), WithJsonSchema({"const": kind})


def never(what: str, instead: str) -> tuple[PlainValidator, WithJsonSchema]:
    """Return the rule of a switch that may only be false until its feature exists."""
    return PlainValidator(partial(_never, what=what, instead=instead)), WithJsonSchema({"const": False})


def unbuilt(instead: str) -> tuple[PlainValidator, WithJsonSchema]:
    """Return the rule of a field that is refused until its feature exists."""
    return PlainValidator(partial(_unbuilt, instead=instead)), WithJsonSchema({"not": {}})
