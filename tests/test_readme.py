"""The first page tells the truth: what it names exists, what it shows can be run.

It reads README.md and asks the program itself. Figures and pasted output are measured by hand and not checked here; a
new kind of promise on that page gets a test here.
"""

import re
import shlex
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from execd.cli.main import COMMANDS, parser
from execd.config.loader import load
from execd.core.enums import Side, Urgency
from execd.core.session import AlwaysOpen
from execd.errors import IntentError
from execd.intake.parse import ParseContext, ParsedIntent, parse_file

REPOSITORY: Final = Path(__file__).resolve().parent.parent
README: Final = (REPOSITORY / "README.md").read_text(encoding="utf-8")
NOW_NS: Final = 1_795_000_000_000_000_000
CONTEXT: Final = ParseContext(
    now_ns=NOW_NS, mtime_ns=NOW_NS, accounts=("sim",), default_account="sim", session=AlwaysOpen(), seed=1
)


def yaml_block(first_word: str) -> str:
    """Return the YAML example that begins with a word."""
    (found,) = (block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if block.startswith(first_word))
    return str(found)


def test_each_command_line_of_the_page_is_understood() -> None:
    """Whoever copies a command meets no usage error: names, flags and their values are the program's own."""
    lines = re.findall(r"^ +(?:\.venv/bin/)?execd (.+)$", README, re.MULTILINE)
    lines += re.findall(r"`\.venv/bin/execd ([^`]+)`", README)
    commands = [parser().parse_args(shlex.split(line)).command for line in lines]

    assert ["explain", "preview", "replay", "run"] == sorted(commands)


def test_the_table_of_commands_is_complete() -> None:
    """Every command has its row, and no row names a command that does not exist."""
    rows = "\n".join(line.split("|")[1] for line in README.splitlines() if line.startswith("| `execd "))
    named = set(re.findall(r"`execd ([a-z-]+)", rows))

    assert {name.replace("_", "-") for name in COMMANDS} == named


def test_every_link_leads_to_a_file() -> None:
    """No link of the page is dead."""
    targets = re.findall(r"\]\(([^)#:]+)\)", README)

    assert (True, []) == (len(targets) > 10, [one for one in targets if not (REPOSITORY / one).exists()])


def test_every_make_target_exists() -> None:
    """What the page tells to make can be made."""
    made = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = set(re.findall(r"(?:^ +|`)make ([a-z-]+)", README, re.MULTILINE))

    assert (True, set()) == ({"demo", "test", "test-wide", "soak", "bench"} <= told, told - made)


def test_every_benchmark_is_on_the_page() -> None:
    """Each figure names the program that measures it, and no program is forgotten."""
    told = set(re.findall(r"`(benchmarks/\w+\.py)`", README))
    there = {f"benchmarks/{path.name}" for path in (REPOSITORY / "benchmarks").glob("[!_]*.py")}

    assert there == told


def test_the_intent_of_ten_lines_is_an_intent_of_ten_lines() -> None:
    """The first file that a newcomer copies is taken."""
    text = yaml_block("id:")
    parsed = parse_file("rebalance.yaml", text.encode(), context=CONTEXT)

    assert isinstance(parsed, ParsedIntent)
    parent = parsed.parent
    assert (10, "AAPL", Side.BUY, Urgency.HIGH) == (
        len(text.splitlines()),
        parent.symbol,
        parent.side,
        parent.urgency,
    )


@pytest.mark.parametrize(
    "line",
    [
        "protect: {stop_loss: {method: percent, value: 2.0}}",
        "extended_hours: true",
        "kind: basket",
        "kind: pair",
        "time_in_force: gtc",
        "algo: {name: close_auction}",
    ],
)
def test_what_is_told_to_be_refused_is_refused(line: str) -> None:
    """What is not built is refused as such, not ignored."""
    text = "id: a\nsymbol: AAPL\nside: buy\nqty: 1\n" + line
    with pytest.raises(IntentError) as refused:
        parse_file("a.yaml", text.encode(), context=CONTEXT)

    assert refused.value.code == "not_supported"


def test_the_example_of_a_configuration_loads(tmp_path: Path) -> None:
    """The short file and the variable beside it are a configuration that starts."""
    file = tmp_path / "execd.yaml"
    file.write_text(yaml_block("accounts:"), encoding="utf-8")
    settings = load(file, {"EXECUTION__ENABLE_SMART_EXECUTION": "false", "EXECD_SIM__SPEED": "10"})

    assert "EXECUTION__ENABLE_SMART_EXECUTION=false" in README
    assert (False, Decimal(10), Decimal(3)) == (
        settings.execution.enable_smart_execution,
        settings.sim.speed,
        settings.execution.offset_bps,
    )
