"""A chart of steps over time in a terminal: what should be done by when.

Blocks of eighths of a line, so that ten lines show eighty heights. It knows no intent and no time zone; texts for the
axes are handed in. Another kind of chart is a function here.
"""

from collections.abc import Sequence
from typing import Final

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_EIGHTHS: Final = 8


def steps(
    points: Sequence[tuple[int, float]], *, until: int, width: int, height: int, labels: tuple[str, str, str, str]
) -> list[str]:
    """Return the lines of an area below steps that rise at (instant, part of the whole) and end at `until`.

    `labels` are the top and the bottom of the upright axis, and the begin and the end of the other. Without points
    there is nothing to draw.
    """
    if not points:
        return []
    top, bottom, first, last = labels
    begin = points[0][0]
    span = max(1, until - begin)
    heights = [_height(points, begin + span * (2 * column + 1) // (2 * width), height) for column in range(width)]
    margin = max(len(top), len(bottom))
    lines = []
    for level in range(height - 1, -1, -1):
        label = top if level == height - 1 else bottom if level == 0 else ""
        cells = "".join(_BLOCKS[max(0, min(_EIGHTHS, eighths - level * _EIGHTHS))] for eighths in heights)
        lines.append(f"{label:>{margin}} │{cells}".rstrip())
    lines.append(f"{'':>{margin}} └{'─' * width}")
    lines.append(f"{'':>{margin}}  {first}{last:>{max(1, width - len(first))}}")
    return lines


def _height(points: Sequence[tuple[int, float]], at: int, height: int) -> int:
    """Return the eighths of a line that are reached at an instant; what is not nothing is seen."""
    part = max((share for instant, share in points if instant <= at), default=0.0)
    return max(int(part > 0), int(part * height * _EIGHTHS))
