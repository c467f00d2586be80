"""`execd refdata show|bars`: what is cached of calendars, derived values and assets, and how old; bars of a symbol.

It reads the files in the state directory, and bar files, and needs no daemon; whether a refresh failed is in `execd
status`. It fetches nothing: that is the daemon's task. Exit 4 where a calendar, a symbol or its bars are not there.
"""

import argparse
from typing import TYPE_CHECKING, Any, Final

from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import NS_PER_S, as_json, or_dash, paint, table

if TYPE_CHECKING:
    from execd.refdata.cache import Cache
    from execd.refdata.values import Assets, CalendarTable, DailyRow, DailyTable, SessionRow

DAYS: Final = 5
DAYS_MAX: Final = 500
BARS_MAX: Final = 1_000
"""More are for a program, which reads the files itself."""
_NS_PER_H: Final = 3_600 * NS_PER_S
EPILOG: Final = """\
without --calendar or --symbol: how old everything is, and the next sessions
the files are made by the daemon, at its start and then daily (refdata.refresh_h in the configuration)"""


def add(commands: Subparsers) -> None:
    """Add the command."""
    text = "show calendars, derived values and assets, and how old they are"
    parser = add_command(commands, "refdata", run, text, epilog=EPILOG)
    parser.add_argument("action", choices=["show", "bars"], help="show what is cached, or the bars of a symbol")
    parser.add_argument("--calendar", metavar="NAME", help="the sessions of one calendar, such as XNYS")
    parser.add_argument("--days", metavar="N", type=_days, default=DAYS, help=f"so many sessions (default {DAYS})")
    parser.add_argument("--symbol", metavar="SYMBOL", help="the derived values of one symbol, or its bars")
    parser.add_argument("--span", choices=["daily", "hour", "minute"], default="daily", help="bars: how long each is")
    parser.add_argument("--from-date", metavar="DATE", type=_date, help="bars: from this day on (UTC)")
    parser.add_argument("--to-date", metavar="DATE", type=_date, help="bars: to this day, included (UTC)")
    parser.add_argument("--bars-dir", metavar="DIR", help="bars: the folder (else the daemon's refdata.bars_dir)")


def run(args: argparse.Namespace) -> int:
    """Print what was asked for."""
    import time

    from execd.errors import RefDataError
    from execd.refdata.cache import Cache

    cache, now_ns = Cache(paths_of(args).refdata), time.time_ns()
    try:
        told = _told(cache, args, now_ns) if args.action == "show" else _bars(cache, args)
    except RefDataError as error:
        raise CliError(Exit.ERROR, str(error)) from None
    if args.json:
        print(as_json(told))
    else:
        print(_text(told) if args.action == "show" else _bars_text(told))
    return Exit.OK


def _told(cache: "Cache", args: argparse.Namespace, now_ns: int) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if args.symbol:
        daily = cache.daily()
        row = None if daily is None else daily.rows.get(args.symbol.upper())
        if row is None:
            why = None if daily is None else daily.refused.get(args.symbol.upper())
            raise CliError(Exit.NOT_FOUND, f"no derived values of {args.symbol.upper()}: {why or 'no bars of it'}")
        told["symbol"] = _daily(row, now_ns)
    names = [args.calendar] if args.calendar else [] if args.symbol else cache.calendars()
    told["calendars"] = [_calendar(_known(cache, name), args.days, now_ns) for name in names]
    if not args.symbol and not args.calendar:
        told["daily"], told["assets"] = _others(cache, now_ns)
    return told


def _known(cache: "Cache", name: str) -> "CalendarTable":
    known = cache.calendar(name)
    if known is None:
        text = f"no sessions of {name} are cached; name it under refdata.calendars, and start execd"
        raise CliError(Exit.NOT_FOUND, text)
    return known


def _calendar(known: "CalendarTable", days: int, now_ns: int) -> dict[str, Any]:
    coming = [row for row in known.sessions if row.close_ns > now_ns][:days]
    return {
        "calendar": known.calendar,
        "zone": known.zone,
        "source": known.source,
        "age_h": _age_h(known.built_ns, now_ns),
        "from_date": known.from_date,
        "to_date": known.to_date,
        "days_left": known.days_left(now_ns),
        "is_open": bool(coming) and coming[0].open_ns <= now_ns,
        "sessions": [_session(row, known.zone) for row in coming],
    }


def _session(row: "SessionRow", zone: str) -> dict[str, Any]:
    from execd.refdata.values import moment_in

    return {
        "date": row.date,
        "open": moment_in(zone, row.open_ns).isoformat(),
        "close": moment_in(zone, row.close_ns).isoformat(),
        "is_early": row.is_early,
    }


def _daily(row: "DailyRow", now_ns: int) -> dict[str, Any]:
    values = row.values
    return {
        "symbol": values.symbol,
        "as_of_date": values.as_of_date,
        "prev_close_px": None if values.prev_close_px is None else str(values.prev_close_px),
        "adv_qty": None if values.adv_qty is None else str(values.adv_qty),
        "atr_px": None if values.atr_px is None else str(values.atr_px),
        "profile_days_n": values.profile_days_n,
        "profile_date": values.profile_date,
        "bucket_s": values.bucket_s,
        "profile": [str(part) for part in values.profile],
        "profile_statistic": str(values.profile_statistic),
        "other_profiles": {name: [str(part) for part in profile] for name, profile in values.other_profiles.items()},
        "volatility_norm": [str(part) for part in values.volatility_norm],
        "spread_bps": None if values.spread_bps is None else str(values.spread_bps),
        "sources": {
            "adv_qty": values.adv_source,
            "spread_bps": values.spread_source,
            "profile": values.profile_source,
        },
        "source": row.source,
        "age_h": _age_h(row.built_ns, now_ns),
    }


def _others(cache: "Cache", now_ns: int) -> tuple[dict[str, Any], dict[str, Any]]:
    daily, assets = cache.daily(), cache.assets()
    values = {} if daily is None else {"symbols": sorted(daily.rows), "refused": dict(daily.refused)}
    kept = {} if assets is None else {"symbols": [row.symbol for row in assets.rows]}
    return (_aged(daily, now_ns) | values, _aged(assets, now_ns) | kept)


def _aged(kept: "DailyTable | Assets | None", now_ns: int) -> dict[str, Any]:
    return {} if kept is None else {"source": kept.source, "age_h": _age_h(kept.built_ns, now_ns)}


def _bars(cache: "Cache", args: argparse.Namespace) -> dict[str, Any]:
    """Return the bars that lie within the days, at most BARS_MAX, the latest where there are more."""
    from pathlib import Path

    from execd.core.daily import BarSpan
    from execd.refdata import bar_files
    from execd.refdata.values import moment_in

    daily = cache.daily()
    folder, symbol = args.bars_dir or (daily.source if daily else ""), (args.symbol or "").upper()
    if not symbol:
        raise CliError(Exit.USAGE, "bars needs --symbol")
    if not folder:
        text = "the daemon has no refdata.bars_dir, or has not read it yet; name the folder with --bars-dir"
        raise CliError(Exit.USAGE, text)
    if not Path(folder).is_dir():
        raise CliError(Exit.NOT_FOUND, f"there is no folder {folder}; name another with --bars-dir")
    span = BarSpan(args.span)
    bars = bar_files.read(bar_files.files_of(Path(folder), symbol, span), symbol, span)
    days = [(moment_in("UTC", bar.start_ns), bar) for bar in bars]
    first, last = args.from_date or "", args.to_date or "9"
    found = [(start, bar) for start, bar in days if first <= start.date().isoformat() <= last]
    if not found:
        raise CliError(Exit.NOT_FOUND, f"no {span} bars of {symbol} on these days in {folder}")
    rows = [
        {
            "start": start.isoformat(),
            "open_px": str(bar.open_px),
            "high_px": str(bar.high_px),
            "low_px": str(bar.low_px),
            "close_px": str(bar.close_px),
            "volume": str(bar.volume),
        }
        for start, bar in found[-BARS_MAX:]
    ]
    return {"symbol": symbol, "span": str(span), "bars_n": len(found), "bars": rows}


def _bars_text(told: dict[str, Any]) -> str:
    heads = ["START (UTC)", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME"]
    rows = [[row["start"][:16].replace("T", " "), *list(row.values())[1:]] for row in told["bars"]]
    cut = f"\nthe last {len(rows)} of {told['bars_n']} bars" if len(rows) < told["bars_n"] else ""
    return f"{table(heads, rows, right=frozenset(heads[1:]))}{cut}"


def _text(told: dict[str, Any]) -> str:
    parts = [_symbol_text(told["symbol"])] if "symbol" in told else []
    parts += [_calendar_text(known) for known in told["calendars"]]
    if daily := told.get("daily"):
        refused = [f"  {paint(symbol, 'bad')}: {why}" for symbol, why in daily["refused"].items()]
        parts.append("\n".join([_head("daily values", daily), f"  {' '.join(daily['symbols'])}", *refused]))
    if assets := told.get("assets"):
        parts.append(f"{_head('assets', assets)}: {len(assets['symbols'])} symbols")
    return "\n\n".join(parts) or "nothing is cached yet; the daemon fetches it when it starts"


def _head(name: str, kept: dict[str, Any]) -> str:
    return f"{paint(name, 'head')} from {kept['source']}, {kept['age_h']} h old"


def _calendar_text(known: dict[str, Any]) -> str:
    state = paint("open", "ok") if known["is_open"] else "closed"
    left = known["days_left"]
    covered = f"covers {left} more days, to {known['to_date']}" if left > 0 else paint("does not cover today", "bad")
    head = f"{_head(known['calendar'], known)}; {covered}; {state}"
    rows = [
        [row["date"], row["open"][11:16], row["close"][11:16], ("early close", "queued") if row["is_early"] else ""]
        for row in known["sessions"]
    ]
    return f"{head}, times in {known['zone']}\n{table(['DATE', 'OPEN', 'CLOSE', ''], rows)}"


def _symbol_text(row: dict[str, Any]) -> str:
    days = f"{row['profile_statistic']} of {row['profile_days_n']} sessions to {row['profile_date']}"
    shape = f"{len(row['profile'])} buckets of {row['bucket_s']} s, {days}" if row["profile"] else "–"
    others = f"; also {', '.join(row['other_profiles'])}" if row["other_profiles"] else ""
    norm = sorted(float(part) for part in row["volatility_norm"] if float(part))
    usual = f"{norm[len(norm) // 2]:.3%} in half an hour, at most {norm[-1]:.3%}" if norm else "–"
    lines = [
        f"{_head(row['symbol'], row)}, as of {row['as_of_date']}",
        f"  last close  {or_dash(row['prev_close_px'])}",
        f"  ADV(20)     {or_dash(row['adv_qty'])}",
        f"  ATR(14)     {or_dash(row['atr_px'])}",
        f"  profile     {shape}{others}",
        f"  volatility  {usual}",
    ]
    return "\n".join(lines)


def _age_h(built_ns: int, now_ns: int) -> float:
    return round((now_ns - built_ns) / _NS_PER_H, 1)


def _days(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= DAYS_MAX:
        return int(text)
    raise argparse.ArgumentTypeError(f"a number from 1 to {DAYS_MAX}")


def _date(text: str) -> str:
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError("a date such as 2026-11-27") from None
