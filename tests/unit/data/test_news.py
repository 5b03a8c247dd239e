"""Economic calendars: one table of events, whatever wrote the file (CST-1, MGT)."""

from __future__ import annotations

import datetime

import pytest

from omega.data.calendar import iso_text
from omega.data.news import load_news
from omega.errors import ConfigError, OmegaError

OWN = """\
time,currency,impact,title
2025-05-13T12:30:00Z,USD,high,CPI
2025-05-13T08:00:00-04:00,EUR,low,"Speech, of a governor"
2025-05-13T12:40:00Z,usd,medium,Auction
2025-05-13T12:30:00Z,ALL,high,OPEC meeting
"""


def us(text: str) -> int:
    moment = datetime.datetime.fromisoformat(text)
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1)


def write(tmp_path, text):
    file = tmp_path / "news.csv"
    file.write_text(text, encoding="utf-8")
    return file


def shown(calendar):
    return [
        (iso_text(int(time_us)), currency, int(impact))
        for time_us, currency, impact in zip(calendar.time_us, calendar.currency, calendar.impact, strict=True)
    ]


def test_events_are_sorted_and_equal_times_keep_their_order(tmp_path):
    """08:00 in New York's summer is 12:00 UTC."""
    calendar = load_news(write(tmp_path, OWN))

    assert shown(calendar) == [
        ("2025-05-13T12:00:00Z", "EUR", 1),
        ("2025-05-13T12:30:00Z", "USD", 3),
        ("2025-05-13T12:30:00Z", "ALL", 3),
        ("2025-05-13T12:40:00Z", "USD", 2),
    ]
    assert calendar.title == ("Speech, of a governor", "CPI", "OPEC meeting", "Auction")
    assert (len(calendar), calendar.untimed) == (4, 0)


@pytest.mark.parametrize(
    ("currencies", "before", "after", "impact", "expected"),
    [
        (["USD"], 5, 10, "high", [("12:25", "12:40")]),
        (["USD"], 5, 5, "medium", [("12:25", "12:45")]),  # 12:25-12:35 and 12:35-12:45 touch
        (["USD"], 4, 5, "medium", [("12:26", "12:35"), ("12:36", "12:45")]),
        (["EUR"], 0, 1, "low", [("12:00", "12:01"), ("12:30", "12:31")]),  # OPEC is for every currency
        (["JPY"], 1, 0, "high", [("12:29", "12:30")]),
        (["USD", "EUR"], 0, 0, "none", []),
    ],
)
def test_windows_are_half_open_merged_and_ascending(tmp_path, currencies, before, after, impact, expected):
    """CST-1, MGT: minutes before and after, minimum impact, currencies of the symbol."""
    found = load_news(write(tmp_path, OWN)).windows(currencies, before, after, impact)

    assert found == [tuple(us(f"2025-05-13T{clock}:00Z") for clock in window) for window in expected]


def test_the_layout_with_start_and_name_needs_a_clock(tmp_path):
    """A file that does not name its clock is refused, then read with the one the caller names."""
    file = write(tmp_path, "Start,Name,Impact,Currency\n2012-01-06 13:30:00,Nonfarm Payrolls,HIGH,USD\n")

    with pytest.raises(OmegaError) as caught:
        load_news(file)

    assert caught.value.code == "data.news_zone"
    assert shown(load_news(file, zone="UTC")) == [("2012-01-06T13:30:00Z", "USD", 3)]
    assert shown(load_news(file, zone="America/New_York+7h")) == [("2012-01-06T11:30:00Z", "USD", 3)]


def test_the_layout_with_month_names_reads_wall_times_of_new_york(tmp_path):
    """8:30am is 13:30 UTC in January and 12:30 in July; noon and midnight are 12:xxpm and 12:xxam."""
    text = "year,day,time,impact,cur,text,actual,forecast,previous\n"
    text += "2022,Jan 7,8:30am,high,USD,Payrolls,,,\n2022,Jul 8,8:30am,high,USD,Payrolls,,,\n"
    text += "2022,Jan 8,12:00am,low,JPY,a,,,\n2022,Jan 8,12:15pm,low,JPY,b,,,\n"
    text += "2022,Jan 8,All Day,holiday,NZD,Bank Holiday,,,\n2022,Jan 8,Tentative,low,CNY,c,,,\n"

    calendar = load_news(write(tmp_path, text), zone="America/New_York")

    assert shown(calendar) == [
        ("2022-01-07T13:30:00Z", "USD", 3),
        ("2022-01-08T05:00:00Z", "JPY", 1),
        ("2022-01-08T17:15:00Z", "JPY", 1),
        ("2022-07-08T12:30:00Z", "USD", 3),
    ]
    assert calendar.untimed == 2


def test_the_layout_with_rows_of_days_reads_colours(tmp_path):
    text = '\ufeffTime,Cur.,Imp.,Event,Actual,Forecast,Previous,\n"Sunday, May 11, 2025",,,,,,,\n'
    text += "23:50,JPY,Orange,Lending,1%,,,\n,,,,,,,\n"
    text += '"Monday, May 12, 2025",,,,,,,\nAll Day,,Holiday,Vesak Day,,,,\n06:00,GBP,RED,GDP,,,,\n'

    calendar = load_news(write(tmp_path, text), zone="UTC")

    assert shown(calendar) == [("2025-05-11T23:50:00Z", "JPY", 2), ("2025-05-12T06:00:00Z", "GBP", 3)]
    assert calendar.untimed == 1


def test_the_digest_changes_with_what_moves_a_window_only(tmp_path):
    digest = load_news(write(tmp_path, OWN)).digest

    assert load_news(write(tmp_path, OWN.replace("CPI", "Inflation"))).digest == digest
    assert load_news(write(tmp_path, OWN.replace("12:40", "12:41"))).digest != digest


@pytest.mark.parametrize(
    ("old", "new", "code", "row"),
    [
        ("time,currency", "when,currency", "data.news_format", None),
        ("impact,title", "impact,title,more", "data.news_format", None),
        (OWN, "", "data.news_format", None),
        ("12:40:00Z", "12:40:00", "data.naive_time", 3),
        ("12:40:00Z", "25:40:00Z", "data.bad_time", 3),
        ("2025-05-13T12:40:00Z", "1969-12-31T12:40:00Z", "data.bad_time", 3),
        ("Z,usd", "Z,dollar", "data.wrong_type", 3),
        ("medium", "huge", "data.wrong_type", 3),
        ("medium,Auction", "medium", "data.ragged_row", 3),
        ('"Speech, of', "Speech, of", "data.ragged_row", 2),
        ("medium,Auction", 'medium,"Auction', "data.unreadable", None),
    ],
)
def test_a_damaged_calendar_is_refused_with_its_row(tmp_path, old, new, code, row):
    """Issue 3, line 10: every malformed file is refused with code and place."""
    with pytest.raises(OmegaError) as caught:
        load_news(write(tmp_path, OWN.replace(old, new)))

    assert (caught.value.code, caught.value.context.get("row")) == (code, row)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("header", "rows", "zone", "code"),
    [
        ("Start,Name,Impact,Currency", ["2012-13-06 13:30:00,a,LOW,USD"], "UTC", "data.bad_time"),
        ("Start,Name,Impact,Currency", ["06.01.2012 13:30,a,LOW,USD"], "UTC", "data.bad_time"),
        ("Start,Name,Impact,Currency", ["2012-03-11 02:30:00,a,LOW,USD"], "America/New_York", "data.clock_change"),
        ("year,day,time,impact,cur,text", ["2022,Foo 7,8:30am,high,USD,a"], "UTC", "data.bad_time"),
        ("year,day,time,impact,cur,text", ["2022,Jan 7,13:30pm,high,USD,a"], "UTC", "data.bad_time"),
        ("year,day,time,impact,cur,text", ["2022,Jan 7,soon,high,USD,a"], "UTC", "data.bad_time"),
        ("Time,Cur.,Imp.,Event", ["06:00,GBP,RED,GDP"], "UTC", "data.bad_time"),
        ("Time,Cur.,Imp.,Event", ['"Monday, May 11, 2025",,,'], "UTC", "data.bad_time"),
        ("Time,Cur.,Imp.,Event", ['"Sunday, May 11, 2025",,,', "later,GBP,RED,GDP"], "UTC", "data.bad_time"),
    ],
)
def test_every_layout_refuses_times_that_cannot_be(tmp_path, header, rows, zone, code):
    with pytest.raises(OmegaError) as caught:
        load_news(write(tmp_path, "\n".join([header, *rows]) + "\n"), zone=zone)

    assert (caught.value.code, caught.value.context["row"]) == (code, len(rows))


def test_a_calendar_that_is_not_there_or_not_text_is_refused(tmp_path):
    (tmp_path / "binary.csv").write_bytes(b"time,currency,impact,title\n\xff\xfe\n")

    for name in ("absent.csv", "binary.csv"):
        with pytest.raises(OmegaError) as caught:
            load_news(tmp_path / name)
        assert caught.value.code == "data.unreadable"


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ((["USD"], -1, 0, "low"), "minutes_before"),
        ((["USD"], 0, 0.5, "low"), "minutes_after"),
        ((["USD"], 0, True, "low"), "minutes_after"),
        ((["USD"], 0, 20_000, "low"), "minutes_after"),
        ((["USD"], 0, 1, "red"), "min_impact"),
    ],
)
def test_windows_that_make_no_sense_are_refused(tmp_path, arguments, key):
    with pytest.raises(ConfigError) as caught:
        load_news(write(tmp_path, OWN)).windows(*arguments)

    assert caught.value.context["key"] == key


@pytest.mark.parametrize("zone", ["UTC", "Atlantis/Town"])
def test_a_zone_for_our_own_layout_or_one_that_does_not_exist_is_refused(tmp_path, zone):
    text = OWN if zone == "UTC" else "Start,Name,Impact,Currency\n"
    with pytest.raises(ConfigError) as caught:
        load_news(write(tmp_path, text), zone=zone)

    assert caught.value.context["key"] == "zone"
