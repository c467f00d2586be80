"""`execd simulate`: play seeded worlds that try to break the promise, and say which seed did.

Worlds and laws are in `execd.simulation`, processes and folders in
`simulating`; here are seeds and words. A failing seed is shrunk and told with the command that plays it
again; the counters at the end prove that each class of fault struck.
"""

import argparse
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command

if TYPE_CHECKING:
    from execd.cli.simulating import Cpu, Played
    from execd.simulation.trial import Asked, Verdict

PROVING_SEEDS: Final = 100
"""From so many seeds on every class of fault must have struck."""
PROGRESS_S: Final = 2.0
SEEDS_MAX: Final = 10_000_000
SEED_MAX: Final = 2**63 - 1
EPILOG = """\
a seed decides everything: the same seed and code give the same run. Exit codes: 0 every law held, 1 one did not (or,
over 100 seeds and more, a class of fault never struck), 2 usage, 130 interrupted; see docs/simulation.md"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands, "simulate", run, "play seeded worlds with faults, and check every law", epilog=EPILOG
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seeds", type=int, metavar="N", help="play so many seeds")
    which.add_argument("--seed", type=int, metavar="S", help="play one seed")
    parser.add_argument("--start", type=int, metavar="S", help="first of --seeds (default 0)")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="processes at a time (default 1)")
    parser.add_argument("--minutes", type=int, metavar="M", help="minutes of each session (default: the seed says)")
    parser.add_argument("--without", default="", metavar="A,B", help="classes of fault to leave out")
    parser.add_argument("--intents", type=int, metavar="K", help="leave out the files after the first K")
    parser.add_argument("--trace", action="store_true", help="print everything that happens (with --seed)")
    parser.add_argument("--until-failure", action="store_true", help="play no more seeds after one that fails")
    parser.add_argument("--no-shrink", action="store_true", help="tell a failing seed as it is")


class _Tally:
    """What has come of a run so far."""

    def __init__(self) -> None:
        self.done_n = 0
        self.failed: list[Verdict] = []
        self.hits: dict[str, int] = {}
        self.simulated_s = 0.0
        self.orders_n = self.fills_n = self.lives_n = 0

    def add(self, verdict: "Verdict") -> None:
        """Add a session."""
        self.done_n += 1
        self.simulated_s += verdict.simulated_s
        self.orders_n += verdict.orders_n
        self.fills_n += verdict.fills_n
        self.lives_n += verdict.lives_n
        for name, n in verdict.hits.items():
            self.hits[name] = self.hits.get(name, 0) + n
        if not verdict.is_ok:
            self.failed.append(verdict)


def run(args: argparse.Namespace) -> int:
    """Play."""
    from execd.cli.simulating import stoppable

    tally = _Tally()
    try:
        with stoppable():
            _check(args)
            return _many(args, tally) if args.seed is None else _one(args, tally)
    except KeyboardInterrupt:
        sys.stdout.flush()
        counted = f"{tally.done_n} of {args.seeds or 1} sessions, {len(tally.failed)} failed"
        sys.stderr.write(f"interrupted after {counted}\n")
        return Exit.INTERRUPTED


def _check(args: argparse.Namespace) -> None:
    from execd.simulation.faults import FAULTS

    unknown = [name for name in _without(args) if name not in FAULTS]
    if unknown:
        raise CliError(Exit.USAGE, f"there is no fault {unknown[0]}; there are {', '.join(FAULTS)}")
    if args.trace and args.seed is None:
        raise CliError(Exit.USAGE, "--trace needs --seed: one run can be read, many cannot")
    if args.trace and args.json:
        raise CliError(Exit.USAGE, "--trace and --json do not go together: a trace is lines, not JSON")
    if args.start is not None and args.seed is not None:
        raise CliError(Exit.USAGE, "--start needs --seeds: --seed names the one that is played")
    numbers = (("seed", 0, SEED_MAX), ("start", 0, SEED_MAX), ("seeds", 1, SEEDS_MAX))
    bounds = (*numbers, ("jobs", 1, 256), ("minutes", 1, 10_000), ("intents", 0, 10_000))
    for name, least, most in bounds:
        value = getattr(args, name)
        if value is not None and not least <= value <= most:
            raise CliError(Exit.USAGE, f"--{name} {value} must be from {least} to {most}")


def _without(args: argparse.Namespace) -> tuple[str, ...]:
    return tuple(name for name in args.without.split(",") if name)


def _asked(args: argparse.Namespace, seed: int) -> "Asked":
    from execd.simulation.trial import Asked

    return Asked(seed=seed, minutes=args.minutes, without=_without(args), intents_max=args.intents)


def _one(args: argparse.Namespace, tally: _Tally) -> int:
    from time import perf_counter

    from execd.cli.simulating import Cpu, place, played

    began_s, cpu = perf_counter(), Cpu()
    trace = (lambda line: sys.stdout.write(line + "\n")) if args.trace else None
    with place() as folder:
        verdict = played(_asked(args, args.seed), folder, trace).verdict
        tally.add(verdict)
        if not verdict.is_ok and not args.trace and not args.no_shrink:
            verdict = _shrunk(verdict, folder)
    if args.json:
        _print_json({"commit": commit(), **_plain(verdict)})
    elif args.trace:
        sys.stdout.write(f"{verdict.law or 'every law held'} {verdict.text}\n")
    else:
        took = f"{perf_counter() - began_s:.2f} s, {cpu.seconds:.2f} s of CPU"
        sys.stdout.write("\n".join(_told(verdict, took)) + "\n")
    return Exit.OK if verdict.is_ok else Exit.ERROR


def _many(args: argparse.Namespace, tally: _Tally) -> int:
    from time import perf_counter

    from execd.cli.simulating import Cpu, place, play_all

    began_s, cpu = perf_counter(), Cpu()
    first = args.start or 0
    many = (_asked(args, seed) for seed in range(first, first + args.seeds))
    is_interrupted = False
    with place() as folder:
        try:
            with closing(play_all(many, folder, args.jobs)) as sessions:
                _take(args, sessions, tally, cpu)
        except KeyboardInterrupt:
            is_interrupted = True
        seconds, cpu_s = perf_counter() - began_s, cpu.seconds
        never = [] if is_interrupted else _never(args, tally.hits)
        summary: dict[str, Any] = {
            "commit": commit(),
            "start": first,
            "sessions": tally.done_n,
            "interrupted": is_interrupted,
            "seconds": round(seconds, 1),
            "rate": round(tally.done_n / seconds, 2),
            "cpu_seconds": round(cpu_s, 1),
            "cpu_rate": round(tally.done_n / cpu_s, 2) if cpu_s else 0.0,
            "simulated_hours": round(tally.simulated_s / 3600, 1),
            "lives": tally.lives_n,
            "orders": tally.orders_n,
            "fills": tally.fills_n,
            "failed": [_plain(verdict) for verdict in tally.failed],
            "hits": dict(sorted(tally.hits.items())),
            "never": never,
        }
        if args.json:
            _print_json(summary)
        else:
            sys.stdout.write("\n".join(_summary(summary)) + "\n")
            if tally.failed:
                is_whole = args.no_shrink or is_interrupted
                worst = tally.failed[0] if is_whole else _shrunk(tally.failed[0], folder)
                sys.stdout.write("\n".join(_told(worst, "")) + "\n")
    if is_interrupted:
        raise KeyboardInterrupt
    return Exit.ERROR if tally.failed or never else Exit.OK


def _take(args: argparse.Namespace, sessions: "Iterable[Played]", tally: _Tally, cpu: "Cpu") -> None:
    """Take what comes, and tell how it goes."""
    from time import perf_counter

    began_s = told_s = perf_counter()
    for one in sessions:
        tally.add(one.verdict)
        cpu.add(one)
        if not one.verdict.is_ok:
            sys.stderr.write(f"seed {one.verdict.asked.seed} fails: {one.verdict.law}\n")
            if args.until_failure:
                return
        if perf_counter() - told_s > PROGRESS_S:
            told_s = perf_counter()
            rate = tally.done_n / (told_s - began_s)
            counted = f"{tally.done_n}/{args.seeds} sessions, {rate:.1f} a second, {len(tally.failed)} failed"
            sys.stderr.write(f"{counted}\n")


def commit() -> str:
    """Return which code this is: the commit it was checked out from, else the version."""
    import shutil
    import subprocess

    from execd import __version__

    git, top = shutil.which("git"), Path(__file__).resolve().parents[2]
    if git is None or not (top / ".git").exists():
        return __version__
    asked = subprocess.run(  # noqa: S603  # Our own words.
        [git, "-C", str(top), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or __version__


def _print_json(value: dict[str, Any]) -> None:
    from execd.cli.show import as_json

    sys.stdout.write(as_json(value) + "\n")


def _shrunk(verdict: "Verdict", folder: Path) -> "Verdict":
    from execd.cli.simulating import played
    from execd.simulation.trial import shrink

    sys.stderr.write(f"seed {verdict.asked.seed} fails ({verdict.law}); looking for the smallest world that does\n")
    try:
        return shrink(verdict, lambda asked: played(asked, folder).verdict)
    except KeyboardInterrupt:
        # What was found is not lost with the search for something smaller.
        sys.stdout.write("\n".join(_told(verdict, "")) + "\n")
        raise


def _never(args: argparse.Namespace, hits: dict[str, int]) -> list[str]:
    from execd.simulation.faults import FAULTS

    if args.seeds < PROVING_SEEDS:
        return []
    return [name for name in FAULTS if name not in hits and name not in _without(args)]


def _plain(verdict: "Verdict") -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(verdict)
    return {**told, "command": verdict.asked.command, "latest": list(verdict.latest)[-10:]}


def _told(verdict: "Verdict", took: str) -> list[str]:
    """Return what is told of one trial, which took so long, where that is known."""
    hours = f"{verdict.simulated_s / 3600:.1f} simulated hours"
    lines = [
        f"seed {verdict.asked.seed}, commit {commit()}: " + (f"{hours}, {took}" if took else hours),
        f"{verdict.files_n} files, {verdict.lives_n} lives, {verdict.orders_n} orders, {verdict.fills_n} fills",
        "faults: " + (", ".join(f"{name} {n}" for name, n in verdict.hits.items()) or "none"),
    ]
    if verdict.is_ok:
        return [*lines, "every law held"]
    lines += [f"BROKEN at {verdict.at_s:.3f} s: {verdict.text.rstrip()}", "the latest that happened:"]
    lines += [f"  {line[:300]}" for line in verdict.latest]
    return [*lines, f"again: {verdict.asked.command} --trace"]


def _summary(summary: dict[str, Any]) -> list[str]:
    lines = [
        "{sessions} sessions from seed {start}, commit {commit}: {seconds} s, {rate} a second".format(**summary),
        "{cpu_seconds} s of CPU, {cpu_rate} sessions a CPU second".format(**summary),
        "{simulated_hours} simulated hours, {lives} lives, {orders} orders, {fills} fills".format(**summary),
        f"failed: {len(summary['failed'])}",
        "faults: " + ", ".join(f"{name} {n}" for name, n in summary["hits"].items()),
    ]
    if summary["never"]:
        lines.append(f"NEVER STRUCK: {', '.join(summary['never'])}; a class that never strikes proves nothing")
    return lines
