"""What the tests of the venue's process share: signs of life, and patience with what is missing, are short.

Other tests of this room do not notice.
"""

import pytest

from execd.brokers import sim_link
from execd.venue import house as venue_house
from execd.venue import telling


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let signs of life, and patience with what is missing, be short."""
    monkeypatch.setattr(venue_house, "ALIVE_S", 0.02)
    monkeypatch.setattr(sim_link, "LOOK_S", 0.02)
    monkeypatch.setattr(sim_link, "MISSING_S_MAX", 0.1)
    monkeypatch.setattr(telling, "REORDER_S", 0.02)
