"""The factor of the time of day, on a full day, a half day, and where there is no day."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from execd.algos.tactics import AdaptiveOffset, Offset
from execd.algos.tactics.base import Work
from execd.algos.tactics.daytime import day_factor
from execd.core.enums import Side
from execd.core.rules import S
from execd.core.session import AlwaysOpen, SimpleHours
from execd.core.session_table import SessionTable, SessionWindow
from tests.unit.algos.one_child import asked, view_at
from tests.world import quote

NEW_YORK: Final = ZoneInfo("America/New_York")


def _ns(hour: int, minute: int, second: int = 0) -> int:
    moment = datetime(2024, 7, 3, hour, minute, second, tzinfo=NEW_YORK)
    return int(moment.astimezone(UTC).timestamp()) * S


FULL: Final = SimpleHours()
HALF: Final = SessionTable.of("XNYS", [SessionWindow(open_ns=_ns(9, 30), close_ns=_ns(13, 0))])
SHORT: Final = SessionTable.of("XNYS", [SessionWindow(open_ns=_ns(9, 30), close_ns=_ns(10, 15))])
ROWS: Final = [
    (FULL, (9, 29, 59), "2.0"),
    (FULL, (9, 30, 0), "2.0"),
    (FULL, (9, 34, 59), "2.0"),
    (FULL, (9, 35, 0), "1.5"),
    (FULL, (9, 59, 59), "1.5"),
    (FULL, (10, 0, 0), "1.0"),
    (FULL, (14, 59, 59), "1.0"),
    (FULL, (15, 0, 0), "1.2"),
    (FULL, (15, 54, 59), "1.2"),
    (FULL, (15, 55, 0), "2.0"),
    (FULL, (15, 59, 59), "2.0"),
    (FULL, (16, 0, 0), "2.0"),
    (HALF, (9, 34, 59), "2.0"),
    (HALF, (9, 35, 0), "1.5"),
    (HALF, (11, 59, 59), "1.0"),
    (HALF, (12, 0, 0), "1.2"),
    (HALF, (12, 55, 0), "2.0"),
    (HALF, (13, 0, 0), "2.0"),
    (SHORT, (9, 40, 0), "1.5"),
    (SHORT, (10, 5, 0), "1.2"),
    (SHORT, (10, 11, 0), "2.0"),
]


@pytest.mark.parametrize("session, time, factor", ROWS, ids=lambda value: str(value)[:40])
def test_the_windows_move_with_the_real_open_and_close(
    session: SimpleHours | SessionTable, time: tuple[int, int, int], factor: str
) -> None:
    """SPEC 6.2: 2.0, 1.5, 1.0, 1.2, 2.0 by time of day, 2.0 outside; where windows meet the wider factor counts."""
    assert Decimal(factor) == day_factor(session, _ns(*time))[0]


def test_a_market_that_never_closes_has_no_time_of_day() -> None:
    """The factor is 1.0, and the words say why."""
    assert (Decimal("1.0"), "this market never closes") == day_factor(AlwaysOpen(), _ns(9, 30))


def test_the_factor_is_a_switch_of_the_offset() -> None:
    """SPEC 6.1: 5 bps count twice right after the open, once where the switch is off."""
    now = view_at(quote("X", "100.00", "100.20"), session=FULL)
    opening = replace(now, now_ns=_ns(9, 31))
    plain, by_day = (
        asked(Offset(bps=Decimal(5), ttl_ns=60 * S, has_day_factor=switch), opening, begun_ns=_ns(9, 31))
        for switch in (False, True)
    )

    assert isinstance(plain, Work)
    assert isinstance(by_day, Work)
    assert [Decimal("100.15"), Decimal("100.20")] == [plain.price, by_day.price]
    assert "x 2 (1 min after the open, 389 before the close)" in by_day.text


ADAPTIVE: Final = [
    ("the base where half the spread is less", "200.00", "200.02", None, "200.11"),
    ("half the spread where it is more: the touch", "319.00", "325.68", None, "325.68"),
    ("volatility at 1.5 is not over it", "319.00", "325.68", "1.5", "325.68"),
    ("volatility over 1.5: half as much again", "319.00", "325.68", "1.51", "327.35"),
]


@pytest.mark.parametrize("bid, ask, volatility, price", [row[1:] for row in ADAPTIVE], ids=[row[0] for row in ADAPTIVE])
def test_the_adaptive_offset_takes_what_is_widest(bid: str, ask: str, volatility: str | None, price: str) -> None:
    """SPEC 6.2: max(base, 0.5·spread_bps), x 1.5 where the volatility factor is over 1.5; unknown counts as 1."""
    known = {"volatility_factor": None if volatility is None else Decimal(volatility)}
    wanted = asked(AdaptiveOffset(bps=Decimal(5), ttl_ns=60 * S), view_at(quote("X", bid, ask), market=known))

    assert isinstance(wanted, Work)
    assert Decimal(price) == wanted.price
    assert ("volatility not known" in wanted.text) == (volatility is None)


def test_the_adaptive_offset_counts_all_of_it_at_once() -> None:
    """The example of the manual: 103.62 bps x 1.5 x 1.2 at 15:00."""
    shown = view_at(quote("X", "319.00", "325.68"), Side.BUY, session=FULL, market={"volatility_factor": Decimal(2)})
    wanted = asked(AdaptiveOffset(bps=Decimal(5), ttl_ns=60 * S), shown, begun_ns=_ns(15, 0))

    assert isinstance(wanted, Work)
    assert Decimal("328.35") == wanted.price
