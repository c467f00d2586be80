"""Draw the charts of docs/algorithms.md: each algorithm at work on a few minutes of a recorded day.

    python benchmarks/draw_algorithms.py                     every algorithm, into docs/algorithms
    python benchmarks/draw_algorithms.py --only anchor,twap  some of them
    python benchmarks/draw_algorithms.py --out FOLDER        somewhere else

One parent each, alone in the market, 100 ms away from it, pessimistic queue, preset `balanced`. The same code draws the
same bytes. The pictures hold no day, no symbol and no price: seconds and cents from the parent's own start. It needs
the shared test data (EXECD_SHARED_DATA).
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from benchmarks._drawn_charts import draw
from benchmarks._drawn_scenes import Scene, scenes
from benchmarks._drawn_stories import told, varied
from benchmarks._quality_days import FOLDER, REPOSITORY, Day, cache_folder, load_day

OUT: Final = REPOSITORY / "docs" / "algorithms"
BYTES_MAX: Final = 60_000
"""Of a picture: the manual is read in a browser, and kept in every clone."""


def main() -> int:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names of algorithms, with commas between (default: all)")
    parser.add_argument("--out", type=Path, default=OUT, help="where the pictures go")
    args = parser.parse_args()
    known = scenes()
    names = [name.strip() for name in args.only.split(",") if name.strip()] or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"draw_algorithms.py: no algorithm is called {unknown[0]!r}; there are: {', '.join(known)}")
        return 2
    if not FOLDER.is_dir():
        print("SHARED TEST DATA ABSENT: set EXECD_SHARED_DATA; nothing drawn")
        return 1
    args.out.mkdir(parents=True, exist_ok=True)
    days: dict[str, Day] = {}
    for name in names:
        scene = known[name]
        if scene.tape not in days:
            days[scene.tape] = load_day(FOLDER / f"{scene.tape}.csv.gz", cache_folder())
        size = drawn(name, scene, days[scene.tape], args.out / f"{name}.png")
        print(f"{name}: {size:,} bytes")
    return 0


def drawn(name: str, scene: Scene, day: Day, path: Path) -> int:
    """Draw one algorithm's picture; return its size in bytes. Raises ValueError where it is too large to keep."""
    others = [(label, told(name, varied(scene, parameters), day)) for label, parameters in scene.others]
    draw(told(name, scene, day), others, path)
    size = path.stat().st_size
    if size > BYTES_MAX:
        raise ValueError(f"{path}: {size} bytes, at most {BYTES_MAX}; draw fewer minutes")
    return size


if __name__ == "__main__":
    sys.exit(main())
