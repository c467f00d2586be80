"""What a text says of an algorithm: its name and its parameters, read by the one table of terms.

An intent's `algo`, the `tactic` of a schedule and the tactics of a preset are read here, so they take the same words.
Values are returned as plans store them: text, whole numbers, booleans, lists and mappings of these; durations are
nanoseconds. Which parameters there are is in `core.algo_terms` and beside it; a new unit is a case in `_value`.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Final, assert_never

from execd.config.strict_text import decimal_of, flag_of, inside, integer_of, nearest, refusal, span_ns_of, text_of
from execd.config.strict_yaml import shown
from execd.core.algo_terms import AlgoTerms, S, Term, Unit
from execd.core.codec import plain
from execd.core.schedule_terms import ALGO_TERMS

ZERO: Final = Decimal(0)
COUNT_MAX: Final = 1_000_000
RATIOS_MAX: Final = 500
"""A profile of a day by minutes has 390."""
PROFILE: Final = "profile"
"""The list whose items are parts of a whole, so that their sum may not be zero."""
PUBLIC: Final = tuple(ALGO_TERMS)
TACTICS: Final = tuple(name for name, terms in ALGO_TERMS.items() if terms.is_tactic)
DEEPER: Final = "a column of csv reaches into algo and no further; give the tactic by its name, or write JSON or YAML"
_MEANT_WITH: Final[dict[str, tuple[str, object]]] = {
    "offset_ticks": ("peg", "primary"),
    "join_ratio": ("peg", "inside"),
    "aggression_buy": ("aggression", True),
    "aggression_sell": ("aggression", True),
}
"""Parameters that are read only where another one has this value."""
Instants = Callable[[object], object]
"""Reads a time; what it returns stands in the parameters until somebody knows the day."""


def algo_of(value: object, *, at: str = "algo", instants: Instants) -> tuple[str, dict[str, object]]:
    """Return name and parameters of an algorithm that an intent may name; `at` is the field that it stands in."""
    if not isinstance(value, dict):
        beside = f"; in csv its name is the column {at}.name" if isinstance(value, str) else ""
        raise refusal("wrong_type", f"{at} is a mapping with a name, such as {{name: offset, bps: 5}}{beside}")
    return _named(value, PUBLIC, "algo", at, instants)


def tactic_of(value: object, *, at: str = "tactic", instants: Instants) -> dict[str, object]:
    """Return a tactic as a plan stores it: its name, and the parameters that were given."""
    given = {"name": value} if isinstance(value, str) else value
    if not isinstance(given, dict):
        text = "a tactic is a name such as offset, or a mapping with a name, such as {name: offset, bps: 5}"
        raise refusal("wrong_type", text, field=at)
    name, parameters = _named(given, TACTICS, "tactic", at, instants)
    return {"name": name, **parameters}


def parameters_of(terms: AlgoTerms, given: Mapping[str, object], *, at: str, instants: Instants) -> dict[str, object]:
    """Return the given parameters under the names and with the values that plans store, in the order of the names."""
    parameters: dict[str, object] = {}
    for key, part in given.items():
        term = terms.term(key)
        field = f"{at}.{key}" if at else key
        if term is None:
            names = tuple(one.name for one in terms.terms)
            known = ", ".join(names) or "none"
            text = f"{terms.name} has no parameter {shown(key)} (known: {known}){nearest(key, names)}"
            if "." in key:
                text = f"{terms.name} has no parameter {shown(key)}: {DEEPER}"
            raise refusal("unknown_field", text, field=field)
        try:
            parameters[term.stored] = _value(term, part, field, instants)
        except ValueError as error:  # PydanticCustomError is one; only it is raised by readers.
            raise inside(error, field) from None
    _refuse_long_interval(terms, parameters, at)
    _refuse_without_meaning(terms, parameters, at)
    return dict(sorted(parameters.items()))


def _named(
    value: Mapping[str, object], known: tuple[str, ...], what: str, at: str, instants: Instants
) -> tuple[str, dict[str, object]]:
    given = {key: part for key, part in value.items() if part is not None}
    field = f"{at}.name" if at else "name"
    if "name" not in given:
        text = f"{what} needs a name, such as {{name: offset, bps: 5}}"
        raise refusal("missing_field", text, field=field)
    try:
        name = text_of(given.pop("name"))
    except ValueError as error:  # The same.
        raise inside(error, field) from None
    if name not in known:
        text = f"the {what} {shown(name)} is not built (built: {', '.join(known)}){nearest(name, known)}"
        raise refusal("not_supported", text, field=field)
    return name, parameters_of(ALGO_TERMS[name], given, at=at, instants=instants)


def _value(term: Term, part: object, field: str, instants: Instants) -> object:
    match term.unit:
        case Unit.BPS | Unit.RATIO | Unit.NUMBER | Unit.QTY | Unit.USD | Unit.PRICE:
            return plain(decimal_of(part, above=term.above, least=term.least, most=term.most))
        case Unit.SPAN:
            return _span_ns(term, part)
        case Unit.INSTANT:
            return instants(part)
        case Unit.COUNT:
            return integer_of(part, least=int(term.least or 0), most=int(term.most or COUNT_MAX))
        case Unit.FLAG:
            return flag_of(part)
        case Unit.WORD:
            text = text_of(part)
            if text in term.words:
                return text
            raise refusal(
                "bad_value", f"{shown(text)} is not one of {', '.join(term.words)}{nearest(text, term.words)}"
            )
        case Unit.RATIOS:
            return _ratios(term, part)
        case Unit.TACTIC:
            return tactic_of(part, at=field, instants=instants)
        case _:
            assert_never(term.unit)


def _span_ns(term: Term, part: object) -> int:
    span_ns = span_ns_of(part)
    span_s = Decimal(span_ns) / S
    if term.above is not None and not span_s > term.above:
        raise refusal("out_of_range", f"{shown(part)} must be longer than {term.above} s")
    if term.least is not None and not span_s >= term.least:
        raise refusal("out_of_range", f"{shown(part)} is shorter than {term.least} s")
    if term.most is not None and not span_s <= term.most:
        raise refusal("out_of_range", f"{shown(part)} is longer than {term.most} s")
    return span_ns


def _ratios(term: Term, part: object) -> list[str]:
    if not isinstance(part, list) or not part:
        beside = "; csv has no lists, write JSON or YAML" if isinstance(part, str) else ""
        raise refusal("wrong_type", f"a list of numbers belongs here, such as [0, 0.1, 0.2]{beside}")
    if len(part) > RATIOS_MAX:
        raise refusal("too_large", f"{len(part)} numbers, at most {RATIOS_MAX}")
    least = ZERO if term.least is None else term.least
    numbers = [decimal_of(one, above=term.above, least=least, most=term.most) for one in part]
    if term.name == PROFILE and not sum(numbers) > 0:
        raise refusal("out_of_range", "the parts of a profile must sum to more than 0")
    return [plain(number) for number in numbers]


def _refuse_long_interval(terms: AlgoTerms, parameters: Mapping[str, object], at: str) -> None:
    """Refuse pieces that are further apart than the whole lasts."""
    whole = {**terms.defaults(), **parameters}
    duration_ns, interval_ns = whole.get("duration_ns"), whole.get("interval_ns")
    if not isinstance(duration_ns, int) or not isinstance(interval_ns, int) or interval_ns <= duration_ns:
        return
    name = "interval" if "interval_ns" in parameters else "duration"
    text = f"an interval of {interval_ns // S} s is longer than the duration of {duration_ns // S} s"
    raise refusal("conflicting_fields", text, field=f"{at}.{name}" if at else name)


def _refuse_without_meaning(terms: AlgoTerms, parameters: Mapping[str, object], at: str) -> None:
    """Refuse a parameter that another one leaves without a meaning."""
    whole = {**terms.defaults(), **parameters}
    for name, (other, needed) in _MEANT_WITH.items():
        given = parameters.get(name)
        if given is None or (name, given) == ("offset_ticks", 0) or terms.term(other) is None:
            continue
        if whole.get(other) != needed:
            told = str(needed).lower() if isinstance(needed, bool) else needed
            text = f"{name} means something only with {other}: {told}; give that, or leave {name} out"
            raise refusal("conflicting_fields", text, field=f"{at}.{name}" if at else name)
    rate, most = whole.get("rate"), whole.get("participation_max")
    if isinstance(rate, str) and isinstance(most, str) and Decimal(rate) > Decimal(most):
        name = "rate" if "rate" in parameters else "participation_max"
        text = f"a rate of {rate} is above participation_max, {most}, which would hold it back for ever"
        raise refusal("conflicting_fields", text, field=f"{at}.{name}" if at else name)
    steps = parameters.get("steps")
    if isinstance(steps, list) and any(Decimal(after) < Decimal(before) for before, after in pairwise(steps)):
        text = f"steps {', '.join(steps)}: each is at least as far as the one before"
        raise refusal("out_of_range", text, field=f"{at}.steps" if at else "steps")
    first, last = whole.get("take_first"), whole.get("take_last")
    if isinstance(first, str) and isinstance(last, str) and Decimal(first) < Decimal(last):
        name = "take_first" if "take_first" in parameters else "take_last"
        text = f"take_first {first} is below take_last {last}: with time it takes sooner, not later"
        raise refusal("conflicting_fields", text, field=f"{at}.{name}" if at else name)
