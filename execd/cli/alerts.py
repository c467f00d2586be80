"""`execd alerts`: what was raised, by code, and what of it is still open.

An open alert is sent again until somebody says that he knows (`execd ack
CODE`) or until it is over, which it says by itself. A code may be about
several intents, symbols or accounts: those that are open stand under it.
"""

import argparse
from typing import Any, Final

from execd.cli.client import ask
from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.show import Cell, as_json, clip, or_dash, table

HEADS: Final = ("LAST (UTC)", "SEVERITY", "CODE", "ABOUT", "COUNT", "CLOSED", "TEXT")
OPEN_MAX: Final = 20
"""Open alerts that are listed under one code; of more the latest are, and how many there are."""
_COLOURS: Final = {"critical": "bad", "warning": "held", "info": "dim"}


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "alerts", run, "list alerts by code, with what is open of each")
    parser.add_argument("--open", action="store_true", help="only those that nobody has acknowledged and are not over")


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    groups = by_code(ask(paths_of(args), "GET", "/v1/alerts"))
    groups = [group for group in groups if group["open_n"] or not args.open]
    if args.json:
        print(as_json(groups))
    elif not groups:
        print("no open alerts" if args.open else "no alerts")
    else:
        print(table(HEADS, [row for group in groups for row in rows_of(group)], right=frozenset({"COUNT"})))
    return 0


def by_code(alarms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row a code, from rows that come latest first.

    It is the latest of those that are open (else of all), with the `count` of all, how many there are (`subjects_n`)
    and are open (`open_n`), and these (`open`).
    """
    told: dict[str, list[dict[str, Any]]] = {}
    for alarm in alarms:
        told.setdefault(alarm["code"], []).append(alarm)
    groups = []
    for several in told.values():
        opens = [one for one in several if one["is_open"]]
        lead = (opens or several)[0]
        count = sum(one["count"] for one in several)
        ns = {"subjects_n": len(several), "open_n": len(opens)}
        groups.append({**lead, "count": count, **ns, "open": opens[:OPEN_MAX]})
    return groups


def rows_of(group: dict[str, Any]) -> list[list[Cell]]:
    """Return the lines of one code: what it comes to, and under it what is open where it is about several."""
    if group["subjects_n"] == 1:
        return [_row(group, group["code"], or_dash(group["about"]))]
    head = _row(group, group["code"], f"{group['open_n']} open of {group['subjects_n']}")
    rows = [head, *(_row(one, "", or_dash(one["about"])) for one in group["open"])]
    more_n = group["open_n"] - len(group["open"])
    if more_n:
        rows.append(["", "", "", f"and {more_n} more", "", "", ""])
    return rows


def _row(row: dict[str, Any], code: str, about: str) -> list[Cell]:
    return [
        row["last"][:19].replace("T", " "),
        (row["severity"], _COLOURS.get(row["severity"], "")),
        code,
        clip(about),
        str(row["count"]),
        or_dash(_closed(row)),
        row["text"],
    ]


def _closed(row: dict[str, Any]) -> str:
    """Return how it was closed: by whom, or when it was over."""
    if row["is_acked"]:
        return f"user {row['acked_uid']} {row['acked_reason']}".rstrip()
    return f"{row['over'][:19].replace('T', ' ')} {row['over_text']}" if row["over"] else ""
