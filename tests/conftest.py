"""What every test may use: the hypothesis profiles and the recorded market days.

Nothing here builds a part of execd; a fixture that does belongs beside the tests that use it.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Verbosity, settings

REPOSITORY = Path(__file__).resolve().parent.parent

# The gate runs the same examples on every machine: a red there is about the change under test, not about luck.
# Looking for new counter-examples is the work of `make test-wide`, which draws afresh each time and tells its seed.
# No deadline in either: a machine that is busy is not a defect.
settings.register_profile("gate", max_examples=100, derandomize=True, deadline=None, print_blob=True)
settings.register_profile(
    "wide",
    max_examples=2_000,
    deadline=None,
    print_blob=True,
    verbosity=Verbosity.normal,
    # Wide runs draw large worlds; slowness is their purpose.
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)
settings.load_profile(os.environ.get("EXECD_HYPOTHESIS", "gate"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of recorded market days; skip, saying so, where it is absent.

    `EXECD_SHARED_DATA` names it; without that it is looked for beside the repository.
    """
    beside = REPOSITORY.parent / "shared" / "data" / "market"
    folder = Path(os.environ.get("EXECD_SHARED_DATA") or beside)
    if not folder.is_dir():
        pytest.skip("SHARED TEST DATA ABSENT: set EXECD_SHARED_DATA to the folder of recorded market days")
    return folder
