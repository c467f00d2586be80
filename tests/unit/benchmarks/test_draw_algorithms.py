"""The charts of docs/algorithms.md, on a day whose answers are known.

Bid and ask stand four cents apart with 300 shares each; every second, in its middle, 200 shares print at the bid.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import _drawn_scenes
from benchmarks._drawn_charts import COLOURS_MAX, draw
from benchmarks._drawn_scenes import TACTIC, Scene, scene_of, scenes
from benchmarks._drawn_stories import Fill, Rest, Story, told
from benchmarks._quality_days import Day, load_day
from benchmarks.draw_algorithms import BYTES_MAX
from execd.algos.registry import ENTRIES
from execd.core.rules import MS, S
from execd.venue.tape_text import HEADER

OPEN_NS = 1_381_152_600_000_000_000
"""09:30 in New York on a Monday."""
WEEK_NS = 7 * 86_400 * S
LASTS_S = 1_800
SHOWN = 300
AT_BID = Scene(
    tape="abc",
    clock=time(9, 45),
    side="buy",
    qty=500,
    horizon_s=60,
    fields={"order_type": "limit"},
    limit_ticks=0,
)
SLICED = Scene(tape="abc", clock=time(9, 45), side="buy", qty=60, horizon_s=60, parameters={"interval": "10s"})
MakeDay = Callable[..., Day]


@pytest.fixture(scope="module")
def make_day(tmp_path_factory: pytest.TempPathFactory) -> MakeDay:
    """Return a maker of days that begin at an instant with a bid in cents."""

    def make(begins_ns: int = OPEN_NS, bid: int = 10_000) -> Day:
        folder = tmp_path_factory.mktemp("tape")
        rows = [HEADER.decode(), f"{begins_ns},T,,,,,{bid / 100:.2f},100,N,,1"]
        for n in range(LASTS_S):
            at_ns = begins_ns + n * S
            rows.append(f"{at_ns},Q,{bid / 100:.2f},{SHOWN},{(bid + 4) / 100:.2f},{SHOWN + n % 2},,,NN,,")
            rows.append(f"{at_ns + 500 * MS},T,,,,,{bid / 100:.2f},200,N,,1")
        path = folder / "abc_1.csv"
        path.write_text("\n".join([*rows, ""]), encoding="ascii")
        return load_day(path, folder / "cache")

    return make


@pytest.fixture(scope="module")
def day(make_day: MakeDay) -> Day:
    """Return the day that most tests look at."""
    return make_day()


def picture(story: Story, path: Path) -> bytes:
    """Return the bytes of a story's picture."""
    draw(story, (), path)
    return path.read_bytes()


def test_a_story_tells_where_the_child_stood_and_what_was_filled(day: Day) -> None:
    """Seconds from the start, cents from the arrival mid; behind 300 shares, 200 printed a second."""
    story = told("passthrough", AT_BID, day)

    assert (
        (Rest(0.1, 3.5, -2.0),),
        tuple(Fill(at_s, -2.0, qty, is_passive=True) for at_s, qty in ((1.5, 100), (2.5, 200), (3.5, 200))),
        ((0.1, 500.0), (1.5, 400.0), (2.5, 200.0), (3.5, 0.0)),
        (3.5, "filled", -2.0, ()),
    ) == (
        story.rests,
        tuple(replace(fill, px=round(fill.px, 6)) for fill in story.fills),
        story.working,
        (story.ended_s, story.status, story.limit, story.target),
    )


def test_what_takes_is_told_from_what_rests(day: Day) -> None:
    """300 shares are taken at the ask, two cents above the middle; nothing stood in the market."""
    story = told("marketable", replace(TACTIC, tape="abc", clock=time(9, 45), qty=SHOWN), day)

    assert ([False], [2.0]) == ([fill.is_passive for fill in story.fills], [round(fill.px, 6) for fill in story.fills])


def test_the_target_of_a_schedule_is_the_curve_that_it_keeps_to(day: Day) -> None:
    """Six even slices of ten shares, each due at once."""
    story = told("twap", SLICED, day)

    assert tuple((10.0 * n, 10.0 * (n + 1)) for n in range(6)) == story.target


def test_the_target_of_a_part_of_the_volume_grows_with_the_prints(day: Day) -> None:
    """A tenth of 200 shares a second, up to what was asked."""
    story = told("pov", replace(SLICED, parameters={"rate": "0.10"}), day)

    assert ((0.5, 20.0), (1.5, 40.0), (2.5, 60.0), (3.5, 60.0)) == story.target[:4]


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_every_algorithm_is_drawn_and_never_more_than_asked_is_seen(name: str, day: Day, tmp_path: Path) -> None:
    """Whoever registers an algorithm has a picture of it, without a line here; it shows no more than was asked."""
    scene = replace(scene_of(name), tape="abc", clock=time(9, 45), side="buy", qty=900, horizon_s=600, others=())
    story = told(name, scene, day)
    size = len(picture(story, tmp_path / "a.png"))
    filled = [sum(fill.qty for fill in story.fills if fill.at_s <= at_s) for at_s, _ in story.working]
    seen = [done + qty for done, (_, qty) in zip(filled, story.working, strict=True)]

    assert (True, True, True, True) == (
        0 < size < BYTES_MAX,
        all(one <= scene.qty for one in seen),
        all(qty >= 0 for _, qty in story.working),
        all(fill.at_s <= scene.horizon_s for fill in story.fills),
    )


def test_an_algorithm_without_a_scene_of_its_own_has_one() -> None:
    """The registry may grow without a row here; a scene may not outlive its algorithm."""
    assert sorted(ENTRIES) == sorted(scenes())


def test_a_scene_of_an_algorithm_that_is_gone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is dead, and it says where."""
    monkeypatch.setitem(_drawn_scenes.OWN, "oracle", TACTIC)

    with pytest.raises(ValueError, match="no algorithm: oracle; take it out of OWN"):
        scenes()


def test_a_second_run_draws_the_same_bytes(day: Day, tmp_path: Path) -> None:
    """A change of a picture in a commit is a change of what the algorithm does, or of its scene."""
    pictures = [picture(told("iceberg", replace(AT_BID, fields={}), day), tmp_path / f"{n}.png") for n in range(2)]

    assert pictures[0] == pictures[1]


def test_a_picture_tells_neither_the_day_nor_the_price(make_day: MakeDay, tmp_path: Path) -> None:
    """The recorded days may not be published: a week later and 50 dollars higher it is the same picture."""
    days = make_day(), make_day(begins_ns=OPEN_NS + WEEK_NS, bid=15_000)
    pictures = [picture(told("passthrough", AT_BID, one), tmp_path / f"{n}.png") for n, one in enumerate(days)]

    assert pictures[0] == pictures[1]


def test_a_picture_is_of_few_colours(day: Day, tmp_path: Path) -> None:
    """Small enough to be kept in every clone."""
    picture(told("passthrough", AT_BID, day), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as found:
        colours = len(np.unique(np.asarray(found)))

    assert ("P", True) == (found.mode, colours <= COLOURS_MAX)
