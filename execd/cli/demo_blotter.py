"""The demo in a terminal: a live blotter.

Only looks; what it shows is asked for in `demo.py`. Colours follow one code:
blue works, green is filled, amber waits, grey has run out, red was refused.
"""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

from rich import box
from rich.align import Align
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from execd import __version__
from execd.cli.show import readable

if TYPE_CHECKING:
    from execd.cli.demo import Scene

BAR_CELLS: Final = 12
FILLS_SHOWN: Final = 6
STATUS: Final = {
    "queued": ("◔", "yellow"),
    "working": ("●", "bright_blue"),
    "held": ("◼", "yellow"),
    "filled": ("✔", "green"),
    "partially_filled": ("◑", "cyan"),
    "canceled": ("✖", "magenta"),
    "expired": ("◌", "bright_black"),
    "rejected": ("✘", "red"),
    "failed": ("✘", "red"),
}
_SPARKS: Final = " ▏▎▍▌▋▊▉█"


class Blotter:
    """The screen. Use it as a context manager."""

    def __init__(self) -> None:
        """Take the terminal as it is."""
        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._before: dict[str, Decimal] = {}

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal clean."""
        self._live.stop()

    def show(self, scene: "Scene") -> None:
        """Draw the scene."""
        parts: list[RenderableType] = [self._head(scene), orders_table(scene)]
        if scene.fills:
            parts.append(fills_table(scene))
        parts.append(_foot(scene))
        self._live.update(Group(*parts), refresh=True)

    def summary(self, scene: "Scene", expected: dict[str, str]) -> None:
        """Print how it ended; it stays on the screen."""
        print_summary(self._console, scene, expected)

    def _head(self, scene: "Scene") -> RenderableType:
        line = Text.assemble(
            (" execd ", "bold white on blue"),
            (f" {__version__}  ", "dim"),
            ("● ready", "bold green") if scene.status.get("is_ready") else ("● stopping", "bold yellow"),
            ("   simulated venue, generated market   ", "dim"),
            (f"{int(scene.elapsed_s) // 60:02d}:{int(scene.elapsed_s) % 60:02d}", "bold"),
            (f"   {datetime.now().astimezone():%H:%M:%S}", "dim"),
        )
        quotes = Table.grid(padding=(0, 3))
        cells = [self._quote(row) for row in scene.market if row["bid_px"] is not None]
        if cells:
            quotes.add_row(*cells)
        return Panel(
            Group(line, Text(), quotes if cells else Text("no symbol is subscribed yet", "dim")),
            box=box.ROUNDED,
            border_style="blue",
        )

    def _quote(self, row: dict[str, Any]) -> Text:
        mid = (Decimal(row["bid_px"]) + Decimal(row["ask_px"])) / 2
        before = self._before.get(row["symbol"], mid)
        self._before[row["symbol"]] = mid
        mark, colour = ("▲", "green") if mid > before else ("▼", "red") if mid < before else ("·", "bright_black")
        return Text.assemble(
            (f"{row['symbol']} ", "bold"), row["bid_px"], (" / ", "dim"), row["ask_px"], (f" {mark}", colour)
        )


def orders_table(scene: "Scene") -> RenderableType:
    """Return the intents with how far they are; files that were refused stand below them."""
    table = Table(box=box.SIMPLE_HEAD, expand=True, header_style="bold", pad_edge=False, show_edge=False)
    table.add_column("INTENT", no_wrap=True)
    table.add_column("STATUS", no_wrap=True)
    table.add_column("SIDE", no_wrap=True)
    table.add_column("SYMBOL", no_wrap=True)
    table.add_column("FILLED", no_wrap=True, min_width=BAR_CELLS + 10)
    table.add_column("AVG PX", justify="right", no_wrap=True)
    table.add_column("COST bps", justify="right", no_wrap=True)
    table.add_column("LAST MESSAGE", ratio=1, no_wrap=True, overflow="ellipsis")
    for row in scene.orders:
        side = Text(row["side"].upper(), "green" if row["side"].startswith("buy") else "red")
        cost = cost_text(row["slippage_bps"])
        table.add_row(
            row["id"],
            status_text(row["status"]),
            side,
            row["symbol"],
            bar(row),
            row["avg_px"] or "–",
            cost,
            readable(row["said"]),
        )
    for name, error in scene.rejected.items():
        where = f"line {error['line']}: " if error["line"] else ""
        table.add_row(
            Text(name, "dim"), status_text("rejected"), "", "", "", "", "", Text(f"{where}{error['message']}", "red")
        )
    if not scene.orders and not scene.rejected:
        table.add_row(Text("waiting for the first file…", "dim"), "", "", "", "", "", "", "")
    return table


def fills_table(scene: "Scene") -> RenderableType:
    """Return the latest executions, the newest first."""
    table = Table(box=None, padding=(0, 2), show_header=False, pad_edge=False)
    for _ in range(6):
        table.add_column(no_wrap=True)
    for row in reversed(scene.fills[-FILLS_SHOWN:]):
        colour = "green" if row["side"].startswith("buy") else "red"
        how = {True: "rested in the book", False: "took the quote", None: ""}[row["is_passive"]]
        at = datetime.fromisoformat(row["ts"][:26] + "+00:00").astimezone()
        table.add_row(
            Text(f"{at:%H:%M:%S.%f}"[:-3], "dim"),
            Text(row["side"], colour),
            Text(row["last_qty"], "bold"),
            row["symbol"],
            f"@ {row['last_px']}",
            Text(f"{how}, {row['intent_id']}", "dim"),
        )
    return Panel(table, title="fills", title_align="left", box=box.ROUNDED, border_style="bright_black")


def status_text(status: str) -> Text:
    """Return a status with its sign and colour."""
    sign, colour = STATUS.get(status, ("?", "white"))
    return Text(f"{sign} {status.replace('_', ' ')}", colour)


def cost_text(slippage_bps: str | None) -> Text:
    """Return a cost against arrival; what we gained is green."""
    if slippage_bps is None:
        return Text("–", "dim")
    value = Decimal(slippage_bps)
    return Text(f"{value:+.2f}", "green" if value <= 0 else "yellow")


def bar(row: dict[str, Any]) -> Text:
    """Return how much is filled as a bar and as numbers."""
    cum_qty, qty = Decimal(row["cum_qty"]), Decimal(row["qty"] or 0)
    if not qty:
        return Text("–", "dim")
    eighths = int(min(Decimal(1), cum_qty / qty) * BAR_CELLS * 8)
    full, rest = divmod(eighths, 8)
    drawn = "█" * full + (_SPARKS[rest] if rest else "")
    colour = "green" if cum_qty >= qty else "bright_blue"
    return Text.assemble(
        (drawn, colour), ("─" * (BAR_CELLS - len(drawn)), "bright_black"), f" {row['cum_qty']}/{row['qty']}"
    )


def print_summary(console: Console, scene: "Scene", expected: dict[str, str]) -> None:
    """Print what became of every intent, and what to look at next."""
    console.print()
    console.print(orders_table(scene))
    outcomes = scene.outcomes()
    wrong = {name: status for name, status in expected.items() if outcomes.get(name) != status}
    verdict = Text.assemble(("✔ ", "bold green"), f"all {len(expected)} samples ended as they should")
    if wrong:
        told = ", ".join(
            f"{name} is {outcomes.get(name, 'not there')}, expected {status}" for name, status in wrong.items()
        )
        verdict = Text.assemble(("… ", "bold yellow"), told)
    console.print(Align.left(verdict))
    console.print(
        f"  {len(scene.fills)} fills after {scene.elapsed_s:.0f} s; reports in {scene.paths.outbox}", soft_wrap=True
    )


def _foot(scene: "Scene") -> RenderableType:
    lines = Text.assemble(
        ("drop your own intent   ", "bold"),
        (f"cp my.yaml {scene.paths.inbox}/\n", "cyan"),
        ("ask why                ", "bold"),
        (f"execd explain sample-buy-offset --state-dir {scene.paths.root}\n", "cyan"),
        ("metrics                ", "bold"),
        (f"{scene.status.get('metrics_url')}\n", "cyan"),
        ("Ctrl-C ends the demo", "dim"),
    )
    if scene.waiting:
        lines.append(f"   {len(scene.waiting)} more samples are on their way", "dim")
    return lines
