"""What a connection to the venue may ask of the house that it is in.

The one house is `house.VenueHouse`; a session knows it by these names alone.
"""

from typing import TYPE_CHECKING, Any, Protocol

from execd.ports import Clock
from execd.venue.faults import Fault, Faults
from execd.venue.keeper import Keeper
from execd.venue.sim_venue import SimVenue
from execd.venue.spec import VenueSpec
from execd.venue.telling import Silence
from execd.venue.wire import Ask

if TYPE_CHECKING:
    from execd.venue.session import Session


class House(Protocol):
    """What all sessions share."""

    venue: SimVenue
    keeper: Keeper
    faults: Faults
    silence: Silence
    clock: Clock
    spec: VenueSpec
    traders: dict[str, "Session"]

    def left(self, session: "Session") -> None:
        """Forget a session that has ended."""

    def hung_s(self, account: str) -> float:
        """Return how much longer nothing is read or said there; zero as a rule."""

    def switch(self, fault: Fault) -> str:
        """Begin a fault; return what is wrong with it, empty where nothing is."""

    def stop(self, *, is_forced: bool) -> str:
        """End the venue; return why not, empty where it ends."""

    def withdraw(self, account: str, cl_ord_id: str) -> str:
        """Cancel an order that nobody of the account asked to cancel; return why not, empty where it is on its way."""

    async def answer(self, question: Ask) -> list[dict[str, Any]]:
        """Return the rows that people asked for."""
