"""The demo in a terminal: a live blotter.

Only looks; what it shows is asked for in `demo.py`. Colours follow one code:
blue works, green is filled, amber waits, grey has run out, red was refused.
"""

from collections import deque
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

from rich import box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from execd import __version__
from execd.cli.show import program

if TYPE_CHECKING:
    from execd.cli.demo import Scene

BAR_CELLS: Final = 10
SPARK_CELLS: Final = 16
LOOKS_PER_SPARK: Final = 5
STORY_LINES: Final = 9
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
    "fill": ("◆", "bright_green"),
}
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_HEIGHTS: Final = "▁▂▃▄▅▆▇█"


class Blotter:
    """The screen. Use it as a context manager."""

    def __init__(self) -> None:
        """Take the terminal as it is."""
        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._mids: dict[str, deque[Decimal]] = {}
        self._looks_n = 0

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal clean."""
        self._live.stop()

    def show(self, scene: "Scene") -> None:
        """Draw the scene."""
        self._live.update(Group(self._head(scene), orders_table(scene), story_panel(scene), _foot(scene)), refresh=True)

    def summary(self, scene: "Scene", expected: dict[str, str]) -> None:
        """Print how it ended; it stays on the screen."""
        outcomes = scene.outcomes()
        self._console.print(orders_table(scene))
        self._console.print(story_panel(scene))
        wrong = {name: status for name, status in expected.items() if outcomes.get(name) != status}
        for name, status in wrong.items():
            self._console.print(Text(f"  {name} is {outcomes.get(name, 'not there')}, expected {status}", "yellow"))
        right_n = len(expected) - len(wrong)
        verdict = f" {right_n} of {len(expected)} samples ended as they should, after {scene.elapsed_s:.0f} s"
        self._console.print(Text.assemble(("✔", "bold green") if not wrong else ("…", "bold yellow"), verdict))
        self._console.print(f"  reports   {scene.paths.outbox}", soft_wrap=True)
        self._console.print(f"  go on     {program()} run --state-dir {scene.paths.root}", soft_wrap=True)

    def _head(self, scene: "Scene") -> RenderableType:
        line = Text.assemble(
            (" execd ", "bold white on blue"),
            (f" {__version__}  ", "dim"),
            ("● ready", "bold green") if scene.status.get("is_ready") else ("● stopping", "bold yellow"),
            ("   simulated venue, generated market   ", "dim"),
            (f"{int(scene.elapsed_s) // 60:02d}:{int(scene.elapsed_s) % 60:02d}", "bold"),
            (f"   {datetime.now().astimezone():%H:%M:%S}", "dim"),
        )
        is_sampled = self._looks_n % LOOKS_PER_SPARK == 0
        self._looks_n += 1
        quotes = [self._quote(row, is_sampled=is_sampled) for row in scene.market if row["bid_px"] is not None]
        market: RenderableType = (
            Columns(quotes, padding=(0, 3)) if quotes else Text("no symbol is asked for yet", "dim")
        )
        return Panel(Group(line, Text(), market), box=box.ROUNDED, border_style="blue")

    def _quote(self, row: dict[str, Any], *, is_sampled: bool) -> Text:
        mid = (Decimal(row["bid_px"]) + Decimal(row["ask_px"])) / 2
        mids = self._mids.setdefault(row["symbol"], deque(maxlen=SPARK_CELLS))
        if is_sampled or not mids:
            mids.append(mid)
        colour = "green" if mid >= mids[0] else "red"
        return Text.assemble(
            (f"{row['symbol']:<5}", "bold"),
            f"{px_text(row['bid_px'])}",
            (" / ", "dim"),
            f"{px_text(row['ask_px'])} ",
            (f"{spark(list(mids)):<{SPARK_CELLS}}", colour),
        )


def orders_table(scene: "Scene") -> RenderableType:
    """Return the intents with how far they are; files that were refused stand below them."""
    table = Table(
        box=box.SIMPLE_HEAD, expand=True, header_style="bold", pad_edge=False, show_edge=False, collapse_padding=True
    )
    table.add_column("INTENT", no_wrap=True, ratio=1)
    table.add_column("STATUS", no_wrap=True)
    table.add_column("ORDER", no_wrap=True)
    table.add_column("FILLED", no_wrap=True, min_width=BAR_CELLS + 8)
    table.add_column("AVG PX", justify="right", no_wrap=True)
    table.add_column("BPS", justify="right", no_wrap=True)
    table.add_column("WORKING", justify="right", no_wrap=True)
    for row in scene.orders:
        side = Text(row["side"].upper().replace("_", " "), "green" if row["side"].startswith("buy") else "red")
        side.append(f" {row['symbol']}", "default")
        working = ", ".join(f"{one['leaves_qty']} @ {px_text(one['price'])}" for one in row["working"])
        table.add_row(
            row["id"],
            status_text(row["status"]),
            side,
            bar(row),
            px_text(row["avg_px"]),
            cost_text(row["slippage_bps"]),
            working or "–",
        )
    for name in scene.rejected:
        table.add_row(Text(name, "dim"), status_text("rejected"), "", "", "", "", "")
    if not scene.orders and not scene.rejected:
        table.add_row(Text("waiting for the first file…", "dim"), "", "", "", "", "", "")
    return table


def story_panel(scene: "Scene") -> RenderableType:
    """Return the latest of what happened, the newest first."""
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for said in reversed(scene.story[-STORY_LINES:]):
        sign, colour = STATUS.get(said.kind, ("·", "white"))
        at = f"{datetime.fromtimestamp(said.at_s).astimezone():%H:%M:%S}"
        table.add_row(Text(at, "dim"), Text(sign, colour), Text(said.name, "bold"), Text(said.text, colour))
    for _ in range(STORY_LINES - len(scene.story)):
        table.add_row("", "", "", "")
    return Panel(table, title="what happens", title_align="left", box=box.ROUNDED, border_style="bright_black")


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


def px_text(px: str | None) -> str:
    """Return a price with at least two places."""
    if px is None:
        return "–"
    places = max(2, len(px.partition(".")[2]))
    return f"{Decimal(px):.{places}f}"


def bar(row: dict[str, Any]) -> Text:
    """Return how much is filled as a bar and as numbers."""
    cum_qty, qty = Decimal(row["cum_qty"]), Decimal(row["qty"] or 0)
    if not qty:
        return Text("–", "dim")
    full, rest = divmod(int(min(Decimal(1), cum_qty / qty) * BAR_CELLS * 8), 8)
    drawn = "█" * full + (_EIGHTHS[rest] if rest else "")
    colour = "green" if cum_qty >= qty else "bright_blue"
    return Text.assemble(
        (drawn, colour), ("─" * (BAR_CELLS - len(drawn)), "bright_black"), f" {row['cum_qty']}/{row['qty']}"
    )


def spark(values: list[Decimal]) -> str:
    """Return values as a row of heights; one that never moved lies in the middle."""
    low, high = min(values), max(values)
    if low == high:
        return _HEIGHTS[3] * len(values)
    steps = len(_HEIGHTS) - 1
    return "".join(_HEIGHTS[int((value - low) / (high - low) * steps)] for value in values)


def _foot(scene: "Scene") -> RenderableType:
    lines = Text.assemble(
        ("  drop your own   ", "bold"),
        (f"cp my.yaml {scene.paths.inbox}/\n", "cyan"),
        ("  ask why         ", "bold"),
        (f"{program()} explain sample-buy-offset --state-dir {scene.paths.root}\n", "cyan"),
        ("  metrics         ", "bold"),
        (f"{scene.status.get('metrics_url')}\n", "cyan"),
        ("  Ctrl-C ends the demo", "dim"),
    )
    if scene.waiting:
        lines.append(f"; {len(scene.waiting)} more samples are on their way", "dim")
    return lines
