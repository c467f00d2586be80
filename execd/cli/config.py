"""`execd config show|schema`: the configuration in force, and what may stand in one.

`show` reads what `execd run` would read, here and now, and asks no daemon; secrets are masked. Nothing is changed.
"""

import argparse
import os

from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_config
from execd.cli.show import as_json
from execd.runtime.paths import config_file


def add(commands: Subparsers) -> None:
    """Add the command and its two verbs."""
    parser = add_command(commands, "config", run_show, "print the configuration in force, or its schema")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    show = add_command(verbs, "show", run_show, "print every value that is in force, secrets masked")
    show.add_argument("--origins", action="store_true", help="say of each value where it came from")
    add_config(show)
    add_command(verbs, "schema", run_schema, "print the JSON Schema of the configuration")


def run_show(args: argparse.Namespace) -> int:
    """Print the configuration as YAML that loads again, or as JSON."""
    from execd.config.loader import read
    from execd.config.show import as_document, yaml_text
    from execd.errors import ConfigError

    try:
        loaded = read(config_file(args.config, os.environ), os.environ)
    except ConfigError as error:
        raise CliError(Exit.CONFIG, str(error)) from None
    text = as_json(as_document(loaded)) if args.json else yaml_text(loaded, has_origins=args.origins).rstrip("\n")
    print(text)
    return Exit.OK


def run_schema(_: argparse.Namespace) -> int:
    """Print the schema."""
    from execd.config.json_schema import settings_schema

    print(as_json(settings_schema()))
    return Exit.OK
