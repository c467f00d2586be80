"""What the times of an intent mean once it has arrived."""

from execd.core.session import SimpleHours
from tests.unit.intake.tables import NOW_NS, S, context, parsed, refusal, yaml


def test_an_instant_keeps_its_nanoseconds() -> None:
    """RFC 3339 with an offset is exact to the nanosecond."""
    parent = parsed("a.yaml", yaml(not_before="2026-03-02T09:30:00.123456789-05:00")).parent

    assert NOW_NS + 123_456_789 == parent.effective_ns


def test_a_duration_and_a_wall_time_count_from_the_arrival_of_the_file() -> None:
    """A file of yesterday that is read today keeps yesterday's times, so it is never traded."""
    day_ns = 86_400 * S
    given = context(mtime_ns=NOW_NS - day_ns)
    parent = parsed("a.yaml", yaml(not_before="10m", deadline='"15:45"'), given=given).parent

    assert (NOW_NS - day_ns + 600 * S, NOW_NS - day_ns + 22_500 * S) == (parent.effective_ns, parent.expire_ns)


def test_a_file_is_valid_until_the_session_in_which_it_arrived_ends() -> None:
    """The default of valid_until is the close of the session of the file's arrival, not of its reading."""
    given = context(mtime_ns=NOW_NS - 3 * 86_400 * S, session=SimpleHours())
    parent = parsed("a.yaml", yaml(), given=given).parent

    assert NOW_NS - 3 * 86_400 * S + 6 * 3_600 * S + 1_800 * S == parent.start_by_ns


def test_an_intent_may_wait_for_an_instant_beyond_the_default_of_valid_until() -> None:
    """Where the venue is always open, the hour counts from not_before."""
    parent = parsed("a.yaml", yaml(not_before="2026-03-05T14:30:00Z")).parent

    assert parent.effective_ns + 3_600 * S == parent.start_by_ns


def test_a_time_that_has_passed_is_left_to_the_engine() -> None:
    """A known id is answered as known, however late, so lateness is asked after the id has been looked up."""
    parent = parsed("a.yaml", yaml(deadline="2020-01-01T00:00:00Z", valid_until="2020-01-01T00:00:00Z")).parent

    assert parent.start_by_ns < NOW_NS


def test_a_file_from_the_future_is_refused() -> None:
    """A modification time more than 5 s ahead of our clock is a fault of clocks."""
    given = context(mtime_ns=NOW_NS + 6 * S)

    assert ("future_file", None, None) == refusal("a.yaml", yaml(), given=given)
