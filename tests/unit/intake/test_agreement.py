"""Parameters that contradict each other or the order they stand in are refused, with the field that says so."""

import pytest

from tests.unit.intake.tables import parsed, refusal, yaml

SCHEDULES = ("twap", "vwap", "pov", "is")


@pytest.mark.parametrize(
    "algo, field",
    [
        ("{name: pov, rate: 0.2, participation_max: 0.1}", "algo.rate"),
        ("{name: pov, participation_max: 0.05}", "algo.participation_max"),
        ("{name: anchor, offset_ticks: 2}", "algo.offset_ticks"),
        ("{name: anchor, peg: inside, offset_ticks: -1}", "algo.offset_ticks"),
        ("{name: iceberg, peg: mid, offset_ticks: 1}", "algo.offset_ticks"),
        ("{name: anchor, peg: primary, join_ratio: 0.5}", "algo.join_ratio"),
        ("{name: progressive, aggression_buy: 0.5}", "algo.aggression_buy"),
        ("{name: progressive, aggression: false, aggression_sell: 0.5}", "algo.aggression_sell"),
        ("{name: adaptive_join, take_first: 0.4}", "algo.take_first"),
        ("{name: twap, tactic: {name: adaptive_join, take_last: 0.95}}", "algo.tactic.take_last"),
        ("{name: twap, tactic: {name: anchor, offset_ticks: 2}}", "algo.tactic.offset_ticks"),
    ],
)
def test_a_parameter_that_another_one_leaves_without_a_meaning_is_refused(algo: str, field: str) -> None:
    """What cannot be meant is not taken: `conflicting_fields`, and which."""
    code, found, _ = refusal("a.yaml", yaml(algo=algo))

    assert ("conflicting_fields", field) == (code, found)


@pytest.mark.parametrize(
    "fields, field",
    [
        ({"algo": "{name: twap, interval: 60s}", "deadline": "30s"}, "algo.interval"),
        ({"algo": "{name: twap}", "deadline": "30s"}, "deadline"),
        ({"algo": "{name: is, interval: 10m}", "not_before": "10m", "deadline": "15m"}, "algo.interval"),
        ({"algo": "{name: pov, interval: 30s}", "deadline": "20s"}, "algo.interval"),
        ({"algo": "{name: vwap}", "not_before": '"14:00"', "deadline": '"14:04"'}, "deadline"),
    ],
)
def test_an_interval_that_is_longer_than_the_order_lives_is_refused(fields: dict[str, str], field: str) -> None:
    """The same as of `duration`, where the file alone says how long that is."""
    code, found, _ = refusal("a.yaml", yaml(**fields))

    assert ("conflicting_fields", field) == (code, found)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_close_is_not_asked_to_be_cut_over_time(name: str) -> None:
    """SPEC 5: `close: true` is never cut; a schedule beside it is refused, not left out."""
    code, found, _ = refusal("a.yaml", yaml(qty="", side="", close="true", algo=f"{{name: {name}}}"))

    assert ("conflicting_fields", "algo") == (code, found)


def test_steps_that_go_back_are_refused() -> None:
    """A ladder goes toward the touch; equal steps may follow each other."""
    code, found, _ = refusal("a.yaml", yaml(algo="{name: progressive, steps: [0.5, 0.1]}"))

    assert ("out_of_range", "algo.steps") == (code, found)
    assert parsed("a.yaml", yaml(algo="{name: progressive, steps: [0.1, 0.1, 0.5]}"))


def test_a_share_of_the_volume_may_live_shorter_than_its_default_interval() -> None:
    """Its interval cuts nothing; only one that is asked for must fit."""
    assert parsed("a.yaml", yaml(algo="{name: pov}", deadline="20s"))
