"""`execd simulate`: play seeded worlds that try to break the promise, and say which seed did.

Worlds and laws are in `execd.simulation`; here are seeds, processes, folders
and words. A failing seed is shrunk and told with the command that plays it
again; the counters at the end prove that each class of fault struck.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command

if TYPE_CHECKING:
    from execd.simulation.trial import Asked, Verdict

PROVING_SEEDS: Final = 100
"""From so many seeds on every class of fault must have struck."""
PROGRESS_S: Final = 2.0
SEEDS_MAX: Final = 10_000_000
MEMORY_DISK: Final = Path("/dev/shm")  # noqa: S108  # A folder of its own is made there.
EPILOG = """\
a seed decides everything: the same seed and code give the same run. Exit codes: 0 every law held, 1 one did not (or,
over 100 seeds and more, a class of fault never struck), 2 usage; see docs/simulation.md"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        commands, "simulate", run, "play seeded worlds with faults, and check every law", epilog=EPILOG
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seeds", type=int, metavar="N", help="play so many seeds")
    which.add_argument("--seed", type=int, metavar="S", help="play one seed")
    parser.add_argument("--start", type=int, default=0, metavar="S", help="first of --seeds (default 0)")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="processes at a time (default 1)")
    parser.add_argument("--minutes", type=int, metavar="M", help="minutes of each session (default: the seed says)")
    parser.add_argument("--without", default="", metavar="A,B", help="classes of fault to leave out")
    parser.add_argument("--intents", type=int, metavar="K", help="leave out the files after the first K")
    parser.add_argument("--trace", action="store_true", help="print everything that happens (with --seed)")
    parser.add_argument("--until-failure", action="store_true", help="play no more seeds after one that fails")
    parser.add_argument("--no-shrink", action="store_true", help="tell a failing seed as it is")


def run(args: argparse.Namespace) -> int:
    """Play."""
    _check(args)
    if args.seed is not None:
        return _one(args)
    return _many(args)


def _check(args: argparse.Namespace) -> None:
    from execd.simulation.faults import FAULTS

    unknown = [name for name in _without(args) if name not in FAULTS]
    if unknown:
        raise CliError(Exit.USAGE, f"there is no fault {unknown[0]}; there are {', '.join(FAULTS)}")
    if args.trace and args.seed is None:
        raise CliError(Exit.USAGE, "--trace needs --seed: one run can be read, many cannot")
    bounds = (("seeds", 1, SEEDS_MAX), ("jobs", 1, 256), ("minutes", 1, 10_000), ("intents", 0, 10_000))
    for name, least, most in bounds:
        value = getattr(args, name)
        if value is not None and not least <= value <= most:
            raise CliError(Exit.USAGE, f"--{name} {value} must be from {least} to {most}")


def _without(args: argparse.Namespace) -> tuple[str, ...]:
    return tuple(name for name in args.without.split(",") if name)


def _asked(args: argparse.Namespace, seed: int) -> "Asked":
    from execd.simulation.trial import Asked

    return Asked(seed=seed, minutes=args.minutes, without=_without(args), intents_max=args.intents)


def _one(args: argparse.Namespace) -> int:
    from time import perf_counter

    from execd.cli.show import as_json

    began_s = perf_counter()
    trace = (lambda line: sys.stdout.write(line + "\n")) if args.trace else None
    verdict = played(_asked(args, args.seed), trace)
    if not verdict.is_ok and not args.trace and not args.no_shrink:
        verdict = _shrunk(verdict)
    if args.json:
        sys.stdout.write(as_json({"commit": commit(), **_plain(verdict)}) + "\n")
    elif args.trace:
        sys.stdout.write(f"{verdict.law or 'every law held'} {verdict.text}\n")
    else:
        sys.stdout.write("\n".join(_told(verdict, perf_counter() - began_s)) + "\n")
    return Exit.OK if verdict.is_ok else Exit.ERROR


def _many(args: argparse.Namespace) -> int:
    from time import perf_counter

    from execd.cli.show import as_json

    began_s = told_s = perf_counter()
    hits: dict[str, int] = {}
    failed: list[Verdict] = []
    done_n, simulated_s, orders_n, fills_n, lives_n = 0, 0.0, 0, 0, 0
    for verdict in _verdicts(args):
        done_n += 1
        simulated_s += verdict.simulated_s
        orders_n, fills_n, lives_n = orders_n + verdict.orders_n, fills_n + verdict.fills_n, lives_n + verdict.lives_n
        for name, n in verdict.hits.items():
            hits[name] = hits.get(name, 0) + n
        if not verdict.is_ok:
            failed.append(verdict)
            sys.stderr.write(f"seed {verdict.asked.seed} fails: {verdict.law}\n")
            if args.until_failure:
                break
        if perf_counter() - told_s > PROGRESS_S:
            told_s = perf_counter()
            rate = done_n / (told_s - began_s)
            sys.stderr.write(f"{done_n}/{args.seeds} sessions, {rate:.1f} a second, {len(failed)} failed\n")
    seconds = perf_counter() - began_s
    never = _never(args, hits)
    summary: dict[str, Any] = {
        "commit": commit(),
        "start": args.start,
        "sessions": done_n,
        "seconds": round(seconds, 1),
        "rate": round(done_n / seconds, 2),
        "simulated_hours": round(simulated_s / 3600, 1),
        "lives": lives_n,
        "orders": orders_n,
        "fills": fills_n,
        "failed": [_plain(verdict) for verdict in failed],
        "hits": dict(sorted(hits.items())),
        "never": never,
    }
    if args.json:
        sys.stdout.write(as_json(summary) + "\n")
    else:
        sys.stdout.write("\n".join(_summary(summary)) + "\n")
    if failed and not args.json:
        first = failed[0] if args.no_shrink else _shrunk(failed[0])
        sys.stdout.write("\n".join(_told(first, None)) + "\n")
    return Exit.ERROR if failed or never else Exit.OK


def _verdicts(args: argparse.Namespace) -> "Iterator[Verdict]":
    """Yield the verdicts in the order of the seeds, whoever was first."""
    many = [_asked(args, seed) for seed in range(args.start, args.start + args.seeds)]
    if args.jobs == 1:
        yield from map(played, many)
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(args.jobs) as pool:
        yield from pool.map(played, many, chunksize=4)


def played(asked: "Asked", trace: Any = None) -> "Verdict":  # noqa: ANN401  # A callable, or nothing.
    """Play one trial in a folder of its own, in memory where the system has such a place."""
    from tempfile import TemporaryDirectory

    from execd.simulation.trial import play

    with TemporaryDirectory(prefix="execd-simulate-", dir=MEMORY_DISK if MEMORY_DISK.is_dir() else None) as folder:
        return play(asked, Path(folder), trace)


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


def _shrunk(verdict: "Verdict") -> "Verdict":
    from execd.simulation.trial import shrink

    sys.stderr.write(f"seed {verdict.asked.seed} fails ({verdict.law}); looking for the smallest world that does\n")
    return shrink(verdict, played)


def _never(args: argparse.Namespace, hits: dict[str, int]) -> list[str]:
    from execd.simulation.faults import FAULTS

    if args.seeds < PROVING_SEEDS:
        return []
    return [name for name in FAULTS if name not in hits and name not in _without(args)]


def _plain(verdict: "Verdict") -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(verdict)
    return {**told, "command": verdict.asked.command, "latest": list(verdict.latest)[-10:]}


def _told(verdict: "Verdict", seconds: float | None) -> list[str]:
    """Return what is told of one trial."""
    took = "" if seconds is None else f", {seconds:.2f} s"
    lines = [
        f"seed {verdict.asked.seed}, commit {commit()}: {verdict.simulated_s / 3600:.1f} simulated hours{took}",
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
        "{simulated_hours} simulated hours, {lives} lives, {orders} orders, {fills} fills".format(**summary),
        f"failed: {len(summary['failed'])}",
        "faults: " + ", ".join(f"{name} {n}" for name, n in summary["hits"].items()),
    ]
    if summary["never"]:
        lines.append(f"NEVER STRUCK: {', '.join(summary['never'])}; a class that never strikes proves nothing")
    return lines
