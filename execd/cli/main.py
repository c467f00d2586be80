"""`execd`: which command is meant, and what its end means.

Each command is a file with `add(commands)`; a new one is a file and a name in
COMMANDS. Nothing heavy is imported here: a control command has 0.25 s.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from execd import __version__
from execd.cli.exits import CliError, Exit

COMMANDS: Final = (
    "run",
    "demo",
    "check_config",
    "submit",
    "status",
    "orders",
    "fills",
    "positions",
    "explain",
    "cancel",
    "replay",
    "schema",
    "version",
)
_EXITS: Final = """\
exit codes: 0 ok, 1 error, 2 usage, 3 not running, 4 not found, 5 timeout, 70 internal, 78 configuration"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="execd",
        description="execd works orders: drop an intent into the inbox, read the report in the outbox.",
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"execd {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"execd.cli.{name}").add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = parser().parse_args(argv)
    try:
        return int(args.run(args))
    except CliError as error:
        print(f"execd {args.command}: {error}", file=sys.stderr)
        return int(error.code)
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): that is no error of ours.
        sys.stderr.close()
        return int(Exit.OK)
    except KeyboardInterrupt:
        return int(Exit.ERROR)


if __name__ == "__main__":
    sys.exit(main())
