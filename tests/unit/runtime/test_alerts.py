"""What is raised, counted, acknowledged and remembered."""

from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from execd.core.events import Alert
from execd.intake.outbox import write_whole
from execd.runtime import alerts as room
from execd.runtime.alerts import Alerts
from tests.unit.runtime.ports import S, SetClock

CODES = ("journal_slow", "held", "poison")
acts = st.one_of(
    st.tuples(
        st.just("raise"),
        st.sampled_from(CODES),
        st.sampled_from(["", "p", "q"]),
        st.sampled_from(["critical", "warning", "info"]),
    ),
    st.tuples(st.just("ack"), st.sampled_from(["", *CODES, "held:p"]), st.just(""), st.just("")),
    st.tuples(st.just("paged"), st.sampled_from([*CODES, "held:p"]), st.just(""), st.just("")),
)


def alerts_at(path: Path, clock: SetClock | None = None) -> Alerts:
    """Return the alarms of a file."""
    return Alerts(path, clock=clock or SetClock(), write=partial(write_whole, is_durable=True))


def alert(
    code: str = "held", parent_id: str = "", severity: Literal["critical", "warning", "info"] = "critical"
) -> Alert:
    """Return what the engine raises."""
    return Alert(code=code, text=f"about {code}", severity=severity, parent_id=parent_id)


@given(story=st.lists(acts, max_size=30))
def test_what_is_saved_is_what_is_loaded(story: list[tuple[str, str, str, str]], tmp_path_factory: object) -> None:
    """A restart knows every alarm as it was: count, instants, pages and who acknowledged it."""
    assert isinstance(tmp_path_factory, pytest.TempPathFactory)
    path, clock = tmp_path_factory.mktemp("alerts") / "alerts.json", SetClock()
    alerts = alerts_at(path, clock)
    for act, what, parent_id, severity in story:
        clock.ns += S
        if act == "raise":
            alerts.raise_alarm(Alert(code=what, text="x", severity=severity, parent_id=parent_id))  # type: ignore[arg-type]
        elif act == "ack":
            alerts.ack(what, 7, "seen")
        else:
            alerts.paged(what)
        body = alerts.unsaved()
        if body is not None:
            alerts.save(body)

    assert alerts.rows() == alerts_at(path).rows()


def test_one_code_about_one_intent_is_one_alarm_and_is_counted(tmp_path: Path) -> None:
    """The same trouble again raises a count, not a second alarm; another intent has its own."""
    clock = SetClock()
    alerts = alerts_at(tmp_path / "a.json", clock)
    for parent_id in ("p", "p", "q"):
        clock.ns += S
        alerts.raise_alarm(alert(parent_id=parent_id))
    told = {one.id: (one.count, one.last_ns - one.first_ns) for one in alerts.rows()}

    assert {"held:p": (2, S), "held:q": (1, 0)} == told


ACKS = [("held:p", 1), ("held", 2), ("", 3), ("nope", 0)]


@pytest.mark.parametrize("what, expected", ACKS)
def test_an_acknowledgement_reaches_an_alarm_a_code_or_all(what: str, expected: int, tmp_path: Path) -> None:
    """It carries who and why, and it counts only what was open."""
    alerts = alerts_at(tmp_path / "a.json")
    for one in (alert(parent_id="p"), alert(parent_id="q"), alert("poison")):
        alerts.raise_alarm(one)
    first_n, second_n = alerts.ack(what, 7, "seen"), alerts.ack(what, 7, "seen")
    told = {(one.acked_uid, one.acked_reason) for one in alerts.rows() if not one.is_open}

    assert (expected, 0, {(7, "seen")} if expected else set()) == (first_n, second_n, told)


def test_what_comes_again_after_it_was_acknowledged_is_open_again(tmp_path: Path) -> None:
    """An acknowledgement is about what was, not about what will be."""
    clock = SetClock()
    alerts = alerts_at(tmp_path / "a.json", clock)
    alerts.raise_alarm(alert())
    alerts.ack("held", 7, "seen")
    clock.ns += S
    alerts.raise_alarm(alert())
    (told,) = alerts.open_rows()

    assert (2, clock.ns, None, "") == (told.count, told.first_ns, told.acked_uid, told.acked_reason)


def test_alarms_are_bounded_and_the_least_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Acknowledged ones go before open ones, mild before severe, old before young."""
    monkeypatch.setattr(room, "ALARMS_MAX", 3)
    clock = SetClock()
    alerts = alerts_at(tmp_path / "a.json", clock)
    alerts.raise_alarm(alert("known"))
    alerts.ack("known", 7, "seen")
    story = ("grave", "mild", "older", "younger")
    for code in story:
        clock.ns += S
        alerts.raise_alarm(alert(code, severity="warning" if code == "mild" else "critical"))
    codes = [one.code for one in alerts.open_rows()]

    assert ["grave", "older", "younger"] == codes


@pytest.mark.parametrize("body", [b"", b"{}", b"\x00\xff", b'[{"id":1}]'])
def test_a_file_that_cannot_be_read_stops_nothing(body: bytes, tmp_path: Path) -> None:
    """Alarms begin empty, and the file is whole with the next one."""
    path = tmp_path / "a.json"
    path.write_bytes(body)
    alerts = alerts_at(path)
    alerts.raise_alarm(alert())
    saved = alerts.unsaved()
    assert saved is not None
    alerts.save(saved)

    assert ["held"] == [one.code for one in alerts_at(path).rows()]


def test_a_disk_that_takes_nothing_stops_nothing(tmp_path: Path) -> None:
    """The alarm lives on in memory."""
    alerts = alerts_at(tmp_path / "absent" / "a.json")
    alerts.raise_alarm(alert())
    saved = alerts.unsaved()
    assert saved is not None
    alerts.save(saved)

    assert ["held"] == [one.code for one in alerts.rows()]


def test_how_things_stand_is_no_news_to_who_has_seen_it(tmp_path: Path) -> None:
    """Fault H8. An order that nobody steers is told at each start until somebody has seen it, then when it changes."""
    alerts = alerts_at(tmp_path / "a.json")
    told = Alert(code="orphan_order", text="a-1", severity="critical", about="a-1", is_standing=True)
    opens = []
    for act in (told, "ack", told, replace(told, text="a-1 (5 traded)"), "ack", alert("orphan_order")):
        if isinstance(act, Alert):
            alerts.raise_alarm(act)
        else:
            alerts.ack("orphan_order", 7, "seen")
        opens.append([one.text for one in alerts.open_rows()])

    assert [["a-1"], [], [], ["a-1 (5 traded)"], [], ["about orphan_order"]] == opens


def test_what_is_over_closes_by_itself_and_keeps_its_history(tmp_path: Path) -> None:
    """An alert of a condition that has ended waits for nobody; its text, count and instants stay."""
    clock = SetClock()
    alerts = alerts_at(tmp_path / "a.json", clock)
    alerts.raise_alarm(alert("in_doubt", "p"))
    alerts.raise_alarm(alert("in_doubt", "q"))
    clock.ns += S
    alerts.raise_alarm(replace(alert("in_doubt", "p"), text="over: p is filled", is_over=True))
    told = {one.id: (one.is_open, one.text, one.count, one.over_ns, one.over_text) for one in alerts.rows()}

    assert {
        "in_doubt:p": (False, "about in_doubt", 1, clock.ns, "over: p is filled"),
        "in_doubt:q": (True, "about in_doubt", 1, None, ""),
    } == told


def test_what_is_over_and_comes_again_is_open_again(tmp_path: Path) -> None:
    """Also what only tells how things stand, with the same text: between the two it did not stand."""
    alerts = alerts_at(tmp_path / "a.json")
    told = Alert(code="snapshot_failed", text="no answer", about="sim", is_standing=True)
    alerts.raise_alarm(told)
    alerts.ack("", 7, "seen")
    alerts.raise_alarm(replace(told, is_over=True))
    alerts.raise_alarm(told)
    (row,) = alerts.open_rows()

    assert (2, None, None, "") == (row.count, row.acked_ns, row.over_ns, row.over_text)


def test_what_was_never_told_is_not_told_to_be_over(tmp_path: Path) -> None:
    """The word that something is over makes no alarm of its own."""
    alerts = alerts_at(tmp_path / "a.json")
    alerts.raise_alarm(replace(alert(), is_over=True))

    assert [] == alerts.rows()


def test_one_code_about_two_symbols_is_two_alarms_also_of_an_older_file(tmp_path: Path) -> None:
    """Each thing that a code is about opens and closes alone; a file that knew one of them is read as that one."""
    path = tmp_path / "a.json"
    path.write_text('[{"id":"stale","code":"stale","text":"t","severity":"info","about":"x","first_ns":1,"last_ns":1}]')
    alerts = alerts_at(path)
    alerts.raise_alarm(Alert(code="stale", text="t", about="x"))
    alerts.raise_alarm(Alert(code="stale", text="t", about="y"))

    assert {"stale:x": 2, "stale:y": 1} == {one.id: one.count for one in alerts.rows()}


def test_a_start_closes_what_no_longer_stands(tmp_path: Path) -> None:
    """Fault C2. A life that was killed after a doubt was resolved, and before that was told, leaves no open alert."""
    alerts = alerts_at(tmp_path / "a.json")
    for parent_id in ("p", "q"):
        alerts.raise_alarm(alert("in_doubt", parent_id))
    alerts.settle("in_doubt", lambda parent_id: parent_id == "q")

    assert ["in_doubt:q"] == [one.id for one in alerts.open_rows()]
