"""`execd check-config`: whether `execd run` would take this configuration.

It loads and converts everything and starts nothing.
"""

import argparse
import os
from pathlib import Path

from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_config
from execd.cli.show import as_json
from execd.runtime.paths import config_file


def add(commands: Subparsers) -> None:
    """Add the command."""
    add_config(add_command(commands, "check-config", run, "check the configuration without starting"))


def run(args: argparse.Namespace) -> int:
    """Load the configuration; exit 78 with file, line and what to do where it cannot be used."""
    from execd.config.loader import load
    from execd.errors import ConfigError

    file = config_file(args.config, os.environ)
    try:
        settings = load(file, os.environ)
        settings.to_rules()
    except ConfigError as error:
        raise CliError(Exit.CONFIG, str(error)) from None
    absent = [tape for tape in settings.sim.tapes if not Path(tape).is_file()]
    if absent:
        raise CliError(Exit.CONFIG, f"sim.tapes: no such file: {', '.join(absent)}")
    name = str(file) if file else "built-in defaults"
    accounts = {account: str(part.adapter) for account, part in settings.accounts.items()}
    told = {"file": name, "is_ok": True, "mode": str(settings.mode), "accounts": accounts}
    print(as_json(told) if args.json else f"{name}: ok ({', '.join(accounts)})")
    return Exit.OK
