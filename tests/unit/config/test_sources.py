"""Every setting of the source designs has a key here, and the preset of the design has its value."""

import re

import pytest

from execd.config.keys import keys
from execd.config.plain import plain
from execd.config.presets import shipped
from execd.config.settings import Settings
from execd.config.sources import SOURCES, Source
from execd.core.schedule_terms import ALGO_TERMS
from execd.intake.algo_words import span_text

NAMES = tuple(key.name for key in keys())


def same(text: str, other: object) -> bool:
    """Whether a value of the table is that of a file, however its numbers are spelled."""
    found = "[" + ", ".join(other) + "]" if isinstance(other, list) else str(other).lower()
    if re.fullmatch(r"[0-9.]+", text):
        return float(text) == float(found)
    return text == found


def value_of(source: Source) -> object:
    """Return what the design's preset, or the section execution, says under the key of a row."""
    place: object = Settings() if source.key.startswith("execution.") else shipped(source.design)
    for part in source.key.split("."):
        place = getattr(place, part)
    return plain(place)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: f"{source.design}-{source.key}")
def test_every_setting_of_a_design_has_its_key_and_value_here(source: Source) -> None:
    """A row of docs/configuration.md that names no key of ours, or another value, would lead people astray."""
    head, _, tail = source.key.partition(".")
    terms = ALGO_TERMS.get(head)
    if terms is None:
        key = source.key if head == "execution" else f"presets.<name>.{source.key}"
        assert any(name == key or name.startswith(f"{key}.") for name in NAMES)
        assert not source.value or same(source.value, value_of(source))
        return
    term = terms.term(tail)

    assert not tail or term is not None
    if term is not None and source.value:
        default = span_text(term.default) if isinstance(term.default, int) and tail in SPANS else term.default
        assert same(source.value, default)


SPANS = ("ttl", "interval", "step_buy", "step_sell")
