"""A daemon that stands still is ended; one that was stopped by others is not."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

import pytest

from execd.runtime.watchdog import Watchdog, judge

REPOSITORY: Final = Path(__file__).resolve().parents[3]
PROGRAM: Final = """
import sys, time
from execd.runtime.watchdog import Watchdog
watchdog = Watchdog(0.4)
watchdog.start()
print("watching", flush=True)
def beats_for_ever():
    until_s = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < until_s:
        watchdog.beat()
        time.sleep(0.05)
def a_loop_that_is_stuck():
    time.sleep(20)
beats_for_ever()
if sys.argv[2] == "stuck":
    a_loop_that_is_stuck()
watchdog.close()
"""


LOOKS = [
    # seconds since the look before, since the last beat, and what that says with a limit of 10
    (2.5, 0.0, "well"),
    (2.5, 10.0, "well"),
    (2.5, 10.1, "stuck"),
    (5.0, 11.0, "stuck"),
    (5.1, 11.0, "paused"),
    (60.0, 62.5, "paused"),
]


@pytest.mark.parametrize("looked_ago_s, beat_ago_s, expected", LOOKS)
def test_who_did_not_look_blames_nobody(looked_ago_s: float, beat_ago_s: float, expected: str) -> None:
    """Fault G3, G7: a missing beat counts only while the watchdog itself was running."""
    assert expected == judge(now_s=100, looked_s=100 - looked_ago_s, beat_s=100 - beat_ago_s, limit_s=10)


def program(seconds: float, end: str) -> "subprocess.Popen[str]":
    """Start a program that beats for so long and then ends, or is stuck."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(seconds), end],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_stuck_process_ends_with_70_and_says_where_it_stood() -> None:
    """Fault G7, G9: no beat for the limit ends the process, with a line of the log and every stack."""
    with program(0.1, "stuck") as process:
        _, errors = process.communicate(timeout=15)

    told = ('"watchdog_exit"' in errors, "a_loop_that_is_stuck" in errors)
    assert (70, (True, True)) == (process.returncode, told)


def test_a_process_that_was_stopped_is_not_ended_for_it() -> None:
    """Fault G3: after SIGSTOP for longer than the limit, SIGCONT finds a living process."""
    with program(2.5, "well") as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(1.2)
        os.kill(process.pid, signal.SIGCONT)
        _, errors = process.communicate(timeout=15)

    assert (0, "") == (process.returncode, errors)


@pytest.mark.parametrize("limit_s", [0.0, 30.0])
def test_a_watchdog_that_is_closed_ends_nobody(limit_s: float) -> None:
    """With a limit of zero there is no thread at all; a closed one has ended."""
    died: list[str] = []
    before = threading.active_count()
    watchdog = Watchdog(limit_s, died.append)
    watchdog.start()
    watching_n = threading.active_count() - before
    watchdog.close()

    assert (int(limit_s > 0), [], before) == (watching_n, died, threading.active_count())
