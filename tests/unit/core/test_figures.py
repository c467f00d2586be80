"""Numbers as brokers write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.core.figures import figure_of

READ = [
    ("1e2", "100"),
    ("1E-9", "0.000000001"),
    ("0.123456789", "0.123456789"),
    ("-3", "-3"),
    ("007", "7"),
    (5, "5"),
    (Decimal("1.10"), "1.10"),
    ("0e999", "0"),
]
REFUSED = [
    None,
    True,
    1.5,
    float("nan"),
    Decimal("NaN"),
    Decimal("-Infinity"),
    "",
    " 1",
    "1_000",
    "\uff11",
    "NaN",
    "inf",
    "1e400",
    "1e9999",
    "1e-16",
    "1,5",
    "0x10",
    "+1",
    ".5",
    "9" * 41,
    10**16,
    [1],
]


@pytest.mark.parametrize("told, expected", READ)
def test_a_number_is_read_exactly_in_whatever_shape_it_is_told(told: object, expected: str) -> None:
    """Fault C23: an exponent, nine decimals, text or number: the same exact Decimal."""
    assert Decimal(expected) == figure_of(told)


@pytest.mark.parametrize("told", REFUSED, ids=repr)
def test_what_is_no_number_is_refused_and_never_taken_for_zero(told: object) -> None:
    """Fault C23: a null price, NaN, a float, or an exponent without bounds raises; nothing is guessed."""
    with pytest.raises(ValueError, match=r"\w"):
        figure_of(told)


@given(st.decimals(min_value=-(10**14), max_value=10**14, places=9))
def test_whatever_a_broker_could_mean_comes_back(figure: Decimal) -> None:
    """Every quantity and price in bounds is read as it was written, plain or with an exponent."""
    assert figure == figure_of(format(figure, "f")) == figure_of(figure.normalize())
