"""What the policy's tests share: a market of 200.00 to 200.02, and the plan of an intent under a preset."""

from collections.abc import Callable
from decimal import Decimal
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from hypothesis import strategies as st
from msgspec.structs import replace

from execd.algos.base import MarketView
from execd.config.presets import shipped
from execd.core.enums import AssetClass
from execd.core.instrument import Instrument
from execd.core.market import Quote
from execd.core.orders import Plan
from execd.core.preset import Gates, Preset
from execd.core.rules import Execution, S
from execd.core.session import AlwaysOpen, Session
from execd.policy.plan import Declined, Scene, make_plan
from tests.world import START_NS, intent, quote

QUOTE = quote("AAPL", "200.00", "200.02")
MID = Decimal("200.01")
NAMES = ("balanced", "offset", "progressive", "swing", "scheduled", "cross_asset")
MIN_NS = 60 * S
Made = TypeVar("Made", Plan, Declined)
P = ParamSpec("P")


def preset(name: str, **changes: object) -> Preset:
    """Return a shipped preset, unprotected, with some of its fields changed."""
    return replace(shipped(name).to_preset(name), **{"protect": None, **changes})


def scene(
    given: Preset | str,
    *,
    market: MarketView | None = None,
    session: Session | None = None,
    now_ns: int = START_NS,
    asset_class: AssetClass = AssetClass.STK,
    execution: Execution | None = None,
    seen: Quote = QUOTE,
) -> Scene:
    """Return what a plan under a preset is made from beside the intent."""
    return Scene(
        quote=seen,
        instrument=Instrument(symbol="AAPL", asset_class=asset_class),
        execution=execution or Execution(),
        preset=preset(given) if isinstance(given, str) else given,
        now_ns=now_ns,
        market=market or MarketView(quote=seen),
        session=session or AlwaysOpen(),
    )


def planned(given: Preset | str, *, order_qty: int | str = 10, **fields: Any) -> Plan | Declined:  # noqa: ANN401  # Scene and ParentOrder check them.
    """Return the plan of an intent with these fields, 10 shares of 2,000 USD if nothing is said."""
    qty, own = Decimal(order_qty), signature(scene).parameters
    of_scene = {name: value for name, value in fields.items() if name in own}
    asked = {name: value for name, value in fields.items() if name not in own}
    return make_plan(intent("a", order_qty=qty, **asked), qty, scene(given, **of_scene))


def _made(kind: type[Made], make: Callable[P, Plan | Declined]) -> Callable[P, Made]:
    """Return `make` for those who know what comes of it."""

    def made(*args: P.args, **fields: P.kwargs) -> Made:
        found = make(*args, **fields)
        assert isinstance(found, kind), found
        return found

    return made


plan = _made(Plan, planned)
declined = _made(Declined, planned)


@st.composite
def presets(draw: st.DrawFn) -> Preset:
    """Draw a shipped preset with other bounds."""
    return preset(
        draw(st.sampled_from(NAMES)),
        allows_market=draw(st.booleans()),
        small_notional_max=Decimal(draw(st.sampled_from([0, 500, 10_000]))),
        collar_bps=Decimal(draw(st.sampled_from([0, 1, 20, 10_000]))),
        gates=Gates(first_ns=draw(st.sampled_from([0, 5 * MIN_NS]))),
    )
