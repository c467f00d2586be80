"""`execd`: which command is meant, and what its end means.

Each command is a file with `add(commands)`; a new one is a file and a name in
COMMANDS. Only the file of the command that was named is imported, and nothing
heavy at its top: a command has 0.25 s.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from execd import __version__
from execd.cli.exits import KINDS, CliError, Exit
from execd.cli.options import Parser

COMMANDS: Final = (
    "run",
    "demo",
    "check_config",
    "config",
    "submit",
    "preview",
    "status",
    "orders",
    "fills",
    "positions",
    "explain",
    "cancel",
    "amend",
    "pause",
    "resume",
    "release",
    "resolve",
    "reconcile",
    "halt",
    "kill",
    "unkill",
    "flatten",
    "adopt",
    "reload",
    "stop",
    "alerts",
    "ack",
    "doctor",
    "journal",
    "replay",
    "simulate",
    "venue",
    "refdata",
    "schema",
    "completion",
    "version",
)
OTHERS: Final = 0o027
"""Bits of a new file's mode that are not set: writing by the group, everything for others."""
_EXITS: Final = """\
exit codes: 0 ok, 1 error, 2 usage, 3 not running, 4 not found, 5 timeout, 70 internal, 78 configuration,
130 interrupted"""


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of all commands, or of the file `only`, which is faster."""
    top = Parser(
        prog="execd",
        description="execd works orders: drop an intent into the inbox, read the report in the outbox.",
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"execd {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in (only,) if only else COMMANDS:
        import_module(f"execd.cli.{name}").add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    # What is written here tells what somebody owns: nobody else reads it, whatever the shell's umask is.
    os.umask(os.umask(OTHERS) | OTHERS)
    try:
        code = _run(words)
        sys.stdout.flush()
    except CliError as error:
        return _refused(error, words)
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): that is no error of ours.
        _drop_output()
        return Exit.OK
    except OSError as error:
        _drop_output()
        where = os.fsdecode(error.filename) if error.filename else "standard output"
        return _refused(CliError(Exit.ERROR, f"{where}: {error.strerror or error}"), words)
    except KeyboardInterrupt:
        return Exit.ERROR
    except Exception as error:  # noqa: BLE001  # A defect of ours ends with its own exit code, whatever it is.
        return _broke(error, words)
    return code


def _run(words: Sequence[str]) -> int:
    named = words[0].replace("-", "_") if words else ""
    only = named if named in COMMANDS and words[0] == named.replace("_", "-") else None
    try:
        args = parser(only).parse_args(words)
    except SystemExit as end:
        # --help and --version have printed; what went wrong has raised.
        return Exit.OK if end.code is None else int(end.code)
    return int(args.run(args))


def _refused(error: CliError, words: Sequence[str]) -> int:
    """Tell of an error on both streams and return its exit code."""
    named = next((word for word in words[:1] if not word.startswith("-")), "")
    try:
        if error.usage:
            sys.stderr.write(error.usage)
        # The code is what the manual is read by, and what a script asks for with --json.
        code = "" if error.kind in {*KINDS.values(), "journal"} or error.kind in str(error) else f" ({error.kind})"
        line = f"line {error.line}"
        where = [] if error.line is None or line in str(error) else [line]
        where += [str(error.field)] if error.field and error.field not in str(error) else []
        text = f"{', '.join(where)}: {error}{code}" if where else f"{error}{code}"
        print(f"execd {named}: {text}" if named else f"execd: {text}", file=sys.stderr)
        if "--json" in words:
            from execd.cli.show import as_json

            print(as_json(error.told()))
            sys.stdout.flush()
    except OSError:
        # There is nobody left to tell.
        _drop_output()
    return int(error.code)


def _broke(error: Exception, words: Sequence[str]) -> int:
    import traceback

    traceback.print_exception(error)
    text = f"this is a defect of execd ({type(error).__name__}); please report it with the lines above"
    return _refused(CliError(Exit.INTERNAL, text), words)


def _drop_output() -> None:
    """Let what is still buffered go nowhere: the interpreter would fail on it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        return
    finally:
        os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
