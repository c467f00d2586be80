"""`execd replay`: drive the same cycle over recorded tapes, in virtual time.

The work is in `execd.simulation`; here are only its options.
"""

import argparse
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_config

if TYPE_CHECKING:
    from execd.simulation.past_days import PastDays
    from execd.simulation.replay_cli import Configured

EPILOG = """\
writes fills.csv, orders.csv, reports/*.json and summary.json to OUT; the same inputs and seed give the same bytes.
Without --config limits are wide and sells assume the holdings; see docs/replay.md"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "replay", run, "replay intents over recorded tapes", epilog=EPILOG)
    parser.add_argument(
        "--tape", metavar="FILE", nargs="+", required=True, help="tapes (.csv, .csv.gz), of any symbols"
    )
    parser.add_argument("--intents", metavar="FILE", required=True, help="intents to work, with tape instants")
    parser.add_argument("--out", metavar="DIR", required=True, help="where the results go")
    parser.add_argument("--queue", choices=["pessimistic", "optimistic"], default="pessimistic", help="queue rule")
    parser.add_argument("--latency-ms", type=float, default=100.0, help="from a request to its effect (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="seed of every draw (default 0)")
    parser.add_argument("--isolated", action="store_true", help="work each intent as if it were alone in the market")
    parser.add_argument(
        "--bars-dir", metavar="DIR", help="bars (see docs/refdata.md): each tape knows the days before it"
    )
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Replay."""
    from time import perf_counter

    from execd.errors import TapeError
    from execd.simulation.replay_cli import run as replay

    configured = _configured(args.config)
    try:
        days = _days(args, configured)
    except TapeError as error:
        raise CliError(Exit.ERROR, str(error)) from None
    return replay(args, configured=configured, stopwatch=perf_counter, days=days)


def _days(args: argparse.Namespace, configured: "Configured | None") -> "list[PastDays]":
    """Return what is known of the days before each tape; nothing where no folder was named."""
    if args.bars_dir is None:
        return []
    from execd.cli.replay_days import days_before
    from execd.core.daily import PROFILES
    from execd.core.instrument import Instrument

    if configured is None:
        return days_before(args.tape, args.bars_dir, lambda symbol: Instrument(symbol=symbol).calendar, PROFILES)
    rules = configured.rules
    return days_before(args.tape, args.bars_dir, lambda symbol: rules.instrument(symbol).calendar, configured.profiles)


def _configured(name: str | None) -> "Configured | None":
    """Return what a configuration says of a replay; None where none was named: the environment has no say here."""
    if name is None:
        return None
    from execd.config.fields import SessionKind
    from execd.config.loader import load
    from execd.errors import ConfigError
    from execd.markets import able
    from execd.simulation.replay_cli import Configured
    from execd.venue.commission import Commission

    file = Path(name)
    try:
        settings = load(file, {})
        rules = able(settings.to_rules(), settings)
    except ConfigError as error:
        raise CliError(Exit.CONFIG, str(error)) from None
    if settings.session.kind is SessionKind.CALENDAR:
        text = "session.kind is calendar, and a replay has none; replay with a file that says simple_hours"
        raise CliError(Exit.CONFIG, text)
    charge = settings.sim.commission
    commission = Commission(rate_bps=charge.rate_bps, per_share=charge.per_share_usd, minimum=charge.minimum_usd)
    profiles = settings.refdata.profiles
    digest = sha256(file.read_bytes()).hexdigest()
    return Configured(rules=rules, commission=commission, sha256=digest, profiles=profiles)
