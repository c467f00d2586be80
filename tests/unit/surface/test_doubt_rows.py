"""`execd orders` shows which requests are in doubt, and since when."""

from msgspec.structs import replace

from execd.cli.orders import doubt_text
from execd.core.book import fold
from execd.core.enums import Outcome, Urgency
from execd.core.records import Failed
from execd.core.rules import FREE_IDS, S
from execd.surface import views
from execd.surface.views import DoubtRow
from tests.unit.engine.test_commanding import STANDING
from tests.world import RULES, Fate, World, intent, quote


def test_a_request_in_doubt_is_shown_with_its_instant_until_it_is_known() -> None:
    """Fault C2: the row names the request and since when nobody knows, also where the journal is read alone."""
    world = World(replace(RULES, lookups={"sim": FREE_IDS}))
    world.show(quote(*STANDING, size=1_000))
    world.fates.append(Fate.LOST)
    world.drop(intent("a", urgency=Urgency.HIGH))
    world.run(2)
    (failed,) = [one for one in world.records if isinstance(one, Failed) and one.outcome is Outcome.UNKNOWN]
    book = fold(list(world.records))

    assert (DoubtRow(cl_ord_id=failed.cl_ord_id, since_ns=failed.now_ns),) == views.doubt_rows(book, book.parents["a"])


def test_a_doubt_is_told_with_how_long_it_lasts() -> None:
    """A clock that went back makes it no less than none."""
    rows = [{"cl_ord_id": "x-1", "since_ns": 2 * S}, {"cl_ord_id": "x-2", "since_ns": 20 * S}]

    assert ("in doubt: x-1 for 10 s, x-2 for 0 s", "") == (doubt_text(rows, 12 * S), doubt_text([], 0))
