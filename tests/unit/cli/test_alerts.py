"""`execd alerts`: one row a code, and what of it is open."""

from typing import Any

from execd.cli.alerts import OPEN_MAX, by_code, rows_of


def row(code: str, about: str, *, is_open: bool = True, **more: object) -> dict[str, Any]:
    """Return an alarm as the daemon tells it."""
    told = {"id": f"{code}:{about}", "code": code, "about": about, "text": f"{code} of {about}", "severity": "warning"}
    closed = {"is_open": is_open, "is_acked": False, "over": None, "over_text": "", "last": "2026-01-02T03:04:05.000Z"}
    return {**told, **closed, "count": 1, **more}


ROWS = [row("stale", "a", is_open=False), row("in_doubt", "p", count=3), row("stale", "b"), row("in_doubt", "q")]


def test_a_code_is_one_row_with_what_is_open_under_it() -> None:
    """How many it is about, how many of them are open, and these; the latest that is open speaks for it."""
    told = {
        one["code"]: (
            one["subjects_n"],
            one["open_n"],
            one["count"],
            one["text"],
            [sub["about"] for sub in one["open"]],
        )
        for one in by_code(ROWS)
    }

    assert {"stale": (2, 1, 2, "stale of b", ["b"]), "in_doubt": (2, 2, 4, "in_doubt of p", ["p", "q"])} == told


def test_what_is_listed_of_a_code_is_bounded_and_its_number_is_not() -> None:
    """A storm of one code leaves the others to be seen."""
    (told,) = by_code([row("external_order", str(n)) for n in range(OPEN_MAX + 5)])
    lines = rows_of(told)

    assert (OPEN_MAX + 5, OPEN_MAX) == (told["open_n"], len(told["open"]))
    assert (OPEN_MAX + 2, "and 5 more") == (len(lines), lines[-1][3])


def test_what_is_over_says_when_and_why() -> None:
    """Nobody has acknowledged it, and it is closed all the same."""
    (told,) = by_code([row("stale", "a", is_open=False, over="2026-01-02T03:05:06.000Z", over_text="over: read again")])
    (line,) = rows_of(told)

    assert "2026-01-02 03:05:06 over: read again" == line[5]
