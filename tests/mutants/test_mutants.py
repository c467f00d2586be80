"""The sabotages still fit the code, and a few of them die here as they should.

`make mutants` plays all of them; it takes minutes.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.mutants.run import killed_by, main, occurrences
from tests.mutants.table import MUTANTS, Mutant

QUICK: Final = ("sent_before_its_record", "double_allocation", "gap_is_nothing", "cancel_tells_no_sum")
LEAST: Final = 12


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_mutants_line_is_found_exactly_once(mutant: Mutant) -> None:
    """Code that changed needs its mutant changed: one that is applied nowhere proves nothing."""
    assert (1, False) == (occurrences(mutant), mutant.old == mutant.new)


def test_there_are_enough_of_them_and_each_has_its_own_name() -> None:
    """The list only grows."""
    names = [one.name for one in MUTANTS]

    assert (True, len(names)) == (len(names) >= LEAST, len(dict.fromkeys(names)))


@pytest.mark.parametrize("mutant", [one for one in MUTANTS if one.name in QUICK], ids=lambda one: one.name)
def test_a_mutant_dies_of_its_law_in_its_world(mutant: Mutant) -> None:
    """The seed that is known to kill it does so, by the law that it breaks."""
    death = killed_by(mutant, [mutant.seed])

    assert (mutant.law, mutant.seed) == (death.law, death.seed)


def test_a_name_that_no_mutant_has_is_a_usage_error_that_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt name must not pass as "0 of 0 killed"."""
    with pytest.raises(SystemExit) as ended:
        main([MUTANTS[0].name, "no_such"])
    told = capsys.readouterr().err

    assert (2, True, True) == (ended.value.code, "no mutant no_such" in told, MUTANTS[-1].name in told)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_runner_that_is_told_to_end_leaves_no_child_and_no_copy(tmp_path: Path, number: signal.Signals) -> None:
    """Its simulation is ended with it, and its copy of the package is removed."""
    words = [sys.executable, "-m", "tests.mutants.run", MUTANTS[0].name]
    env = {**os.environ, "EXECD_MUTANTS_DIR": str(tmp_path)}
    with subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as runner:
        children: list[str] = []
        while not children and runner.poll() is None:
            children = Path(f"/proc/{runner.pid}/task/{runner.pid}/children").read_text(encoding="ascii").split()
        began = bool(list(tmp_path.iterdir()))
        runner.send_signal(number)
        code = runner.wait(timeout=30)

    assert (True, 128 + number, [], [False]) == (
        began,
        code,
        list(tmp_path.iterdir()),
        [Path(f"/proc/{child}").exists() for child in children],
    )
