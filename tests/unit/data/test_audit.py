"""What the checks find in data that loads, and the report on it (CHK-2, CHK-4)."""

from __future__ import annotations

import html.parser
import pathlib
import re
from typing import Any

import numpy as np
import pytest

from omega.data.audit import Audit, audit_bars, spread_by_hour_of_week, week_table
from omega.data.audit_report import audit_html, write_audit_report
from omega.data.calendar import fx_calendar
from omega.data.catalogue import check_data
from omega.data.findings import Finding
from omega.data.pairing import BaseBars

ROOT = pathlib.Path(__file__).resolve().parents[3]
MINUTE, HOUR = 60_000_000, 3_600_000_000


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def hours(first: str = "2023-01-01T22:00", last: str = "2023-12-23", *, shift_us: int = 0, seed: int = 1) -> BaseBars:
    """Return hours of an invented market, both sides, in all FX sessions."""
    times = np.arange(us(first), us(last), HOUR)
    calendar = fx_calendar(int(times[0]), int(times[-1]))
    times = times[calendar.is_in_session(times)]
    return with_prices(times + shift_us, seed=seed)


def with_prices(times: np.ndarray, *, seed: int = 1) -> BaseBars:
    draw = np.random.default_rng(seed)
    close = (110_000 + draw.integers(-9, 10, len(times)).cumsum()).astype(np.int32)
    open_ = np.concatenate([[110_000], close[:-1]]).astype(np.int32) + draw.integers(-1, 2, len(times)).astype(np.int32)
    bid = (open_, np.maximum(open_, close) + 3, np.minimum(open_, close) - 3, close)
    ask = tuple(points + np.int32(10) for points in bid)
    return BaseBars(times, bid, (ask[0], ask[1], ask[2], ask[3]), None, np.full(len(times), 5.0))


def audit(bars: BaseBars, timeframe: str = "H1", symbol: str = "EURUSD", **more: Any) -> Audit:
    return audit_bars(bars, timeframe, symbol=symbol, digits=5, where="here", **more)


def codes(found: Audit) -> list[str]:
    return [finding.code.removeprefix("data.") for finding in found.findings]


def one(found: Audit, code: str) -> Finding:
    return next(finding for finding in found.findings if finding.code == f"data.{code}")


def changed(bars: BaseBars, row: int, points: int) -> BaseBars:
    bid = [column.copy() for column in bars.bid]
    for column in bid:
        column[row] = points
    ask = [column + 10 for column in bid]
    return BaseBars(bars.time, (bid[0], bid[1], bid[2], bid[3]), (ask[0], ask[1], ask[2], ask[3]), None, bars.volume)


def test_a_clean_year_has_no_finding_and_is_called_good():
    """Canary of all tests below."""
    found = audit(hours())

    assert codes(found) == []
    assert found.verdict.startswith("Good: bid and ask")
    assert np.nanmin(found.coverage) == 1.0


def test_holes_inside_sessions_are_counted_and_the_longest_is_named():
    """CHK-2: 3 bars at rows 100 to 102, 1 at row 500."""
    bars = hours()
    kept = np.ones(len(bars.time), np.bool_)
    kept[[100, 101, 102, 500]] = False

    found = one(audit(bars.rows(kept)), "gaps")

    assert found.text.startswith("4 bars (0.07%) are missing inside sessions, in 2 holes; the longest has 3.0")
    assert (found.row, found.time_us) == (100, int(bars.time[103]))
    assert found.severity == "info"


def test_week_ends_and_holidays_are_no_holes_but_bars_in_them_are_found():
    """CHK-2 and TIM-3."""
    bars = with_prices(np.arange(us("2023-12-18"), us("2023-12-29T22:00"), HOUR))

    found = audit(bars)

    assert one(found, "weekend_bars").count == 48
    assert one(found, "holiday_bars").count == 24
    assert "gaps" not in codes(found)
    assert found.verdict.startswith("Usable with care: 48 bars lie between Friday")


def test_seven_day_markets_have_no_week_end():
    bars = with_prices(np.arange(us("2023-12-18"), us("2023-12-29T22:00"), HOUR))

    assert codes(audit(bars, symbol="BTCUSD")) == []


def test_a_clock_one_hour_off_shows_in_the_weekly_opening():
    """CHK-2: the whole file is an hour late."""
    found = one(audit(hours(shift_us=HOUR)), "weekly_open_shift")

    assert found.value == "+1 h" and "is the clock right" in found.text


def test_a_clock_without_summer_time_shows_across_the_changes():
    """CHK-2: an hour late in summer only."""
    bars = hours()
    summer = (bars.time >= us("2023-03-12T12:00")) & (bars.time < us("2023-11-05T12:00"))

    found = audit(with_prices(bars.time + np.where(summer, HOUR, 0)))

    assert "weekly_open_shift" in codes(found)


def test_a_clock_with_the_summer_time_of_europe_shows_between_the_changes():
    """CHK-2: an Athens server read as New York + 7 h is an hour off in the four weeks of 2023 in which they differ."""
    bars = hours()
    spring = (bars.time >= us("2023-03-12T12:00")) & (bars.time < us("2023-03-26T12:00"))
    autumn = (bars.time >= us("2023-10-29T12:00")) & (bars.time < us("2023-11-05T12:00"))

    found = one(audit(with_prices(bars.time - np.where(spring | autumn, HOUR, 0))), "weekly_open_shift")

    assert found.count == 3 and "between America's and Europe's" in found.text


def test_a_clock_that_changes_inside_the_file_is_found_where_it_changes():
    """CHK-2: UTC until July, UTC + 2 h afterwards."""
    bars = hours()
    late = bars.time >= us("2023-07-01T12:00")

    found = one(audit(with_prices(bars.time + np.where(late, 2 * HOUR, 0))), "zone_change_inside")

    assert found.severity == "error"
    assert found.time_us == us("2023-07-02T23:00")
    assert "+0 h until" in found.text and "+2 h from then on" in found.text


def test_a_daily_break_is_told_apart_from_holes():
    """CHK-2: no bar from 17:00 to 19:00 New York, every day."""
    bars = hours()
    calendar = fx_calendar(int(bars.time[0]), int(bars.time[-1]))
    begin = calendar.rollover_us[calendar.day_of(bars.time) - 1]

    found = audit(bars.rows(bars.time - begin >= 2 * HOUR))

    assert one(found, "daily_break").value == "17:00"
    assert "gaps" not in codes(found) or one(found, "gaps").count < 60


def test_a_spread_far_above_its_hour_is_found():
    """CHK-2: 10 points everywhere, 500 in one bar."""
    bars = hours()
    assert bars.ask is not None
    close = bars.ask[3].copy()
    close[1_000] += 490
    raised = BaseBars(bars.time, bars.bid, (*bars.ask[:3], close), None, bars.volume)

    found = one(audit(raised), "spread_outliers")

    assert (found.count, found.row, found.value) == (1, 1_000, "500 points")


def test_a_price_that_stands_still_is_found():
    """CHK-2: 30 flat bars from row 200 on."""
    bars = hours()
    for row in range(200, 230):
        bars = changed(bars, row, 110_000)

    found = one(audit(bars), "frozen_prices")

    assert (found.count, found.row, found.value) == (1, 200, "30 bars")


def test_a_spike_that_comes_back_is_found_and_a_jump_that_stays_is_not():
    """CHK-2: news moves prices for good; a wrong tick does not."""
    bars = hours()
    spiked = changed(bars, 300, int(bars.bid[3][299]) + 2_000)

    assert one(audit(spiked), "price_spikes").row == 300
    step = np.where(np.arange(len(bars.time)) >= 300, 2_000, 0).astype(np.int32)
    bid = tuple(column + step for column in bars.bid)
    jumped = BaseBars(bars.time, (bid[0], bid[1], bid[2], bid[3]), None, None, bars.volume)
    assert "price_spikes" not in codes(audit(jumped))


def test_prices_of_another_unit_are_an_error():
    """CHK-2: a factor of 100 between two closes."""
    bars = hours()
    factor = np.where(np.arange(len(bars.time)) >= 3_000, 100, 1)
    bid = tuple((column * factor).astype(np.int32) for column in bars.bid)

    found = audit(BaseBars(bars.time, (bid[0], bid[1], bid[2], bid[3]), None, None, bars.volume))

    assert one(found, "price_breaks").row == 3_000
    assert found.severity == "error" and found.verdict.startswith("Not usable as it is")


def test_volumes_of_zero_one_side_and_repeated_opens_are_reported():
    """CHK-2."""
    bars = hours()
    open_, high, low, close = bars.bid
    opens = np.concatenate([open_[:1], close[:-1]])
    volume = np.where(np.arange(len(close)) % 4 == 0, 0.0, 5.0)

    found = audit(BaseBars(bars.time, (opens, high, low, close), None, None, volume))

    assert one(found, "zero_volume").value == "25.0%"
    assert one(found, "one_sided").severity == "info"
    assert one(found, "open_is_previous_close").value == "100.0%"


def test_bars_named_by_their_close_are_found_with_a_neighbour():
    """CHK-2: each bar's move appears one bar late against its neighbour."""
    neighbour = hours()
    late = BaseBars(neighbour.time + HOUR, neighbour.bid, neighbour.ask, None, neighbour.volume)

    found = audit(late, neighbour=(neighbour, "H1"))

    assert one(found, "close_labels").severity == "error"
    assert "--label close" in one(found, "close_labels").text
    assert "close_labels" not in codes(audit(neighbour, neighbour=(neighbour, "H1")))


def test_spreads_are_averaged_by_hour_of_the_new_york_week():
    """IMP: the table that replaces a stored minimum. Monday 09:00 New York has 30 points, all else 10."""
    bars = hours()
    assert bars.ask is not None
    table = week_table(spread_by_hour_of_week(bars))  # type: ignore[arg-type]
    assert {value for row in table for value in row} == {None, 10.0}

    monday = np.array([us("2023-07-03T13:00"), us("2023-01-09T14:00")])  # 09:00 in summer and winter
    close = bars.ask[3] + np.where(np.isin(bars.time, monday), 20, 0).astype(np.int32)
    rows = np.isin(bars.time, monday)
    only = BaseBars(bars.time, bars.bid, (*bars.ask[:3], close), None, bars.volume).rows(rows)
    narrowed = week_table(spread_by_hour_of_week(only))  # type: ignore[arg-type]
    assert narrowed[1][9] == 30.0
    assert sum(value is not None for row in narrowed for value in row) == 1


VERDICTS = {
    "ejtrader_h1/EURGBP_H1_bid.parquet": "Good quotes of one side. There is only a bid side: it serves indicators",
    "ejtrader_h1/GBPUSD_H1_bid.parquet": "Good quotes of one side.",
    "ejtrader_h1/USDJPY_H1_bid.parquet": "Good quotes of one side.",
    "icmarkets_m1_2025/EURUSD_M1_bid.parquet": "Good quotes of one side. There is only a bid side and a stored spread",
    "oanda_h1/EURUSD_H1_bid.parquet": "Usable with care: The open is always the previous close",
    "oanda_m1_2014/EURUSD_M1_bid.parquet": "Usable with care: 348 bars (3.52%) are missing inside sessions",
    "oanda_m1_2014/NZDUSD_M1_bid.parquet": "Good: bid and ask",
    "oanda_m1_2014/XAUUSD_M1_bid.parquet": "Good: bid and ask",
}


@pytest.mark.parametrize("name", VERDICTS)
def test_every_bundled_file_has_a_verdict_a_trader_understands(name):
    """Acceptance 7: what is known of these files from data/README.md is what the check says."""
    found = check_data(ROOT / "data" / name)

    assert len(found) == 1
    assert found[0].verdict.startswith(VERDICTS[name])


def test_every_bundled_series_has_a_verdict_in_this_table():
    named = {path.relative_to(ROOT / "data").as_posix() for path in (ROOT / "data").rglob("*_bid.parquet")}

    assert named == set(VERDICTS)


class Reader(html.parser.HTMLParser):
    """Collects tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def test_the_report_is_one_file_without_scripts_and_network(tmp_path):
    """CHK-4: verdict, calendar, spread table and findings; a policy that forbids the rest."""
    bars = hours()
    kept = np.ones(len(bars.time), np.bool_)
    kept[[100, 101, 102, 500]] = False
    path = tmp_path / "reports/audit.html"

    write_audit_report([audit(bars.rows(kept))], path)

    text = path.read_text("utf-8")
    reader = Reader()
    reader.feed(text)
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert {"script", "link", "img", "iframe", "object"} & set(reader.tags) == set()
    assert [name for name, _ in reader.attributes if name in ("src", "href", "onload", "onclick")] == []
    assert re.findall(r"https?:|url\(", text) == []
    assert "Good: bid and ask" in text and "4 bars (0.07%) are missing" in text
    # A cell per FX day from 2023-01-02 to 2023-12-22, and one per entry of the legend.
    assert reader.tags.count("rect") == 355 + 6
    assert text.count("<th>") >= 24 + 7
    assert sorted(file.name for file in path.parent.iterdir()) == ["audit.html"]


def test_names_in_the_report_are_escaped():
    """CHK-4: a symbol or a path is text."""
    bad = "<script>alert(1)</script>"
    found = audit_bars(hours(), "H1", symbol=bad, digits=5, where=f'"{bad}"&')

    page = audit_html([found])

    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 2


def test_coverage_is_the_share_of_the_session_by_fx_day():
    """CHK-4: half of Wednesday is missing."""
    bars = hours("2023-06-04T21:00", "2023-06-09T21:00")
    missing = (bars.time >= us("2023-06-06T21:00")) & (bars.time < us("2023-06-07T09:00"))

    found = audit(bars.rows(~missing))

    assert found.coverage.tolist() == [1.0, 1.0, 0.5, 1.0, 1.0]
    assert found.days.tolist() == [us(f"2023-06-0{day}") // (24 * HOUR) for day in (5, 6, 7, 8, 9)]
