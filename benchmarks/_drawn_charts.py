"""The charts of docs/algorithms.md: a story as a picture of few colours, small and the same whenever it is drawn.

Two kinds: prices over time for what works at once, quantities over time for what is cut over time. The background is
opaque, so that a page in the dark shows them as one in the light does. A new kind is a function here and a case in
`draw`.
"""

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from benchmarks._drawn_stories import Fill, Floats, Rest, Story

STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "figure.facecolor": "#fbfbf9",
    "axes.facecolor": "#fbfbf9",
    "axes.edgecolor": "#666666",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e0",
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
SIZE_INCHES: Final = (8.0, 4.2)
DPI: Final = 110
COLOURS_MAX: Final = 64
"""Of a picture: those below, then the commonest shades of their smoothed edges."""
MINUTE_S: Final = 60.0
BAND, EDGE, OURS, TAKEN, RESTED, BOUND, WANTED = (
    "#dfe5ee",
    "#8b9bb4",
    "#1f5fae",
    "#c8501e",
    "#1c8a4c",
    "#a02c5a",
    "#555555",
)
OUT: Final = "#a9c8ec"
DASHES: Final = (0, (5, 2))
OTHERS: Final = ("#b58900", "#8a4fa8", "#2a9d8f")
BEYOND: Final = 1.04
"""So much of a parent's life is shown, in parts of it."""
MARKER_AREA: Final = 34
VOLUME_BINS: Final = 30


def draw(story: Story, others: Sequence[tuple[str, Story]], path: Path) -> None:
    """Write the picture of a story; `others` are what the same parent would have had as target, by label."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
        if story.target:
            _quantities(figure, story, others)
        else:
            _prices(figure.subplots(), story)
        _save(figure, path)


def _prices(axes: Axes, story: Story) -> None:
    """Draw the quote, where our children stood, and what was filled."""
    horizon_s = float(story.scene.horizon_s)
    last = int(story.quote_s.searchsorted(horizon_s * BEYOND))
    at_s = np.append(np.maximum(story.quote_s[:last], -horizon_s), horizon_s * BEYOND)
    bid, ask = (np.append(column[:last], column[last - 1]) for column in (story.bid, story.ask))
    axes.fill_between(at_s, bid, ask, step="post", color=BAND, linewidth=0, label="bid to ask")
    for side in (bid, ask):
        axes.step(at_s, side, where="post", color=EDGE, linewidth=0.7)
    axes.axhline(0, color=WANTED, linewidth=0.9, linestyle=":", label="arrival mid")
    rests = _stood(story)
    for n, rest in enumerate(rests):
        label = "our price" if n == 0 else None
        axes.plot([rest.from_s, rest.to_s], [rest.px, rest.px], color=OURS, linewidth=2.2, label=label)
    for before, after in pairwise(rests):
        if after.from_s - before.to_s < horizon_s / 200:
            axes.plot([after.from_s] * 2, [before.px, after.px], color=OURS, linewidth=0.9)
    _fills(axes, story.fills)
    low, high = _span(story, bid, ask)
    axes.set_ylim(low, high)
    for px, name in ((story.collar, "collar"), (story.limit, "limit")):
        if px is not None:
            _bound(axes, px, name)
    axes.axvline(horizon_s, color=BOUND, linewidth=1.2, label="deadline")
    if story.ended_s < horizon_s * 0.97:
        axes.axvline(story.ended_s, color=WANTED, linewidth=0.9, linestyle="--", label=f"{story.status}")
    axes.set_xlim(-horizon_s * 0.02, horizon_s * BEYOND)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("seconds since the start")
    axes.set_ylabel("cents from the arrival mid")
    axes.set_title(_title(story))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _stood(story: Story) -> list[Rest]:
    """Return where a child stood for others to see; what took and was gone at once did not."""
    return [rest for rest in story.rests if rest.to_s > rest.from_s]


def _fills(axes: Axes, fills: Sequence[Fill]) -> None:
    kinds = ((True, "o", RESTED, "filled while it rested"), (False, "^", TAKEN, "filled by taking"))
    for is_passive, marker, colour, label in kinds:
        chosen = [fill for fill in fills if fill.is_passive is is_passive]
        if chosen:
            axes.scatter(
                [fill.at_s for fill in chosen],
                [fill.px for fill in chosen],
                s=MARKER_AREA,
                marker=marker,
                color=colour,
                edgecolors="white",
                linewidths=0.7,
                zorder=4,
                label=label,
            )


def _span(story: Story, bid: Floats, ask: Floats) -> tuple[float, float]:
    """Return the prices to show: the quote but for its rarest, and all of ours; a bound that is near, too."""
    ours = [rest.px for rest in _stood(story)] + [fill.px for fill in story.fills]
    low = min(float(np.quantile(bid, 0.01)), *ours, 0.0)
    high = max(float(np.quantile(ask, 0.99)), *ours, 0.0)
    reach = (high - low) * 0.35
    for px in (story.collar, story.limit):
        if px is not None and low - reach <= px <= high + reach:
            low, high = min(low, px), max(high, px)
    margin = (high - low) * 0.08
    return low - margin, high + margin


def _bound(axes: Axes, px: float, name: str) -> None:
    low, high = axes.get_ylim()
    if low <= px <= high:
        axes.axhline(px, color=BOUND, linewidth=1.1, linestyle=DASHES, zorder=1.5, label=name)
    else:
        axes.plot([], [], color=BOUND, linewidth=1.1, linestyle=DASHES, label=f"{name} {px:+.0f} (not in view)")


def _quantities(figure: Figure, story: Story, others: Sequence[tuple[str, Story]]) -> None:
    """Draw what should be done, what is, and what is out; beneath it what the market traded."""
    top, beneath = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    end_s = float(story.scene.horizon_s)
    fill_s = np.array([fill.at_s for fill in story.fills])
    done = np.cumsum([fill.qty for fill in story.fills])
    at_s, low, high = _out(story, end_s)
    top.fill_between(at_s / MINUTE_S, low, high, step="post", color=OUT, linewidth=0, label="in the market")
    top.step(at_s / MINUTE_S, low, where="post", color=OURS, linewidth=2.0, label="filled")
    name = f"due, {story.scene.label}" if story.scene.label else "due"
    due = [(name, story, WANTED), *((*other, colour) for other, colour in zip(others, OTHERS, strict=False))]
    for label, other, colour in due:
        due_s, due_qty = _due(other, end_s)
        top.step(due_s / MINUTE_S, due_qty, where="post", color=colour, linewidth=1.3, linestyle=DASHES, label=label)
    taken = np.array([not fill.is_passive for fill in story.fills], dtype=bool)
    if taken.any():
        marks = {"s": MARKER_AREA, "marker": "^", "color": TAKEN, "edgecolors": "white", "linewidths": 0.7, "zorder": 4}
        top.scatter(fill_s[taken] / MINUTE_S, done[taken], label="filled by taking", **marks)
    top.axvline(end_s / MINUTE_S, color=BOUND, linewidth=1.2, label="deadline")
    top.set_ylabel("shares")
    top.set_ylim(0, story.scene.qty * BEYOND)
    top.set_title(_title(story))
    top.legend(loc="upper left")
    counts, edges = np.histogram(story.print_s, bins=VOLUME_BINS, range=(0.0, end_s), weights=story.print_qty)
    beneath.bar(
        edges[:-1] / MINUTE_S, counts, width=np.diff(edges) / MINUTE_S * 0.9, align="edge", color=EDGE, linewidth=0
    )
    beneath.set_yticks([])
    beneath.set_ylabel("market\nvolume")
    beneath.set_xlabel("minutes since the start")
    beneath.set_xlim(-end_s / MINUTE_S * 0.01, end_s / MINUTE_S * 1.02)


def _out(story: Story, end_s: float) -> tuple[Floats, Floats, Floats]:
    """Return instants, what is filled then, and what is filled or in the market."""
    changes = sorted({0.0, end_s, *(at for at, _ in story.working), *(fill.at_s for fill in story.fills)})
    at_s = np.array(changes)
    fill_s, fill_qty = np.array([[fill.at_s, fill.qty] for fill in story.fills] or [[0.0, 0.0]]).T
    filled = np.concatenate([[0.0], np.cumsum(fill_qty)])[fill_s.searchsorted(at_s, "right")]
    out_s, out_qty = np.array([(-1.0, 0.0), *story.working]).T
    return at_s, filled, filled + out_qty[out_s.searchsorted(at_s, "right") - 1]


def _due(story: Story, end_s: float) -> tuple[Floats, Floats]:
    """Return instants, and what should be done from each on, up to the end."""
    at_s, qty = np.array([(0.0, 0.0), *story.target]).T
    last = int(at_s.searchsorted(end_s, "right"))
    return np.append(at_s[:last], end_s), np.append(qty[:last], qty[last - 1])


def _title(story: Story) -> str:
    scene = story.scene
    given = ", ".join(f"{key} {value}" for key, value in scene.parameters.items() if not isinstance(value, dict | list))
    return f"{story.name}: {scene.side} {scene.qty:,} in {scene.horizon_s:,} s" + (f" ({given})" if given else "")


def _save(figure: Figure, path: Path) -> None:
    """Write a picture of few colours, with nothing in the file of when and by what it was drawn."""
    whole, body = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", dpi=DPI)
    picture = Image.open(whole).convert("RGB")
    picture.quantize(palette=_palette(picture), dither=Image.Dither.NONE).save(body, format="PNG", optimize=True)
    path.write_bytes(body.getvalue())


def _palette(picture: Image.Image) -> Image.Image:
    """Return the colours to keep: the named ones, however little is drawn in them, then the commonest."""
    named = [to_hex(one) for one in (BAND, EDGE, OURS, TAKEN, RESTED, BOUND, WANTED)]
    red, green, blue = np.moveaxis(np.asarray(picture).astype(np.int64), 2, 0)
    colours, counts = np.unique(red << 16 | green << 8 | blue, return_counts=True)
    common = [f"#{colour:06x}" for colour in colours[np.argsort(-counts, kind="stable")]]
    kept = list(dict.fromkeys([*named, *common]))[:COLOURS_MAX]
    palette = Image.new("P", (1, 1))
    palette.putpalette(b"".join(bytes.fromhex(colour[1:]) for colour in kept))
    return palette
