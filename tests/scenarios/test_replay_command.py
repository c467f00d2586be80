"""`execd replay` as a user runs it: files in, files out, exit codes, and the same bytes again."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.simulation.small import Doc, instant, intent, quote, tape, trade

REPOSITORY = Path(__file__).resolve().parents[2]
ROWS = [
    line
    for n in range(40)
    for line in (
        quote(n * 250, f"9.{90 + n % 5}", f"9.{92 + n % 7}", 100 + n % 3 * 100, 200),
        trade(n * 250 + 60, f"9.{91 + n % 5}", 100 + n % 4 * 50),
    )
]
DOCS: list[Doc] = [
    intent(f"i{n}", "ABC" if n % 3 else "XYZ", side="sell" if n % 2 else "buy", qty=100 * (1 + n % 4), **extra)
    for n, extra in enumerate(
        [{}, {"urgency": "high"}, {"not_before": instant(3_000), "deadline": "20s"}, {"limit_price": "9.93"}] * 4
    )
]


def run(folder: Path, *options: str, hash_seed: str = "0", out: str = "out") -> "subprocess.CompletedProcess[str]":
    """Run the command on the tapes and intents in `folder`."""
    names = [str(path) for path in sorted(folder.glob("*.csv"))]
    command = [sys.executable, "-m", "execd.cli", "replay", "--tape", *names, "--intents", str(folder / "intents.json")]
    return subprocess.run(
        [*command, "--out", str(folder / out), *options],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two tapes and intents for both."""
    tape(tmp_path, "ABC", ROWS)
    tape(tmp_path, "XYZ", ROWS[:-10])
    (tmp_path / "intents.json").write_text(json.dumps(DOCS))
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("options", [[], ["--isolated", "--queue", "optimistic", "--latency-ms", "0.5", "--seed", "7"]])
def test_the_same_inputs_give_the_same_bytes(folder: Path, options: list[str]) -> None:
    """Whatever order Python's hashes have, and however often it runs."""
    first = run(folder, *options, hash_seed="1", out="first")
    second = run(folder, *options, hash_seed="4242", out="second")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert contents(folder / "first") == contents(folder / "second")


def test_the_files_agree_with_each_other(folder: Path) -> None:
    """fills.csv, orders.csv, the reports and the summary tell one story, and every intent has a report."""
    assert run(folder).returncode == 0
    out = folder / "out"
    reports = {path.stem: _json(path) for path in (out / "reports").iterdir()}
    summary = _json(out / "summary.json")
    by_parent: dict[str, int] = {}
    for row in _rows(out / "fills.csv"):
        by_parent[row["parent_id"]] = by_parent.get(row["parent_id"], 0) + int(row["qty"])
    told = {name: int(report["cum_qty"]) for name, report in reports.items() if report["cum_qty"] != "0"}
    ordered = sum(int(row["cum_qty"]) for row in _rows(out / "orders.csv"))

    assert sorted(doc["id"] for doc in DOCS) == sorted(reports)
    assert (told, ordered, int(summary["total"]["filled_qty"])) == (by_parent, sum(told.values()), ordered)


def test_the_instants_of_fills_are_sorted(folder: Path) -> None:
    """fills.csv has the promised columns, by instant and then by intent."""
    run(folder)
    rows = _rows(folder / "out" / "fills.csv")
    keys = [(int(row["ts_ns"]), row["parent_id"]) for row in rows]

    assert ((folder / "out" / "fills.csv").read_text().splitlines()[0], keys) == (
        "parent_id,ts_ns,qty,price,passive",
        sorted(keys),
    )


def test_an_intent_that_is_refused_has_a_report(folder: Path) -> None:
    """A deadline that is past refuses one intent, not the run."""
    late = intent("late", not_before=None, deadline="2013-10-07T13:00:00Z")
    (folder / "intents.json").write_text(json.dumps([*DOCS, late]))
    done = run(folder)
    report = _json(folder / "out" / "reports" / "late.json")

    assert (done.returncode, report["status"], report["reason"].split(":")[0]) == (0, "rejected", "deadline_passed")


def test_intents_that_cannot_be_read_are_exit_2_with_line_and_field(folder: Path) -> None:
    """The message says where; nothing is written."""
    (folder / "intents.json").write_text('[{"id": "x", "symbol": "ABC",\n "side": "buy", "qyt": 5}]')
    done = run(folder)

    assert (done.returncode, done.stdout, (folder / "out").exists()) == (2, "", False)
    assert f"{folder / 'intents.json'}:2: qyt: intent 1: there is no field 'qyt'; did you mean qty?" in done.stderr


def test_a_tape_that_cannot_be_read_is_exit_1_with_its_line(folder: Path) -> None:
    """A fault in a tape ends the run, wherever in the tape it is, and leaves no summary."""
    path = folder / "abc_day.csv"
    path.write_text(path.read_text() + "rubbish\n")
    done = run(folder)

    assert (done.returncode, f"{path}:82:" in done.stderr, (folder / "out" / "summary.json").exists()) == (
        1,
        True,
        False,
    )


@pytest.mark.parametrize("latency_ms", ["-1", "nan", "inf", "60001"])
def test_a_latency_that_is_none_is_exit_2(folder: Path, latency_ms: str) -> None:
    """A request never acts before it was sent."""
    done = run(folder, "--latency-ms", latency_ms)

    assert (done.returncode, "--latency-ms" in done.stderr, (folder / "out").exists()) == (2, True, False)


def test_a_folder_of_somebody_else_is_exit_2(folder: Path) -> None:
    """Results never go over what no replay wrote."""
    (folder / "out").mkdir()
    (folder / "out" / "mine.txt").write_text("mine")
    done = run(folder)

    assert (done.returncode, "no replay wrote it" in done.stderr) == (2, True)


def test_a_configuration_brings_its_own_limits(folder: Path) -> None:
    """With --config a sell needs owned shares, as live; without, a replay assumes the holdings."""
    run(folder, out="free")
    run(folder, "--config", str(REPOSITORY / "config" / "execd.yaml"), out="bound")
    statuses = [
        _json(folder / name / "summary.json")["total"]["statuses"].get("rejected", 0) for name in ("free", "bound")
    ]

    assert (0, True) == (statuses[0], statuses[1] > 0)


def test_json_is_the_summary_and_the_seconds(folder: Path) -> None:
    """Times are printed and never written."""
    told = json.loads(run(folder, "--json").stdout)
    summary = _json(folder / "out" / "summary.json")
    seconds = told.pop("seconds")
    told.pop("out")

    assert (["engine", "reading"], summary) == (sorted(seconds), told)


def _json(path: Path) -> Any:  # noqa: ANN401  # JSON.
    return json.loads(path.read_text())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_replayed_day_knows_the_days_before_it_and_not_itself(folder: Path) -> None:
    """Bars of the tape's own day are in the folder, and do not count; what has no bars is told and goes without."""
    bars = folder / "bars" / "bars_daily"
    bars.mkdir(parents=True)
    midnight_ns = 1_381_118_400 * 10**9
    rows = [f"{midnight_ns - n * 86_400 * 10**9},10,20,9,{10 + n},1000" for n in (3, 0)]
    (bars / "abc.csv").write_text("\n".join(["ts_ns,open,high,low,close,volume", *rows, ""]))
    done = run(folder, "--bars-dir", str(bars.parent))
    days = _json(folder / "out" / "summary.json")["inputs"]["days"]

    assert done.returncode == 0, done.stderr
    assert [("ABC", "2013-10-04", "bars_daily/abc.csv")] == [
        (day["symbol"], day["as_of_date"], day["source"]) for day in days
    ]
    assert "nothing is known of the days of XYZ" in done.stderr


def test_a_folder_of_bars_that_is_not_there_is_exit_2(folder: Path) -> None:
    """A slip of the finger must not run without what was asked for."""
    done = run(folder, "--bars-dir", str(folder / "absent"))

    assert (2, True) == (done.returncode, "there is no folder" in done.stderr)
