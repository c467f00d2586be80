"""`execd reload`: read the configuration again and apply what can change while running.

What cannot is refused by name and keeps its old value; a file that cannot be
used changes nothing. SIGHUP does the same.
"""

import argparse
from typing import Any

from execd.cli.client import ask
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import as_json, safe


def add(commands: Subparsers) -> None:
    """Add the command."""
    add_command(commands, "reload", run, "read the configuration again (admin)")


def run(args: argparse.Namespace) -> int:
    """Ask for it, and print what was applied and what needs a restart."""
    told = ask(paths_of(args), "POST", "/v1/reload")
    print(as_json(told) if args.json else _text(told))
    return 0


def _text(told: dict[str, Any]) -> str:
    lines = [safe(str(told["message"]))]
    lines += [f"  applied  {safe(str(one))}" for one in told.get("applied", ())]
    lines += [f"  refused  {safe(str(one))}" for one in told.get("refused", ())]
    return "\n".join(lines)
