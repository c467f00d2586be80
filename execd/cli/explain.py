"""`execd explain`: why an intent did what it did.

The causal chain, from the journal: file → plan → decision with the quote it
saw → request → broker message → fill → end. Times are UTC; the second column
is the time since the line before. Without a daemon the journal answers. Of the
id of a document (cancel, amend) it tells what became of that.
"""

import argparse
from typing import Any, Final
from urllib.parse import quote

from execd.cli.options import Subparsers, add_command, paths_of
from execd.cli.reading import read
from execd.cli.show import as_json, because, or_dash, paint, readable, safe

NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
_MARKS: Final = {
    "file": "▸",
    "plan": "◆",
    "decision": "◇",
    "wait": "…",
    "request": "→",
    "broker": "←",
    "fill": "●",
    "command": "!",
    "doubt": "?",
    "end": "■",
}
_COLOURS: Final = {
    "fill": "filled",
    "request": "working",
    "doubt": "bad",
    "wait": "queued",
    "end": "head",
    "plan": "head",
}


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = add_command(commands, "explain", run, "tell why an intent did what it did")
    parser.add_argument("id", help="the intent's id")


def run(args: argparse.Namespace) -> int:
    """Print the chain."""
    told = read(paths_of(args), f"/v1/explain/{quote(args.id, safe='')}")
    if args.json:
        print(as_json(told))
    else:
        print(chain_text(told) if "chain" in told else aside_text(told))
    return 0


def aside_text(told: dict[str, Any]) -> str:
    """Return for people what is known of an id that is no intent's."""
    if "document" in told:
        one = told["document"]
        name, target = paint(one["id"], "head"), one["target"]
        return (
            f"{name}  {one['kind']} of {target}\n{one['code']} at {one['received'][:19]}Z\n\n"
            f"what came of it: execd explain {target}; what the code means: docs/intents.md"
        )
    one = told["tombstone"]
    return (
        f"{paint(one['id'], 'head')}  no intent of this id is in the journal; one that comes is refused {one['code']}"
    )


def chain_text(told: dict[str, Any]) -> str:
    """Return the chain for people."""
    head = _controller_head(told["controller"]) if "controller" in told else _order_head(told["order"])
    lines, chain = [*head, paint("\nUTC", "dim")], told["chain"]
    before_ns = chain[0]["ns"] if chain else 0
    for link in chain:
        since = paint(_since(link["ns"] - before_ns).rjust(9), "dim")
        before_ns = link["ns"]
        label = paint(f"{_MARKS[link['kind']]} {link['kind']:<8}", _COLOURS.get(link["kind"], ""))
        lines.append(f"{link['ts'][11:26]} {since}  {label} {readable(safe(link['text']))}")
        lines += [paint(f"{'':37}{name} {link[key]}", "dim") for name, key in _DETAILS if link[key]]
    return "\n".join(lines)


def _controller_head(one: dict[str, Any]) -> list[str]:
    state = paint("over", "head") if one["is_over"] else paint("at work", "working")
    return [f"{paint(one['id'], 'head')}  {one['kind']}, {state}", safe(one["text"])]


def _order_head(row: dict[str, Any]) -> list[str]:
    filled = f"{row['cum_qty']} of {or_dash(row['qty'])}"
    at = f" @ {row['avg_px']}" if row["avg_px"] else ""
    cost = f", {row['slippage_bps']} bps against arrival" if row["slippage_bps"] else ""
    why = safe(because(row["status"], row["reason"]))
    reason = f" ({why})" if why else ""
    return [
        f"{paint(row['id'], 'head')}  {row['side']} {or_dash(row['qty'])} {row['symbol']}",
        f"{paint(row['status'], row['status'])}{reason}: {filled} filled{at}{cost}",
    ]


_DETAILS: Final = (("saw", "quote"), ("as", "cl_ord_id"))


def _since(ns: int) -> str:
    if ns < NS_PER_S:
        return f"+{ns / NS_PER_MS:.1f} ms"
    return f"+{ns / NS_PER_S:.2f} s"
