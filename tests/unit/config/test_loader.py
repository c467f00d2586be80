"""The configuration: the shipped file equals the defaults, and whatever is wrong stops the start with a place."""

from decimal import Decimal
from pathlib import Path

import pytest

from execd.config.document import file_text
from execd.config.fields import SimSource
from execd.config.fields_preset import Own
from execd.config.loader import load
from execd.config.presets import shipped
from execd.config.sections_trading import ClassDefaults
from execd.config.settings import Settings
from execd.core.enums import AssetClass, Horizon
from execd.core.instrument import Instrument
from execd.core.rules import Execution, Limits, Reconcile, Rules, Throttle
from execd.core.session import SimpleHours
from execd.errors import ConfigError

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "execd.yaml"


def told(env: dict[str, str] | None = None, path: Path | None = None) -> str:
    """Return the message with which a configuration is refused."""
    with pytest.raises(ConfigError) as caught:
        load(path, env or {})
    return str(caught.value)


def test_the_shipped_file_equals_the_defaults() -> None:
    """config/execd.yaml may be deleted without effect, but for the instruments beside it."""
    assert Settings() == load(SHIPPED, {}).model_copy(update={"instruments": {}})


def test_the_shipped_file_is_what_the_sections_say() -> None:
    """Every key is written there with its default and its meaning; `python -m execd.config.document file` writes it."""
    written = SHIPPED.read_text(encoding="utf-8")

    assert file_text() == written


def test_the_defaults_are_the_rules_of_core() -> None:
    """What the configuration does not change is what core says, but for limits and the preset, which are shipped."""
    limits = Limits(
        order_qty_max=Decimal(10_000),
        order_notional_max=Decimal(250_000),
        price_collar_ratio=Decimal("0.03"),
        open_orders_max=500,
    )

    rules = Rules(
        limits={"sim": limits},
        reconcile=Reconcile(),
        class_usual=ClassDefaults().to_usual(),
        preset=shipped("balanced").to_preset("balanced"),
    )

    assert rules == load(None, {}).to_rules()


def test_every_setting_reaches_the_rules(tmp_path: Path) -> None:
    """A key that is read and not used would be worse than none."""
    file = tmp_path / "execd.yaml"
    file.write_text(
        "execution: {enable_smart_execution: false, offset_bps: -1.5, offset_ttl_s: 1, high_spread_fraction: 0.5,\n"
        "  high_ttl_s: 2, collar_bps: 3, small_order_market_usd: 4, partial_accept_ratio: 0.7, replans_max: 5,\n"
        "  final_lead_ms: 6, quote_age_resting_s_max: 7, quote_age_marketable_s_max: 8,\n"
        "  retry_s: 0.5, send_within_s: 9}\n"
        "throttle: {burst: 1, per_min: 2, window_max: 3, window_s: 4, requests_max: 9, cancel_reserve: 6}\n"
        "session: {kind: simple_hours, zone: Europe/Berlin, opens: 09:00, closes: 17:30}\n"
        "instruments: {NO: {asset_class: ETF, ticks: [{from_px: 0, tick: 0.05}], round_lot: 10}}\n"
        "mode: observe\nrisk: {duplicate_window_s: 60, rejects_max: 3}\n"
        "journal: {memory_h: 0.5, memory_parents_max: 9}\nreconcile: {every_s: 5, stale_s: 11, external: count}\n"
    )
    ms, s = 1_000_000, 1_000_000_000
    rules = load(file, {}).to_rules()

    assert rules.reconcile == Reconcile(every_ns=5 * s, stale_ns=11 * s, halts_on_external=False)
    assert rules.execution == Execution(
        is_smart=False,
        own={name: {"bps": "-1.5", "ttl_ns": s} for name in ("offset", "adaptive_offset")},
        partial_accept_ratio=Decimal("0.7"),
        replans_max=5,
        final_lead_ns=6 * ms,
        quote_age_resting_ns_max=7 * s,
        quote_age_marketable_ns_max=8 * s,
        retry_ns=s // 2,
        send_within_ns=9 * s,
    )
    high = {"name": "marketable", "spread_fraction": "0.5", "ttl_ns": 2 * s}
    assert (Decimal(3), {}, Decimal(4), high) == (
        rules.preset.collar_bps,
        rules.preset.collar_class_bps,
        rules.preset.small_notional_max,
        rules.preset.high.tactic,
    )
    assert rules.throttle == Throttle(
        burst=1, per_min=2, window_max=3, window_ns=4 * s, requests_max=9, cancel_reserve=6
    )
    assert rules.session == SimpleHours(zone="Europe/Berlin", opens_min=540, closes_min=1_050)
    assert (3, True, 60 * s, 1_800 * s, 9) == (
        rules.rejects_max,
        rules.is_observing,
        rules.duplicate_window_ns,
        rules.memory_ns,
        rules.memory_parents_max,
    )
    assert rules.instrument("NO").tick_at(Decimal(10)) == Decimal("0.05")


def test_the_instruments_beside_the_file_are_read() -> None:
    """Asset classes come from instruments.yaml; what is not there is an ordinary share."""
    rules = load(SHIPPED, {}).to_rules()

    assert (AssetClass.ETF, Instrument(symbol="AAPL")) == (
        rules.instrument("SPY").asset_class,
        rules.instrument("AAPL"),
    )


@pytest.mark.parametrize("name", ["EXECUTION__ENABLE_SMART_EXECUTION", "EXECD_EXECUTION__ENABLE_SMART_EXECUTION"])
def test_the_switch_of_the_specification_works_verbatim(name: str) -> None:
    """`EXECUTION__ENABLE_SMART_EXECUTION=false` overrides the file's true, with and without prefix."""
    assert not load(SHIPPED, {name: "false"}).to_rules().execution.is_smart


def test_the_environment_wins_over_the_file_and_the_prefix_over_the_bare_name() -> None:
    """Order: prefixed variable, bare variable, file, default."""
    env = {"EXECD_EXECUTION__OFFSET_BPS": "7", "EXECUTION__OFFSET_BPS": "8", "EXECUTION__COLLAR_BPS": "9"}
    execution = load(SHIPPED, env).execution

    assert (Decimal(7), Decimal(9), Own.PRESET) == (
        execution.offset_bps,
        execution.collar_bps,
        execution.offset_ttl_s,
    )


def test_one_variable_changes_one_limit_of_the_shipped_account() -> None:
    """Names in capitals mean the account that is there, and its other limits stay."""
    for path in (None, SHIPPED):
        limits = load(path, {"EXECD_ACCOUNTS__SIM__LIMITS__ORDER_QTY_MAX": "50"}).to_rules().limits

        assert {"sim": (Decimal(50), 500)} == {
            name: (one.order_qty_max, one.open_orders_max) for name, one in limits.items()
        }


def test_a_variable_may_hold_a_list_or_a_new_entry() -> None:
    """Lists and mappings are written in one line as in YAML; a single text is a list of one."""
    env = {
        "EXECD_SIM__SYMBOLS": "[NO, ON]",
        "EXECD_SIM__TAPES": "a.csv.gz",
        "EXECD_SIM__SOURCE": "tape",
        "EXECD_SLEEVES__momentum__HORIZON": "intraday",
    }
    settings = load(None, env)

    assert (("NO", "ON"), ("a.csv.gz",), SimSource.TAPE) == (
        settings.sim.symbols,
        settings.sim.tapes,
        settings.sim.source,
    )
    assert {"momentum": Horizon.INTRADAY} == settings.horizons


def test_variables_that_are_not_ours_are_left_alone() -> None:
    """Other programs' variables, and ours that are no settings, change and break nothing."""
    env = {
        "EXECD_STATE_DIR": "x",
        "EXECD_CONFIG": "y",
        "EXECD_HYPOTHESIS": "wide",
        "EXECD_SHARED_DATA": "z",
        "MODE": "observe",
        "SIM": "1",
        "__CF_USER": "2",
        "KDE_SESSION__VERSION": "5",
        "EXECUTION": "now",
    }

    assert Settings() == load(None, env)


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("EXECUTON__ENABLE_SMART_EXECUTION", "false", "did you mean EXECUTION__ENABLE_SMART_EXECUTION?"),
        ("EXCD_SIM__SPEED", "2", "did you mean EXECD_SIM__SPEED?"),
        ("EXECD_SIMM__SPEED", "2", "did you mean EXECD_SIM__SPEED?"),
        ("EXECD_STATEDIR", "x", "did you mean EXECD_STATE_DIR?"),
        ("EXECUTION__ENABLE_SMART_EXECUTON", "false", "did you mean enable_smart_execution?"),
        ("EXECUTION__ENABLE_SMART_EXECUTION", "no", "'no' is neither true nor false"),
        ("EXECD_EXECUTION__OFFSET_BPS", "1e1", "'1e1' is not a number here"),
        ("EXECD_SIM", "generator", "has keys of its own below it"),
        ("EXECD_SIM__SPEED__X", "2", "sim.speed is a value; nothing stands below it"),
        ("EXECD_MODE", "live_ramp", "mode live_ramp is not built yet"),
        ("EXECD_SURFACE__HTTP_HOST", "0.0.0.0", "is not this machine"),  # noqa: S104  # What must be refused.
        ("EXECD_SIM__SYMBOLS", "[A, *b]", "aliases are not read"),
    ],
)
def test_a_wrong_variable_stops_the_start_by_its_name(name: str, value: str, expected: str) -> None:
    """A misspelt variable is never ignored: the message has its name and the nearest right one."""
    message = told({name: value})

    assert (True, True) == (f"environment variable {name}" in message, expected in message)


@pytest.mark.parametrize(
    "text, line, expected",
    [
        ("mode: trade\nexecuton: {}\n", 2, "executon: unknown key; did you mean execution?"),
        ("sim:\n  speeed: 2\n", 2, "sim.speeed: unknown key; did you mean speed?"),
        ("sim:\n  seed: 1\n  seed: 2\n", 3, "stands twice, first on line 2"),
        ("sim:\n  seed: 010\n", 2, "'010' is not a number here"),
        ("sim:\n  speed: 0\n", 2, "must be above 0"),
        ("sim: 5\n", 1, "sim: has keys of its own below it"),
        ("execution:\n  enable_smart_execution: ON\n", 2, "'ON' is neither true nor false"),
        ("session:\n  opens: 9:30\n", 2, "is not a time such as 09:30"),
        ("session:\n  opens: 16:30\n", 1, "must be after opens"),
        ("session:\n  zone: America/NewYork\n", 2, "did you mean America/New_York?"),
        ("sim: &a {seed: 1}\n", 1, "anchors are not read"),
        ("accounts:\n  b:\n    adapter: sim\n", 2, "accounts.b.limits: is needed"),
        ("accounts:\n  b: {adapter: alpaca, limits: {}}\n", 2, "the adapter alpaca is not built yet"),
        (
            "accounts:\n  b:\n    adapter: sim\n    limits:\n      order_qty_max: 5\n",
            4,
            "accounts.b.limits.open_orders_max: is needed",
        ),
        ("accounts: {}\n", 1, "at least one account is needed"),
        ("\ufeffmode: trade\n", 1, "the file begins with a byte order mark"),
        ("- 1\n", 1, "a mapping of sections"),
        ("a: [\n", 2, "not YAML"),
        ("sim:\n  source: tape\n", 1, "needs at least one file in tapes"),
        ("instruments:\n  SPY: {asset_clas: ETF}\n", 2, "did you mean asset_class?"),
    ],
)
def test_a_wrong_key_stops_the_start_with_file_and_line(tmp_path: Path, text: str, line: int, expected: str) -> None:
    """Unknown keys, duplicates, missing limits and values that YAML would twist are told with their place."""
    file = tmp_path / "execd.yaml"
    file.write_text(text, encoding="utf-8")
    message = told(path=file)

    assert (True, True) == (f"{file}:{line}:" in message, expected in message), message


def test_accounts_that_differ_by_case_alone_are_refused(tmp_path: Path) -> None:
    """A variable of the environment has no case: it could mean either."""
    limits = "{order_qty_max: 5, order_notional_usd_max: 5, price_collar_ratio: 0.1, open_orders_max: 5}"
    file = tmp_path / "execd.yaml"
    file.write_text("accounts:\n" + "".join(f"  {name}: {{adapter: sim, limits: {limits}}}\n" for name in ("b", "B")))

    assert "accounts b and B differ by upper and lower case alone" in told(path=file)


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    """A missing file is not an empty one."""
    assert "cannot be read" in told(path=tmp_path / "absent.yaml")


def test_a_named_instruments_file_must_exist(tmp_path: Path) -> None:
    """The shipped name may be absent beside a user's own file, another may not."""
    file = tmp_path / "execd.yaml"
    file.write_text("mode: trade\n")
    absent = load(file, {})
    file.write_text("instruments_file: mine.yaml\n")

    assert {} == absent.instruments
    assert f"{tmp_path / 'mine.yaml'}: cannot be read" in told(path=file)


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    """A section with nothing in it says nothing."""
    file = tmp_path / "execd.yaml"
    file.write_text("# nothing\nsim:\nexecution:\n  offset_bps:\n")

    assert Settings() == load(file, {})


def test_several_accounts_have_no_default() -> None:
    """With more than one account every intent must name its own."""
    limits = "{order_qty_max: 1, order_notional_usd_max: 1, price_collar_ratio: 0.1, open_orders_max: 1}"
    settings = load(None, {"EXECD_ACCOUNTS__B": f"{{adapter: sim, limits: {limits}}}"})

    assert (None, ["sim", "B"]) == (settings.default_account, list(settings.accounts))
