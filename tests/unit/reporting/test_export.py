"""OUT-2c, OUT-3: files that are the same bytes whatever backend ran, and safe in a spreadsheet."""

from __future__ import annotations

import datetime
import json

import pyarrow as pa
import pytest

from omega.reporting.export import _money, csv_text, json_text


def test_cells_are_written_by_type():
    moment = datetime.datetime(2024, 1, 8, 1, 2, 3, 45, tzinfo=datetime.UTC)
    table = pa.table(
        {
            "time": pa.array([moment, None], pa.timestamp("us", tz="UTC")),
            "price": [0.1, 1e-07],
            "count": pa.array([-3, None], pa.int64()),
            "flag": [True, False],
            "net": [0.0, 0.0],
        }
    )

    assert csv_text(table, {"net": ["-1.50", "0.00"]}) == (
        "time,price,count,flag,net\n2024-01-08T01:02:03.000045Z,0.1,-3,true,-1.50\n,1e-07,,false,0.00\n"
    )


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", '"\'\rx"'),
        ("a,b", '"a,b"'),
        ('say "x"', '"say ""x"""'),
        ("two\nlines", '"two\nlines"'),
        ('=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'),
        ("plain", "plain"),
        (None, ""),
    ],
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text, cell):
    assert csv_text(pa.table({"t": pa.array([text], pa.string())}), {}) == f"t\n{cell}\n"


@pytest.mark.parametrize(
    ("minor", "digits", "text"),
    [
        (-150, 2, "-1.50"),
        (5, 2, "0.05"),
        (-5, 3, "-0.005"),
        (7, 0, "7"),
        (None, 2, ""),
        (10**17 + 1, 2, f"1{'0' * 15}.01"),
    ],
)
def test_money_is_written_from_minor_units_at_account_digits(minor, digits, text):
    assert _money(minor, digits) == text


def test_json_is_sorted_and_refuses_what_json_does_not_know():
    assert json_text({"b": 0.1, "a": None}) == '{\n  "a": null,\n  "b": 0.1\n}\n'
    assert json.loads(json_text({"ü": 1e-07}))["ü"] == 1e-07
    with pytest.raises(ValueError, match="Out of range"):
        json_text({"x": float("nan")})
