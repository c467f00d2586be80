"""What a plan means to have done by when: every piece once, and all of the order in the end."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from execd.algos.registry import ENTRIES
from execd.core.enums import Urgency
from execd.core.orders import AlgoSpec, ParentOrder
from execd.core.rules import S
from execd.engine.outlining import PIECES_MAX, Planned
from execd.engine.preview import Preview, preview
from tests.world import START_NS, World, intent, quote

NOW = [name for name in sorted(ENTRIES) if name in {"offset", "marketable", "anchor", "progressive", "sniper"}]
EVEN = [name for name in ("twap",) if name in ENTRIES]


def told(order: ParentOrder) -> Preview:
    """Return the preview of an intent in a quiet market."""
    world = World()
    world.show(quote("AAPL", "200.00", "200.02", size=1_000))
    return preview(world.engine.desk, order, world.now_ns)


def asked(name: str, qty: int, **parameters: object) -> ParentOrder:
    """Return an intent that names its algorithm."""
    return intent("a", order_qty=Decimal(qty), algo=AlgoSpec(name=name, parameters=dict(parameters)))


@pytest.mark.parametrize("name", NOW)
def test_what_is_not_cut_is_one_piece_at_once(name: str) -> None:
    """All of it, now."""
    (piece,) = told(asked(name, 100)).pieces

    assert (START_NS, Decimal(100), Decimal(100)) == (piece.due_ns, piece.qty, piece.cum_qty)


def test_one_order_as_asked_is_one_piece() -> None:
    """A passthrough has no schedule at all."""
    order = intent("a", order_qty=Decimal(1), urgency=Urgency.HIGH)

    assert (Planned(n=0, due_ns=START_NS, qty=Decimal(1), cum_qty=Decimal(1)),) == told(order).pieces


@pytest.mark.parametrize(
    "qty, duration_s, interval_s, pieces_n", [(100, 1_800, 60, 30), (5, 1_800, 60, 5), (10_000, 10_000, 1, PIECES_MAX)]
)
def test_a_schedule_is_told_piece_by_piece(qty: int, duration_s: int, interval_s: int, pieces_n: int) -> None:
    """100 shares over 30 min by 60 s are 30 pieces of 3 or 4 that sum up; at most PIECES_MAX are told."""
    for name in EVEN:
        order = asked(name, qty, duration_ns=duration_s * S, interval_ns=interval_s * S, tactic={"name": "offset"})
        pieces = told(replace(order, expire_ns=START_NS + 2 * 86_400 * S)).pieces
        qtys = [piece.qty for piece in pieces]

        assert pieces_n == len(pieces)
        assert max(qtys) - min(qtys) <= 1
        assert [sum(qtys[: n + 1]) for n in range(len(qtys))] == [piece.cum_qty for piece in pieces]
        assert pieces_n == PIECES_MAX or pieces[-1].cum_qty == qty
        assert sorted(piece.due_ns for piece in pieces) == [piece.due_ns for piece in pieces]


def test_what_follows_the_volume_has_no_pieces_before_it() -> None:
    """A part of the volume is due when others trade: nobody can tell when."""
    assert () == told(asked("pov", 100, tactic={"name": "offset"})).pieces


def test_what_is_less_than_the_least_child_waits_for_the_next_piece() -> None:
    """7 shares in seven pieces, none under 3 but the last: so it is worked, and so it is told."""
    parameters = {"duration_ns": 70 * S, "interval_ns": 10 * S, "child_min": "3", "tactic": {"name": "offset"}}
    pieces = told(asked("twap", 7, **parameters)).pieces

    assert [(20, 3), (50, 3), (60, 1)] == [((piece.due_ns - START_NS) // S, int(piece.qty)) for piece in pieces]
