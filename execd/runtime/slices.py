"""Long work on the loop, a slice at a time.

A thread would share the interpreter with the loop and hold it up for whole switch intervals; a generator that stops for
breath gives it back when it says so. What is done in the slices is the caller's; one step must be well under a slice.
"""

import asyncio
import time
from collections.abc import Generator
from typing import Final, TypeVar

SLICE_S: Final = 0.002
"""A fifth of what a quote may wait."""
Done = TypeVar("Done")


async def in_slices(steps: Generator[None, None, Done]) -> Done:
    """Run a generator to its end, and let everybody else have a turn after each slice."""
    until_s = time.perf_counter() + SLICE_S
    try:
        while True:
            try:
                next(steps)
            except StopIteration as end:
                done: Done = end.value
                return done
            if time.perf_counter() > until_s:
                await asyncio.sleep(0)
                until_s = time.perf_counter() + SLICE_S
    finally:
        steps.close()
