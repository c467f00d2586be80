"""`execd replay`: drive the same cycle over recorded tapes, in virtual time.

The work is in `execd.simulation`; here are only its options.
"""

import argparse

from execd.cli.options import Subparsers, add_command, add_config

EPILOG = """\
writes fills.csv, orders.csv, reports/*.json and summary.json to OUT; the same inputs and seed give the same bytes"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "replay", run, "replay intents over recorded tapes", epilog=EPILOG)
    parser.add_argument("--tape", metavar="FILE", nargs="+", required=True, help="tapes (.csv, .csv.gz), one a symbol")
    parser.add_argument("--intents", metavar="FILE", required=True, help="intents to work, with tape instants")
    parser.add_argument("--out", metavar="DIR", required=True, help="where the results go")
    parser.add_argument("--queue", choices=["pessimistic", "optimistic"], default="pessimistic", help="queue rule")
    parser.add_argument("--latency-ms", type=float, default=100.0, help="from a request to its effect (default 100)")
    parser.add_argument("--seed", type=int, default=0, help="seed of every draw (default 0)")
    parser.add_argument("--isolated", action="store_true", help="work each intent as if it were alone in the market")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Replay."""
    from execd.simulation.replay_cli import run as replay

    return replay(args)
