"""`execd run`: the daemon, in the foreground.

The daemon itself is `app.py`; this file finds the configuration, sets up the
log, and turns every way to end into an exit code.
"""

import argparse
import errno
import os
import sys
from typing import TYPE_CHECKING

from execd import __version__
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_config, paths_of
from execd.cli.show import paint
from execd.runtime.paths import StatePaths, config_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from execd.app import Daemon
    from execd.config.loader import Loaded
    from execd.runtime.stopping import StopWish

EPILOG = """\
SIGTERM and SIGINT stop it cleanly (exit 0); a second one ends the waiting. Resting orders stay at the broker,
or are canceled where process.stop says so. SIGHUP reads the configuration again (execd reload);
SIGUSR1 engages the kill switch at kill.default_level (execd kill).
exit 1: another execd holds the state directory, the disk is full, or the venue does not answer;
70: it died, and the log says of what;
78: the configuration, the state directory or its journal cannot be used"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "run", run, "run the daemon in the foreground", epilog=EPILOG)
    add_config(parser)
    text = "keep the simulated venue inside this process; it ends with it (else sim.process)"
    parser.add_argument("--in-process", action="store_true", help=text)


def run(args: argparse.Namespace) -> int:
    """Run until told to stop."""
    from execd.config.loader import read
    from execd.errors import ConfigError
    from execd.runtime.quick_start import import_structlog

    import_structlog()
    from execd.runtime import logs, loop
    from execd.runtime.resources import raise_files_limit

    def read_again() -> "Loaded":
        loaded = read(config_file(args.config, os.environ), os.environ)
        return _in_process(loaded) if args.in_process else loaded

    try:
        loaded = read_again()
    except ConfigError as error:
        raise CliError(Exit.CONFIG, f"the configuration cannot be used\n{error}") from None
    raise_files_limit()
    lines = logs.configure(level=loaded.settings.logging.level, form=loaded.settings.logging.format)
    try:
        return loop.run(_live(loaded, paths_of(args), read_again))
    finally:
        lines.close()


async def _live(loaded: "Loaded", paths: StatePaths, read_again: "Callable[[], Loaded]") -> int:
    """Live until the end is wished, and return the exit code of the end."""
    from contextlib import AsyncExitStack

    import structlog

    from execd.runtime.quick_start import late_certificates

    with late_certificates() as load_certificates:
        from execd.app import Daemon
    from execd.errors import (
        BrokerSilent,
        ConfigError,
        ExecdError,
        JournalBusy,
        JournalForeign,
        JournalFull,
        JournalUnsafe,
    )
    from execd.runtime.stopping import StopWish
    from execd.runtime.supervisor import said

    log = structlog.get_logger("execd.run")
    for warning in loaded.warnings:
        log.warning("config_warning", text=warning)
    stop_wish = StopWish()
    _heed_signals(stop_wish, paths)
    try:
        async with AsyncExitStack() as closing:
            daemon = await Daemon.open(loaded, paths, closing, read_again, stop_wish)
            _heed_daemon_signals(daemon)
            await daemon.run(lambda daemon: _greet(daemon, load_certificates))
    except (JournalBusy, JournalFull) as error:
        # Neither has to stay so: the service manager may try again.
        raise CliError(Exit.ERROR, str(error)) from None
    except (ConfigError, JournalForeign, JournalUnsafe) as error:
        # A restart would meet the same: the service manager is told not to try.
        raise CliError(Exit.CONFIG, str(error)) from None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise CliError(Exit.ERROR, f"{paths.root}: no space is left; make room, then start again") from None
        text = (
            f"{paths.root} cannot be used as state directory: {error.strerror or error}; name another with --state-dir"
        )
        raise CliError(Exit.CONFIG, text) from None
    except ExecdError as error:
        log.critical("daemon_died", kind=type(error).__name__, text=str(error))
        return Exit.INTERNAL
    except BaseExceptionGroup as group:
        if isinstance(group.exceptions[0], ConfigError | JournalForeign):
            # The venue cannot be had, or is of another account: a restart would meet the same.
            raise CliError(Exit.CONFIG, str(group.exceptions[0])) from None
        if isinstance(group.exceptions[0], BrokerSilent | JournalFull):
            # It may answer later, and room may come: the service manager may try again.
            raise CliError(Exit.ERROR, str(group.exceptions[0])) from None
        # What a spine task died of. The journal has everything up to it, and the next start goes on from there.
        log.critical("daemon_died", text=said(group), exc_info=group)
        return Exit.INTERNAL
    return Exit.OK


def _heed_signals(stop_wish: "StopWish", paths: StatePaths) -> None:
    """Let a signal be a wish from here on: one that comes while the journal is read is kept."""
    import asyncio
    import signal

    from execd.runtime.kill_file import write_note

    def keep_kill() -> None:
        # Nobody can latch it yet; the start reads the file before anything is sent.
        write_note(paths, None, "SIGUSR1")

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop_wish.signal)
    # Before there is what to reload, a hangup must not end us either.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: None)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, keep_kill)


def _heed_daemon_signals(daemon: "Daemon") -> None:
    """Let SIGHUP read the configuration again, and SIGUSR1 kill."""
    import asyncio
    import signal

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, daemon.reload_soon)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, daemon.guards.kill_file.on_signal)


def _in_process(loaded: "Loaded") -> "Loaded":
    """Keep the venue inside, whatever the configuration says."""
    from dataclasses import replace

    settings = loaded.settings
    return replace(
        loaded, settings=settings.model_copy(update={"sim": settings.sim.model_copy(update={"process": False})})
    )


def _greet(daemon: "Daemon", load_certificates: "Callable[[], None]") -> None:
    """Fetch what a start did not wait for, and tell a person at a terminal where things are."""
    import asyncio

    asyncio.get_running_loop().run_in_executor(None, load_certificates)
    if not sys.stdout.isatty():
        return
    paths, venues = daemon.paths, ", ".join(f"{name} ({venue})" for name, venue in daemon.venues.items())
    file = daemon.loaded.file
    does = paint("observing, sending nothing to", "held") if daemon.engine.desk.rules.is_observing else "trading"
    print(
        f"\n  {paint('execd', 'head')} {__version__} is {paint('ready', 'ok')}, {does} {venues}\n\n"
        f"    config   {file if file is not None else 'built-in defaults'}\n"
        f"    inbox    {paths.inbox}\n"
        f"    outbox   {paths.outbox}\n"
        f"    socket   {paths.socket}\n"
        f"    metrics  {daemon.surface.url}/metrics\n\n"
        "  Rename an intent into the inbox, and read its report in the outbox.\n"
        "  Ctrl-C stops; resting orders stay where they are.\n",
        flush=True,
    )
