"""Where presets come from: shipped, beside the file, changed by a key; and what is wrong with one stops the start."""

from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from execd.config.loader import load, read
from execd.config.presets import shipped, shipped_dir
from execd.errors import ConfigError
from execd.policy.liquidity import schedule_of

SWING: Final = (shipped_dir() / "swing.yaml").read_text(encoding="utf-8")


def beside(folder: Path, text: str, **presets: str) -> Path:
    """Return a configuration file with presets beside it."""
    (folder / "presets").mkdir()
    for name, body in presets.items():
        (folder / "presets" / f"{name}.yaml").write_text(body, encoding="utf-8")
    file = folder / "execd.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def told(file: Path, env: dict[str, str] | None = None) -> str:
    """Return the message with which a configuration is refused."""
    with pytest.raises(ConfigError) as caught:
        load(file, env or {})
    return str(caught.value)


def test_a_preset_is_chosen_for_all_and_for_a_strategy(tmp_path: Path) -> None:
    """`execution.preset`, and `sleeves.<s>.preset` where a strategy has another."""
    file = beside(tmp_path, "execution: {preset: swing}\nsleeves: {slow: {preset: scheduled}, fast: {}}\n")
    rules = load(file, {}).to_rules()

    assert ("swing", "scheduled", "swing") == (
        rules.preset.name,
        rules.preset_of("slow").name,
        rules.preset_of("fast").name,
    )


def test_a_file_beside_the_configuration_is_a_preset_of_its_own(tmp_path: Path) -> None:
    """It may have a name of its own, or stand before a shipped one."""
    mine, other = SWING.replace("  bps: 300", "  bps: 31"), SWING.replace("  bps: 300", "  bps: 32")
    file = beside(tmp_path, "execution: {preset: mine}\nsleeves: {s: {preset: swing}}\n", mine=mine, swing=other)
    rules = load(file, {}).to_rules()

    assert (Decimal(31), Decimal(32)) == (rules.preset.collar_bps, rules.preset_of("s").collar_bps)


CUT_BY_VWAP: Final = "execution: {preset: scheduled}\npresets: {scheduled: {slicing: {method: vwap}}}\n"


def test_a_preset_that_cuts_by_vwap_asks_for_its_days(tmp_path: Path) -> None:
    """Scheduled: TWAP, or VWAP of 5 days (SPEC 5), which is not the profile that is used unless asked."""
    rules = load(beside(tmp_path, CUT_BY_VWAP), {}).to_rules()
    parameters, untold = schedule_of(rules.preset.slicing, {"name": "anchor"})

    assert (5, "") == (parameters["days"], untold)


@pytest.mark.parametrize(
    "text, message",
    [
        (
            f"{CUT_BY_VWAP}refdata: {{profiles: [20 median, 10 mean]}}\n",
            "profile_days: no profile 5 median is learned (refdata.profiles: 20 median, 10 mean); add it",
        ),
        (
            "presets: {scheduled: {slicing: {method: vwap, profile_days: 7}}}\n",
            "execd.yaml:1: presets.scheduled.slicing.profile_days: no profile 7 median is learned",
        ),
        ("refdata: {profiles: []}\n", "refdata.profiles: at least one is needed"),
    ],
)
def test_a_profile_that_nobody_learns_stops_the_start(tmp_path: Path, text: str, message: str) -> None:
    """A schedule that cannot find its curve would be even all day; the message says what to add."""
    assert message in told(beside(tmp_path, text))


def test_a_profile_that_nobody_uses_need_not_be_learned(tmp_path: Path) -> None:
    """The days of a preset that cuts by twap are asked of nobody."""
    text = "execution: {preset: scheduled}\nrefdata: {profiles: 30 mean}\n"

    assert "twap" == load(beside(tmp_path, text), {}).to_rules().preset.slicing.method


@pytest.mark.parametrize(
    "text, env",
    [
        ("presets: {balanced: {collar: {bps: 7}}}\n", {}),
        ("", {"EXECD_PRESETS__BALANCED__COLLAR__BPS": "7"}),
        ("presets: {balanced: {collar: {bps: 9}}}\n", {"EXECD_PRESETS__balanced__COLLAR__BPS": "7"}),
    ],
)
def test_one_number_is_changed_without_a_copy(tmp_path: Path, text: str, env: dict[str, str]) -> None:
    """The rest stays as it is shipped, and the origin of each number is told."""
    loaded = read(beside(tmp_path, text), env)
    changed = loaded.settings.presets["balanced"]

    assert Decimal(7) == changed.collar.bps
    assert shipped("balanced").slicing == changed.slicing
    assert loaded.origin(("presets", "balanced", "slicing", "child_usd")).startswith("shipped preset balanced:")
    assert "shipped" not in loaded.origin(("presets", "balanced", "collar", "bps"))


def test_a_preset_may_be_changed_that_nobody_names_yet(tmp_path: Path) -> None:
    """A reload names it later."""
    settings = load(beside(tmp_path, "presets: {swing: {gates: {first_min: 9}}}\n"), {})

    assert (9, 0) == (settings.presets["swing"].gates.first_min, settings.presets["swing"].gates.last_min)


def test_a_tactic_is_changed_as_a_whole(tmp_path: Path) -> None:
    """Parameters of one tactic mean nothing to another."""
    file = beside(tmp_path, "presets: {cross_asset: {low: {tactic: {name: offset, bps: -2}}}}\n")
    preset = load(file, {"EXECUTION__PRESET": "cross_asset"}).to_rules().preset

    assert ({"name": "offset", "bps": "-2"}, "marketable") == (preset.low.tactic, preset.normal.tactic["name"])


@pytest.mark.parametrize(
    "line, wrong, where",
    [
        ("gates:", "gatse:", "gatse: unknown key; did you mean gates?"),
        ("  first_min: 5", "  first_min: 5m", "gates.first_min: '5m' is not a number"),
        ("  first_min: 5", "", "gates.first_min: is needed"),
        ("eod_order: none", "eod_order: nome", "did you mean none?"),
        ("hard_spread_ratio: 0.05", "hard_spread_ratio: 5", "must be at most 1"),
        ("soft_spread_ratio: 0.0025", "soft_spread_ratio: never", "soft_spread_ratio: 'never' is not a number"),
        ("  tactic: {name: anchor}", "  tactic: {name: ofset}", "the tactic 'ofset' is not built"),
        ("  tactic: {name: anchor}", "  tactic: {name: offset, bsp: 2}", "low.tactic.bsp: offset has no parameter"),
        ("  at_end: end", "  at_end: ends", "did you mean end?"),
        ("protect: none", "protect: {stop_los: {method: atr, multiplier: 1}}", "did you mean stop_loss?"),
        ("protect: none", "protect: {trailing: {method: art, multiplier: 1}}", "did you mean atr?"),
        ("protect: none", "protect: {trailing: {method: atr, value: 1}}", "multiplier belongs here"),
    ],
)
def test_what_is_wrong_in_a_preset_is_told_with_file_and_line(
    tmp_path: Path, line: str, wrong: str, where: str
) -> None:
    """Strict as the rest of the configuration: unknown keys, wrong units and missing keys stop the start."""
    assert line in SWING
    file = beside(tmp_path, "execution: {preset: mine}\n", mine=SWING.replace(line, wrong, 1))
    message = told(file)

    assert where in message
    assert f"{tmp_path / 'presets' / 'mine.yaml'}:" in message


def test_a_preset_that_is_not_there_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    """And with the place where it was named, and where a file of its own would stand."""
    message = told(beside(tmp_path, "mode: trade\nexecution:\n  preset: balnced\n"))

    assert f"{tmp_path / 'execd.yaml'}:3: execution.preset: there is no preset balnced" in message
    assert "did you mean balanced?" in message


def test_numbers_of_the_section_execution_stand_in_every_preset(tmp_path: Path) -> None:
    """The keys of earlier versions go on: a number replaces that of the preset, `preset` leaves it."""
    file = beside(tmp_path, "execution: {preset: cross_asset, collar_bps: 4, high_ttl_s: 5, high_spread_fraction: 1}\n")
    preset = load(file, {}).to_rules().preset

    assert (Decimal(4), {}) == (preset.collar_bps, preset.collar_class_bps)
    assert {"name": "marketable", "ttl_ns": 5_000_000_000, "spread_fraction": "1"} == preset.high.tactic
    assert 120_000_000_000 == preset.normal.tactic["ttl_ns"]


def test_a_preset_that_others_may_write_is_refused(tmp_path: Path) -> None:
    """It could raise a bound while nobody looks."""
    file = beside(tmp_path, "execution: {preset: mine}\n", mine=SWING)
    (tmp_path / "presets" / "mine.yaml").chmod(0o646)

    assert "may be written by everybody" in told(file)
