"""What is usual without history: the instruments file, the defaults of asset classes, and a feed that sees a part."""

from decimal import Decimal
from pathlib import Path

import pytest

from execd.config.fields import Adapter
from execd.config.loader import load
from execd.core.enums import AssetClass
from execd.core.rules import FREE_IDS, PROVING, UNIQUE_IDS, Lookups, Rules
from execd.errors import ConfigError
from execd.markets import BROKERS, able
from execd.ports import BrokerLimits


def rules(folder: Path, instruments: str, text: str = "") -> Rules:
    """Return the rules of a configuration with an instruments file beside it."""
    (folder / "instruments.yaml").write_text(instruments)
    (folder / "execd.yaml").write_text(text)
    settings = load(folder / "execd.yaml", {})
    return able(settings.to_rules(), settings)


def test_the_instruments_file_says_what_is_usual(tmp_path: Path) -> None:
    """A symbol's own line, its class's line, and the default of what neither says."""
    text = """
        class_defaults: {etf: {adv_qty: 777, profile: [3, 1]}}
        AZO: {usual: {adv_qty: 150000, spread_bps: 6}}
        SPY: {asset_class: ETF}
        """
    found = rules(tmp_path, text)
    own, of_class = found.usual_of("AZO")
    _, of_etf = found.usual_of("SPY")

    assert (Decimal(150_000), Decimal(6), ()) == (own.adv_qty, own.spread_bps, own.profile)
    assert (Decimal(777), None, (Decimal(3), Decimal(1))) == (of_etf.adv_qty, of_etf.spread_bps, of_etf.profile)
    assert Decimal(200_000) == of_class.adv_qty
    assert list(AssetClass) == list(found.class_usual)


@pytest.mark.parametrize(
    "text, message",
    [
        ("AZO: {usual: {profile: [0, 0]}}", "no weight above zero"),
        ("AZO: {usual: {profile: [1, -1]}}", "at least 0"),
        ("AZO: {usual: {profile: [1, NaN]}}", "number"),
        ("AZO: {usual: {adv: 5}}", "adv"),
        ("class_defaults: {stock: {adv_qty: 5}}", "stock"),
    ],
)
def test_what_cannot_be_usual_stops_the_start(tmp_path: Path, text: str, message: str) -> None:
    """A profile without sum, with a negative part or without a number is refused with its file."""
    with pytest.raises(ConfigError, match=message):
        rules(tmp_path, text)


def test_class_defaults_in_two_places_are_refused(tmp_path: Path) -> None:
    """Nobody would know which one counts."""
    one = "class_defaults: {stk: {adv_qty: 5}}"

    with pytest.raises(ConfigError, match="keep one place"):
        rules(tmp_path, one, one)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", (False, Decimal(1))),
        ("sim: {coverage: partial}", (True, None)),
        ("sim: {coverage: partial}\nmarket_data: {partial_volume_scale: 4}", (True, Decimal(4))),
        ("market_data: {partial_volume_scale: 4}", (False, Decimal(1))),
    ],
)
def test_a_feed_that_sees_a_part_is_scaled_only_where_somebody_says_how(
    tmp_path: Path, text: str, expected: tuple[bool, Decimal | None]
) -> None:
    """Without a number nothing is derived from its volume and sizes; a whole feed is never scaled."""
    found = rules(tmp_path, "", text)

    assert expected == (found.is_partial, found.volume_scale)


@pytest.mark.parametrize("text", ["20", "0 median", "20 mode", "20 median "])
def test_a_profile_is_named_by_days_and_statistic(tmp_path: Path, text: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(ConfigError, match="20 median"):
        rules(tmp_path, "", f"refdata: {{profiles: ['{text}']}}")


def test_what_a_broker_cannot_do_is_its_own_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key says whether a working order can be changed: the adapter's limits do, for each of its accounts."""
    settings = load(None, {})
    able_to = able(settings.to_rules(), settings).cannot_replace
    monkeypatch.setitem(BROKERS, Adapter.SIM, BrokerLimits(can_replace=False))

    assert ((), tuple(settings.accounts)) == (able_to, able(settings.to_rules(), settings).cannot_replace)


@pytest.mark.parametrize(
    "limits, lookups",
    [
        (BrokerLimits(has_unique_client_ids=True, lookups_are_final=True), PROVING),
        (BrokerLimits(has_unique_client_ids=True), UNIQUE_IDS),
        (BrokerLimits(), FREE_IDS),
    ],
)
def test_what_a_missing_order_proves_is_its_own_word_too(
    limits: BrokerLimits, lookups: Lookups, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How a request in doubt is asked about hangs on the broker; where it promises nothing, nothing is sure."""
    settings = load(None, {})
    monkeypatch.setitem(BROKERS, Adapter.SIM, limits)

    assert dict.fromkeys(settings.accounts, lookups) == able(settings.to_rules(), settings).lookups
