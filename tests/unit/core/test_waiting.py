"""Until when a server wants to be left alone."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.rules import S
from execd.core.waiting import until_ns

NOW_NS: Final = 784_111_777 * S
"""1994-11-06T08:49:37Z, the instant of RFC 9110's examples."""
TOLD: Final = [
    ("30", "", 30),
    ("0", "", None),
    (" 30 ", "", 30),
    ("Sun, 06 Nov 1994 08:50:37 GMT", "", 60),
    ("Sunday, 06-Nov-94 08:50:37 GMT", "", 60),
    ("Sun Nov  6 08:50:37 1994", "", 60),
    ("Sun, 06 Nov 1994 08:49:36 GMT", "", None),
    ("Sun, 06 Nov 1994 08:49:60 GMT", "", 22),
    ("Sun, 31 Feb 1995 08:49:37 GMT", "", None),
    ("Sun, 06 Non 1995 08:49:37 GMT", "", None),
    ("Sunday, 06-Nov-44 08:49:37 GMT", "", None),
    ("-5", "", None),
    ("1e3", "", None),
    ("soon", "", None),
    ("\uff11\uff12", "", None),
    ("9" * 40, "", None),
    ("", "784111787", 10),
    ("", "784111700", None),
    ("", "784111787.5", None),
    ("5", "784111787", 10),
    ("", "", None),
]


@pytest.mark.parametrize("retry_after, reset, after_s", TOLD)
def test_what_headers_say_is_read_or_says_nothing(retry_after: str, reset: str, after_s: int | None) -> None:
    """Fault C11: seconds, the three dates of HTTP, a reset, the later of both; the past and nonsense are nothing."""
    expected = 0 if after_s is None else NOW_NS + after_s * S

    assert expected == until_ns(now_ns=NOW_NS, retry_after=retry_after, reset=reset)


@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, 2**62))
def test_no_text_breaks_it(retry_after: str, reset: str, now_ns: int) -> None:
    """Whatever a server writes, the answer is an instant ahead of us, or none."""
    told_ns = until_ns(now_ns=now_ns, retry_after=retry_after, reset=reset)

    assert told_ns == 0 or told_ns > now_ns
