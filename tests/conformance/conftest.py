"""What every case needs: the scripted algorithm, known to the registry while the suite runs."""

import pytest

from execd.algos import registry, saving
from execd.algos.registry import Entry
from tests.conformance.script import NAME, Script, make, read


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an intent name the algorithm that does as written."""
    monkeypatch.setitem(registry.ENTRIES, NAME, Entry(name=NAME, make=make))
    monkeypatch.setitem(vars(saving)["_READERS"], (NAME, 1), read)
    monkeypatch.setitem(vars(saving)["_NAMES"], Script, (NAME, 1))
