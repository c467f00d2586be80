"""What is told of ids that are no intents'."""

from execd.core.book import fold
from execd.core.records import DocumentTaken, Tombstoned
from execd.surface.remembered import told_aside


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
