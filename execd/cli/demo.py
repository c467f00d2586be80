"""`execd demo`: the real daemon on a generated market, with a blotter to watch.

It starts `execd run` in a fresh directory, drops the sample intents one after
the other, and shows what becomes of them. In a terminal it goes on until
Ctrl-C, so that you can drop files of your own; with DEMO_EXIT=1, or without a
terminal, it ends by itself, and its exit code says whether all went as told.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, Protocol

from execd.cli.client import ask
from execd.cli.exits import CliError, Exit
from execd.cli.options import Subparsers, add_command
from execd.cli.show import readable
from execd.runtime.paths import StatePaths

if TYPE_CHECKING:
    from execd.cli.demo_world import DemoDaemon

STAGGER_S: Final = 1.2
"""Between two files: long enough to see each of them begin."""
LOOK_S: Final = 0.15
END_S_MAX: Final = 50.0
"""A demo that ends by itself ends within a minute, start and stop included."""
EXPECTED: Final = {
    "sample-buy-offset": "filled",
    "sample-times-out": "expired",
    "sample-small-market": "filled",
    "sample-sell-offset": "filled",
    "malformed.json": "rejected",
}
EPILOG = """\
DEMO_EXIT=1 ends it by itself (also without a terminal); exit 0 when every sample ended as it should"""


class Said(NamedTuple):
    """One line of the story: when it was seen, about what, and of which kind (a status, or `fill`)."""

    at_s: float
    name: str
    text: str
    kind: str


class Scene:
    """All that is shown at one moment."""

    def __init__(self, paths: StatePaths, began_s: float) -> None:
        """Begin with an empty stage."""
        self.paths = paths
        self.status: dict[str, Any] = {}
        self.orders: list[dict[str, Any]] = []
        self.fills: list[dict[str, Any]] = []
        self.market: list[dict[str, Any]] = []
        self.rejected: dict[str, dict[str, Any]] = {}
        self.waiting: list[str] = []
        self.story: list[Said] = []
        self._said: dict[str, str] = {}
        self._fills_n = 0
        self._began_s = began_s

    @property
    def elapsed_s(self) -> float:
        """Seconds since the daemon was ready."""
        return time.monotonic() - self._began_s

    def look(self) -> None:
        """Ask the daemon for everything."""
        self.status = ask(self.paths, "GET", "/v1/status")
        self.orders = ask(self.paths, "GET", "/v1/orders")
        self.fills = ask(self.paths, "GET", "/v1/fills")
        self.market = ask(self.paths, "GET", "/v1/market")
        for reason in sorted(self.paths.rejected.glob("*.error.json")):
            self.rejected[reason.name.removesuffix(".error.json")] = json.loads(reason.read_text())
        self._remember()

    def _remember(self) -> None:
        """Add what is new to the story."""
        for row in self.fills[self._fills_n :]:
            how = {True: ", resting", False: ", taking the quote", None: ""}[row["is_passive"]]
            text = f"{row['side']} {row['last_qty']} {row['symbol']} @ {row['last_px']}{how}"
            self.story.append(Said(time.time(), row["intent_id"], text, "fill"))
        self._fills_n = len(self.fills)
        for row in self.orders:
            self._tell(row["id"], readable(row["said"]), row["status"])
        for name, error in self.rejected.items():
            where = f"line {error['line']}: " if error["line"] else ""
            self._tell(name, f"{where}{error['message']}", "rejected")

    def _tell(self, name: str, text: str, kind: str) -> None:
        if self._said.get(name) != text:
            self._said[name] = text
            self.story.append(Said(time.time(), name, text, kind))

    def outcomes(self) -> dict[str, str]:
        """Return how each sample stands, by its id or file name."""
        found = {row["id"]: row["status"] for row in self.orders}
        return found | dict.fromkeys(self.rejected, "rejected")

    def is_played(self) -> bool:
        """Whether every sample has ended, as it should or otherwise."""
        ended = {row["id"] for row in self.orders if row["ended_ns"] is not None} | set(self.rejected)
        return not self.waiting and ended.issuperset(EXPECTED)


class Stage(Protocol):
    """Whoever shows the scene: a live blotter, or lines."""

    def __enter__(self) -> object: ...

    def __exit__(self, *_: object) -> None: ...

    def show(self, scene: Scene) -> None:
        """Show the scene as it is now."""

    def summary(self, scene: Scene, expected: dict[str, str]) -> None:
        """Show how it ended."""


def add(commands: Subparsers) -> None:
    """Add the command."""
    add_command(commands, "demo", run, "watch orders fill on a generated market", epilog=EPILOG)


def run(args: argparse.Namespace) -> int:
    """Play the demo."""
    from execd.cli.demo_world import DemoDaemon, fresh, samples

    is_watched = sys.stdout.isatty()
    paths = StatePaths(Path(args.state_dir or "demo-state").absolute())
    files = samples()
    fresh(paths)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    daemon = DemoDaemon(paths)
    try:
        daemon.until_ready()
        scene = Scene(paths, time.monotonic())
        stage = _stage(is_watched=is_watched)
        ends = not is_watched or os.environ.get("DEMO_EXIT", "") not in {"", "0"}
        with stage:
            _play(daemon, scene, stage, files, ends=ends)
        stage.summary(scene, EXPECTED)
    finally:
        exit_code = daemon.stop()
    if exit_code != 0:
        raise CliError(Exit.ERROR, f"the daemon ended with exit code {exit_code}\n{daemon.last_words()}")
    is_right = {name: scene.outcomes().get(name) for name in EXPECTED} == EXPECTED
    return Exit.OK if is_right or not ends else Exit.ERROR


def _play(daemon: "DemoDaemon", scene: Scene, stage: Stage, files: list[Path], *, ends: bool) -> None:
    scene.waiting = [file.name for file in files]
    try:
        while not (ends and (scene.is_played() or scene.elapsed_s > END_S_MAX)):
            daemon.must_live()
            dropped_n = len(files) - len(scene.waiting)
            if scene.waiting and scene.elapsed_s >= dropped_n * STAGGER_S:
                daemon.drop(files[dropped_n])
                scene.waiting.pop(0)
            scene.look()
            stage.show(scene)
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        return


def _stage(*, is_watched: bool) -> Stage:
    if is_watched:
        from execd.cli.demo_blotter import Blotter

        return Blotter()
    from execd.cli.demo_lines import Lines

    return Lines()


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
