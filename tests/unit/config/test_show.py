"""What is in force can be printed, says where it came from, and loads again."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.config.loader import DEFAULT, load, read
from execd.config.plain import scalar
from execd.config.settings import Settings
from execd.config.show import as_document, overrides, yaml_text
from execd.config.strict_yaml import read_yaml

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "execd.yaml"
TEXTS = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=30)


def again(folder: Path, text: str) -> Settings:
    """Return the settings that `text` loads to."""
    file = folder / "again.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, {})


@pytest.mark.parametrize("has_origins", [False, True])
@pytest.mark.parametrize(
    "env",
    [
        {},
        {"EXECD_SIM__SYMBOLS": "[NO, ON]", "EXECD_SESSION__KIND": "simple_hours", "EXECD_SIM__SPEED": "0.000000001"},
        {"EXECD_SLEEVES__a.b:c__HORIZON": "intraday", "EXECD_SLEEVES__1__HORIZON": "swing", "EXECD_SLEEVES__yes": "{}"},
        {
            "EXECD_ALERTS__EXEC": '["/bin/page", "a b", "c: d # e", "\\"quoted\\\\", "–ü"]',
            "EXECD_SIM__VENUE_DIR": "a: {x}",
        },
    ],
)
def test_what_is_printed_loads_again(tmp_path: Path, env: dict[str, str], *, has_origins: bool) -> None:
    """`config show` is a configuration file; only secrets are not in it."""
    loaded = read(SHIPPED, env)
    # The instruments stand in the text itself: it is one file.
    expected = loaded.settings.model_copy(update={"instruments_file": ""})

    assert expected == again(tmp_path, yaml_text(loaded, has_origins=has_origins))


@given(text=TEXTS)
def test_every_text_is_written_so_that_it_is_read_the_same(text: str) -> None:
    """Also one that YAML would twist: yes, 010, 12:30, `# no comment`, quotes and backslashes."""
    tree = read_yaml(f"a: {scalar(text)}\nb: [{scalar(text)}]\n", nodes_max=100)

    assert {"a": text, "b": [text]} == tree.value


@given(number=st.decimals(min_value=-(10**8), max_value=10**8, places=9, allow_nan=False, allow_infinity=False))
def test_every_number_is_written_exactly(number: Decimal) -> None:
    """No exponent and no rounding."""
    assert number == Decimal(scalar(number))


def test_each_value_says_where_it_came_from(tmp_path: Path) -> None:
    """Default, file and line, variable, secret file: the origin of each leaf."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "alerts__webhook").write_text("https://x.example/")
    file = tmp_path / "execd.yaml"
    file.write_text("sim:\n  seed: 3\n  symbols: [SPY]\nsleeves: {fast: {horizon: intraday}}\n")
    loaded = read(file, {"EXECUTION__OFFSET_BPS": "7"}, shared_secrets=secrets)

    assert {
        ("sim", "seed"): f"{file}:2",
        ("sim", "speed"): DEFAULT,
        ("execution", "offset_bps"): "environment variable EXECUTION__OFFSET_BPS",
        ("alerts", "webhook"): f"secret file {secrets / 'alerts__webhook'}",
        ("sleeves", "fast", "horizon"): f"{file}:4",
        ("logging", "level"): DEFAULT,
    } == {
        path: loaded.origin(path)
        for path in [
            ("sim", "seed"),
            ("sim", "speed"),
            ("execution", "offset_bps"),
            ("alerts", "webhook"),
            ("sleeves", "fast", "horizon"),
            ("logging", "level"),
        ]
    }


def test_only_what_differs_is_an_override(tmp_path: Path) -> None:
    """The shipped file says every default, and overrides nothing."""
    shipped = [path for path, _, _ in overrides(read(SHIPPED, {})) if path[0] != "instruments"]
    file = tmp_path / "execd.yaml"
    file.write_text("sim: {seed: 1, speed: 2}\n")

    assert [] == shipped
    assert ((("sim", "speed"), "2", f"{file}:1"),) == overrides(read(file, {}))


def test_the_document_for_programs_has_all(tmp_path: Path) -> None:
    """`config show --json`: the file, the digest, every value, origins of what was set, warnings."""
    file = tmp_path / "execd.yaml"
    file.write_text("sim: {seed: 5}\n")
    loaded = read(file, {"SIM__SPEED": "2"})
    document = as_document(loaded)

    assert (str(file), loaded.settings.digest(), 5, {"sim.seed": f"{file}:1"}, 1) == (
        document["file"],
        document["digest"],
        document["settings"]["sim"]["seed"],
        document["origins"],
        len(document["warnings"]),
    )


def test_the_digest_names_what_is_in_force(tmp_path: Path) -> None:
    """The same values have the same digest, however they were written; another value has another."""
    file = tmp_path / "execd.yaml"
    file.write_text("execution: {offset_bps: 7.0}\n")

    assert load(file, {}).digest() == load(None, {"EXECUTION__OFFSET_BPS": "7"}).digest()
    assert load(file, {}).digest() != load(None, {}).digest()
