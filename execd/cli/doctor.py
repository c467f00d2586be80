"""`execd doctor`: look at everything that execd stands on, and say what to do next.

It changes nothing and works with the daemon down. `--page` also sends a test
page by every alert route: an alert that reaches nobody is worse than none.
"""

import argparse
import os
from typing import Any

from execd.cli.client import ask
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_config, paths_of
from execd.cli.show import as_json, paint, safe
from execd.runtime.paths import StatePaths

PAGE_S_MAX = 90.0
"""All routes are tried at once; each has `alerts.timeout_s`."""
EPILOG = "exit 0: no check failed (warnings are not failures); 1: at least one failed"
_COLOURS = {"ok": "ok", "warn": "held", "fail": "bad"}


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "doctor", run, "check everything that execd stands on", epilog=EPILOG)
    parser.add_argument("--page", action="store_true", help="send a test page by every alert route")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Check, and print what was found."""
    from execd.cli.checks import Check
    from execd.cli.doctor_checks import local
    from execd.cli.doctor_daemon import alive

    paths = paths_of(args)
    status, unreachable = _status(paths)
    settings, checks = local(paths, args.config, os.environ, status=status)
    checks += [unreachable] if status is None else alive(status)
    if args.page:
        checks += _paged(paths, settings, is_running=status is not None)
    is_ok = not any(one.level == "fail" for one in checks)
    if args.json:
        print(as_json({"is_ok": is_ok, "checks": [one._asdict() for one in checks]}))
    else:
        width = max(len(one.name) for one in checks)
        print("\n".join(line for one in checks for line in _lines(one, width)))
        print(_verdict([one.level for one in checks]))
    assert isinstance(checks[0], Check)
    return Exit.OK if is_ok else Exit.ERROR


def _status(paths: StatePaths) -> tuple[dict[str, Any] | None, Any]:
    """Return the daemon's status, or the check that says why there is none."""
    from execd.cli.checks import Check

    try:
        return ask(paths, "GET", "/v1/status"), None
    except CliError as error:
        if error.code is Exit.NOT_RUNNING:
            start = f"execd run --state-dir {paths.root}"
            return None, Check("daemon", "warn", "it does not run", f"start it: {start}")
        return None, Check("daemon", "fail", str(error), "see its log; execd status")


def _paged(paths: StatePaths, settings: Any, *, is_running: bool) -> list[Any]:  # noqa: ANN401  # Absent where it failed.
    from execd.cli.checks import Check

    try:
        if is_running:
            results = ask(paths, "POST", "/v1/page", timeout_s=PAGE_S_MAX)
        else:
            from execd.cli.doctor_page import page

            # A configuration that cannot be read has its own check, and no route.
            results = [] if settings is None else page(settings)
    except CliError as error:
        return [Check("page", "fail", str(error), "mend that, then try again")]
    if not results:
        text = "set alerts.exec or alerts.webhook, then execd reload"
        return [Check("page", "fail", "there is no route: an alert reaches nobody", text)]
    return [
        Check(f"page by {one['route']}", "ok", f"got through in {one['seconds']:g} s")
        if one["is_ok"]
        else Check(f"page by {one['route']}", "fail", str(one["error"]), "mend the route; alerts do not get through")
        for one in results
    ]


def _lines(check: Any, width: int) -> list[str]:  # noqa: ANN401  # A Check; its module is loaded when a command runs.
    first = f"{paint(check.level.ljust(4), _COLOURS[check.level])}  {check.name:<{width}}  {safe(check.text)}"
    return [first, f"{'':{width + 8}}→ {safe(check.next)}"] if check.next else [first]


def _verdict(levels: list[str]) -> str:
    counts = [f"{levels.count(level)} {level}" for level in ("ok", "warn", "fail") if level in levels]
    return f"\n{', '.join(counts)}"
