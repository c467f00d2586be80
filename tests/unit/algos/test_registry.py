"""One file, one row, one section: an algorithm is registered wholly or not at all."""

from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from execd.algos.passthrough import Passthrough
from execd.algos.registry import ENTRIES, SWEEP
from execd.algos.saving import UnknownAlgoState, load, save
from execd.algos.schedules import Now
from execd.algos.tactics import Marketable, Offset, Tactic
from execd.algos.worker import Worker
from execd.core.enums import OrdType
from execd.core.parents import SavedAlgo
from execd.core.schedule_terms import ALGO_TERMS
from tests.conftest import REPOSITORY


def _worker(tactic: Tactic, **counted: int) -> Worker:
    return replace(Worker.of(Now(), tactic), **counted)


# States as execd 0.1.0 wrote them: they must load for ever.
RELEASED = [
    (
        SavedAlgo(
            name="worker",
            version=1,
            fields=msgspec.Raw(
                b'{"type":"Worker","schedule":{"type":"Now","replans":true},"tactic":{"type":"Sweep",'
                b'"ttl_ns":15000000000,"is_exit":true},"placed_n":2,"settled_n":1,"pulls_n":0,"replans_n":0}'
            ),
        ),
        _worker(SWEEP, placed_n=2, settled_n=1),
    ),
    (
        SavedAlgo(
            name="worker",
            version=1,
            fields=msgspec.Raw(
                b'{"type":"Worker","schedule":{"type":"Now","replans":true},"tactic":{"type":"Touch",'
                b'"spread_fraction":"0.25","ttl_ns":60000000000,"is_exit":false},"placed_n":1}'
            ),
        ),
        _worker(Marketable(interval_ns=60_000_000_000, reprices_max=0, ttl_ns=60_000_000_000), placed_n=1),
    ),
    (
        SavedAlgo(
            name="worker",
            version=1,
            fields=msgspec.Raw(
                b'{"type":"Worker","schedule":{"type":"Now","replans":true},"tactic":{"type":"Offset",'
                b'"bps":"5","ttl_ns":60000000000,"is_exit":false},"pulls_n":1,"replans_n":2}'
            ),
        ),
        _worker(Offset(bps=Decimal(5), ttl_ns=60_000_000_000), pulls_n=1, replans_n=2),
    ),
    (
        SavedAlgo(
            name="passthrough",
            version=1,
            fields=msgspec.Raw(b'{"type":"Passthrough","ord_type":"limit","placed_n":1,"pulls_n":0}'),
        ),
        Passthrough(ord_type=OrdType.LIMIT, placed_n=1),
    ),
    (
        SavedAlgo(
            name="passthrough",
            version=1,
            fields=msgspec.Raw(b'{"type":"Passthrough","ord_type":"market","placed_n":1,"pulls_n":0,"is_exit":true}'),
        ),
        Passthrough(ord_type=OrdType.MARKET, placed_n=1, is_exit=True),
    ),
]


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_every_algorithm_has_a_section_in_the_manual(name: str) -> None:
    """docs/algorithms.md tells what each row of the registry does."""
    manual = (REPOSITORY / "docs" / "algorithms.md").read_text(encoding="utf-8")

    assert f"\n## {name}\n" in manual


def test_every_file_of_an_algorithm_is_used_by_the_registry() -> None:
    """A tactic or schedule that nobody can reach is dead."""
    algos = REPOSITORY / "execd" / "algos"
    helpers = {"__init__", "base", "checks", "fitting", "pieces", "pricing", "pulling", "registry", "saving", "worker"}
    helpers |= {"daytime", "others", "pegging", "returning"}
    helpers |= {"almgren_chriss", "curve", "scheduling", "sliced", "slices", "volume"}
    files = {path.stem for path in algos.rglob("*.py")} - helpers
    told = "".join((algos / name).read_text(encoding="utf-8") for name in ("registry.py", "scheduling.py", "worker.py"))

    assert set() == {name for name in files if name.title().replace("_", "") not in told}


def test_every_algorithm_says_what_may_be_asked_of_it() -> None:
    """The registry and the table of parameters name the same algorithms."""
    assert sorted(ENTRIES) == sorted(ALGO_TERMS)


@pytest.mark.parametrize("saved, state", RELEASED, ids=lambda value: type(value).__name__)
def test_states_of_released_versions_still_load(saved: SavedAlgo, state: Worker | Passthrough) -> None:
    """An upgrade with open parents goes on where the old version stopped."""
    assert state == load(saved)
    assert state == load(save(state))


@pytest.mark.parametrize(
    "saved",
    [
        SavedAlgo(name="oracle", version=1, fields=msgspec.Raw(b"{}")),
        SavedAlgo(name="worker", version=99, fields=msgspec.Raw(b"{}")),
        SavedAlgo(name="worker", version=1, fields=msgspec.Raw(b'{"schedule":7}')),
    ],
)
def test_a_state_that_is_not_understood_is_refused(saved: SavedAlgo) -> None:
    """Its parent is held, never guessed at."""
    with pytest.raises(UnknownAlgoState):
        load(saved)
