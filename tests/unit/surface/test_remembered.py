"""What is told of ids that are no intents'."""

import msgspec

from execd.core.book import fold
from execd.core.latching import Controlled
from execd.core.parents import SavedAlgo
from execd.core.records import DocumentTaken, Tombstoned
from execd.surface.remembered import told, told_aside


def test_the_id_of_a_document_tells_what_became_of_it() -> None:
    """A cancel that was taken is not an unknown id; nor is one that may not come any more."""
    taken = DocumentTaken(now_ns=1, document_id="c-1", kind="cancel", target="a", content_hash="h", code="accepted")
    book = fold([taken, Tombstoned(now_ns=2, parent_id="lost", code="used_before_restore", by="the restore")])
    document, tombstone, none = (told_aside(book, one) for one in ("c-1", "lost", "other"))

    assert {
        "document": {
            "id": "c-1",
            "kind": "cancel",
            "target": "a",
            "code": "accepted",
            "received": "1970-01-01T00:00:00.000000001Z",
        }
    } == document
    assert ({"tombstone": {"id": "lost", "code": "used_before_restore"}}, None) == (tombstone, none)


def test_the_id_of_a_flatten_tells_its_steps() -> None:
    """A flatten is no intent: its chain is what its records say, and whether it is over."""
    state = SavedAlgo(name="flatten", version=1, fields=msgspec.Raw(b"{}"))
    steps = [
        Controlled(now_ns=n, controller_id="f", state=state, text=text, is_over=text == "flat")
        for n, text in enumerate(("begins", "closing 100 AAPL", "flat"))
    ]
    found = told(steps, "f")

    assert found is not None
    assert {"id": "f", "kind": "flatten", "is_over": True, "text": "flat"} == found["controller"]
    assert None is told(steps, "other")
