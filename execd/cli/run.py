"""`execd run`: the daemon, in the foreground.

The daemon itself is `app.py`; this file finds the configuration, sets up the
log, and turns every way to end into an exit code.
"""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from execd import __version__
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_config, paths_of
from execd.cli.show import paint
from execd.runtime.paths import StatePaths, config_file

if TYPE_CHECKING:
    from execd.app import Daemon
    from execd.config.settings import Settings

EPILOG = """\
SIGTERM and SIGINT stop it cleanly (exit 0). Resting orders stay at the broker.
exit 1: another execd holds the state directory; 70: it died, and the log says of what; 78: configuration"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    add_config(add_command(commands, "run", run, "run the daemon in the foreground", epilog=EPILOG))


def run(args: argparse.Namespace) -> int:
    """Run until told to stop."""
    from execd.config.loader import load
    from execd.errors import ConfigError
    from execd.runtime import logs, loop

    try:
        settings = load(config_file(args.config, os.environ), os.environ)
    except ConfigError as error:
        raise CliError(Exit.CONFIG, f"the configuration cannot be used\n{error}") from None
    lines = logs.configure(level=settings.logging.level, form=settings.logging.format)
    try:
        return loop.run(_live(settings, paths_of(args)))
    finally:
        lines.close()


async def _live(settings: "Settings", paths: StatePaths) -> int:
    """Live until a signal, and return the exit code of the end."""
    import asyncio
    import signal
    from contextlib import AsyncExitStack

    import structlog

    from execd.app import Daemon
    from execd.errors import ConfigError, ExecdError, JournalBusy

    log = structlog.get_logger("execd.run")
    # From here on a signal is a wish: one that comes while the journal is read is kept until there is what to stop.
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with AsyncExitStack() as closing:
            daemon = await Daemon.open(settings, paths, closing)
            await daemon.run(stop, _greet)
    except JournalBusy as error:
        raise CliError(Exit.ERROR, str(error)) from None
    except ConfigError as error:
        raise CliError(Exit.CONFIG, str(error)) from None
    except OSError as error:
        text = (
            f"{paths.root} cannot be used as state directory: {error.strerror or error}; name another with --state-dir"
        )
        raise CliError(Exit.CONFIG, text) from None
    except ExecdError as error:
        log.critical("daemon_died", kind=type(error).__name__, text=str(error))
        return Exit.INTERNAL
    except BaseExceptionGroup as group:
        # What a spine task died of. The journal has everything up to it, and the next start goes on from there.
        log.critical("daemon_died", text=str(group.exceptions[0]), exc_info=group)
        return Exit.INTERNAL
    return Exit.OK


def _greet(daemon: "Daemon") -> None:
    """Tell a person at a terminal where things are; a reader of the log has the event `ready`."""
    if not sys.stdout.isatty():
        return
    paths, venues = daemon.paths, ", ".join(f"{name} ({venue})" for name, venue in daemon.venues.items())
    print(
        f"\n  {paint('execd', 'head')} {__version__} is {paint('ready', 'ok')}, trading {venues}\n\n"
        f"    inbox    {paths.inbox}\n"
        f"    outbox   {paths.outbox}\n"
        f"    socket   {paths.socket}\n"
        f"    metrics  {daemon.surface.url}/metrics\n\n"
        "  Rename an intent into the inbox, and read its report in the outbox.\n"
        "  Ctrl-C stops; resting orders stay where they are.\n",
        flush=True,
    )
