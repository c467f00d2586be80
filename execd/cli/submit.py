"""`execd submit`: hand an intent to the daemon, as if it were dropped into the inbox.

With --wait it stays until the intent has ended. The same file again is
acknowledged and trades nothing.
"""

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from execd.cli.client import ask
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import as_json, paint
from execd.runtime.paths import StatePaths

WAIT_S: Final = 60.0
WAIT_S_MAX: Final = 7 * 86_400
ASK_EVERY_S: Final = 0.1
EPILOG = """\
exit 0: accepted (with --wait: ended filled); 1: refused (with --wait: ended otherwise); 5: still working"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "submit", run, "submit an intent", epilog=EPILOG)
    parser.add_argument("file", metavar="FILE", help="intent file (.json, .yaml), or - for standard input")
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        nargs="?",
        type=_seconds,
        const=WAIT_S,
        help=f"wait until it has ended, at most so long (default {WAIT_S:g})",
    )


def run(args: argparse.Namespace) -> int:
    """Submit, and wait where that was asked."""
    paths = paths_of(args)
    name, body = read_file(args.file)
    answer = ask(paths, "POST", f"/v1/submit?name={quote(name, safe='')}", body)
    if args.wait is None:
        print(as_json(answer) if args.json else f"{answer['id']}: {answer['code']}")
        return Exit.OK
    report = _ended(paths, answer["id"], args.wait)
    if args.json:
        print(as_json(report))
    else:
        print(f"{answer['id']}: {paint(report['status'], report['status'])}{_filled(report)}")
    return Exit.OK if report["status"] == "filled" else Exit.ERROR


def read_file(file: str) -> tuple[str, bytes]:
    """Return name and bytes of a file, or of standard input. Raises CliError."""
    if file == "-":
        body = sys.stdin.buffer.read()
        return ("stdin.json" if body.lstrip()[:1] in {b"{", b"["} else "stdin.yaml"), body
    try:
        return Path(file).name, Path(file).read_bytes()
    except OSError as error:
        raise CliError(Exit.USAGE, f"{file}: {error.strerror}") from None


def _seconds(text: str) -> float:
    """Return seconds that can be waited. Raises argparse's own error."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= WAIT_S_MAX:
        raise argparse.ArgumentTypeError(f"{text} is no time to wait: 0 to {WAIT_S_MAX} seconds")
    return seconds


def _ended(paths: StatePaths, intent_id: str, wait_s: float) -> dict[str, Any]:
    until_s = time.monotonic() + wait_s
    while True:
        report: dict[str, Any] = ask(paths, "GET", f"/v1/report/{quote(intent_id, safe='')}")
        if report["is_terminal"]:
            return report
        if time.monotonic() >= until_s:
            raise CliError(
                Exit.TIMEOUT, f"{intent_id} is {report['status']} after {wait_s:g} s; it goes on (execd orders)"
            )
        time.sleep(ASK_EVERY_S)


def _filled(report: dict[str, Any]) -> str:
    cum_qty, avg_px = report["cum_qty"], report["avg_px"]
    at = f" {cum_qty} @ {avg_px}" if avg_px else ""
    return at + (f" ({report['reason']})" if report["reason"] else "")
