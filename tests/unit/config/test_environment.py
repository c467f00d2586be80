"""Variables: which are ours, which were meant to be, and which are anybody's."""

from decimal import Decimal

import pytest

from execd.config.environment import read_variables
from execd.config.keys import ANY, keys
from execd.config.loader import load, read
from execd.errors import ConfigError


def told(env: dict[str, str]) -> str:
    """Return the message with which an environment is refused."""
    with pytest.raises(ConfigError) as caught:
        load(None, env)
    return str(caught.value)


@pytest.mark.parametrize(
    "name, meant",
    [
        # A misspelt section, prefixed and bare.
        ("EXECD_EXECUTON__OFFSET_BPS", "EXECD_EXECUTION__OFFSET_BPS"),
        ("EXECUTON__OFFSET_BPS", "EXECUTION__OFFSET_BPS"),
        ("EXECUTIONS__OFFSET_BPS", "EXECUTION__OFFSET_BPS"),
        # One underscore.
        ("EXECUTION_ENABLE_SMART_EXECUTION", "EXECUTION__ENABLE_SMART_EXECUTION"),
        ("EXECUTON_OFFSET_BPS", "EXECUTION__OFFSET_BPS"),
        ("EXECD_EXECUTION_OFFSET_BPS", "EXECD_EXECUTION__OFFSET_BPS"),
        ("EXECD_SIM_SPEED", "EXECD_SIM__SPEED"),
        # A misspelt prefix.
        ("EXCD_SIM__SPEED", "EXECD_SIM__SPEED"),
        # Small letters.
        ("executon__offset_bps", "EXECUTION__OFFSET_BPS"),
        ("execution_offset_bps", "EXECUTION__OFFSET_BPS"),
        ("execd_simm__speed", "EXECD_SIM__SPEED"),
        # Ours, and no setting.
        ("EXECD_STATE_DIRR", "EXECD_STATE_DIR"),
        ("EXECD_CONFG", "EXECD_CONFIG"),
    ],
)
def test_a_near_miss_is_refused_with_the_nearest_name(name: str, meant: str) -> None:
    """Fault H1: a variable that was meant for us and is not read would be a setting that is silently not in force."""
    message = told({name: "1"})

    assert (True, True) == (f"environment variable {name}" in message, f"did you mean {meant}?" in message), message


@pytest.mark.parametrize(
    "name",
    [
        "ALPACA",
        "SIM",
        "MODE",
        "ACCOUNTS",
        "EXECUTION",
        "EXECUTION_ID",
        "EXECUTION_ROLE_ARN",
        "EXECUTOR_NUMBER",
        "AWS_EXECUTION_ENV",
        "KDE_SESSION__VERSION",
        "__CF_USER_TEXT_ENCODING",
        "_",
        "EXECD_TEST_SEED",
        "EXECD_HYPOTHESIS",
    ],
)
def test_what_could_be_anybodys_is_left_alone(name: str) -> None:
    """An unrelated variable of a section's name stops nothing, and is not read."""
    assert ((), ()) == read_variables({name: "no value of ours"})


def test_small_letters_are_the_same_variable() -> None:
    """`execution__offset_bps` sets what EXECUTION__OFFSET_BPS sets."""
    for name in ("execution__offset_bps", "Execd_Execution__Offset_Bps"):
        assert Decimal(7) == load(None, {name: "7"}).execution.offset_bps


def test_two_spellings_of_one_variable_must_agree() -> None:
    """Which of the two would win depends on nothing that anybody can see."""
    message = told({"EXECD_SIM__SPEED": "2", "execd_sim__speed": "3"})

    assert "sets the same key as EXECD_SIM__SPEED; keep one" in message
    assert Decimal(2) == load(None, {"EXECD_SIM__SPEED": "2", "execd_sim__speed": "2"}).sim.speed


def test_the_prefix_wins_and_both_names_are_told() -> None:
    """Both given is a warning that names both, and no error: a shell may hand the bare one on."""
    loaded = read(None, {"EXECUTION__OFFSET_BPS": "8", "EXECD_EXECUTION__OFFSET_BPS": "7"})

    assert Decimal(7) == loaded.settings.execution.offset_bps
    assert (
        "environment variable EXECUTION__OFFSET_BPS: not used, for EXECD_EXECUTION__OFFSET_BPS is set, too",
    ) == loaded.warnings


@pytest.mark.parametrize("name", ["SIM__SPEED", "accounts__sim__limits__order_qty_max"])
def test_a_key_of_ours_without_the_prefix_is_a_warning(name: str) -> None:
    """Another program may have a section of that name, but a limit that is not read is worth a word."""
    (warning,) = read(None, {name: "5"}).warnings

    assert f"{name}: not read; if it is meant for execd, write EXECD_{name.upper()}" in warning


def test_all_wrong_variables_are_told_at_once() -> None:
    """One start, one list of what to correct."""
    message = told({"EXECD_SIMM__SPEED": "1", "EXECUTON__OFFSET_BPS": "1", "EXECD_SIM__": "1"})

    assert 3 == len(message.splitlines())


def test_every_key_can_be_set_by_its_variable() -> None:
    """The names in the manual are the names that are read, and no key is out of reach."""
    names = [key.variable.replace(ANY, "sim") for key in keys()]
    variables, _ = read_variables(dict.fromkeys(names, "1"))

    assert sorted(names) == sorted(one.name for one in variables)


def test_a_locale_and_a_zone_change_nothing() -> None:
    """Fault H10: what the environment says of zone and language is not asked."""
    odd = {"TZ": "Asia/Kathmandu", "LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8", "LC_NUMERIC": "de_DE"}

    assert load(None, {}).digest() == load(None, odd).digest()


@pytest.mark.parametrize(
    "value, expected",
    [
        ("[a: b", "not YAML"),
        ("{a: 1, a: 2}", "stands twice"),
        ("[" * 20 + "]" * 20, "nested deeper than 16"),
        ("[!!python/object x]", "is not read"),
    ],
)
def test_a_list_in_a_variable_is_read_as_strictly_as_a_file(value: str, expected: str) -> None:
    """Fault I10: nothing of YAML that a reader could not see, here too."""
    assert expected in told({"EXECD_SIM__SYMBOLS": value})
