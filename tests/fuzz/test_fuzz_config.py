"""The configuration's loader takes any bytes: settings or ConfigError, and never a secret in what is shown.

The corpus of the fuzzer is replayed here without it, and hypothesis adds texts that are nearly configurations.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.config.keys import ANY, keys
from tests.fuzz.config_target import CANARY, SPLIT, check

CORPUS = sorted((Path(__file__).parent / "corpus" / "config").iterdir())
SECRETS = ("alerts.webhook", "alerts.dead_man_url")
VALUES = st.one_of(
    st.sampled_from(
        ["true", "no", "010", "1e3", "-1", "[]", "{}", "[a, b]", "{a: 1}", "~", "12:30", "simple_hours", "tape", "''"]
    ),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.text(max_size=12),
)
NAMES = st.sampled_from([key.path for key in keys()]).map(
    lambda path: tuple("sim" if part == ANY else part for part in path)
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """Return lines of sections and keys, most of them right, some twice, some misspelt."""
    lines = []
    for path in draw(st.lists(NAMES, max_size=6)):
        last = (
            draw(st.sampled_from([path[-1], path[-1].upper(), path[-1][:-1], "x"])) if draw(st.booleans()) else path[-1]
        )
        for depth, part in enumerate(path[:-1]):
            lines.append(f"{'  ' * depth}{part}:")
        lines.append(f"{'  ' * (len(path) - 1)}{last}: {draw(VALUES)}")
    return "\n".join(lines)


@st.composite
def variables(draw: st.DrawFn) -> str:
    """Return lines of NAME=value, most of them ours, some nearly."""
    lines = []
    for path in draw(st.lists(NAMES, max_size=4)):
        name = draw(st.sampled_from(["EXECD_", "", "EXCD_", "execd_"])) + draw(st.sampled_from(["__", "_"])).join(path)
        lines.append(f"{name.upper() if draw(st.booleans()) else name}={draw(VALUES)}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory for the file of each example."""
    return tmp_path_factory.mktemp("fuzz-config")


def test_there_is_a_corpus() -> None:
    """A folder that is empty would test nothing."""
    assert CORPUS


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_the_corpus_is_taken_or_refused(file: Path, folder: Path) -> None:
    """What the fuzzer kept as worth looking at holds the laws, on every platform."""
    check(file.read_bytes(), folder)


@given(body=st.binary(max_size=400))
def test_any_bytes_are_taken_or_refused(body: bytes, folder: Path) -> None:
    """Fault H1: no bytes break the loader; a file is a configuration or an error with its place."""
    check(body, folder)


@given(text=files(), env=variables())
def test_what_is_nearly_a_configuration_is_taken_or_refused(text: str, env: str, folder: Path) -> None:
    """Faults H1 and H2: wrong values, names, places and types are told, never raised as something else."""
    check(text.encode("utf-8", "surrogatepass") + SPLIT + env.encode("utf-8", "surrogatepass"), folder)


@given(
    text=files(),
    env=variables(),
    bad=st.sampled_from(["", "\\", "]", " {", "\t", "&a ", "!!x ", "* ", "#", "\x1b"]),
    name=st.sampled_from(SECRETS),
)
def test_no_error_shows_a_secret(text: str, env: str, bad: str, name: str, folder: Path) -> None:
    """Fault I12: whatever is wrong, in the secret's own line or elsewhere, its value is in no message."""
    section, key = name.split(".")
    body = f"{text}\n{section}:\n  {key}: {bad}https://x.example/{CANARY}"
    variable = f"EXECD_{section.upper()}__{key.upper()}={bad}https://x.example/{CANARY}"
    check(body.encode("utf-8", "surrogatepass"), folder)

    check(SPLIT + f"{env}\n{variable}".encode("utf-8", "surrogatepass"), folder)
