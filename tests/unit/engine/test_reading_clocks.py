"""Readings of an account whose broker's clock differs from ours."""

from msgspec.structs import replace

from execd.core.rules import S
from tests.reading import ReadWorld

HOUR_NS = 3_600 * S


def test_lists_are_asked_by_the_brokers_own_clock() -> None:
    """An hour between its clock and ours hides nothing of what it tells later. Fault C31."""
    behind = ReadWorld(alter=lambda one: replace(one, broker_ns=one.broker_ns - HOUR_NS))
    behind.run(130)
    since = [one.since_ns for one in behind.read]

    assert (True, True) == (len(since) > 2, max(since[1:]) <= behind.now_ns - HOUR_NS)


def test_an_account_is_met_at_an_instant_of_the_brokers() -> None:
    """What it traded after that is none of the past, though our clock was ahead when we met. Fault C31."""
    behind = ReadWorld(alter=lambda one: replace(one, broker_ns=one.broker_ns - HOUR_NS))
    behind.run(1)

    assert behind.now_ns - HOUR_NS >= behind.book.met["sim"]
