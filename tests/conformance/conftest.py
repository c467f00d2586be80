"""What every case needs: the scripted algorithm, known to the registry while the suite runs."""

import pytest

from execd.algos import registry
from execd.algos.registry import Entry
from tests.conformance.script import NAME, Script, make


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an intent name the algorithm that does as written."""
    monkeypatch.setitem(registry.ENTRIES, NAME, Entry(name=NAME, is_public=False, make=make))
    monkeypatch.setitem(vars(registry)["_KINDS"], (NAME, 1), Script)
    monkeypatch.setitem(vars(registry)["_NAMES"], Script, (NAME, 1))
