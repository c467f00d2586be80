"""Readings of the account: what they show that nobody told, and what they show wrongly.

A reading is believed in what it shows and never in what it does not: no order
ends and no account is flat because a list is short, old or empty. It comes at
the start, after a gap, with a report of somebody else's order, and when asked.
"""

from collections.abc import Callable
from typing import Final

from execd.core.parents import HaltKey
from execd.core.reading import ReadingAsked
from tests.conformance.cases_doubt import goes_wrong
from tests.conformance.cases_life import CANCELED, FILLED, THROUGH, ends, given
from tests.conformance.cases_stream import stray
from tests.conformance.driver import ACCOUNT, SYMBOL, Wrong
from tests.conformance.stage import Act, Case, Stage, place, traded

Check = Callable[[Stage], None]
MISMATCH: Final = "position_mismatch"
PART: Final = ((6.0, traded(THROUGH, 40)),)
"""The market of most cases here: a fill of a part."""


def asked(stage: Stage, ref: str) -> ReadingAsked:
    """Return the wish of an operator for a reading now."""
    return ReadingAsked(now_ns=stage.clock.now_ns(), account=ACCOUNT, ref=ref)


def read(at_s: float) -> tuple[float, Act]:
    """Return the act that has the account compared with its broker, as an operator does."""
    return (at_s, lambda stage: stage.life.post(asked(stage, f"read:{at_s}")))


def look(at_s: float) -> tuple[float, Act]:
    """Return the act that remembers how our latest order stands, where there is one."""
    return (at_s, lambda stage: stage.seen.update({f"{at_s}": stage.order()} if stage.book.orders else {}))


def withdraw(stage: Stage) -> None:
    """Let the broker end our latest order by itself, where there is one."""
    if stage.book.orders:
        stage.driver.withdraw(stage.order().key)


def stood(at_s: float, qty: int, *, is_done: bool = False) -> Check:
    """Return the check that our order was known to stand so then."""

    def check(stage: Stage) -> None:
        order = stage.seen[f"{at_s}"]

        assert (qty, is_done) == (int(order.cum_qty), order.is_done)

    return check


def second(at_s: float) -> tuple[float, Act]:
    """Return the act that wants more, as whoever may take new risk gets it at once."""
    return (at_s, lambda stage: stage.intent("b", place(price="10.02")))


def halts(*causes: str) -> Check:
    """Return the check that the symbol is halted for this, and nothing is for anything else."""

    def check(stage: Stage) -> None:
        assert [HaltKey(ACCOUNT, cause, SYMBOL) for cause in causes] == list(stage.book.halts)

    return check


def nothing_yet(stage: Stage) -> None:
    """Check that no order had been sent when the case looked."""
    assert {} == stage.seen


def untold(*codes: str) -> Check:
    """Return the check that nobody was told this."""

    def check(stage: Stage) -> None:
        assert [] == [code for code in codes if code in stage.codes()]

    return check


def every(*checks: Check) -> Check:
    """Return the check that all of these hold."""

    def check(stage: Stage) -> None:
        for one in checks:
            one(stage)

    return check


CALM: Final = every(halts(), untold(MISMATCH, "contradiction", "external_order", "orphan_order"))
"""Nothing was believed that is not so."""


UNREAD: Final = (
    Case(
        name="the first reading fails twice, and then tells",
        begins=lambda stage: stage.wrong(Wrong.READ_ERROR, count=2),
        acts=given(place(price="10.02")),
        needs=(Wrong.READ_ERROR,),
        check=every(ends((FILLED, 100)), CALM),
    ),
    Case(
        name="the first reading fails for long: nothing new is sent before one succeeds",
        begins=lambda stage: stage.wrong(Wrong.READ_ERROR, count=6),
        acts=(*given(place(price="10.02")), look(12.0)),
        needs=(Wrong.READ_ERROR,),
        alerts=("snapshot_failed",),
        check=every(ends((FILLED, 100)), CALM, nothing_yet),
    ),
    Case(
        name="readings fail after a gap: that proves nothing",
        acts=(*given(place()), goes_wrong(4.9, Wrong.READ_ERROR, count=5), goes_wrong(5.0, Wrong.CUT)),
        market=PART,
        needs=(Wrong.READ_ERROR, Wrong.CUT),
        alerts=("snapshot_failed",),
        check=every(ends((CANCELED, 40)), CALM),
    ),
    Case(
        name="a reading after a gap is never answered",
        acts=(*given(place()), goes_wrong(4.9, Wrong.READ_LOST), goes_wrong(5.0, Wrong.CUT)),
        market=PART,
        needs=(Wrong.READ_LOST, Wrong.CUT),
        check=every(ends((CANCELED, 40)), CALM),
    ),
)
MISSED: Final = (
    Case(
        name="a gap in which an end was lost for ever asks about the order, where no reading succeeds",
        acts=(
            *given(place()),
            goes_wrong(4.9, Wrong.READ_ERROR, count=99),
            goes_wrong(4.9, Wrong.MUTE),
            (5.0, withdraw),
            goes_wrong(7.0, Wrong.CUT),
            look(12.0),
        ),
        needs=(Wrong.READ_ERROR, Wrong.MUTE, Wrong.WITHDRAW, Wrong.CUT),
        check=every(stood(12.0, 0, is_done=True), ends((CANCELED, 0)), CALM),
    ),
    Case(
        name="a gap in which a fill was lost for ever reads the account, where no question is answered",
        acts=(
            *given(place()),
            goes_wrong(5.5, Wrong.FIND_ERROR, count=12),
            goes_wrong(5.9, Wrong.MUTE),
            goes_wrong(12.0, Wrong.CUT),
            look(20.0),
        ),
        market=PART,
        needs=(Wrong.FIND_ERROR, Wrong.MUTE, Wrong.CUT),
        alerts=("reports_missed",),
        check=every(stood(20.0, 40), ends((CANCELED, 40)), CALM),
    ),
    Case(
        name="only a reading shows a fill",
        acts=(
            *given(place()),
            goes_wrong(5.5, Wrong.FIND_ERROR, count=12),
            goes_wrong(5.9, Wrong.MUTE),
            read(12.0),
            look(14.0),
        ),
        market=PART,
        needs=(Wrong.FIND_ERROR, Wrong.MUTE),
        alerts=("reports_missed",),
        check=every(stood(14.0, 40), ends((CANCELED, 40)), CALM),
    ),
    Case(
        name="only a reading shows that the broker has ended an order",
        acts=(*given(place()), goes_wrong(4.9, Wrong.MUTE), (5.0, withdraw), read(12.0), look(14.0)),
        needs=(Wrong.MUTE, Wrong.WITHDRAW),
        alerts=("reports_missed",),
        check=every(stood(14.0, 0, is_done=True), ends((CANCELED, 0)), CALM),
    ),
    Case(
        name="only a reading shows that somebody has an order of his own",
        acts=(
            *given(place()),
            goes_wrong(3.9, Wrong.MUTE, count=2),
            (4.0, lambda stage: stage.by_hand("by-hand-1", price="9.50")),
            read(12.0),
        ),
        needs=(Wrong.MUTE, Wrong.BY_HAND),
        alerts=("external_order",),
        check=every(ends((CANCELED, 0)), halts("external_order"), untold(MISMATCH)),
    ),
    Case(
        name="only a reading shows that somebody has traded",
        acts=(
            *given(place()),
            goes_wrong(3.9, Wrong.MUTE, count=2),
            (4.0, lambda stage: stage.by_hand("by-hand-1")),
            read(12.0),
            read(18.0),
        ),
        needs=(Wrong.MUTE, Wrong.BY_HAND),
        alerts=("external_order",),
        check=every(ends((CANCELED, 0)), halts("external_order"), untold(MISMATCH)),
    ),
    Case(
        name="only a reading shows an order that carries our mark and was never sent",
        acts=(*given(place()), goes_wrong(3.9, Wrong.MUTE, count=2), (4.0, stray), read(12.0)),
        needs=(Wrong.MUTE, Wrong.BY_HAND),
        alerts=("orphan_order", "journal_lost"),
    ),
)


def unlisted(what: Wrong, name: str) -> tuple[Case, Case]:
    """Return the cases of a list without an order that lives: once, and again until that is a contradiction."""
    acts = (*given(place()), goes_wrong(11.9, what, count=1), read(12.0), look(30.0))
    again = (*given(place()), goes_wrong(11.9, what, count=3), read(12.0), read(20.0), look(30.0))
    market = ((32.0, traded(THROUGH, 40)),)
    lives = every(stood(30.0, 0), ends((CANCELED, 40)))
    return (
        Case(name=f"{name}: the order lives", acts=acts, market=market, needs=(what,), check=every(lives, CALM)),
        Case(
            name=f"{name}, again and again: the order lives, and a person is called",
            acts=again,
            market=market,
            needs=(what,),
            alerts=("contradiction",),
            check=every(lives, halts("contradiction")),
        ),
    )


SHORT: Final = (
    *unlisted(Wrong.READ_STALE, "a reading is of before an order"),
    *unlisted(Wrong.READ_CUT, "a list ends before an order"),
    Case(
        name="a list ends before an order that has ended unheard: it is asked about",
        acts=(
            *given(place()),
            goes_wrong(4.9, Wrong.MUTE),
            (5.0, withdraw),
            goes_wrong(11.9, Wrong.READ_CUT),
            read(12.0),
            look(14.0),
        ),
        needs=(Wrong.MUTE, Wrong.WITHDRAW, Wrong.READ_CUT),
        check=every(stood(14.0, 0, is_done=True), ends((CANCELED, 0)), CALM),
    ),
    Case(
        name="an order makes no sense in a reading: its symbol is halted, and nothing ends by that",
        acts=(*given(place()), goes_wrong(11.9, Wrong.READ_GARBAGE), read(12.0), look(20.0)),
        market=((32.0, traded(THROUGH, 40)),),
        needs=(Wrong.READ_GARBAGE,),
        alerts=("unreadable_row",),
        check=every(stood(20.0, 0), ends((CANCELED, 40)), halts("unreadable")),
    ),
)
POSITIONS: Final = (
    Case(
        name="no position is shown: the account is not flat by that",
        acts=(*given(place()), goes_wrong(11.9, Wrong.POSITIONS_EMPTY, count=3), read(12.0), read(19.0), second(25.0)),
        market=PART,
        needs=(Wrong.POSITIONS_EMPTY,),
        alerts=("empty_positions",),
        until_s=80.0,
        check=every(ends((CANCELED, 40), (FILLED, 100)), CALM),
    ),
    Case(
        name="positions could not be read: nothing is known by that",
        acts=(*given(place()), goes_wrong(11.9, Wrong.POSITIONS_UNREAD, count=3), read(12.0), read(19.0), second(25.0)),
        market=PART,
        needs=(Wrong.POSITIONS_UNREAD,),
        until_s=80.0,
        check=every(ends((CANCELED, 40), (FILLED, 100)), CALM, untold("empty_positions")),
    ),
    Case(
        name="a position differs once: it is read again, and not believed",
        acts=(*given(place()), goes_wrong(13.9, Wrong.POSITIONS_OFF), read(14.0), second(25.0)),
        market=PART,
        needs=(Wrong.POSITIONS_OFF,),
        until_s=80.0,
        check=every(ends((CANCELED, 40), (FILLED, 100)), CALM),
    ),
    Case(
        name="a position differs twice: its symbol is halted, and what works goes on",
        acts=(*given(place()), goes_wrong(13.9, Wrong.POSITIONS_OFF, count=9), read(14.0), second(25.0)),
        market=(*PART, (30.0, traded(THROUGH, 20))),
        needs=(Wrong.POSITIONS_OFF,),
        alerts=(MISMATCH,),
        until_s=80.0,
        check=every(ends((CANCELED, 60)), halts(MISMATCH)),
    ),
)


CASES: Final = (*UNREAD, *MISSED, *SHORT, *POSITIONS)
