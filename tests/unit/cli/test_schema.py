"""The schemas that are shipped are those of the models."""

import json

import pytest

from execd.cli.schema import FOLDER, KINDS, made
from execd.core.book import Book
from execd.core.codec import encode
from execd.core.records import ParentAccepted
from execd.engine.summary import report
from tests.world import START_NS, intent


@pytest.mark.parametrize("kind", KINDS)
def test_a_shipped_schema_is_the_one_of_its_model(kind: str) -> None:
    """A field that changed changes the schema: run python -m execd.cli.schema."""
    shipped = json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))

    assert made()[kind] == shipped


def test_nothing_else_is_shipped() -> None:
    """Each file is a kind that can be asked for."""
    assert set(KINDS) == {file.stem for file in FOLDER.iterdir()}


def test_a_report_has_the_fields_of_its_schema() -> None:
    """What the outbox has is what the schema describes."""
    book = Book()
    book.apply(ParentAccepted(now_ns=START_NS, parent=intent("p"), content_hash="h"))
    written = json.loads(encode(report(book, "p")))
    schema = json.loads((FOLDER / "report.json").read_text(encoding="utf-8"))

    assert set(schema["$defs"]["FillReport"]["properties"]) == set(written)
