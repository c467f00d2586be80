"""Files of many orders: how they are cut, which rows are refused and where, and what is taken."""

import json
from collections.abc import Mapping

import pytest

from execd.errors import IntentError
from execd.intake.parse import ParsedList
from execd.intake.rows import LIST_BYTES_MAX, ROWS_MAX
from tests.unit.intake.tables import answered, listed, parsed, refusal, yaml

HEADER = "id,symbol,side,qty\n"
GOOD = {"id": "a1", "symbol": "AAPL", "side": "buy", "qty": 100}


def rows(*changes: Mapping[str, object]) -> str:
    """Return a JSON list, an order on each line; each change makes one row of the usual order."""
    return "[\n" + ",\n".join(json.dumps({**GOOD, "id": f"a{n}", **change}) for n, change in enumerate(changes)) + "\n]"


def refused_rows(name: str, text: str) -> list[tuple[int, int | None, str, str | None]]:
    """Return row, line, code and field of every refused row."""
    try:
        found = answered(name, text)
    except IntentError as error:
        faults = error.rows
    else:
        assert isinstance(found, ParsedList)
        faults = found.refused
    return [(fault.row, fault.line, fault.code, fault.field) for fault in faults]


TWO: list[dict[str, object]] = [GOOD, {"id": "a2", "symbol": "MSFT", "side": "sell", "qty": 2.5}]


@pytest.mark.parametrize(
    "name, text",
    [
        ("a.csv", HEADER + "a1,AAPL,buy,100\na2,MSFT,sell,2.50\n"),
        ("a.csv", HEADER + 'a1,AAPL,"buy",100\r\n\r\n"a2",MSFT,sell,2.5'),
        ("a.csv", "qty,note,side,id,symbol\n100,,buy,a1,AAPL\n2.5,,sell,a2,MSFT\n"),
        ("a.json", json.dumps(TWO)),
        (
            "a.yaml",
            "- {id: a1, symbol: AAPL, side: buy, qty: 100}\n-\n id: a2\n symbol: MSFT\n side: sell\n qty: 2.5\n",
        ),
        ("a.yml", json.dumps(TWO)),
    ],
)
def test_a_list_and_a_csv_file_hold_the_orders_that_files_of_their_own_would(name: str, text: str) -> None:
    """One order a row, the header names the fields, an empty cell is absence; the same order has the same hash."""
    alone = [parsed("b.yaml", yaml()), parsed("b.yaml", yaml(id="a2", symbol="MSFT", side="sell", qty="2.5"))]

    assert alone == list(listed(name, text).intents)


def test_a_column_may_name_what_is_inside_the_algo() -> None:
    """There are no mappings in csv: `algo.bps` is the bps inside algo."""
    text = "id,symbol,side,qty,algo.name,algo.bps\na1,AAPL,buy,100,offset,5\na2,AAPL,buy,100,,\n"
    alone = parsed("b.yaml", yaml(algo="{name: offset, bps: 5}"))

    assert (alone, None) == (listed("a.csv", text).intents[0], listed("a.csv", text).intents[1].parent.algo)


@pytest.mark.parametrize(
    "columns, cells, code, field, said",
    [
        ("algo.name,algo.tactic.name", "twap,anchor", "unknown_field", "algo.tactic.name", "no further"),
        ("algo.name,algo.profile", 'vwap,"1,2,3"', "wrong_type", "algo.profile", "csv has no lists"),
        ("algo", "twap", "wrong_type", "algo", "the column algo.name"),
    ],
)
def test_what_csv_cannot_say_is_refused_as_that(columns: str, cells: str, code: str, field: str, said: str) -> None:
    """Neither a mapping inside algo nor a list fits a cell; the refusal names the way out."""
    with pytest.raises(IntentError) as refused:
        answered("a.csv", f"id,symbol,side,qty,{columns}\na1,AAPL,buy,100,{cells}\n")
    (fault,) = refused.value.rows

    assert (code, field, True) == (fault.code, fault.field, said in fault.message)


def test_a_tactic_by_its_name_fits_a_cell() -> None:
    """`algo.tactic` in csv is `tactic` inside algo."""
    text = "id,symbol,side,qty,algo.name,algo.tactic\na1,AAPL,buy,100,twap,anchor\n"

    assert parsed("b.yaml", yaml(algo="{name: twap, tactic: anchor}")) == listed("a.csv", text).intents[0]


def test_one_bad_row_refuses_the_whole_file() -> None:
    """Without on_error: skip it is all or none; the first bad row is named with its field and line."""
    with pytest.raises(IntentError) as caught:
        answered("a.json", rows({}, {"qty": "x"}, {}, {"sied": "buy"}))

    error = caught.value
    assert ("bad_number", "qty", 3) == (error.code, error.field, error.line)
    assert [(2, 3, "bad_number", "qty"), (4, 5, "unknown_field", "sied")] == [
        (row.row, row.line, row.code, row.field) for row in error.rows
    ]
    assert "row 2: " in error.message
    assert "(and 1 more rows); nothing of the file was taken" in error.message


def test_skip_takes_the_good_rows_and_tells_the_bad_ones() -> None:
    """One row that says on_error: skip speaks for its file."""
    found = listed("a.json", rows({}, {"qty": "x"}, {"on_error": "skip"}))

    assert (("a0", "a2"), False) == (found.ids, found.is_atomic)
    assert [(2, "a1", "bad_number")] == [(row.row, row.id, row.code) for row in found.refused]


def test_a_column_on_error_speaks_for_the_csv_file() -> None:
    """In csv it is a column; empty cells say nothing."""
    text = "id,symbol,side,qty,on_error\na1,AAPL,buy,100,skip\na2,AAPL,buy,,\n"

    assert ([(2, 3, "one_quantity", "qty")], ("a1",)) == (refused_rows("a.csv", text), listed("a.csv", text).ids)


@pytest.mark.parametrize(
    "text, code",
    [
        (rows({"on_error": "skip"}, {"on_error": "reject"}), "conflicting_fields"),
        (rows({"on_error": "skip", "qty": "x"}, {"qty": "y"}), "bad_number"),
        (rows({}, {"kind": "cancel", "target": "a0"}), "not_in_list"),
        (rows({}, {"kind": "basket"}), "not_supported"),
        (rows({}, {"id": "a0"}), "duplicate_id"),
        ("[null]", "empty_file"),
    ],
)
def test_what_a_list_may_not_hold(text: str, code: str) -> None:
    """Contradictions, other kinds of document, an id that stands twice, and nothing good at all refuse the file."""
    assert code == refusal("a.json", text)[0]


def test_an_id_that_stands_twice_is_refused_in_both_rows() -> None:
    """Nobody knows which of the two was meant, not even where one of them is bad in itself."""
    text = rows({"on_error": "skip"}, {"id": "a0"}, {"id": "a3", "qty": "x"}, {}, {})
    found = [(row, code) for row, _, code, _ in refused_rows("a.json", text)]

    assert [(1, "duplicate_id"), (2, "duplicate_id"), (3, "bad_number"), (4, "duplicate_id")] == found


@pytest.mark.parametrize(
    "text, code, line",
    [
        (HEADER + "a1,AAPL,buy\n", "ragged_row", 2),
        (HEADER + "a1,AAPL,buy,100\na2,AAPL,buy,1,000\n", "ragged_row", 3),
        ("id,symbol,side,qty,qty\na1,AAPL,buy,1,1\n", "duplicate_key", 1),
        ("id,symbol,side,algo,algo.bps\n", "duplicate_key", 1),
        ("id,symbol,,qty\n", "syntax", 1),
        ("id;symbol;side;qty\na1;AAPL;buy;100\n", "syntax", 1),
        (HEADER + 'a1,"AAPL" ,buy,100\n', "syntax", 2),
        (HEADER + 'a1,"AAPL,buy,100\n', "syntax", 2),
        (",".join(f"c{n}" for n in range(101)) + "\n", "too_large", 1),
        (HEADER + "a1,AAPL,buy," + "1" * 70_000 + "\n", "too_large", 2),
        (HEADER + "a1,AAPL,buy," + "1" * 200_000 + "\n", "too_large", 2),
        (HEADER + "a1,AAPL,buy,1\0\n", "not_utf8", 2),
        ("\ufeff" + HEADER, "not_utf8", 1),
        ("\n\n", "empty_file", None),
    ],
)
def test_a_csv_file_is_read_strictly(text: str, code: str, line: int | None) -> None:
    """Ragged rows, double or unnamed columns, loose quotes, other separators, NUL and byte order marks are refused."""
    found, _, at = refusal("a.csv", text)

    assert (code, line) == (found, at)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("id,symbol,side,qyt\na1,AAPL,buy,1\n", [(1, 2, "unknown_field", "qyt")]),
        ("id,symbol,side, qty\na1,AAPL,buy,1\n", [(1, 2, "unknown_field", " qty")]),
        (HEADER + "a1,AAPL,buy, 1\n", [(1, 2, "bad_number", "qty")]),
        (HEADER + "a1,AAPL,buy,=1+1\n", [(1, 2, "bad_number", "qty")]),
        (HEADER + '"a\n1",AAPL,buy,1\na2,AAPL,buy,x\n', [(1, 2, "bad_id", "id"), (2, 4, "bad_number", "qty")]),
        (HEADER + ",AAPL,buy,1\n", [(1, 2, "missing_field", "id")]),
    ],
)
def test_a_bad_cell_is_named_by_its_column_and_line(
    text: str, expected: list[tuple[int, int | None, str, str | None]]
) -> None:
    """Every row with a fault is told, with the line on which it begins."""
    assert expected == refused_rows("a.csv", text)


@pytest.mark.parametrize(
    "name, text, code, line",
    [
        ("a.json", '[{"id": "a",\n "id": "b"}]', "duplicate_key", 2),
        ("a.json", '[\n{"id": "a"},\n{"id": }\n]', "syntax", 3),
        ("a.json", '[{"id": "a"}\n{"id": "b"}]', "syntax", 2),
        ("a.json", '[{"id": "a"},\n]', "syntax", 2),
        ("a.json", '[{"id": "a"}]\nx', "syntax", 2),
        ("a.json", '[{"id": "a"}', "syntax", 1),
        ("a.json", '[\n{"note": "' + "x" * 70_000 + '"}]', "too_large", 2),
        ("a.json", "[\n" + "1" * 70_000 + "]", "too_large", 2),
        ("a.json", "[\n" + "1" * 8_000_000 + "]", "too_large", 2),
        ("a.json", "[{}" + ",{}" * ROWS_MAX + "]", "too_large", 1),
        ("a.json", '[{"algo": ' + "[" * 15 + "]" * 15 + "}]", "too_deep", 1),
        ("a.yaml", "- {id: a}\n- {id: &x b}\n", "yaml_feature", 2),
        ("a.yaml", "- {id: a}\n- {id: b, id: c}\n", "duplicate_key", 2),
        ("a.yaml", "- {id: a}\n- 'x\n", "syntax", 3),
        ("a.yaml", "- a\n---\n- b\n", "yaml_feature", 2),
        ("a.yaml", "- a\n" * (ROWS_MAX + 1), "too_large", ROWS_MAX + 1),
        ("a.yaml", "- a\n- " + "x" * 100_000, "too_large", 2),
        ("a.csv", HEADER + "a,A,buy,1\n" * (ROWS_MAX + 1), "too_large", ROWS_MAX + 2),
        ("a.csv", HEADER + " " * LIST_BYTES_MAX, "too_large", None),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_refused_whole(name: str, text: str, code: str, line: int | None) -> None:
    """Where the text itself is at fault nobody knows what its rest meant, so skip does not help (SPEC 2: sizes)."""
    found, _, at = refusal(name, text)

    assert (code, line) == (found, at)


def test_a_list_may_be_longer_than_an_intent() -> None:
    """64 KiB is the bound of one intent; a list of short ones has 8 MiB and 10,000 rows."""
    text = rows(*[{}] * 2_000)

    assert (2_000, True) == (len(listed("a.json", text).intents), len(text) > 64 * 1024)


def test_a_single_intent_longer_than_64_kib_is_refused() -> None:
    """Only lists may be longer, and what is one is decided by the content."""
    assert ("too_large", None, None) == refusal("a.json", '{"note": "' + "x" * 65_536 + '"}')
    assert ("too_large", None, None) == refusal("a.yaml", "note: " + "x" * 65_536)


def test_a_list_that_takes_its_rows_one_by_one_comes_in_parts() -> None:
    """10,000 rows are no single event where they need not stand or fall together."""
    loose = listed("a.json", rows(*[{"on_error": "skip"}] * 130))
    whole = listed("a.json", rows(*[{}] * 130))
    sizes = [len(loose.event(part, now_ns=0, known={}, ref="").items) for part in range(loose.parts_n)]

    assert ([64, 64, 2], 1) == (sizes, whole.parts_n)
