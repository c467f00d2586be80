"""The tree keeps the rules of the house.

The rules themselves are in `tests/house.py`; each is shown a bad file in `tests/test_house_rules.py`. They run over
what exists, so a room is under them from its first file. A new rule does not need a new test here.
"""

import re
import subprocess
import sys
import tomllib
import warnings
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePosixPath

import pytest

from tests.house import FILE_LINES_SOFT_MAX, RULES, Rule, Source, unclean, unordered
from tests.house_sets import set_fields_of

REPOSITORY = Path(__file__).resolve().parent.parent
TOP_LEVEL = frozenset(
    "pyproject.toml README.md CHANGELOG.md LICENSE SECURITY.md Makefile requirements.lock Dockerfile "
    "docker-compose.yml config deploy docs benchmarks tests execd".split(),
)
MAY_COME_LATER = frozenset({"config", "deploy", "benchmarks"})
# What a command may not load before it knows that it needs it; start-up has a budget.
HEAVY = frozenset(
    "aiohttp aiosqlite alpaca asyncio exchange_calendars numpy pandas prometheus_client pydantic "
    "pydantic_settings rich sqlite3 structlog uvloop yaml".split(),
)
ENTRY_POINTS = ["execd", *(["execd.cli.main"] if (REPOSITORY / "execd" / "cli" / "main.py").exists() else [])]


def tracked() -> list[PurePosixPath]:
    """Return every file that is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = sorted({PurePosixPath(name) for name in listed.split("\0") if name})
    return [path for path in paths if (REPOSITORY / path).is_file()]


@cache
def sources() -> list[Source]:
    """Return every Python file of the tree."""
    return [Source(path, (REPOSITORY / path).read_text(encoding="utf-8")) for path in tracked() if path.suffix == ".py"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(rule: Rule) -> None:
    """Sizes, docstrings, pure rooms, arrows, wide excepts and type ignores hold over the whole tree."""
    # One statement that imports seven names against an arrow is one finding.
    found = dict.fromkeys(finding for source in sources() for finding in rule(source))

    assert list(found) == []


def test_no_pure_room_iterates_a_set() -> None:
    """A replay gives the same bytes under every PYTHONHASHSEED, so no order may come from a set."""
    pure = [source for source in sources() if source.is_pure]
    fields = set_fields_of(source.tree for source in pure)
    found = [finding for source in pure for finding in unordered(source, set_fields=fields)]

    assert found == []


@pytest.mark.filterwarnings("always::UserWarning")
def test_files_above_the_soft_limit_are_named() -> None:
    """A file above the soft limit is told in the summary of the run; only the hard limit fails."""
    for source in sources():
        lines = len(source.text.splitlines())
        if lines > FILE_LINES_SOFT_MAX:
            warnings.warn(f"{source.path}: {lines} lines; split it by idea before it grows", UserWarning, stacklevel=1)


def test_no_tracked_text_is_unfinished_or_names_a_machine_or_an_index() -> None:
    """What is committed is finished, and belongs to no machine and to no package index; the lock too."""
    found: list[str] = []
    for path in tracked():
        try:
            text = (REPOSITORY / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += unclean(path, text)

    assert found == []


def test_the_top_level_is_what_a_newcomer_was_told() -> None:
    """Nothing lies at the top but the named files, the named folders and dotfiles; nothing named is missing."""
    present = {path.parts[0] for path in tracked() if not path.parts[0].startswith(".")}

    assert (sorted(present - TOP_LEVEL), sorted(TOP_LEVEL - MAY_COME_LATER - present)) == ([], [])


def test_the_arrows_between_rooms_hold_through_any_chain() -> None:
    """import-linter finds no contract broken, directly or through other modules."""
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
    )

    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize("module", ENTRY_POINTS)
def test_a_command_starts_without_loading_anything_heavy(module: str) -> None:
    """Importing the entry point loads no HTTP, SQL, validation, table or event-loop library."""
    program = f"import {module}, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.split()

    assert sorted(HEAVY.intersection(loaded)) == []


def test_every_lint_exception_stands_beside_its_reason() -> None:
    """A code in an ignore list of ruff has a comment on its line or opens a group that is explained above it."""
    lines = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    bare = [
        line.strip()
        for before, line in pairwise(lines)
        if re.fullmatch(r'\s*"[A-Z]+\d+",\s*', line) and not before.strip().startswith(("#", '"TC'))
    ]

    assert bare == []


def test_each_requirement_is_locked_with_hashes() -> None:
    """Every dependency of the package and of its tools is pinned in requirements.lock, and each pin has a hash."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {
        re.split(r"[><=;\[ ]", requirement)[0].lower().replace("_", "-")
        for requirement in (*project["dependencies"], *project["optional-dependencies"]["dev"])
    }
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    pinned = {name.lower() for name in re.findall(r"^([\w.-]+)==.*\n +--hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)}
    pins = re.findall(r"^[\w.-]+==", lock, re.MULTILINE)
    hashed = re.findall(r"^[\w.-]+==.*\n +--hash=", lock, re.MULTILINE)

    assert (sorted(asked - pinned), len(pins)) == ([], len(hashed))


def test_the_index_of_decisions_lists_every_page() -> None:
    """docs/adr/README.md links each page, and pages are numbered without a gap."""
    folder = REPOSITORY / "docs" / "adr"
    pages = sorted(page.name for page in folder.glob("[0-9]*.md"))
    linked = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))

    assert (linked, [int(page[:4]) for page in pages]) == (pages, list(range(1, len(pages) + 1)))
