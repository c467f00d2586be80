"""The venue as a process: lock, ledger, market, socket; and when it ends.

It ends when it is told to, or by itself when nobody has been there and no
order has worked for a while. What it acknowledged is in its ledger, however it
ends. Signals, the log and the specification are the command's part.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from execd import __version__
from execd.errors import VenueError
from execd.ports import Clock
from execd.venue.door import LEDGER_NAME, SOCKET_NAME, VenueLock, listen
from execd.venue.house import VenueHouse
from execd.venue.ledger_file import LedgerFile
from execd.venue.opening import open_venue
from execd.venue.sim_venue import SimVenue
from execd.venue.spec import VenueSpec

IDLE_LOOK_S: Final = 0.5
log = structlog.get_logger("execd.venue")


async def run_venue(
    folder: Path,
    spec: VenueSpec,
    *,
    make_clock: Callable[[int], Clock],
    stop: asyncio.Event,
    idle_exit_s: float = 0.0,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Be the venue of a directory until `stop`, or until nobody needs it for `idle_exit_s` (zero: for ever).

    `make_clock` takes the last instant that the ledger knows; `on_ready` is called once the socket is there and the
    market is open. Raises VenueError, TapeError.
    """
    with VenueLock(folder):
        file = LedgerFile(folder / LEDGER_NAME)
        try:
            kept = file.load()
            clock = make_clock(kept.last_ns)
            venue = open_venue(spec, clock)
            house = VenueHouse(spec=spec, venue=venue, file=file, kept=kept, clock=clock, stopping=stop)
            log.info(
                "venue_opened", version=__version__, orders=len(venue.matching.live()), accounts=len(kept.accounts)
            )
            await _live(folder, house, venue, stop, idle_exit_s, on_ready)
        finally:
            file.close()


async def _live(
    folder: Path,
    house: VenueHouse,
    venue: SimVenue,
    stop: asyncio.Event,
    idle_exit_s: float,
    on_ready: Callable[[], None],
) -> None:
    door = listen(folder)
    try:
        await venue.start()
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(house.keeper.run(), name="keeper"),
                group.create_task(house.serve(door), name="door"),
                group.create_task(venue.watch(), name="market"),
            ]
            log.info("venue_ready")
            on_ready()
            await _until_over(house, venue, stop, idle_exit_s)
            # Nobody new, then nothing new, then the last write.
            (folder / SOCKET_NAME).unlink(missing_ok=True)
            await venue.close()
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as group_error:
        first = group_error.exceptions[0]
        raise (
            first if isinstance(first, VenueError) else VenueError(f"{type(first).__name__}: {first}")
        ) from group_error
    finally:
        (folder / SOCKET_NAME).unlink(missing_ok=True)
        door.close()
        await venue.close()
        await house.keeper.close()


async def _until_over(house: VenueHouse, venue: SimVenue, stop: asyncio.Event, idle_exit_s: float) -> None:
    """Return when the venue shall end."""
    idle_since_s = asyncio.get_running_loop().time()
    while True:
        try:
            async with asyncio.timeout(IDLE_LOOK_S):
                await stop.wait()
            return
        except TimeoutError:
            now_s = asyncio.get_running_loop().time()
        if house.clients_n or venue.matching.live() or venue.in_flight_n:
            idle_since_s = now_s
        elif idle_exit_s > 0 and now_s - idle_since_s >= idle_exit_s:
            log.info("venue_idle", idle_s=round(now_s - idle_since_s, 1))
            return
