"""The journal as CSV: every row, formulas disarmed, instants readable."""

import csv
from pathlib import Path

import pytest

from execd.core.projection import TABLES
from execd.errors import JournalError
from execd.journal.export import cell, export
from execd.journal.sync import SyncJournal
from tests.properties.stories import START_NS
from tests.unit.journal.files import content, told


def test_every_row_is_in_a_file_of_its_table(tmp_path: Path) -> None:
    """Counts are told, heads are the columns, instants have a second column in UTC; the journal is not touched."""
    path = tmp_path / "s" / "journal.db"
    told(path)
    before = content(path.parent)
    counts = export(path, tmp_path / "csv", is_live=False)
    after = content(path.parent)
    with SyncJournal(path, created_ns=START_NS) as journal:
        expected = {table: len(journal.read_rows(table)) for table in TABLES} | {"records": journal.seq}
    read = {name: list(csv.DictReader((tmp_path / "csv" / f"{name}.csv").read_text().splitlines())) for name in counts}

    assert (expected, before) == (counts, after)
    assert expected == {name: len(rows) for name, rows in read.items()}
    assert "2023-11-14T22:13:20.000000000Z" in {row["received_utc"] for row in read["parents"]}


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "@SUM(A1)", "-2+3", "\t=1", "\r=1", "-", "+1"])
def test_a_cell_that_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    """A note or a broker's text is anybody's."""
    assert f"'{text}" == cell(text)


@pytest.mark.parametrize("value", ["-30", "-0.25", "12", "IBM", "", None, -5, "a=b"])
def test_a_number_stays_a_number(value: object) -> None:
    """Positions are signed."""
    assert value == cell(value)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """The folder may hold what somebody worked on."""
    path = tmp_path / "s" / "journal.db"
    told(path)
    export(path, tmp_path / "csv", is_live=False)
    with pytest.raises(JournalError, match=r"orders\.csv.*already"):
        export(path, tmp_path / "csv", is_live=False)
