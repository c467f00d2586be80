"""`execd replay`, behind its options: files in, files out, and a table for people.

It asks no clock: whoever calls it may lend a stopwatch, for progress and for the times that are printed beside the
result and never written into it. Configurations are read by the caller, too. Exit codes: 0 done, 1 a tape cannot be
read, 2 the intents or the folder for the results cannot be used.
"""

import argparse
import sys
from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from execd import __version__
from execd.core.codec import encode, plain
from execd.core.enums import QueueRule
from execd.core.rules import MS, Rules
from execd.errors import IntentError, TapeError
from execd.intake.parse import ParsedIntent
from execd.simulation.intents import isolated, read_intents, research_rules
from execd.simulation.lane import Lane
from execd.simulation.outputs import OutputError, check, prepare, write_all
from execd.simulation.past_days import PastDays
from execd.simulation.progress import Progress, Stopwatch
from execd.simulation.replay import Replay
from execd.simulation.replay_summary import DayInput, Inputs, Outcomes, Summary, TapeInput, TapeRead, summary
from execd.simulation.segments import first_regular_ns, read_segments
from execd.venue.commission import Commission
from execd.venue.latency import Latency
from execd.venue.matching import Matching
from execd.venue.tape import symbol_of

OK, BAD_TAPE, USAGE = 0, 1, 2
LATENCY_MS_MAX: Final = 60_000
"""A minute: whatever takes longer is no latency but a lost request."""
_BLOCK_BYTES: Final = 1 << 20


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration says of a replay; `sha256` is of its file, `profiles` name the shapes of a day to learn."""

    rules: Rules
    commission: Commission
    sha256: str
    profiles: tuple[str, ...] = ()


def run(
    args: argparse.Namespace,
    *,
    configured: Configured | None = None,
    stopwatch: Stopwatch | None = None,
    days: Sequence[PastDays] = (),
) -> int:
    """Replay as `args` say, with what is known of `days` before; print what came of it. Return the exit code."""
    if not 0 <= args.latency_ms <= LATENCY_MS_MAX:
        return _fail(USAGE, f"--latency-ms {args.latency_ms} must be from 0 to {LATENCY_MS_MAX}")
    progress = Progress(stopwatch)
    out = Path(args.out)
    tapes = [Path(name) for name in args.tape]
    try:
        by_symbol = _by_symbol(tapes)
        intents = _intents(Path(args.intents), by_symbol, configured, int(args.seed))
        check(out)
        replay, result = _replay(args, tapes, intents, configured, progress, days)
        # Only now: a replay that fails leaves what an earlier one wrote.
        prepare(out)
        write_all(out, replay.book, result)
    except IntentError as error:
        where = args.intents if error.line is None else f"{args.intents}:{error.line}"
        field = f" {error.field}:" if error.field else ""
        return _fail(USAGE, f"{where}:{field} {error.message} ({error.code})")
    except OutputError as error:
        return _fail(USAGE, str(error))
    except TapeError as error:
        return _fail(BAD_TAPE, str(error))
    progress.clear()
    _print(args, result, progress.seconds)
    return OK


def _replay(
    args: argparse.Namespace,
    tapes: Sequence[Path],
    intents: list[ParsedIntent],
    configured: Configured | None,
    progress: Progress,
    days: Sequence[PastDays],
) -> tuple[Replay, Summary]:
    rules = research_rules(intents) if configured is None else configured.rules
    queue = QueueRule(args.queue)
    latency = Latency(base_ns=int(Decimal(str(args.latency_ms)) * MS), seed=int(args.seed))
    # A cancel takes one latency: it has to leave at least so long before the deadline.
    lead_ns = max(rules.execution.final_lead_ns, latency.base_ns + latency.jitter_ns + 1)
    rules = replace(rules, execution=replace(rules.execution, final_lead_ns=lead_ns))
    if args.isolated:
        intents, rules = isolated(intents, rules)
    lanes = [
        Lane(symbol, progress.timed_reading(read_segments(paths, symbol)))
        for symbol, paths in sorted(_by_symbol(tapes).items())
    ]
    replay = Replay(
        rules=rules,
        venue=Matching(
            queue=queue,
            commission=Commission() if configured is None else configured.commission,
            instrument=rules.instrument,
            isolates_accounts=bool(args.isolated),
        ),
        latency=latency,
        lanes=lanes,
        days=days,
        tell=progress.tell,
    )
    with progress.running():
        replay.run(intents)
    inputs = Inputs(
        tapes=tuple(TapeInput(file=path.name, symbol=symbol_of(path), sha256=_digest(path)) for path in tapes),
        intents_file=Path(args.intents).name,
        intents_sha256=_digest(Path(args.intents)),
        queue=queue,
        latency_ns=latency.base_ns,
        seed=latency.seed,
        is_isolated=bool(args.isolated),
        config_sha256=None if configured is None else configured.sha256,
        days=tuple(_day(past) for past in days),
    )
    read = {lane.symbol: _read(lane) for lane in lanes}
    return replay, summary(version=__version__, inputs=inputs, tapes=read, alerts=replay.alerts, book=replay.book)


def _day(past: PastDays) -> DayInput:
    values = past.values
    return DayInput(symbol=values.symbol, from_ns=past.from_ns, as_of_date=values.as_of_date, source=past.source)


def _by_symbol(tapes: Sequence[Path]) -> dict[str, list[Path]]:
    by_symbol: dict[str, list[Path]] = {}
    for path in tapes:
        by_symbol.setdefault(symbol_of(path), []).append(path)
    return by_symbol


def _intents(path: Path, tapes: dict[str, list[Path]], configured: Configured | None, seed: int) -> list[ParsedIntent]:
    begins: dict[str, int] = {}

    def begins_ns(symbol: str) -> int:
        if symbol not in begins:
            paths = tapes.get(symbol, ())
            begins[symbol] = (first_regular_ns(paths[0], symbol) if paths else None) or 0
        return begins[symbol]

    try:
        body = path.read_bytes()
    except OSError as error:
        raise IntentError("unreadable", error.strerror or str(error)) from error
    accounts = () if configured is None else tuple(configured.rules.limits)
    return read_intents(path.name, body, begins_ns=begins_ns, accounts=accounts, seed=seed)


def _read(lane: Lane) -> TapeRead:
    counts = lane.counts
    return TapeRead(
        rows=counts.rows, quotes=counts.quotes, prints=counts.prints, first_ns=lane.first_ns, last_ns=lane.last_ns
    )


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _fail(code: int, text: str) -> int:
    sys.stderr.write(f"execd replay: {text}\n")
    return code


def _print(args: argparse.Namespace, result: Summary, seconds: dict[str, float]) -> None:
    if args.json:
        whole: dict[str, Any] = {"out": args.out, "seconds": seconds, **msgspec.to_builtins(result)}
        sys.stdout.write(encode(whole).decode() + "\n")
        return
    sys.stdout.write("\n".join(_table(result)) + f"\nwritten to {args.out}\n")
    if seconds:
        quotes = sum(tape.quotes for tape in result.tapes.values())
        rows = sum(tape.rows for tape in result.tapes.values())
        reading, engine = seconds["reading"], seconds["engine"]
        text = (
            f"{rows} rows read in {reading:.2f} s ({rows / max(reading, 1e-9):,.0f}/s); "
            f"{quotes} quotes worked in {engine:.2f} s ({quotes / max(engine, 1e-9):,.0f}/s)"
        )
        sys.stderr.write(text + "\n")


_HEAD: Final = ("symbol", "intents", "ended as", "orders", "fills", "filled", "passive", "notional", "bps vs arrival")


def _table(result: Summary) -> list[str]:
    rows: list[Sequence[str]] = [_HEAD]
    rows.extend(_row(symbol, part) for symbol, part in result.symbols.items())
    rows.append(_row("all", result.total))
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(name: str, part: Outcomes) -> tuple[str, ...]:
    statuses = " ".join(f"{count} {status}" for status, count in part.statuses.items())
    return (
        name,
        str(part.intents),
        statuses or "-",
        str(part.orders),
        str(part.fills),
        _percent(part.fill_ratio),
        _percent(part.passive_ratio),
        plain(part.notional),
        "-" if part.slippage_bps is None else plain(part.slippage_bps),
    )


def _percent(ratio: Decimal | None) -> str:
    return "-" if ratio is None else f"{ratio * 100:.1f}%"
