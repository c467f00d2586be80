"""Which event loop runs the daemon.

uvloop where it is installed, else asyncio's own: the same behaviour, slower.
Nothing but the start of `execd run` needs this.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any


def run(main: Coroutine[Any, Any, int]) -> int:
    """Run `main` to its end on the best loop there is and return its exit code."""
    try:
        import uvloop  # noqa: PLC0415  # Absent on some platforms; the fallback is complete.
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def loop_name() -> str:
    """Return the kind of the running loop, for status and logs."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]
