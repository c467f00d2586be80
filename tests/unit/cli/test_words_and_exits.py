"""How commands speak: what is shown, cut and escaped, and what each kind of end means."""

import argparse
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.cli import main as room
from execd.cli.exits import KINDS, CliError, Exit
from execd.cli.main import main
from execd.cli.options import REASON_LEN_MAX, reason_text
from execd.cli.show import because, clip, safe, table


@given(st.text())
def test_what_others_wrote_cannot_draw_on_the_terminal(text: str) -> None:
    """Control characters, escapes and bidi marks are shown as what they are; the rest is as it was. Fault I11."""
    shown = safe(text)

    assert (True, shown) == (shown.isprintable(), safe(shown))


@given(st.text(alphabet=string.printable.strip() + "äß–€"))
def test_ordinary_text_is_left_alone(text: str) -> None:
    """Escaping changes nothing that a person wrote for a person."""
    assert text == safe(text)


@given(st.text(), st.integers(2, 40))
def test_what_is_cut_is_as_wide_as_was_asked_and_says_so(text: str, width: int) -> None:
    """An id that fits is whole; one that does not ends in an ellipsis."""
    shown = clip(text, width)

    assert (len(shown) <= width, text if len(text) <= width else text[: width - 1] + "…") == (True, shown)


def test_a_table_escapes_its_cells() -> None:
    """A broker's text cannot break a row."""
    assert "A\nx\\n\\x1b[2Jy" == table(["A"], [["x\n\x1b[2Jy"]])


ENDS = [
    ("canceled", "canceled: done", "done"),
    ("canceled", "canceled", ""),
    ("filled", "", ""),
    ("held", "why", "why"),
]


@pytest.mark.parametrize("status, reason, shown", ENDS)
def test_a_reason_does_not_repeat_the_status(status: str, reason: str, shown: str) -> None:
    """What stands beside the status leaves it out."""
    assert shown == because(status, reason)


@pytest.mark.parametrize("text", ["x" * (REASON_LEN_MAX + 1), "two\nlines", "bell\a", "right\u202eleft"])
def test_a_reason_is_one_printable_line(text: str) -> None:
    """What is journaled of an operator can be shown to another."""
    with pytest.raises(argparse.ArgumentTypeError):
        reason_text(text)

    assert "ok" == reason_text(" ok ")


def test_every_exit_code_of_a_failure_has_its_word() -> None:
    """A script reads the word where nobody has a closer one."""
    assert set(Exit) - {Exit.OK} == set(KINDS)


@pytest.mark.parametrize("code", sorted(KINDS))
def test_an_error_is_told_on_both_streams(
    code: Exit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard error has a line for people, with the line of the file; with --json standard output has the document."""

    def fail(_: list[str]) -> int:
        raise CliError(code, "what is wrong", field="qty", line=3)

    monkeypatch.setattr(room, "_run", fail)
    ended = main(["orders", "--json"])
    told = capsys.readouterr()

    assert (code, "execd orders: line 3, qty: what is wrong\n") == (ended, told.err)
    assert {"code": KINDS[code], "message": "what is wrong", "field": "qty", "line": 3} == json.loads(told.out)


def test_a_defect_ends_with_70_and_asks_for_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody mistakes a bug for a refusal."""

    def fail(_: list[str]) -> int:
        raise KeyError("x")

    monkeypatch.setattr(room, "_run", fail)
    ended = main(["orders"])
    told = capsys.readouterr()

    assert (Exit.INTERNAL, "", True, True) == (
        ended,
        told.out,
        "Traceback" in told.err,
        "a defect of execd" in told.err,
    )


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["orders", "--help"]])
def test_asking_for_help_is_no_error(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Help and version end with 0."""
    assert (Exit.OK, True) == (main(words), capsys.readouterr().out != "")


@pytest.mark.parametrize("words", [[], ["dance"], ["check_config"], ["orders", "--nope"], ["explain"]])
def test_a_wrong_use_names_the_way_to_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, how it is used, and where more is told."""
    ended = main(words)
    told = capsys.readouterr().err

    assert (Exit.USAGE, True, True) == (ended, told.startswith("usage: execd"), "--help" in told)
