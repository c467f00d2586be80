"""Write down a journal with live positions, for the versions to come: run once for each release.

    python -m tests.scenarios.keep_journal 0.1.0

makes `kept/0.1.0.jsonl` (a record a line, as the journal keeps it) and
`kept/0.1.0.state.json` (what they said then). `test_upgrade.py` holds every
later version to both. A file that is there is never written again.
"""

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from execd.core.book import Book
from execd.core.codec import encode, plain
from execd.core.commands import AdoptPosition, AmendParent, PauseParent
from execd.core.enums import Horizon, Side, Urgency
from execd.core.events import TroubleReported
from tests.world import Fate, World, intent, quote

KEPT: Final = Path(__file__).parent / "kept"
UNTIL_S: Final = 20


def lived() -> World:
    """Return a world in the middle of its day: fills, resting orders, a pause, a doubt, an adoption, a halt lifted."""
    world = World()
    world.show(quote("AAPL", "99.98", "100.02", size=300))
    world.show(quote("MSFT", "49.99", "50.01", size=300))
    adopted = AdoptPosition(
        account="sim",
        symbol="MSFT",
        qty=Decimal(40),
        px=Decimal(49),
        strategy="default",
        horizon=Horizon.SWING,
        is_external=False,
    )
    world.command(adopted)
    world.drop(intent("filled", urgency=Urgency.HIGH))
    world.drop(intent("resting", price=Decimal("99.00"), order_qty=Decimal(70)))
    world.drop(intent("partly", urgency=Urgency.HIGH, order_qty=Decimal(900), price=Decimal("100.02")))
    world.drop(intent("sells", "MSFT", Side.SELL, order_qty=Decimal(30), price=Decimal("51.00")))
    world.run(5)
    world.drop(intent("paused", price=Decimal("98.00")))
    world.command(PauseParent(parent_id="paused", reason="wait"))
    world.command(AmendParent(parent_id="resting", order_qty=Decimal(60)))
    world.tell(TroubleReported(now_ns=world.now_ns, cause="disk_low", text="100 MiB"))
    world.drop(intent("waits", urgency=Urgency.HIGH))
    world.run(10)
    world.tell(TroubleReported(now_ns=world.now_ns, cause="disk_low", text="room again", is_over=True))
    world.show(quote("AAPL", "99.98", "100.02", at_s=10, size=300))
    world.fates.append(Fate.TAKEN)
    world.is_deaf = True
    world.looks.extend([Fate.LOST] * 100)
    world.drop(intent("doubted", price=Decimal("97.00")))
    world.run(UNTIL_S)
    return world


def state(book: Book) -> dict[str, Any]:
    """Return what a book says of everything that money hangs on, in plain text."""
    return {
        "positions": {
            f"{key.sleeve.account}/{key.sleeve.strategy}/{key.sleeve.horizon}/{key.symbol}": plain(position.qty)
            for key, position in sorted(book.positions.items())
        },
        "orders": {
            key: [
                str(order.ord_status),
                plain(order.order_qty),
                plain(order.cum_qty),
                plain(order.exposure_qty),
                "" if order.avg_px is None else plain(order.avg_px),
                order.is_in_doubt,
            ]
            for key, order in sorted(book.orders.items())
        },
        "parents": {
            key: [str(parent.status), parent.reason, plain(parent.cum_qty), list(parent.live), parent.is_paused]
            for key, parent in sorted(book.parents.items())
        },
        "halts": [f"{key.account}/{key.cause}/{key.symbol}" for key in sorted(book.halts)],
    }


def write(version: str) -> None:
    """Write the two files of a version. Raises FileExistsError where there are some."""
    world = lived()
    KEPT.mkdir(exist_ok=True)
    with (KEPT / f"{version}.jsonl").open("xb") as file:
        file.write(b"".join(encode(record) + b"\n" for record in world.records))
    with (KEPT / f"{version}.state.json").open("x") as file:
        file.write(json.dumps(state(world.book), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    write(sys.argv[1])
