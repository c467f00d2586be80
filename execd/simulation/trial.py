"""One seed from its scene to its verdict, and the smallest world in which it still fails.

A trial is a function of seed, options and code: it may be run anywhere, again
and again. Shrinking leaves out classes of faults, then intents, as long as the
same law breaks. How many run at once, and what is printed, is the command's.
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from execd.journal.perils import NoPlace, disk_trouble
from execd.simulation.at_rest import Broken
from execd.simulation.faults import Faults
from execd.simulation.scene import START_NS, scene_of
from execd.simulation.world import World, line_of

TRIES_MAX: Final = 60
"""Trials that shrinking may take: a minute or two."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be played."""

    seed: int
    minutes: int | None = None
    without: tuple[str, ...] = ()
    intents_max: int | None = None

    @property
    def command(self) -> str:
        """The command that plays it again."""
        words = [f"execd simulate --seed {self.seed}"]
        words += [f"--minutes {self.minutes}"] if self.minutes is not None else []
        words += [f"--without {','.join(self.without)}"] if self.without else []
        words += [f"--intents {self.intents_max}"] if self.intents_max is not None else []
        return " ".join(words)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `law` is empty where every law held; `hits` are faults that struck, by class."""

    asked: Asked
    law: str = ""
    text: str = ""
    at_s: float = 0.0
    hits: dict[str, int] = {}
    files_n: int = 0
    lives_n: int = 0
    orders_n: int = 0
    fills_n: int = 0
    simulated_s: float = 0.0
    latest: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        """Whether every law held."""
        return not self.law


def play(asked: Asked, folder: Path, trace: Callable[[str], None] | None = None) -> Verdict:
    """Play a seed in an empty folder and judge it. Raises NoPlace where the disk of that folder fails: no law did."""
    faults = Faults(asked.seed, without=frozenset(asked.without))
    scene = scene_of(asked.seed, faults, minutes=asked.minutes, intents_max=asked.intents_max)
    world = World(scene, faults, folder, trace)
    law = text = ""
    try:
        world.run()
    except Broken as broken:
        _look_at_disk(broken, folder)
        law, text = broken.law, str(broken)
    except Exception as error:  # noqa: BLE001  # Whatever the daemon's own code raises is what is looked for.
        _look_at_disk(error, folder)
        law, text = "poison", "".join(traceback.format_exception(error)[-6:])
    finally:
        if world.life is not None:
            world.life.journal.abandon()
    return Verdict(
        asked=asked,
        law=law,
        text=text,
        at_s=(world.now_ns - START_NS) / 1e9,
        hits={name: n for name, n in faults.hits.items() if n},
        files_n=len(scene.files),
        lives_n=world.life_n + 1,
        orders_n=sum(len(front.placed) for front in world.fronts.values()),
        fills_n=sum(len(front.fills) for front in world.fronts.values()),
        simulated_s=(world.now_ns - START_NS) / 1e9,
        latest=tuple(line_of(*one) for one in world.latest) if law else (),
    )


def _look_at_disk(error: Exception, folder: Path) -> None:
    """Raise NoPlace where an error comes from the disk that the simulation itself runs on."""
    text = disk_trouble(error) if folder.is_dir() else "the folder was removed in the middle"
    if text is not None:
        raise NoPlace(text) from error


def shrink(failed: Verdict, again: Callable[[Asked], Verdict]) -> Verdict:
    """Return the smallest trial found that breaks the same law."""
    best, tries_n = failed, 0

    def attempt(asked: Asked) -> bool:
        nonlocal best, tries_n
        if tries_n >= TRIES_MAX:
            return False
        tries_n += 1
        verdict = again(asked)
        if verdict.law != failed.law:
            return False
        best = verdict
        return True

    for name in sorted(failed.hits):
        asked = best.asked
        attempt(msgspec.structs.replace(asked, without=(*asked.without, name)))
    low = 0
    high = best.asked.intents_max if best.asked.intents_max is not None else best.files_n
    while low < high:
        middle = (low + high) // 2
        if attempt(msgspec.structs.replace(best.asked, intents_max=middle)):
            high = middle
        else:
            low = middle + 1
    return best
