"""What the manual and the JSON Schema say of `algo`: the table of terms, told to people and to editors.

It holds no fact about an algorithm; these are in `core.algo_terms` and beside it, and how they are read is in
`config.strict_algo`. A new unit is a case in `_schema_of` and a row in `_TAKES`.
"""

from decimal import Decimal
from typing import Any, Final, assert_never

from execd.config.strict_algo import PUBLIC, TACTICS
from execd.core.algo_terms import AlgoTerms, S, Term, Unit, Value
from execd.core.schedule_terms import ALGO_TERMS

_NUMBER: Final = r"^-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?$"
NUMBER_SCHEMA: Final[dict[str, Any]] = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _NUMBER}]}
_TAKES: Final = {
    Unit.BPS: "hundredths of a percent",
    Unit.RATIO: "a part of one",
    Unit.NUMBER: "a number",
    Unit.QTY: "shares",
    Unit.USD: "money",
    Unit.PRICE: "a price",
    Unit.SPAN: "a duration",
    Unit.INSTANT: "a time",
    Unit.COUNT: "a whole number",
    Unit.FLAG: "`true`, `false`",
    Unit.WORD: "",
    Unit.RATIOS: "a list of numbers",
    Unit.TACTIC: "a tactic: its name, or a mapping with `name` and its parameters",
}


def algo_schema() -> dict[str, Any]:
    """Return the JSON Schema of `algo`: one alternative an algorithm."""
    return {"oneOf": [_mapping(ALGO_TERMS[name]) for name in PUBLIC]}


def algo_manual() -> str:
    """Return the section of the manual: a table an algorithm."""
    parts = [_HEAD]
    for name in PUBLIC:
        terms = ALGO_TERMS[name]
        parts.append(f"### {name}\n")
        if not terms.terms:
            parts.append("Takes no parameters.\n")
            continue
        rows = "".join(_row(term) for term in terms.terms)
        parts.append(f"| parameter | meaning | takes | when left out |\n|---|---|---|---|\n{rows}")
    return "\n".join(parts)


_LISTED: Final = ", ".join(f"`{name}`" for name in TACTICS)
_HEAD: Final = f"""\
## Algorithms by name

`algo` names one and may give its parameters; without it the policy chooses ([How a plan is chosen](policy.md)). What
each does is in [algorithms.md](algorithms.md). Where a parameter is a tactic, it is one of {_LISTED}, by its
name or with parameters of its own, such as `tactic: {{name: offset, bps: 2}}`.
Who names a `sniper` says on which conditions he trades: at no urgency does anything cross for it, neither alone nor as
a `tactic`, and `tracking`, which crosses, is refused beside it (`conflicting_fields`).
"""


def _row(term: Term) -> str:
    bounds = [f"{word} {_bound(term, value)}" for word, value in _bounds(term)]
    words = [f"`{word}`" for word in term.words]
    takes = ", ".join([part for part in (_TAKES[term.unit],) if part] + words + bounds)
    return f"| `{term.name}` | {term.text} | {takes} | {_shown(term, term.default)} |\n"


def _bounds(term: Term) -> list[tuple[str, Decimal]]:
    pairs = (("above", term.above), ("at least", term.least), ("at most", term.most))
    return [(word, value) for word, value in pairs if value is not None]


def _bound(term: Term, value: Decimal) -> str:
    return f"{format(value, 'f')} s" if term.unit is Unit.SPAN else format(value, "f")


def _shown(term: Term, value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return f"`{str(value).lower()}`"
        case int() if term.unit is Unit.SPAN:
            return f"`{span_text(value)}`"
        case list():
            return f"`[{', '.join(value)}]`"
        case dict():
            return f"`{value['name']}`"
        case _:
            return f"`{value}`"


def span_text(span_ns: int) -> str:
    """Return a duration as a file may write it."""
    return f"{span_ns // S}s" if span_ns % S == 0 else f"{span_ns // 1_000_000}ms"


def _mapping(terms: AlgoTerms) -> dict[str, Any]:
    properties: dict[str, Any] = {"name": {"const": terms.name}}
    for term in terms.terms:
        properties[term.name] = {"description": f"{term.text}.", **_schema_of(term)}
    return {"type": "object", "properties": properties, "required": ["name"], "additionalProperties": False}


def _schema_of(term: Term) -> dict[str, Any]:
    match term.unit:
        case Unit.BPS | Unit.RATIO | Unit.NUMBER | Unit.QTY | Unit.USD | Unit.PRICE | Unit.COUNT:
            return dict(NUMBER_SCHEMA)
        case Unit.SPAN | Unit.INSTANT:
            return {"type": "string"}
        case Unit.FLAG:
            return {"type": "boolean"}
        case Unit.WORD:
            return {"enum": list(term.words)}
        case Unit.RATIOS:
            return {"type": "array", "items": NUMBER_SCHEMA, "minItems": 1}
        case Unit.TACTIC:
            return {"anyOf": [{"enum": list(TACTICS)}, {"type": "object", "required": ["name"]}]}
        case _:
            assert_never(term.unit)
