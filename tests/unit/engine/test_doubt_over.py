"""What was told of a doubt, that it is over, and where what is in doubt is written again."""

import pytest
from msgspec.structs import replace

from execd.core.enums import Urgency
from execd.core.events import Alert
from execd.core.records import Resent
from execd.core.rules import FREE_IDS, PROVING, UNIQUE_IDS, Lookups
from execd.engine import doubt
from tests.unit.engine.test_commanding import STANDING, kept_quotes
from tests.unit.engine.test_doubt import doubting
from tests.world import RULES, Fate, World, intent, quote


def told(world: World) -> list[tuple[str, bool]]:
    """Return about whom a doubt was told, and whether that it is over."""
    return [(one.parent_id, one.is_over) for one in world.effects if isinstance(one, Alert) and one.code == "in_doubt"]


@pytest.mark.parametrize("lookups", [UNIQUE_IDS, FREE_IDS, PROVING])
def test_a_doubt_that_is_resolved_says_so(lookups: Lookups) -> None:
    """Fault C2: what the first question finds closes the alert, and nobody has to acknowledge it."""
    world = World(replace(RULES, lookups={"sim": lookups}))
    world.show(quote(*STANDING, size=1_000))
    world.fates.append(Fate.TAKEN)
    world.is_deaf = True
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 5)

    assert ([("a", False), ("a", True)], False) == (told(world), doubt.stands(world.book, "a"))


@pytest.mark.parametrize("others_n, resent_n", [(-1, 1), (0, 0)], ids=["a place is left", "none is left"])
def test_what_is_in_doubt_is_written_again_only_where_the_account_has_a_place_for_it(
    others_n: int, resent_n: int
) -> None:
    """Orders of others came to light since: it is counted itself, and must not be one more than are allowed."""
    world = doubting(UNIQUE_IDS, Fate.LOST)
    most_n = world.engine.desk.rules.limits["sim"].open_orders_max
    world.at(5, lambda: world.engine.desk.comparing.external_n.update(sim=most_n + others_n))
    world.drop(intent("a", urgency=Urgency.HIGH))
    kept_quotes(world, 20)

    assert resent_n == len([one for one in world.records if isinstance(one, Resent)])
