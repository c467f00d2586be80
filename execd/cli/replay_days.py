"""What is known of the days before each tape of a replay: asked of the worker of reference data.

The bars are those that were over when the tape began, so a replayed day does not know its own close. A symbol without
bars is told and goes without.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from execd.cli.exits import CliError, Exit

if TYPE_CHECKING:
    from execd.simulation.past_days import PastDays


def days_before(
    tapes: Sequence[str], bars_dir: str, calendar_of: Callable[[str], str], profiles: tuple[str, ...]
) -> "list[PastDays]":
    """Return the values for each tape from the bars in a folder. Raises CliError where they cannot be used."""
    import asyncio

    if not Path(bars_dir).is_dir():
        raise CliError(Exit.USAGE, f"there is no folder {bars_dir}; name one with bars_daily or bars_1m in it")
    return asyncio.run(_asked([Path(name) for name in tapes], str(Path(bars_dir).absolute()), calendar_of, profiles))


async def _asked(
    tapes: list[Path], bars_dir: str, calendar_of: Callable[[str], str], profiles: tuple[str, ...]
) -> "list[PastDays]":
    from execd.refdata.client import NoAnswer, Worker
    from execd.refdata.wire import DailyFound, DailyWanted
    from execd.simulation.past_days import PastDays
    from execd.simulation.segments import first_row_ns
    from execd.venue.tape import symbol_of

    found: list[PastDays] = []
    worker = Worker()
    try:
        for tape in tapes:
            symbol = symbol_of(tape)
            from_ns = first_row_ns(tape, symbol)
            if from_ns is None:
                continue
            wanted = DailyWanted(
                bars_dir=bars_dir,
                symbol=symbol,
                calendar=calendar_of(symbol),
                before_ns=from_ns,
                profiles=profiles,
            )
            try:
                told = await worker.ask(wanted)
            except NoAnswer as error:
                if error.code != "no_bars":
                    raise CliError(Exit.ERROR, str(error)) from None
                sys.stderr.write(
                    f"execd replay: nothing is known of the days of {symbol} before {tape.name}: {error}\n"
                )
                continue
            assert isinstance(told, DailyFound)
            found.append(PastDays(from_ns=from_ns, values=told.values, source=told.source))
    finally:
        await worker.close()
    return found
