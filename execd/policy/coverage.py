"""What may be derived from a feed that sees a part of the market.

Its volume and displayed sizes say nothing of the market's, unless the operator says how much of it they are. A schedule
that needs them is refused where an intent names it; a cap of a preset is left out, and the plan says so.
"""

from typing import Final

from msgspec.structs import replace

from execd.algos.base import MarketView
from execd.policy.presets import Choice

FOLLOWS_VOLUME: Final = ("pov",)
CAPS: Final = ("participation_max", "displayed_max")


def coverage_problem(choice: Choice, market: MarketView, *, is_named: bool) -> str:
    """Return why a choice cannot be kept to on this feed; empty where it can, or can without its caps."""
    needed = [choice.algo] if choice.algo in FOLLOWS_VOLUME else [name for name in _caps(choice) if is_named]
    if not needed or market.volume_scale is not None:
        return ""
    return (
        f"{' and '.join(needed)} needs the volume of the market, and the feed sees a part of it;"
        " set market_data.partial_volume_scale, or leave it out"
    )


def without_caps(choice: Choice, market: MarketView) -> Choice:
    """Return a choice without the caps that nobody can keep to on this feed."""
    caps = _caps(choice)
    if not caps or market.volume_scale is not None:
        return choice
    parameters = {name: value for name, value in choice.parameters.items() if name not in caps}
    said = f"{' and '.join(caps)} left out: the feed sees a part of the market, and nobody said how much"
    return replace(choice, parameters=parameters, reasons=(*choice.reasons, said))


def _caps(choice: Choice) -> list[str]:
    return [name for name in CAPS if choice.parameters.get(name) is not None]
