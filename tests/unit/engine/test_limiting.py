"""When a broker says no to a whole account: too often, or so often that something is wrong."""

from decimal import Decimal
from typing import Final

import pytest

from execd.core.commands import ResumeNew
from execd.core.enums import OrdStatus, Outcome, ParentStatus, Urgency
from execd.core.events import Alert, Effect, RateLimitHit, ReportReceived, RequestFailed, Submit, TroubleReported
from execd.core.orders import CancelRequest, NewOrder
from execd.core.records import Failed, Halted
from execd.core.reports import Accepted, Rejected
from execd.core.rules import S
from execd.engine.limiting import BANNED_N
from tests.unit.engine.test_commanding import STANDING, kept_quotes, resting
from tests.unit.engine.test_unsent import tried_s
from tests.world import RULES, START_NS, Fate, World, intent, quote

MANY: Final = 12


def _alerts(world: World, code: str) -> list[Alert]:
    return [effect for effect in world.effects if isinstance(effect, Alert) and effect.code == code]


def _hit(world: World, until_s: float = 0) -> None:
    until_ns = START_NS + int(until_s * S) if until_s else 0
    world.tell(RateLimitHit(now_ns=world.now_ns, account="sim", until_ns=until_ns, text="429"))


def test_an_order_that_was_one_too_many_is_decided_afresh_after_growing_pauses() -> None:
    """Fault C11: 429 without a header: after 1, 2 and 4 s, with the price of then and an id of its own."""
    world = World()
    world.fates.extend([Fate.LIMITED] * 3)
    world.at(0, lambda: world.show(quote(*STANDING)))
    world.at(0, lambda: world.drop(intent("a", urgency=Urgency.HIGH)))
    world.at(2, lambda: world.show(quote("AAPL", "200.10", "200.12")))
    world.run(12)
    outcomes = [one.outcome for one in world.records if isinstance(one, Failed)]

    assert [0, 1, 3, 7] == [int(at_s) for at_s in tried_s(world, NewOrder)]
    assert [Outcome.RATE_LIMITED] * 3 == outcomes
    assert [Decimal("200.12")] == [order.price for order in world.submitted]
    assert (ParentStatus.FILLED, 4) == (world.book.parents["a"].status, len(world.book.parents["a"].children))


def test_nothing_but_cancels_leaves_before_the_instant_that_the_broker_named() -> None:
    """Fault C11: with a header the account waits until then; a cancel is tried after a second, for it adds no risk."""
    world = World()
    resting(world)
    _hit(world, until_s=30)
    world.drop(intent("b", urgency=Urgency.HIGH))
    world.cancel("a")
    kept_quotes(world, 29)
    tried = tried_s(world, NewOrder), tried_s(world, CancelRequest)
    kept_quotes(world, 32)

    assert ([0.0], [1.0]) == (tried[0], [round(at_s, 1) for at_s in tried[1]])
    assert 30 <= tried_s(world, NewOrder)[-1] <= 31
    assert ParentStatus.CANCELED is world.book.parents["a"].status


def test_who_waits_for_a_token_ends_at_his_deadline_all_the_same() -> None:
    """A pause that the broker named may be longer than what is left, and the market may show nothing. Fault C11."""
    world = World()
    world.show(quote(*STANDING))
    _hit(world, until_s=60)
    world.drop(intent("a", urgency=Urgency.HIGH, expire_ns=START_NS + 20 * S))
    waits = world.book.parents["a"].reason
    world.run(21)

    assert ("throttled", ParentStatus.EXPIRED) == (waits, world.book.parents["a"].status)


def test_questions_wait_for_the_account_too_and_are_asked_then() -> None:
    """A read counts at the broker like anything else; what somebody wants to know is not forgotten."""
    world = World()
    resting(world)
    _hit(world, until_s=10)
    world.is_deaf = True
    world.cancel("a")
    world.run(9.9)
    before = world.book.parents["a"].status
    world.run(15)

    assert (ParentStatus.WORKING, ParentStatus.CANCELED) == (before, world.book.parents["a"].status)


def test_pauses_that_do_not_help_are_a_page() -> None:
    """Fault C12: a ban that lasts for hours: a warning each time, critical from the fourth on, at most one a minute."""
    world = World()
    for second in range(0, 600, 5):
        world.at(second, lambda: _hit(world))
    world.run(600)
    told = [one.severity for one in _alerts(world, "rate_limited")]

    assert ["warning"] * (BANNED_N - 1) == told[: BANNED_N - 1]
    assert {"critical"} == set(told[BANNED_N - 1 :])
    assert len(told) <= 16


class Mute(World):
    """A world whose broker takes no order and says nothing: the test does."""

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Submit):
            self.submitted.append(effect.request)
        else:
            super()._carry_out(effect)

    def say(self, parent_id: str, *, is_report: bool, is_taken: bool = False) -> None:
        """Let an intent come, and let its order be refused or taken."""
        self.show(quote(*STANDING))
        self.drop(intent(parent_id))
        for key in self.book.parents[parent_id].live:
            at_ns = self.now_ns
            if is_taken:
                yes = Accepted(cl_ord_id=key, transact_ns=at_ns, order_id="o")
                self.tell(ReportReceived(now_ns=at_ns, account="sim", report=yes))
            elif is_report:
                no = Rejected(cl_ord_id=key, transact_ns=at_ns, code="403", text="insufficient buying power")
                self.tell(ReportReceived(now_ns=at_ns, account="sim", report=no))
            else:
                text = "403 insufficient buying power"
                refused = Outcome.REFUSED
                self.tell(RequestFailed(now_ns=at_ns, account="sim", cl_ord_id=key, outcome=refused, text=text))


@pytest.mark.parametrize("is_report", [True, False])
def test_rejections_in_a_row_halt_the_account_until_somebody_has_looked(*, is_report: bool) -> None:
    """Fault C9: a definitive no is not sent again; ten in a row are latched, with the broker's words, and sticky."""
    world = Mute()
    for n in range(MANY):
        world.say(f"p{n:02}", is_report=is_report)
    halts = [(one.account, one.cause) for one in world.records if isinstance(one, Halted)]
    world.crash()

    assert [("sim", "rejects")] == halts
    assert ["critical"] == [one.severity for one in _alerts(world, "rejects")]
    assert "buying power" in _alerts(world, "rejects")[0].text
    assert RULES.rejects_max == len(world.submitted)
    assert [("sim", "rejects")] == [(key.account, key.cause) for key in world.book.halts]


def test_an_order_that_is_taken_begins_the_count_anew() -> None:
    """Nine refused orders, one that is taken, nine more: that is no row of ten."""
    world = Mute()
    for n in range(2 * RULES.rejects_max - 1):
        world.say(f"p{n:02}", is_report=True, is_taken=n == RULES.rejects_max - 1)

    assert ({}, 2 * RULES.rejects_max - 1) == (world.book.halts, len(world.submitted))


def test_an_order_that_is_refused_after_it_was_taken_ends_and_counts() -> None:
    """Fault C13: accepted is not live for ever: a later no ends the order, and its quantity is free again."""
    world = Mute()
    world.say("a", is_report=True, is_taken=True)
    (key,) = world.book.parents["a"].live
    no = Rejected(cl_ord_id=key, transact_ns=world.now_ns + 1, code="rejected", text="not shortable")
    world.tell(ReportReceived(now_ns=world.now_ns + 1, account="sim", report=no))

    assert OrdStatus.REJECTED is world.book.orders[key].ord_status
    assert (Decimal(0), ()) == (world.book.orders[key].exposure_qty, world.book.parents["a"].live)
    assert world.book.parents["a"].status.is_terminal


def test_an_account_that_is_locked_out_sends_nothing_more() -> None:
    """Fault C10: halted with a page; what adds risk waits, however often its turn comes, until a person lifts it."""
    world = World()
    world.show(quote(*STANDING))
    world.tell(TroubleReported(now_ns=world.now_ns, cause="unauthorized", text="401 key revoked", account="sim"))
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 60)
    before_n = len(world.submitted)
    world.command(ResumeNew(account="sim", cause="unauthorized", reason="a new key"))
    kept_quotes(world, 62)

    assert (0, 1) == (before_n, len(world.submitted))
    assert ["critical"] == [one.severity for one in _alerts(world, "unauthorized")]


def test_a_restart_within_the_minute_gives_no_fresh_burst() -> None:
    """What left before a crash is counted after it: twenty intents, a crash, and the next ones come at the rate."""
    world = World()
    world.show(quote(*STANDING))
    for n in range(20):
        world.drop(intent(f"p{n:02}", order_qty=Decimal(1)))
    world.run(1)
    world.crash()
    kept_quotes(world, 2)
    for n in range(20, 40):
        world.drop(intent(f"p{n:02}", order_qty=Decimal(1)))

    assert 20 + 4 >= len(world.submitted) >= 20


def test_the_pause_of_an_order_that_was_one_too_many_survives_a_restart() -> None:
    """The account's closing is forgotten with the process, the pause of who was refused is in the journal."""
    world = World()
    world.fates.extend([Fate.LIMITED] * 3)
    world.show(quote(*STANDING))
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 4)
    world.crash()
    kept_quotes(world, 10)

    assert [0, 1, 3, 7] == [int(at_s) for at_s in tried_s(world, NewOrder)]
