"""The sabotages still fit the code, and a few of them die here as they should.

`make mutants` plays all of them; it takes minutes.
"""

from typing import Final

import pytest

from tests.mutants.run import killed_by, occurrences
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
