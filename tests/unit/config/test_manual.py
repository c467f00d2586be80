"""The manual, the shipped file and the schema are what the sections say."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from execd.config.document import OWN_FILE, file_text
from execd.config.json_schema import settings_schema
from execd.config.keys import ANY, Key, Part, keys, rows
from execd.config.loader import load
from execd.config.manual import manual_text
from execd.config.settings import Settings
from execd.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[3]
EXAMPLES = sorted((REPOSITORY / "config" / "examples").glob("*.yaml"))


def schema_of(key: Key, schema: dict[str, Any]) -> dict[str, Any]:
    """Return what the schema says of one key."""
    for part in key.path:
        schema = schema["additionalProperties"] if part == ANY else schema["properties"][part]
    return schema


def test_the_manual_is_what_the_sections_say() -> None:
    """docs/configuration.md is written by `python -m execd.config.document manual`."""
    assert manual_text() == (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")


def test_every_key_says_what_it_means() -> None:
    """A key without a sentence below its field would be a hole in the file, the manual and the schema."""
    holes = [row.path for row in rows() if not row.meaning.endswith(".")]

    assert [] == holes


def test_no_key_is_left_out_of_the_manual() -> None:
    """Each has its row with its variable; sections of the settings are all there."""
    text = manual_text()

    assert [] == [key.name for key in keys() if f"`{key.variable}`" not in text]
    assert set(Settings.model_fields) == {row.path[0] for row in rows()}


def test_the_schema_knows_every_key_and_its_default() -> None:
    """An editor offers what the loader takes: every key, its words, its bounds, and no others."""
    schema = settings_schema()
    file = load(None, {})

    for key in keys():
        told = schema_of(key, schema)
        assert key.meaning == told["description"]
        assert key.is_needed == ("default" not in told)
    assert not schema["additionalProperties"]
    assert ["trade", "observe"] == schema["properties"]["mode"]["enum"]
    assert 20 == schema["properties"]["throttle"]["properties"]["burst"]["default"] == file.throttle.burst
    assert schema["properties"]["alerts"]["properties"]["webhook"]["writeOnly"]


JUDGED_TOGETHER: Final = frozenset(
    {
        "clock.skew_alert_s",
        "clock.skew_halt_s",
        "streams.symbols_max",
        "reconcile.every_s",
        "reconcile.stale_s",
        "throttle.window_max",
        "throttle.requests_max",
        "throttle.cancel_reserve",
    }
)
"""Keys whose bounds depend on another one's value, or on what is built."""


@pytest.mark.parametrize("bound", ["exclusiveMinimum", "minimum", "maximum"])
def test_the_bounds_of_the_schema_are_those_of_the_loader(bound: str) -> None:
    """Beyond a bound the loader refuses, at a bound it does as the schema says."""
    schema = settings_schema()
    checked = 0
    for key in keys():
        told = schema_of(key, schema)
        if bound not in told or ANY in key.path or key.name in JUDGED_TOGETHER:
            continue
        at = Decimal(str(told[bound]))
        beyond = at + (Decimal("0.5") if told["type"] == "number" else 1) * (1 if bound == "maximum" else -1)
        assert _takes(key, at) == (bound != "exclusiveMinimum"), key.name
        assert not _takes(key, beyond), key.name
        checked += 1

    assert checked > 1


def _takes(key: Key, value: Decimal) -> bool:
    try:
        load(None, {key.variable: format(value, "f")})
    except ConfigError:
        return False
    return True


def test_units_are_the_last_words_of_names() -> None:
    """The manual says seconds where the name says _s."""
    units = {key.name: key.unit for key in keys()}

    assert {
        "execution.offset_ttl_s": "seconds",
        "execution.quote_age_resting_s_max": "seconds",
        "execution.final_lead_ms": "milliseconds",
        "execution.offset_bps": "hundredths of a percent",
        "journal.memory_h": "hours",
        "journal.archive_days": "days",
        "journal.disk_free_mib_min": "MiB",
        "throttle.burst": "",
        "throttle.per_min": "a minute",
    }.items() <= units.items()


def test_the_schema_is_json() -> None:
    """It is printed for editors: everything in it is a JSON value, and it names no value of a user."""
    assert settings_schema() == json.loads(json.dumps(settings_schema()))


def test_named_sections_are_marked() -> None:
    """Below accounts, sleeves, presets and instruments stand names that the operator chooses."""
    named = [row.path[-1] for row in rows() if isinstance(row, Part) and row.is_named]

    assert ["accounts", "sleeves", "presets", "instruments"] == named


def test_the_shipped_file_has_no_key_twice_and_every_key() -> None:
    """What can be set can be found there; instruments, their classes and presets have files of their own."""
    text, elsewhere = file_text(), {*OWN_FILE, "sleeves", "presets"}
    missing = [key.name for key in keys() if f"{key.path[-1]}:" not in text and key.path[0] not in elsewhere]

    assert [] == missing


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_an_example_can_be_used(file: Path) -> None:
    """Every ready file loads as it is and turns into rules."""
    assert load(file, {}).to_rules().limits


def test_there_are_examples() -> None:
    """A glob that finds nothing would test nothing."""
    assert EXAMPLES
