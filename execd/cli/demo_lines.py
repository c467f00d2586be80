"""The demo without a terminal: a line for everything that changes, a table at the end.

The same scene as the blotter's; only looks.
"""

from typing import TYPE_CHECKING, Any, Self

from execd.cli.client import ask
from execd.cli.explain import chain_text
from execd.cli.show import or_dash, program, table

if TYPE_CHECKING:
    from execd.cli.demo import Scene


class Lines:
    """Prints what is new since it last looked."""

    def __init__(self) -> None:
        """Begin having told nothing."""
        self._told_n = -1

    def __enter__(self) -> Self:
        """Have nothing to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """Have nothing to put back."""

    def show(self, scene: "Scene") -> None:
        """Print what changed."""
        if self._told_n < 0:
            self._told_n = 0
            print(f"{scene.elapsed_s:6.1f} s  ready       inbox {scene.paths.inbox}")
            print(f"{scene.elapsed_s:6.1f} s  ready       metrics {scene.status['metrics_url']}", flush=True)
        for said in scene.story[self._told_n :]:
            print(f"{scene.elapsed_s:6.1f} s  {said.kind:<10}  {said.name}: {said.text}", flush=True)
        self._told_n = len(scene.story)

    def summary(self, scene: "Scene", expected: dict[str, str]) -> None:
        """Print the table, and the story of the first intent."""
        outcomes = scene.outcomes()
        by_id = {row["id"]: row for row in scene.orders}
        print()
        heads = ["SAMPLE", "EXPECTED", "ENDED", "SIDE", "SYMBOL", "FILLED", "AVG PX", "COST BPS"]
        right = frozenset({"FILLED", "AVG PX", "COST BPS"})
        rows = [
            _row(name, status, outcomes.get(name, "not there"), by_id.get(name, {}))
            for name, status in expected.items()
        ]
        print(table(heads, rows, right=right))
        first = next(iter(expected))
        if first in by_id:
            print(f"\nWhy {first} did what it did ({program()} explain {first} --state-dir {scene.paths.root}):\n")
            print(chain_text(ask(scene.paths, "GET", f"/v1/explain/{first}")))
        right_n = sum(outcomes.get(name) == status for name, status in expected.items())
        print(f"\n{right_n} of {len(expected)} samples ended as they should, after {scene.elapsed_s:.0f} s")


def _row(name: str, expected: str, ended: str, row: dict[str, Any]) -> list[str]:
    filled = f"{row['cum_qty']}/{or_dash(row['qty'])}" if row else ""
    return [
        name,
        expected,
        ended,
        row.get("side", ""),
        row.get("symbol", ""),
        filled,
        or_dash(row.get("avg_px")) if row else "",
        or_dash(row.get("slippage_bps")) if row else "",
    ]
