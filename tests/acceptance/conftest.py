"""Daemons for the acceptance tests: one for each test that changes its life, one shared by those that only ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.daemon import Execd, clean_environment
from tests.acceptance.venued import Venued


@pytest.fixture(scope="session")
def pycache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a place for byte code that all started processes share."""
    return tmp_path_factory.mktemp("pycache")


@pytest.fixture
def execd(tmp_path: Path, pycache: Path) -> Iterator[Execd]:
    """Return an execd that has not been started; it is ended with the test."""
    one = Execd(tmp_path / "state", clean_environment(pycache))
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def venued(tmp_path: Path, pycache: Path) -> Iterator[Venued]:
    """Return an execd that has not been started; daemon and venue end with the test."""
    one = Venued(tmp_path / "state", pycache)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, pycache: Path) -> Iterator[Execd]:
    """Return an execd that is ready; the tests of a module share it."""
    one = Execd(tmp_path_factory.mktemp("running") / "state", clean_environment(pycache))
    one.start()
    try:
        one.until_ready()
        yield one
    finally:
        one.close()
