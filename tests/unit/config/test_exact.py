from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omega.config.exact import TooPrecise, as_pair, show_exact, to_fraction


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("0.1"), Fraction(1, 10)),
        (0.1, Fraction(1, 10)),
        ("0.1", Fraction(1, 10)),
        ("3.50", Fraction(7, 2)),
        (Decimal("1E+5"), Fraction(100_000)),
        (Decimal("1E-12"), Fraction(1, 10**12)),
        ("0.1000000000000000", Fraction(1, 10)),
        (100_000, Fraction(100_000)),
        (Fraction(1, 8), Fraction(1, 8)),
        (1e-05, Fraction(1, 100_000)),
        (-2.5, Fraction(-5, 2)),
    ],
)
def test_a_decimal_is_read_digit_by_digit(value, expected):
    """NUM-1b: 0.1 is one tenth, not the float nearest to it."""
    assert to_fraction(value) == expected


@pytest.mark.parametrize("value", ["0.0000000000001", Decimal("1E-13"), Fraction(1, 3), 1e-13])
def test_more_than_twelve_decimals_are_refused(value):
    """NUM-1b: at most 12 decimals."""
    with pytest.raises(TooPrecise):
        to_fraction(value)


@pytest.mark.parametrize(
    "value",
    ["", " 1", "1_000", "0x10", "1,5", "nan", "inf", "1e999999999", "٣", Decimal("NaN"), float("inf"), True, None, [1]],
)
def test_what_is_no_finite_decimal_number_is_refused(value):
    with pytest.raises(ValueError, match="number"):
        to_fraction(value)


@pytest.mark.parametrize("value", [10**15 + 1, Decimal("1E+16"), Decimal("1234567890123456.5"), "1e99"])
def test_a_number_beyond_the_limit_is_refused(value):
    with pytest.raises(ValueError, match="15 digits"):
        to_fraction(value)


def test_a_pair_is_reduced():
    assert as_pair(to_fraction("3.50")) == [7, 2]


def test_a_fraction_is_shown_as_people_write_it():
    assert [show_exact(Fraction(7, 2)), show_exact(Fraction(3)), show_exact(Fraction(1, 10**12))] == [
        "3.5",
        3,
        "0.000000000001",
    ]


@given(digits=st.integers(-(10**15), 10**15), places=st.integers(0, 12))
def test_every_allowed_decimal_survives_text_and_back(digits, places):
    """NUM-1b, CFG-3: text, Decimal and what people are shown are one number."""
    text = format(Decimal(digits).scaleb(-places), "f")

    number = to_fraction(text)

    assert number == Fraction(digits, 10**places)
    assert to_fraction(Decimal(text)) == number
    assert to_fraction(show_exact(number)) == number
