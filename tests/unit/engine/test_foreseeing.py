"""What a preview says of a parent that begins with a wait, and of what stands before its first child."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from execd.core.enums import ParentStatus, Urgency
from execd.core.orders import AlgoSpec, ParentOrder
from execd.core.rules import S
from execd.engine.preview import Preview, preview
from tests.unit.engine.test_commanding import STANDING
from tests.unit.policy.scenes import preset
from tests.world import RULES, START_NS, World, intent, quote

WIDE = ("AAPL", "199.00", "201.00")


def by(name: str, *, order_qty: int = 1_000, **parameters: object) -> ParentOrder:
    """Return an intent that names an algorithm."""
    return intent("a", order_qty=Decimal(order_qty), algo=AlgoSpec(name=name, parameters=parameters))


def foreseen(world: World, order: ParentOrder) -> Preview:
    """Return the preview of an intent that is taken right after it."""
    told = preview(world.engine.desk, order, world.now_ns)
    world.drop(order)
    return told


def failed(told: Preview) -> dict[str, str]:
    """Return the checks that stand in the way, with their texts."""
    return {check.name: check.text for check in told.checks if not check.is_ok}


WAITS = [
    (by("pov", rate="0.10"), "participation_cap: 10% of 0 printed; until 1000 shares are printed"),
    (
        by("twap", order_qty=300, participation_max="0.05", interval_ns=60 * S),
        "participation_cap: 5% of 0 printed; until 400 shares are printed",
    ),
    (by("sniper", size="5000"), "not_wanted_yet: 1000 displayed (counted 1 times), at least 5000 is wanted"),
    (
        by("vwap", start_ns=START_NS + 90 * S),
        f"before_window: the first slice is due at {START_NS + 90 * S}; for 90 s",
    ),
    (by("twap", order_qty=10, child_min="2", interval_ns=5 * S, duration_ns=50 * S), "nothing is due yet; for 5 s"),
]


@pytest.mark.parametrize("order, text", WAITS, ids=["pov", "capped", "sniper", "window", "least"])
def test_a_preview_says_what_a_parent_would_wait_for(order: ParentOrder, text: str) -> None:
    """Nothing leaves and nothing is refused: it would wait, for what is said with the numbers."""
    world = World()
    world.show(quote(*STANDING, size=1_000))
    world.print("AAPL", STANDING[2], 500)  # What was printed before does not count.
    told = foreseen(world, order)

    assert ("it would wait", {"wait": text}) == (told.verdict, failed(told))
    assert (ParentStatus.WORKING, []) == (world.book.parents["a"].status, world.submitted)


def test_a_wait_for_volume_is_over_when_so_much_is_printed() -> None:
    """The number that a preview says is the one that lets the first order go, and not a share less."""
    world = World()
    world.show(quote(*STANDING, size=1_000))
    foreseen(world, by("pov", rate="0.10"))
    world.print("AAPL", STANDING[2], 999)
    before = len(world.submitted)
    world.print("AAPL", STANDING[2], 1)

    assert (0, 1) == (before, len(world.submitted))


@pytest.mark.parametrize(
    "urgency, spread, verdict, names",
    [
        (Urgency.LOW, WIDE, "it would wait", ["soft", "wait"]),
        # It is not waited for: what the spread is stands in no order's way.
        (Urgency.HIGH, WIDE, "an order would leave now", []),
        (Urgency.HIGH, ("AAPL", "190.00", "210.00"), "it would wait", ["hard", "soft", "wait"]),
    ],
)
def test_checks_of_the_market_are_waited_for(
    urgency: Urgency, spread: tuple[str, str, str], verdict: str, names: list[str]
) -> None:
    """Hard ones always, soft ones as long as the plan has patience; the verdict is what happens."""
    world = World(replace(RULES, preset=preset("swing")))
    world.show(quote(*spread, size=1_000))
    told = foreseen(world, intent("a", order_qty=Decimal(10), urgency=urgency))

    assert (verdict, names) == (told.verdict, list(failed(told)))
    assert told.is_clear == bool(world.submitted)


def test_checks_of_the_market_tell_what_they_saw() -> None:
    """Spread, displayed size and age, each beside what it may be, whether it holds or not."""
    world = World(replace(RULES, preset=preset("balanced")))
    world.show(quote("AAPL", "199.99", "200.01", size=700))
    told = preview(world.engine.desk, intent("a", order_qty=Decimal(10), urgency=Urgency.LOW), world.now_ns)
    texts = {check.name: check.text for check in told.checks}

    assert "spread 0.01% of 200, at most 5%" == texts["hard"]
    assert (
        "spread 0.01% of 200, at most 0.25%; 700 displayed, at least 100 to join; 0 of at most 5 s old" == texts["soft"]
    )


def test_a_preview_of_a_life_without_an_order_says_how_it_would_end() -> None:
    """A parent whose life is shorter than a cancel takes ends at once, and waits for nothing."""
    world = World()
    world.show(quote(*STANDING))
    told = foreseen(world, intent("a", order_qty=Decimal(1_000), expire_ns=START_NS + S // 10))

    assert ("no order would leave now", {"first order": "it would end expired: deadline"}) == (
        told.verdict,
        failed(told),
    )
    assert ParentStatus.EXPIRED is world.book.parents["a"].status
