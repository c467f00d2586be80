"""What a broker would say that an account holds, in the small world: the truth of its venue."""

from decimal import Decimal

from tests.world import World

ZERO = Decimal(0)


def at_venue(world: World, account: str) -> dict[str, Decimal]:
    """Return what the orders of an account have made of it at the venue."""
    held: dict[str, Decimal] = {}
    for order in world.submitted:
        seen = world.venue.find(account, order.cl_ord_id) if order.account == account else None
        if seen is not None:
            held[order.symbol] = held.get(order.symbol, ZERO) + order.side.sign * seen.cum_qty
    return {symbol: qty for symbol, qty in held.items() if qty}


def lets_read(world: World) -> None:
    """Let the broker of a world be asked what it holds."""
    world.holds = lambda account: at_venue(world, account)
