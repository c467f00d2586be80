"""`execd stop`: end the daemon in order, and wait until it has ended.

Working orders stay at the broker or are canceled: as the options say, else as
`process.stop` does. Parents go on at the next start either way. The daemon
itself says how it came out, just before it ends.
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any, Final

from execd.cli.client import REQUEST_S_MAX, ask
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_reason, paths_of
from execd.cli.show import as_json, safe
from execd.runtime.paths import StatePaths

WAIT_S: Final = 60.0
LOOK_S: Final = 0.02
EPILOG: Final = """\
exit 0: it has ended (with --wait 0: it was asked to); 1: it has ended, but an order that was to be canceled is still
at the broker, or something could not be written, or nobody knows how it ended; 3: it does not run; 5: it still ends"""
WAIT_S_MAX: Final = 3_600.0
ANSWER_S: Final = 1.0
"""The daemon is given so long beyond the wait to say that it still stops."""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "stop", run, "end the daemon in order (admin)", epilog=EPILOG)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--leave", dest="policy", action="store_const", const="leave", help="working orders stay")
    how.add_argument("--cancel", dest="policy", action="store_const", const="cancel", help="working orders are pulled")
    parser.add_argument(
        "--wait", metavar="S", type=_seconds, default=WAIT_S, help=f"at most so long (default {WAIT_S:g}; 0: not)"
    )
    add_reason(parser)


def run(args: argparse.Namespace) -> int:
    """Ask for the end, and wait for it."""
    paths = paths_of(args)
    pid = int(ask(paths, "GET", "/v1/status")["pid"])
    body = {"policy": args.policy, "reason": args.reason, "wait_s": args.wait}
    until_s = time.monotonic() + args.wait
    told = _asked(paths, body, pid)
    if args.wait:
        while _lives(pid):
            if time.monotonic() > until_s:
                raise CliError(Exit.TIMEOUT, f"execd (pid {pid}) has not ended within {args.wait:g} s; see its log")
            time.sleep(LOOK_S)
    if isinstance(told, CliError):
        raise told
    print(as_json(told | {"pid": pid}) if args.json else safe(str(told["message"])))
    return Exit.OK


def _asked(paths: StatePaths, body: dict[str, Any], pid: int) -> dict[str, Any] | CliError:
    """Return what the daemon says, or how its end was not what was wished. Raises CliError where it goes on."""
    try:
        timeout_s = max(float(body["wait_s"]), REQUEST_S_MAX) + ANSWER_S
        answer: dict[str, Any] = ask(paths, "POST", "/v1/stop", json.dumps(body).encode(), timeout_s=timeout_s)
    except CliError as error:
        if error.kind in {"stop_orders_left", "journal_full"}:
            return CliError(Exit.ERROR, str(error), kind=error.kind)
        if error.kind != "broke_off":
            raise
        text = f"execd (pid {pid}) ended without saying how; its orders may still be at the broker: see its log"
        return CliError(Exit.ERROR, text)
    return answer


def _lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and only waits for its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # Somebody else's, and alive.
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return not Path("/proc/self").exists()
    return told.rpartition(b")")[2].split()[:1] not in ([b"Z"], [b"X"])


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= WAIT_S_MAX:
        raise argparse.ArgumentTypeError(f"{text}: seconds, 0 to {WAIT_S_MAX:g}")
    return seconds
