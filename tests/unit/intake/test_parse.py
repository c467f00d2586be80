"""What is taken from a file, what is refused, and with which code, field and line."""

from decimal import Decimal
from pathlib import Path

import pytest

from execd.core.enums import Horizon, OrdType, Side, TimeInForce, Urgency
from execd.core.orders import AlgoSpec, ParentOrder
from execd.errors import IntentError
from execd.intake.parse import FIELDS, ParseContext, intent_schema
from tests.unit.intake.tables import NOW_NS, S, context, parsed, refusal, yaml

SAMPLES = Path(__file__).resolve().parents[3] / "config" / "samples"


def test_the_shortest_intent_gets_every_default() -> None:
    """Id, symbol, side and quantity are enough; the rest is the default of the specification."""
    parent = parsed("a.yaml", yaml()).parent

    assert parent == ParentOrder(
        parent_id="a1",
        account="sim",
        symbol="AAPL",
        side=Side.BUY,
        order_qty=Decimal(100),
        effective_ns=NOW_NS,
        start_by_ns=NOW_NS + 3_600 * S,
        default_life_ns=900 * S,
        seed=parent.seed,
    )


def test_every_field_reaches_the_parent() -> None:
    """What is written is what is worked: no field is lost on the way in."""
    text = yaml(
        strategy="momentum",
        horizon="intraday",
        urgency="high",
        limit_price='"190.50"',
        order_type="limit",
        time_in_force="ioc",
        algo="{name: offset, bps: -2.50, ttl: 1m30s}",
        not_before="10s",
        valid_until="5m",
        deadline='"15:45"',
        on_closed="reject",
        max_slippage_bps="12.5",
        reference_price="189",
        extended_hours="false",
        supersedes="a0",
        allow_duplicate="true",
        on_error="skip",
        protect="none",
        kind="order",
        account="sim",
        note="'a brace {x}'",
    )
    parent = parsed("a.yml", text).parent

    assert parent == ParentOrder(
        parent_id="a1",
        account="sim",
        strategy="momentum",
        horizon=Horizon.INTRADAY,
        symbol="AAPL",
        side=Side.BUY,
        order_qty=Decimal(100),
        price=Decimal("190.5"),
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.IOC,
        urgency=Urgency.HIGH,
        algo=AlgoSpec(name="offset", parameters={"bps": "-2.5", "ttl_ns": 90 * S}),
        effective_ns=NOW_NS + 10 * S,
        start_by_ns=NOW_NS + 300 * S,
        expire_ns=NOW_NS + (6 * 60 + 15) * 60 * S,
        queue_when_closed=False,
        max_slippage_bps=Decimal("12.5"),
        reference_price=Decimal(189),
        supersedes="a0",
        allow_duplicate=True,
        note="a brace {x}",
        is_unprotected=True,
        seed=parent.seed,
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"id":"a1","symbol":"AAPL","side":"buy","qty":100}',
        '{"qty":"100","side":"buy","symbol":"AAPL","id":"a1"}',
        '{"id":"a1","symbol":"AAPL","side":"buy","qty":100.0,"limit_price":null}',
    ],
)
def test_the_same_content_has_the_same_hash_in_any_format_and_spelling(text: str) -> None:
    """Numbers and strings are equal, order and format do not matter, null is absence."""
    assert parsed("a.yaml", yaml()).content_hash == parsed("a.json", text).content_hash


@pytest.mark.parametrize("target", ["-300", "0", "250.5"])
def test_a_target_is_signed_and_finds_its_side_itself(target: str) -> None:
    """target_qty is the wanted signed position; side is left out with it."""
    parent = parsed("a.yaml", yaml(qty="", side="", target_qty=target)).parent

    assert (Decimal(target), None, False) == (parent.target_qty, parent.order_qty, parent.is_close)


@pytest.mark.parametrize("change", [{"on_error": "skip"}, {"on_error": "reject"}])
def test_what_is_said_of_the_file_is_not_content_of_the_order(change: dict[str, str]) -> None:
    """on_error is about the file: a row that was skipped and is sent again alone is the same order."""
    assert parsed("a.yaml", yaml()).content_hash == parsed("a.yaml", yaml(**change)).content_hash


def test_a_note_may_be_written_in_any_script() -> None:
    """Fault I11 refuses what hides or turns text, not what people write: joiners of scripts and signs stay."""
    note = "می‌خواهم 👩‍💻 – naïve"

    assert note == parsed("a.yaml", yaml(note=f'"{note}"')).parent.note


@pytest.mark.parametrize("change", [{"qty": "101"}, {"urgency": "normal"}, {"id": "a2"}, {"note": "x"}])
def test_other_content_has_another_hash(change: dict[str, str]) -> None:
    """The hash is of what was written before defaults, so a default that is spelled out counts as content."""
    assert parsed("a.yaml", yaml()).content_hash != parsed("a.yaml", yaml(**change)).content_hash


@pytest.mark.parametrize(
    "number",
    "010 1e3 1_000 +1 .5 1. NaN Infinity .inf 0x10 1e400 １００ 1000000000 0.0000000001 true - 12:30 1,000".split(),  # noqa: RUF001
)
def test_a_number_is_never_guessed(number: str) -> None:
    """Faults I5 and I7: YAML 1.1 surprises, exponents, full-width digits and booleans are refused as numbers."""
    assert refusal("a.yaml", yaml(qty=f'"{number}"')) == ("bad_number", "qty", 4)


@pytest.mark.parametrize("literal", ["NaN", "-Infinity", "1e400", "1" + "0" * 5_000])
def test_a_json_number_is_never_guessed(literal: str) -> None:
    """Faults I1, I2 and I6: NaN, Infinity, overflowing and enormous literals are refused, as text and not as floats."""
    code, _, _ = refusal("a.json", '{"id":"a1","symbol":"AAPL","side":"buy","qty":' + literal + "}")

    assert "bad_number" == code


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"qty": "0"}, ("out_of_range", "qty", 4)),
        ({"qty": "-5"}, ("out_of_range", "qty", 4)),
        ({"qty": "-0"}, ("out_of_range", "qty", 4)),
        ({"qty": "[1]"}, ("wrong_type", "qty", 4)),
        ({"qty": ""}, ("one_quantity", "qty", None)),
        ({"notional": "5"}, ("one_quantity", "qty", 4)),
        ({"close": "false"}, ("bad_value", "close", 5)),
        ({"close": "true"}, ("one_quantity", "qty", 4)),
        ({"qty": "", "close": "true"}, ("conflicting_fields", "side", 3)),
        ({"target_qty": "5"}, ("one_quantity", "qty", 4)),
        ({"qty": "", "target_qty": "5"}, ("conflicting_fields", "side", 3)),
        ({"qty": "", "side": "", "target_qty": "5e2"}, ("bad_number", "target_qty", 3)),
        ({"supersedes": "a1"}, ("conflicting_fields", "supersedes", 5)),
        ({"supersedes": "a b"}, ("bad_id", "supersedes", 5)),
        ({"allow_duplicate": "yes"}, ("bad_value", "allow_duplicate", 5)),
        ({"on_error": "ignore"}, ("bad_value", "on_error", 5)),
        ({"kind": "baskte"}, ("bad_value", "kind", 5)),
        ({"limit_price": "0.00000001"}, ("out_of_range", "limit_price", 5)),
        ({"side": ""}, ("missing_field", "side", None)),
        ({"side": "Buy"}, ("bad_value", "side", 3)),
        ({"symbol": ""}, ("missing_field", "symbol", None)),
        ({"symbol": "aapl"}, ("bad_symbol", "symbol", 2)),
        ({"symbol": "ＡＡＰＬ"}, ("bad_symbol", "symbol", 2)),  # noqa: RUF001
        ({"symbol": "АAPL"}, ("bad_symbol", "symbol", 2)),  # noqa: RUF001
        ({"symbol": '"AAPL\\n"'}, ("bad_symbol", "symbol", 2)),
        ({"id": "-a"}, ("bad_id", "id", 1)),
        ({"id": "a" * 65}, ("bad_id", "id", 1)),
        ({"id": "../a"}, ("bad_id", "id", 1)),
        ({"qyt": "5"}, ("unknown_field", "qyt", 5)),
        ({"stop_los": "5"}, ("unknown_field", "stop_los", 5)),
        ({"account": "ibkr"}, ("unknown_account", "account", 5)),
        ({"order_type": "limit"}, ("missing_field", "limit_price", None)),
        ({"order_type": "market", "limit_price": "5"}, ("conflicting_fields", "order_type", 5)),
        ({"note": "x" * 201}, ("bad_text", "note", 5)),
        ({"note": '"\\e[31m"'}, ("bad_text", "note", 5)),
        ({"note": '"a\\rb"'}, ("bad_text", "note", 5)),
        ({"note": '"\\u202Eyub"'}, ("bad_text", "note", 5)),
        ({"note": '"\\u2028"'}, ("bad_text", "note", 5)),
        ({"note": '"\\u200B"'}, ("bad_text", "note", 5)),
        ({"max_slippage_bps": "10001"}, ("out_of_range", "max_slippage_bps", 5)),
        ({"urgency": "hihg"}, ("bad_value", "urgency", 5)),
        ({"on_closed": "NO"}, ("bad_value", "on_closed", 5)),
        ({"not_before": "2026-03-02T14:30:00"}, ("bad_time", "not_before", 5)),
        ({"not_before": "2026-02-30T14:30:00Z"}, ("bad_time", "not_before", 5)),
        ({"not_before": "24:00"}, ("bad_time", "not_before", 5)),
        ({"not_before": "9:30"}, ("bad_time", "not_before", 5)),
        ({"not_before": "10"}, ("bad_time", "not_before", 5)),
        ({"not_before": "5m3h"}, ("bad_time", "not_before", 5)),
        ({"not_before": "721h"}, ("out_of_range", "not_before", 5)),
        ({"not_before": "10m", "deadline": "5m"}, ("times_out_of_order", "deadline", 6)),
        ({"not_before": "10m", "valid_until": "5m"}, ("times_out_of_order", "valid_until", 6)),
        ({"algo": "offset"}, ("wrong_type", "algo", 5)),
        ({"algo": "{bps: 5}"}, ("missing_field", "algo.name", 5)),
        ({"algo": "{name: offset, bp: 5}"}, ("unknown_field", "algo.bp", 5)),
        ({"algo": "{name: offset, ttl: 5ms}"}, ("out_of_range", "algo.ttl", 5)),
        ({"algo": "{name: sweep, bps: 5}"}, ("unknown_field", "algo.bps", 5)),
        ({"algo": "{name: passthrough, order_type: limit}"}, ("missing_field", "limit_price", None)),
    ],
)
def test_a_fault_is_named_with_its_field_and_line(
    change: dict[str, str], expected: tuple[str, str | None, int | None]
) -> None:
    """Faults I3, I6, I8, I9 and I11: a refusal has a stable code, its field, and the line of its key."""
    assert expected == refusal("a.yaml", yaml(**change))


@pytest.mark.parametrize(
    "change, field",
    [
        ({"protect": "{stop_loss: {method: percent, value: 2}}"}, "protect"),
        ({"kind": "pair", "legs": "[]"}, "kind"),
        ({"kind": "basket", "orders": "[]"}, "kind"),
        ({"extended_hours": "true"}, "extended_hours"),
        ({"order_type": "stop_limit"}, "order_type"),
        ({"time_in_force": "gtc"}, "time_in_force"),
        ({"algo": "{name: close_auction}"}, "algo.name"),
        ({"algo": "{name: passthrough, order_type: stop}"}, "algo.order_type"),
    ],
)
def test_what_is_not_built_is_refused_and_never_ignored(change: dict[str, str], field: str) -> None:
    """A feature of the specification that does not exist yet is refused `not_supported` by name."""
    code, at, _ = refusal("a.yaml", yaml(**change))

    assert ("not_supported", field) == (code, at)


@pytest.mark.parametrize("symbol", ["NO", "ON", "Y", "TRUE", "NULL", "BRK.B", "A"])
def test_a_ticker_that_yaml_would_take_for_a_truth_is_a_ticker(symbol: str) -> None:
    """YAML 1.1 surprises are handled as text."""
    assert symbol == parsed("a.yaml", yaml(symbol=symbol)).parent.symbol


def test_the_account_is_needed_where_there_are_several() -> None:
    """Only a single account may be left out."""
    given = ParseContext(now_ns=NOW_NS, mtime_ns=NOW_NS, accounts=("a", "b"))

    assert ("missing_field", "account", None) == refusal("a.yaml", yaml(), given=given)


def test_a_strategy_gives_its_horizon() -> None:
    """sleeves.<strategy>.horizon is the default of the horizon."""
    given = ParseContext(
        now_ns=NOW_NS,
        mtime_ns=NOW_NS,
        accounts=("sim",),
        default_account="sim",
        horizons={"momentum": Horizon.INTRADAY},
    )

    assert Horizon.INTRADAY is parsed("a.yaml", yaml(strategy="momentum"), given=given).parent.horizon


PROFILED = ParseContext(
    now_ns=NOW_NS,
    mtime_ns=NOW_NS,
    accounts=("sim",),
    default_account="sim",
    profiles=("20 median", "5 median", "20 mean"),
)


@pytest.mark.parametrize(
    "asked, expected",
    [
        ("days: 7", ("not_learned", "algo.days", 5)),
        ("days: 5, statistic: mean", ("not_learned", "algo.days", 5)),
        ("days: 4", ("out_of_range", "algo.days", 5)),
        ("statistic: mode", ("bad_value", "algo.statistic", 5)),
        ("days: 5, profile: [1, 2]", ("conflicting_fields", "algo.days", 5)),
        ("statistic: mean, profile: [1, 2]", ("conflicting_fields", "algo.statistic", 5)),
    ],
)
def test_a_profile_that_nobody_learns_is_refused(asked: str, expected: tuple[str, str, int]) -> None:
    """Vwap by `days` and `statistic` (SPEC 6): refused with field and reason where `refdata.profiles` has no such."""
    assert expected == refusal("a.yaml", yaml(algo=f"{{name: vwap, {asked}}}"), given=PROFILED)


@pytest.mark.parametrize(
    "asked, expected",
    [
        ("days: 5", {"days": 5}),
        ("statistic: mean", {"statistic": "mean"}),
        ("days: 20, statistic: median", {"days": 20, "statistic": "median"}),
    ],
)
def test_a_profile_that_is_learned_may_be_asked_for(asked: str, expected: dict[str, object]) -> None:
    """What is left out is as in the first of `refdata.profiles`: 5 is the median here, mean is of 20 days."""
    parent = parsed("a.yaml", yaml(algo=f"{{name: vwap, {asked}}}"), given=PROFILED).parent

    assert AlgoSpec(name="vwap", parameters=expected) == parent.algo


@pytest.mark.parametrize("life", ["ioc", "fok"])
@pytest.mark.parametrize("name", ["twap", "vwap", "pov", "is", "anchor", "iceberg", "adaptive_join", "progressive"])
def test_what_is_worked_over_time_or_rests_cannot_be_immediate(name: str, life: str) -> None:
    """A schedule's slices are orders of their own, and an order that may not rest cannot be one that only rests."""
    expected = ("conflicting_fields", "time_in_force", 6)

    assert expected == refusal("a.yaml", yaml(algo=f"{{name: {name}}}", time_in_force=life))


@pytest.mark.parametrize("name", ["offset", "adaptive_offset", "marketable", "sniper", "sweep"])
def test_what_takes_may_be_immediate(name: str) -> None:
    """One order at a time that crosses takes the time in force of its intent."""
    parent = parsed("a.yaml", yaml(algo=f"{{name: {name}}}", time_in_force="fok")).parent

    assert TimeInForce.FOK is parent.time_in_force


def test_a_tracking_bound_is_refused_for_a_sniper() -> None:
    """It crosses for what is behind, and nothing ever crosses for who trades on conditions of his own."""
    algo = "{name: twap, tracking: 0.1, tactic: {name: sniper, spread_bps: 2}}"

    assert ("conflicting_fields", "algo.tracking", 5) == refusal("a.yaml", yaml(algo=algo))


def test_a_refusal_names_the_nearest_field_and_counts_the_rest() -> None:
    """The first fault of the file is told, and how many more there are."""
    with pytest.raises(IntentError) as caught:
        parsed("a.yaml", yaml(qyt="5", sied="buy", urgency="x"))

    assert "there is no field 'qyt'; did you mean qty? (and 2 more)" == caught.value.message


@pytest.mark.parametrize("name", ["buy_offset.yaml", "sell_offset.yaml", "small_market.json", "times_out.yaml"])
def test_a_sample_is_taken(name: str) -> None:
    """The shipped samples are valid intents."""
    parent = parsed(name, (SAMPLES / name).read_bytes(), given=context()).parent

    assert parent.parent_id == "sample-" + name.partition(".")[0].replace("_", "-")


def test_the_malformed_sample_is_refused_for_its_typo() -> None:
    """The one sample that must fail does, with the line of the typo."""
    body = (SAMPLES / "malformed.json").read_bytes()

    assert ("unknown_field", "limit_pric", 6) == refusal("malformed.json", body)


def test_the_schema_knows_every_field() -> None:
    """`execd schema intent` describes what the parser takes."""
    assert list(FIELDS) == list(intent_schema()["$defs"]["order"]["properties"])


def test_a_note_is_kept_and_never_read() -> None:
    """Fault I11: text that looks like a command, a placeholder or a field is text."""
    note = "'; DROP TABLE parents; -- {0} %s ${HOME} qty: 5"

    assert note == parsed("a.yaml", yaml(note='"' + note + '"')).parent.note


@pytest.mark.parametrize("name", ["a.yaml", "zz.yaml", "../../x.yml"])
def test_neither_the_name_nor_the_time_of_a_file_is_content(name: str) -> None:
    """Fault A14: what orders intents is what they say (`supersedes`), not how or when their files were written."""
    early = context(mtime_ns=NOW_NS - 100 * S)

    assert parsed("a.yaml", yaml()).content_hash == parsed(name, yaml(), given=early).content_hash


@pytest.mark.parametrize("ahead_s, is_taken", [(5, True), (6, False)])
def test_a_file_may_be_five_seconds_ahead(ahead_s: int, is_taken: bool) -> None:  # noqa: FBT001
    """Fault A13: clocks differ a little; more is refused, for nobody knows what its times mean."""
    given = context(mtime_ns=NOW_NS + ahead_s * S)
    try:
        parsed("a.yaml", yaml(), given=given)
    except IntentError as error:
        found = error.code
    else:
        found = ""

    assert ("" if is_taken else "future_file") == found
