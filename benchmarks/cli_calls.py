"""How long a command takes, from its start to its exit code, as a user waits for it.

Every command that ends by itself is called in turn against a daemon with a hundred ended intents, and the reading ones
once more with the daemon stopped, when the journal answers. Byte code is cached, as after the first call.
Floor, in the same turn: the same interpreter doing nothing (`python -c pass`). The processor time of a call stands
beside the waiting, for on a busy machine the two part. The target is 0.25 s a call; a row over it is marked.

Run: .venv/bin/python benchmarks/cli_calls.py [calls of each]
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks._daemon import LIMITS, SETTINGS, Daemon
from benchmarks._scratch import scratch

TARGET_S: Final = 0.25
INTENTS_N: Final = 100
SETTLE_S_MAX: Final = 60.0
ASK: Final = (
    "status",
    "orders",
    "orders --open --ids",
    "fills",
    "positions",
    "explain b-1",
    "alerts",
    "submit FILE",
    "preview FILE",
    "halt --reason x",
    "resume --halt --reason x",
    "ack --all",
    "reload",
    "doctor",
)
ALONE: Final = ("version", "--help", "completion bash", "schema intent", "check-config", "config show", "config schema")
STOPPED: Final = ("orders", "fills", "positions", "explain b-1", "journal verify", "doctor")


def main(calls_n: int) -> None:
    """Measure every command and print its row."""
    with scratch() as folder:
        file = folder / "one.json"
        file.write_text(json.dumps({"id": "one", "symbol": "AAPL", "side": "buy", "qty": 1}))
        root = folder / "state"
        with Daemon(root, in_process=True) as daemon:
            assert daemon.pid
            _fill(root)
            rows = [(command, _calls(root, command.replace("FILE", str(file)), calls_n)) for command in (*ASK, *ALONE)]
        rows += [(f"{command} (stopped)", _calls(root, command, calls_n)) for command in STOPPED]
    width = max(len(command) for command, _ in rows)
    print(f"{'command':<{width}}  {'p50 ms':>7}  {'max ms':>7}  {'cpu ms':>7}  {'floor':>6}  exit")
    for command, (calls, floors, code) in rows:
        seconds = [call.seconds for call in calls]
        p50_s = statistics.median(seconds)
        mark = "" if p50_s <= TARGET_S else "  over the target"
        cpu_s, floor_s = statistics.median(call.cpu_s for call in calls), statistics.median(floors)
        figures = f"{p50_s * 1e3:7.0f}  {max(seconds) * 1e3:7.0f}  {cpu_s * 1e3:7.0f}  {floor_s * 1e3:6.0f}"
        print(f"{command:<{width}}  {figures}  {code:4}{mark}")


def _fill(root: Path) -> None:
    """Have intents that have ended."""
    for n in range(INTENTS_N):
        aside = root / "inbox" / f".{n}.tmp"
        aside.write_text(json.dumps({"id": f"b-{n}", "symbol": "AAPL", "side": "buy", "qty": 1}))
        aside.rename(root / "inbox" / f"{n}.json")
    until_s = time.monotonic() + SETTLE_S_MAX
    while time.monotonic() < until_s:
        reports = [json.loads(file.read_text()) for file in (root / "outbox").glob("b-*.json")]
        if sum(one["is_terminal"] for one in reports) == INTENTS_N:
            return
        time.sleep(0.1)
    raise SystemExit("the intents did not end")


class Call(NamedTuple):
    """One call: how long it took, how much of that was computing, and its exit code."""

    seconds: float
    cpu_s: float
    code: int


def _calls(root: Path, command: str, calls_n: int) -> tuple[list[Call], list[float], int]:
    """Return each call, the seconds of the floor beside each, and the exit code of the last."""
    calls, floors = [], []
    for _ in range(calls_n):
        floors.append(_timed([sys.executable, "-c", "pass"], root).seconds)
        calls.append(_timed([sys.executable, "-m", "execd.cli", *command.split()], root))
    return calls, floors, calls[-1].code


def _timed(words: list[str], root: Path) -> Call:
    environment = os.environ | SETTINGS | LIMITS | {"EXECD_STATE_DIR": str(root)}
    before, began_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    took_s, after = time.perf_counter() - began_s, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Call(took_s, cpu_s, done.returncode)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
