"""`execd venue`: the simulated venue in its own process, and what one can ask and do to it.

`venue sim` is the process; `execd run` starts it where it is not there. The
others talk to it over its socket, beside the daemon. A new question is a
`what` of `wire.Ask` and a table here.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command, add_config, paths_of
from execd.cli.show import as_json, or_dash, paint, table
from execd.runtime.paths import config_file

if TYPE_CHECKING:
    from execd.venue.spec import VenueSpec

EPILOG: Final = "docs/venue.md tells what each fault does, and what execd does then"
SHORT: Final = {
    "drop": "drop-report",
    "delay": "delay-report",
    "duplicate": "duplicate-report",
    "reorder": "reorder-reports",
}
ROWS_MAX: Final = 1_000


def add(commands: Subparsers) -> None:
    """Add the command and its own commands."""
    text = "run the simulated venue by itself, look into it, and let it fail"
    top = commands.add_parser("venue", help=text, description=text, epilog=EPILOG)
    parts = top.add_subparsers(dest="part", metavar="PART", required=True)
    sim = _part(parts, "sim", _sim, "be the simulated venue, in the foreground")
    add_config(sim)
    sim.add_argument("--spec", metavar="FILE", help="what kind of venue, as JSON (- reads it from standard input)")
    sim.add_argument(
        "--idle-exit-s",
        metavar="S",
        type=float,
        default=0.0,
        help="end when nobody is connected and no order works for so long (default 0: never)",
    )
    _part(parts, "status", _status, "show who is connected, what works, and which faults are on")
    for name, text in (("orders", "list working orders"), ("positions", "list what each account holds")):
        _part(parts, name, _list, text).add_argument("--account", default="", metavar="NAME")
    cancel = _part(parts, "cancel", _cancel, "cancel an order at the venue, also one that execd does not know")
    cancel.add_argument("--account", required=True, metavar="NAME")
    cancel.add_argument("--cl-ord-id", required=True, metavar="ID", help="as execd venue orders shows it")
    executions = _part(parts, "executions", _list, "list what has traded, from the ledger")
    executions.add_argument("--account", default="", metavar="NAME")
    executions.add_argument("--limit", type=int, default=ROWS_MAX, metavar="N", help="the latest N (default 1000)")
    stop = _part(parts, "stop", _stop, "end the venue; its ledger stays")
    stop.add_argument("--force", action="store_true", help="also while execd trades there")
    _add_fault(_part(parts, "fault", _fault, "let the venue do something wrong"))


def _part(parts: Subparsers, name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    parser = add_command(parts, name, run, text)
    parser.add_argument("--dir", metavar="DIR", help="the venue's directory (else sim.venue_dir, else <state>/venue)")
    return parser


def _add_fault(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="*", metavar="NAME", help="such as: drop report, hang, reject; see --list")
    parser.add_argument("--list", action="store_true", help="list what there is, and what is on")
    parser.add_argument("--clear", action="store_true", help="switch NAME off, or all")
    parser.add_argument("--account", default="", metavar="NAME", help="only there")
    parser.add_argument("--count", type=int, metavar="N", help="the next N times (default 1; with --for, no end)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each N-th time")
    parser.add_argument("--for", dest="for_s", type=float, default=0.0, metavar="S", help="for so many seconds")
    parser.add_argument("--seconds", type=float, default=1.0, metavar="S", help="how long a delay or a hang takes")
    parser.add_argument("--code", default="fault", metavar="CODE", help="the code of a rejection")


def _folder(args: argparse.Namespace) -> Path:
    """Return the venue's directory, without reading a configuration where it can be had without."""
    if args.dir:
        return Path(args.dir).expanduser().absolute()
    told = os.environ.get("EXECD_SIM__VENUE_DIR")
    return Path(told).expanduser().absolute() if told else paths_of(args).root / "venue"


def _sim(args: argparse.Namespace) -> int:
    """Be the venue until a signal, or until nobody needs it."""
    from execd.errors import ConfigError, TapeError, VenueBusy
    from execd.runtime import logs, loop

    try:
        spec, folder = _spec(args), _folder(args)
    except ConfigError as error:
        raise CliError(Exit.CONFIG, str(error)) from None
    lines = logs.configure(level="info", form="auto")
    try:
        return loop.run(_be(folder, spec, args.idle_exit_s))
    except VenueBusy as error:
        raise CliError(Exit.ERROR, str(error)) from None
    except (ConfigError, TapeError) as error:
        raise CliError(Exit.CONFIG, str(error)) from None
    finally:
        lines.close()


async def _be(folder: Path, spec: "VenueSpec", idle_exit_s: float) -> int:
    import asyncio
    import signal

    from execd.runtime.clock import SystemClock
    from execd.runtime.sdnotify import Notifier
    from execd.venue.process import run_venue

    stop, notifier = asyncio.Event(), Notifier(os.environ)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run_venue(
        folder,
        spec,
        make_clock=lambda floor_ns: SystemClock(floor_ns=floor_ns),
        stop=stop,
        idle_exit_s=idle_exit_s,
        on_ready=notifier.ready,
    )
    notifier.close()
    return Exit.OK


def _spec(args: argparse.Namespace) -> "VenueSpec":
    """Return what kind of venue: as a daemon says it, or as the configuration does. Raises ConfigError."""
    if args.spec:
        from execd.venue.spec import read_spec

        try:
            return read_spec(sys.stdin.buffer.read() if args.spec == "-" else Path(args.spec).read_bytes())
        except OSError as error:
            raise CliError(Exit.CONFIG, f"{args.spec} cannot be read: {error.strerror}") from None
    from execd.config.loader import load
    from execd.markets import spec_of

    settings = load(config_file(args.config, os.environ), os.environ)
    if settings.sim.venue_dir and not args.dir:
        args.dir = settings.sim.venue_dir
    return spec_of(settings)


def _status(args: argparse.Namespace) -> int:
    from execd.cli.venue_client import rows
    from execd.venue.wire import Ask

    (told,) = rows(_folder(args), lambda rid: Ask(rid=rid, what="status"))
    print(as_json(told) if args.json else _status_text(told))
    return Exit.OK


def _status_text(told: dict[str, Any]) -> str:
    clients = ", ".join(f"{one['kind']} {one['account']} (pid {one['pid']})" for one in told["clients"]) or "nobody"
    accounts = ", ".join(f"{name} ({seq} reports)" for name, seq in told["accounts"].items()) or "none yet"
    faults = [_fault_line(fault) for fault in told["faults"]]
    if told["hung_s"]:
        faults.append(f"hang for {told['hung_s']} s more")
    spec = told["spec"]
    market = f"tapes {', '.join(spec['tapes'])}" if spec["tapes"] else f"made of seed {spec['seed']}"
    lines = [
        f"venue sim {told['version']}  {paint('UP', 'ok')}  pid {told['pid']}, up {told['uptime_s']:.0f} s",
        f"  market     {market}, queue {spec['queue']}",
        f"  clients    {clients}",
        f"  accounts   {accounts}",
        f"  orders     {told['orders_working']} working, {told['requests_in_flight']} requests on their way",
        f"  faults     {'; '.join(faults) or 'none'}",
    ]
    return "\n".join(lines)


def _fault_line(fault: dict[str, Any]) -> str:
    left = "no end" if fault["count"] is None else f"{fault['count']} more"
    where = f" on {fault['account']}" if fault["account"] else ""
    return f"{fault['name']}{where} (every {fault['every']}, {left}, {fault['hit_n']} done)"


def _list(args: argparse.Namespace) -> int:
    from execd.cli.venue_client import rows
    from execd.venue.wire import Ask

    limit = getattr(args, "limit", ROWS_MAX)
    found = rows(_folder(args), lambda rid: Ask(rid=rid, what=args.part, account=args.account, limit=limit))
    if args.json:
        print(as_json(found))
    elif not found:
        print(f"no {args.part}")
    else:
        heads = list(found[0])
        print(
            table(
                [head.upper() for head in heads],
                [[or_dash(row[head]) for head in heads] for row in found],
                right=frozenset({"QTY", "CASH", "LAST_QTY", "LAST_PX", "ORDER_QTY", "CUM_QTY", "PRICE", "COMMISSION"}),
            )
        )
    return Exit.OK


def _cancel(args: argparse.Namespace) -> int:
    from execd.cli.venue_client import ask
    from execd.venue.wire import Withdraw

    ask(_folder(args), lambda rid: Withdraw(rid=rid, account=args.account, cl_ord_id=args.cl_ord_id))
    print(as_json({"canceling": args.cl_ord_id}) if args.json else f"{args.cl_ord_id}: canceling; what is filled stays")
    return Exit.OK


def _stop(args: argparse.Namespace) -> int:
    from execd.cli.venue_client import ask
    from execd.venue.wire import Stop

    ask(_folder(args), lambda rid: Stop(rid=rid, is_forced=args.force))
    print(as_json({"stopped": True}) if args.json else "the venue ends; its ledger stays")
    return Exit.OK


def _fault(args: argparse.Namespace) -> int:
    from execd.cli.venue_client import ask, rows
    from execd.venue.faults import FAULTS, Fault
    from execd.venue.wire import Ask, ClearFaults, SetFault

    folder = _folder(args)
    name = "-".join(args.name)
    name = SHORT.get(name, name)
    if args.list:
        on = rows(folder, lambda rid: Ask(rid=rid, what="status"))[0]["faults"]
        print(as_json({"known": FAULTS, "on": on}) if args.json else _faults_text(FAULTS, on))
        return Exit.OK
    if args.clear:
        ask(folder, lambda rid: ClearFaults(rid=rid, name=name))
        print(as_json({"cleared": name or "all"}) if args.json else f"{name or 'every fault'} is off")
        return Exit.OK
    known = next((one for one in FAULTS if one == name), None)
    if known is None:
        raise CliError(Exit.USAGE, f"{name or 'a fault'} is not known; choose one of: {', '.join(FAULTS)}")
    count = 1 if args.count is None and args.for_s <= 0 and args.every == 1 else args.count
    fault = Fault(name=known, account=args.account, count=count, every=args.every, seconds=args.seconds, code=args.code)
    ask(folder, lambda rid: SetFault(rid=rid, fault=fault, for_s=args.for_s))
    print(as_json({"fault": known}) if args.json else f"{known}: {FAULTS[known]}")
    return Exit.OK


def _faults_text(known: dict[Any, str], on: Any) -> str:  # noqa: ANN401  # As it came, from JSON.
    lines = [table(["FAULT", "WHAT IT DOES"], [[name, text] for name, text in known.items()])]
    lines += ["", *(f"on: {_fault_line(fault)}" for fault in on)] if on else ["", "none is on"]
    return "\n".join(lines)
