"""The demo without a terminal: a line for everything that changes, a table at the end.

The same scene as the blotter's; only looks.
"""

from typing import TYPE_CHECKING, Any, Self

from execd.cli.client import ask
from execd.cli.explain import chain_text
from execd.cli.show import or_dash, readable, table

if TYPE_CHECKING:
    from execd.cli.demo import Scene


class Lines:
    """Prints what is new since it last looked."""

    def __init__(self) -> None:
        """Begin having told nothing."""
        self._told: dict[str, str] = {}
        self._fills_n = 0

    def __enter__(self) -> Self:
        """Have nothing to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """Have nothing to put back."""

    def show(self, scene: "Scene") -> None:
        """Print what changed."""
        if not self._told:
            self._tell(scene, "", f"ready; inbox {scene.paths.inbox}, metrics {scene.status['metrics_url']}")
        for row in scene.fills[self._fills_n :]:
            text = f"fill      {row['intent_id']}: {row['side']} {row['last_qty']} {row['symbol']} @ {row['last_px']}"
            self._say(scene, text)
        self._fills_n = len(scene.fills)
        for row in scene.orders:
            self._tell(scene, row["id"], f"{row['status']:<9} {row['id']}: {readable(row['said'])}")
        for name, error in scene.rejected.items():
            self._tell(scene, name, f"rejected  {name}, line {or_dash(error['line'])}: {error['message']}")

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
            print(f"\nWhy {first} did what it did (execd explain {first}):\n")
            print(chain_text(ask(scene.paths, "GET", f"/v1/explain/{first}")))
        right_n = sum(outcomes.get(name) == status for name, status in expected.items())
        print(f"\n{right_n} of {len(expected)} samples ended as they should, after {scene.elapsed_s:.0f} s")

    def _tell(self, scene: "Scene", key: str, text: str) -> None:
        if self._told.get(key) != text:
            self._told[key] = text
            self._say(scene, text)

    def _say(self, scene: "Scene", text: str) -> None:
        print(f"{scene.elapsed_s:6.1f} s  {text}", flush=True)


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
