"""docs/algorithms.md against the table of parameters: each is told, with its default and its bounds, and no other.

A row may tell of several parameters (`a`, `b`): then its default lists theirs in turn. A schedule's section leaves out
what the common table under "Schedules" says of it as well. What stands behind a default or a bound is free.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec
import pytest

from execd.core.algo_terms import AlgoTerms, Term, Unit
from execd.core.rules import MS, S
from execd.core.schedule_terms import ALGO_TERMS, SCHEDULE_TERMS
from tests.conftest import REPOSITORY

MANUAL: Final = (REPOSITORY / "docs" / "algorithms.md").read_text(encoding="utf-8")
CHARTS: Final = REPOSITORY / "docs" / "algorithms"
CHART_BYTES_MAX: Final = 60_000
COMMON: Final = "Schedules"
NAMES: Final = sorted(ALGO_TERMS)
FREE: Final = "anything"
"""Of a cell: what there is no number for is said in words, which nobody compares."""


class Row(msgspec.Struct, frozen=True):
    """What the manual says of one parameter."""

    default: str
    bounds: str


def section(title: str) -> str:
    """Return the text under a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", MANUAL, re.DOTALL | re.MULTILINE)
    return "" if found is None else found.group(1)


def rows(title: str) -> dict[str, Row]:
    """Return the rows of a section's table of parameters."""
    found = {}
    for names, _, default, bounds in _cells(section(title)):
        defaults = default.split(", ") if len(names) > 1 else [default]
        for n, name in enumerate(names):
            found[name] = Row(defaults[n] if len(defaults) == len(names) else default, bounds)
    return found


def told(name: str) -> dict[str, Row]:
    """Return what the manual says of the parameters of an algorithm, in its section and in the common one."""
    common = rows(COMMON) if name in {terms.name for terms in SCHEDULE_TERMS} else {}
    terms = ALGO_TERMS[name]
    shared = {key: row for key, row in common.items() if terms.term(key) is not None}
    return {key: _resolved(key, row) for key, row in {**shared, **rows(name)}.items()}


def expected(term: Term) -> Row:
    """Return what the cells of a parameter have to begin with."""
    return Row(_default(term), _bounds(term))


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_told_and_no_other(name: str) -> None:
    """Whoever adds, drops or renames a parameter finds this red."""
    assert {term.name for term in ALGO_TERMS[name].terms} == set(told(name))


@pytest.mark.parametrize(
    "name, term", [(name, term) for name in NAMES for term in ALGO_TERMS[name].terms], ids=lambda one: str(_id(one))
)
def test_defaults_and_bounds_are_those_of_the_table_of_parameters(name: str, term: Term) -> None:
    """The manual is what a user writes an intent from."""
    row, wanted = told(name)[term.name], expected(term)

    assert wanted == Row(
        wanted.default if _begins(row.default, wanted.default) else row.default,
        wanted.bounds if _begins(row.bounds, wanted.bounds) else row.bounds,
    )


def test_the_common_table_has_only_what_some_schedule_takes() -> None:
    """A parameter that nobody takes any more leaves the manual."""
    known = {term.name for terms in SCHEDULE_TERMS for term in terms.terms}

    assert set() == set(rows(COMMON)) - known


@pytest.mark.parametrize("name", NAMES)
def test_every_section_says_what_it_is_for_its_state_and_its_end(name: str) -> None:
    """The reader looks for the same things in each."""
    text = section(name)

    assert (True, True, True) == (
        text.strip().startswith("For "),
        "State" in text,
        re.search(r"\b(end|over\b)", text) is not None,
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_section_shows_the_chart_of_a_replay(name: str) -> None:
    """`benchmarks/draw_algorithms.py` draws it; the text in brackets says what is seen."""
    shown = re.findall(rf"^!\[(.+)\]\(algorithms/{name}\.png\)$", section(name), re.MULTILINE)

    assert (1, True) == (len(shown), (CHARTS / f"{name}.png").is_file())


def test_there_is_no_chart_of_an_algorithm_that_is_gone() -> None:
    """What nobody links is thrown away."""
    assert set(NAMES) == {path.stem for path in CHARTS.iterdir()}


@pytest.mark.parametrize("path", sorted(CHARTS.glob("*.png")), ids=lambda path: path.stem)
def test_a_chart_is_a_small_picture_and_nothing_else(path: Path) -> None:
    """A PNG of few colours: no data of the recorded day, no date, no program's name; every clone carries it."""
    body = path.read_bytes()
    chunks = _chunks(body)

    assert (True, ["IHDR", "PLTE", "IDAT", "IEND"]) == (len(body) < CHART_BYTES_MAX, list(dict.fromkeys(chunks)))


def _cells(text: str) -> Iterator[tuple[list[str], str, str, str]]:
    is_table = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if cells[:1] == ["parameter"]:
            is_table = True
        elif is_table and len(cells) == 4 and not cells[0].startswith("---"):
            names = re.findall(r"`(\w+)`", cells[0])
            yield names, cells[1], cells[2], cells[3]
        elif not cells:
            is_table = False


def _resolved(key: str, row: Row) -> Row:
    """Return a row with what it only refers to: bounds `as of` another tactic."""
    other = re.fullmatch(r"as of `(\w+)`", row.bounds)
    return row if other is None else Row(row.default, rows(other.group(1))[key].bounds)


def _begins(cell: str, wanted: str) -> bool:
    if wanted == FREE:
        return True
    if not wanted:
        return not cell
    return cell == wanted or cell.startswith((f"{wanted} ", f"{wanted},", f"{wanted};"))


def _default(term: Term) -> str:
    match term.default:
        case None:
            return FREE
        case bool(is_on):
            return "true" if is_on else "false"
        case list(parts):
            return ", ".join(parts)
        case int(ns) if term.unit is Unit.SPAN:
            return f"{ns // S} s" if ns % S == 0 else f"{ns // MS} ms"
        case str(word) if term.unit is Unit.WORD:
            return f"`{word}`"
        case value:
            return str(value)


def _bounds(term: Term) -> str:
    if term.unit is Unit.WORD:
        return ", ".join(f"`{word}`" for word in term.words)
    each = "each " if term.unit is Unit.RATIOS else ""
    least, above, most = (None if one is None else _number(term, one) for one in (term.least, term.above, term.most))
    match least, above, most:
        case None, None, None:
            return "" if term.unit is Unit.FLAG else FREE
        case str(), None, None:
            return f"{each}{least} or more"
        case None, str(), None:
            return f"{each}above {above}"
        case None, str(), str():
            return f"{each}above {above} … {most}"
        case _:
            return f"{each}{least} … {most}"


def _number(term: Term, value: Decimal) -> str:
    if term.unit is Unit.SPAN:
        named = {Decimal(86_400): "1 day", Decimal(3_600): "1 h"}
        return named.get(value, f"{value:f} s")
    return f"{value:,f}".replace("-", "−")


def _chunks(body: bytes) -> Iterator[str]:
    """Yield the kinds of chunks of a PNG, in order."""
    at = 8
    while at < len(body):
        length = int.from_bytes(body[at : at + 4])
        yield body[at + 4 : at + 8].decode("ascii")
        at += length + 12


def _id(one: object) -> str:
    return one.name if isinstance(one, Term | AlgoTerms) else str(one)
