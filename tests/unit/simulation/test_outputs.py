"""The folder of results: whose it is, and what the files are called."""

from pathlib import Path

import pytest

from execd.core.book import Book
from execd.simulation.outputs import FILLS, KIND, REPORTS, SUMMARY, OutputError, prepare, report_names, write_all


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """A folder that is not empty and holds no summary of ours is refused, its files untouched."""
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(OutputError, match="no replay wrote it"):
        prepare(tmp_path)

    assert ["thesis.txt"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("text", ["", "{", '{"kind": "something else"}', "[]"])
def test_a_summary_of_something_else_marks_nothing(tmp_path: Path, text: str) -> None:
    """Only our own mark makes a folder ours."""
    (tmp_path / SUMMARY).write_text(text)

    with pytest.raises(OutputError, match="no replay wrote it"):
        prepare(tmp_path)


def test_results_of_an_earlier_replay_are_replaced(tmp_path: Path) -> None:
    """A second run leaves nothing of the first behind, and keeps what a user put beside it."""
    prepare(tmp_path)
    write_all(tmp_path, Book(), {"kind": KIND})
    (tmp_path / REPORTS / "old.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("mine")

    prepare(tmp_path)

    assert ["notes.txt", REPORTS] == sorted(path.name for path in tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file where the folder should be is an error with its name."""
    (tmp_path / FILLS).write_text("")

    with pytest.raises(OutputError, match=FILLS):
        prepare(tmp_path / FILLS)


def test_ids_that_differ_only_by_case_have_a_file_each() -> None:
    """The first keeps its name, the other gets its hash: no file system may merge them."""
    names = report_names(["Abc", "abc", "b"])

    assert (["Abc", "abc", "b"], {"Abc.json", "b.json"}, 3) == (
        list(names.values()),
        {name for name in names if not name.startswith("_")},
        len({name.casefold() for name in names}),
    )
