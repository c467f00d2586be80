"""`execd submit`: hand a file to the daemon, as if it were dropped into the inbox.

With --wait it stays until the intent has ended. The same file again is
acknowledged and trades nothing.
"""

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from execd.cli.client import REQUEST_S_MAX, ask
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import as_json, because, paint, safe
from execd.runtime.paths import StatePaths

WAIT_S: Final = 60.0
WAIT_S_MAX: Final = 7 * 86_400
ASK_EVERY_S: Final = 0.1
BYTES_MAX: Final = 8 * 1_048_576
"""As long as the longest list that is taken."""
ONE_BYTES_MAX: Final = 64 * 1024
LIST_S_MAX: Final = 65.0
"""The daemon gives a list a minute; a file that one order fits in is answered as every other call."""
EPILOG = """\
exit 0: accepted (with --wait: ended filled); 1: refused (with --wait: ended otherwise); 5: still working"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "submit", run, "submit an intent", epilog=EPILOG)
    parser.add_argument("file", metavar="FILE", help="file (.json, .yaml, .csv), or - for standard input")
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
    timeout_s = LIST_S_MAX if len(body) > ONE_BYTES_MAX else REQUEST_S_MAX
    answer = ask(paths, "POST", f"/v1/submit?name={quote(name, safe='')}", body, timeout_s=timeout_s)
    if args.wait is None:
        print(as_json(answer) if args.json else _taken(answer))
        return Exit.OK
    refused = {row["id"] for row in answer["rows"]}
    reports = _all_ended(paths, [one for one in answer["ids"] if one not in refused], args.wait)
    if args.json:
        print(as_json(reports[0] if len(answer["ids"]) == 1 else reports))
    else:
        print("\n".join(f"{one['id']}: {paint(one['status'], one['status'])}{_filled(one)}" for one in reports))
    return Exit.OK if all(one["status"] == "filled" for one in reports) and not refused else Exit.ERROR


def _taken(answer: dict[str, Any]) -> str:
    """Return what became of a file; of a list also which rows were refused."""
    ids, rows = answer["ids"], answer["rows"]
    if len(ids) == 1 and not rows:
        code, text = answer["code"], str(answer["message"])
        # What is taken and does not start by itself must not read like what does.
        return f"{ids[0]}: {code}" + (f", {safe(text)}" if code == "accepted" and text not in {"", code} else "")
    lines = [f"{len(ids) + len(rows)} rows: {safe(answer['message'])}"]
    lines += [safe(f"  row {row['row']} {row['id'] or ''}: {row['code']}: {row['message']}") for row in rows]
    return "\n".join(lines)


def read_file(file: str) -> tuple[str, bytes]:
    """Return name and bytes of a file, or of standard input. Raises CliError."""
    try:
        if file != "-":
            with Path(file).open("rb") as opened:
                return Path(file).name, _bounded(opened.read(BYTES_MAX + 1))
        body = _bounded(sys.stdin.buffer.read(BYTES_MAX + 1))
    except OSError as error:
        raise CliError(Exit.USAGE, f"{file}: {error.strerror}") from None
    return ("stdin.json" if body.lstrip()[:1] in {b"{", b"["} else "stdin.yaml"), body


def _bounded(body: bytes) -> bytes:
    if len(body) > BYTES_MAX:
        text = f"more than {BYTES_MAX // 1_048_576} MiB; cut the list into several files"
        raise CliError(Exit.ERROR, text, kind="too_large")
    return body


def _seconds(text: str) -> float:
    """Return seconds that can be waited. Raises argparse's own error."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= WAIT_S_MAX:
        raise argparse.ArgumentTypeError(f"{text} is no time to wait: 0 to {WAIT_S_MAX} seconds")
    return seconds


def _all_ended(paths: StatePaths, ids: Sequence[str], wait_s: float) -> list[dict[str, Any]]:
    """Return the last reports of intents; what is no intent (a cancel, an amend) has none and is not waited for."""
    until_s = time.monotonic() + wait_s
    reports = []
    for intent_id in ids:
        try:
            reports.append(_ended(paths, intent_id, until_s, wait_s))
        except CliError as error:
            if error.code is not Exit.NOT_FOUND:
                raise
    return reports


def _ended(paths: StatePaths, intent_id: str, until_s: float, wait_s: float) -> dict[str, Any]:
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
    why = safe(because(report["status"], report["reason"]))
    return at + (f" ({why})" if why else "")
