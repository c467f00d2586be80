"""What a text says of an algorithm is read by the table of terms, and whatever is wrong is named with its field."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic_core import PydanticCustomError

from execd.config.strict_algo import PUBLIC, algo_of, parameters_of, tactic_of
from execd.core.algo_terms import AlgoTerms, S, Term, Unit

ONE = Decimal(1)
EVERYTHING = AlgoTerms(
    name="everything",
    terms=(
        Term(name="duration", unit=Unit.SPAN, text="whole", default=600 * S, least=ONE, most=Decimal(3_600)),
        Term(name="interval", unit=Unit.SPAN, text="piece", default=60 * S, least=ONE),
        Term(name="start", unit=Unit.INSTANT, text="begin"),
        Term(name="rate", unit=Unit.RATIO, text="part", above=Decimal(0), most=Decimal("0.2")),
        Term(name="count", unit=Unit.COUNT, text="how often", least=ONE, most=Decimal(9)),
        Term(name="child", key="child_qty", unit=Unit.QTY, text="piece", above=Decimal(0)),
        Term(name="is_even", unit=Unit.FLAG, text="even"),
        Term(name="catch_up", unit=Unit.WORD, text="how", words=("spread", "skip")),
        Term(name="profile", unit=Unit.RATIOS, text="shape"),
        Term(name="tactic", unit=Unit.TACTIC, text="how a piece is priced"),
    ),
)


def read(**given: object) -> dict[str, object]:
    """Return the stored values of what a file gave."""
    return parameters_of(EVERYTHING, given, at="algo", instants=lambda value: ("time", value))


def told(**given: object) -> tuple[str, str]:
    """Return code and field of a refusal."""
    with pytest.raises(PydanticCustomError) as caught:
        read(**given)
    context: dict[str, Any] = caught.value.context or {}
    return caught.value.type, context["field"]


@pytest.mark.parametrize(
    "given, stored",
    [
        ({"duration": "10m"}, {"duration_ns": 600 * S}),
        ({"start": "10:00"}, {"start_ns": ("time", "10:00")}),
        ({"rate": "0.10"}, {"rate": "0.1"}),
        ({"count": "3"}, {"count": 3}),
        ({"child": "5.0"}, {"child_qty": "5"}),
        ({"is_even": "true"}, {"is_even": True}),
        ({"catch_up": "skip"}, {"catch_up": "skip"}),
        ({"profile": ["0", "0.50", "1"]}, {"profile": ["0", "0.5", "1"]}),
        ({"tactic": "offset"}, {"tactic": {"name": "offset"}}),
        (
            {"tactic": {"name": "offset", "ttl": "9s", "bps": "2.0"}},
            {"tactic": {"name": "offset", "bps": "2", "ttl_ns": 9 * S}},
        ),
        ({"rate": "0.1", "count": "3"}, {"count": 3, "rate": "0.1"}),
    ],
)
def test_each_unit_is_stored_as_plans_store_it(given: dict[str, object], stored: dict[str, object]) -> None:
    """Numbers are text of one spelling, durations nanoseconds, in the order of their names: a hash depends on it."""
    found = read(**given)

    assert (stored, list(stored)) == (found, list(found))


@pytest.mark.parametrize(
    "given, expected",
    [
        ({"duratoin": "5m"}, ("unknown_field", "algo.duratoin")),
        ({"duration": "0s"}, ("out_of_range", "algo.duration")),
        ({"duration": "-5s"}, ("bad_time", "algo.duration")),
        ({"duration": "2h"}, ("out_of_range", "algo.duration")),
        ({"duration": "30s"}, ("conflicting_fields", "algo.duration")),
        ({"interval": "11m"}, ("conflicting_fields", "algo.interval")),
        ({"duration": "5m", "interval": "6m"}, ("conflicting_fields", "algo.interval")),
        ({"rate": "0"}, ("out_of_range", "algo.rate")),
        ({"rate": "0.3"}, ("out_of_range", "algo.rate")),
        ({"rate": "NaN"}, ("bad_number", "algo.rate")),
        ({"count": "1.5"}, ("bad_number", "algo.count")),
        ({"count": "10"}, ("out_of_range", "algo.count")),
        ({"is_even": "yes"}, ("bad_value", "algo.is_even")),
        ({"catch_up": "skpi"}, ("bad_value", "algo.catch_up")),
        ({"profile": ["0", "0"]}, ("out_of_range", "algo.profile")),
        ({"profile": ["0", "NaN"]}, ("bad_number", "algo.profile")),
        ({"profile": ["1", "-1"]}, ("out_of_range", "algo.profile")),
        ({"profile": []}, ("wrong_type", "algo.profile")),
        ({"profile": "1"}, ("wrong_type", "algo.profile")),
        ({"profile": ["1"] * 501}, ("too_large", "algo.profile")),
        ({"tactic": "sweep"}, ("not_supported", "algo.tactic.name")),
        ({"tactic": {"name": "offset", "bsp": "1"}}, ("unknown_field", "algo.tactic.bsp")),
        ({"tactic": {"name": "offset", "bps": "x"}}, ("bad_number", "algo.tactic.bps")),
        ({"tactic": {"bps": "1"}}, ("missing_field", "algo.tactic.name")),
        ({"tactic": ["offset"]}, ("wrong_type", "algo.tactic")),
    ],
)
def test_what_is_wrong_is_named_with_its_field(given: dict[str, object], expected: tuple[str, str]) -> None:
    """Unknown parameters, durations of nothing, empty profiles: refused by name before anything is worked."""
    assert expected == told(**given)


def test_the_nearest_name_is_told() -> None:
    """A misspelt parameter and a misspelt algorithm are answered with what was probably meant."""
    with pytest.raises(PydanticCustomError, match="did you mean duration"):
        read(duratoin="5m")
    with pytest.raises(PydanticCustomError, match="did you mean offset"):
        algo_of({"name": "ofset"}, instants=str)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_algorithm_can_be_asked_for_by_its_name(name: str) -> None:
    """Every row of the table is taken, alone, for each parameter has a default or may be absent."""
    assert (name, {}) == algo_of({"name": name}, instants=str)


def test_a_tactic_alone_is_its_name() -> None:
    """`tactic: offset` is the mapping with this name and nothing else."""
    assert {"name": "offset"} == tactic_of("offset", instants=str)
