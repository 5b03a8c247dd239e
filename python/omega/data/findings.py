"""What is worth knowing about data that passed all refusals (CHK-2).

A finding has a code, a severity, how often, the first or worst row with its time and value, and a sentence
for a trader. Nothing is changed here, and nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from omega.data.calendar import FxCalendar, Int64s, iso_text
from omega.data.checks import Floats
from omega.data.pairing import BaseBars
from omega.data.sessions import session_named
from omega.data.time_checks import Flags
from omega.data.timeframes import DAY_US, MINUTE_US, duration_us
from omega.data.zones import zone_named

__all__ = ["Finding", "Subject", "find_all", "hours_of_week", "label_finding"]

Severity = Literal["info", "warning", "error"]
_HOUR_US = 60 * MINUTE_US
_FROZEN_BARS, _FROZEN_US = 10, 3 * _HOUR_US
_SPIKE, _OUTLIER, _BREAK = 30, 20, 1.5
_LABEL_ADVANTAGE = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation.

    Attributes:
        code: Code of the error catalogue, class Note.
        severity: `error` makes the data unusable as it is, `warning` asks for care, `info` is good to know.
        count: How many bars it concerns.
        row: First or worst bar, from 0; None where the whole series is meant.
        time_us: Its time.
        value: What was seen there.
        text: A sentence.
    """

    code: str
    severity: Severity
    count: int
    row: int | None
    time_us: int | None
    value: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A checked series and what is known of its market."""

    bars: BaseBars
    timeframe: str
    digits: int
    session: str
    calendar: FxCalendar

    @property
    def close_us(self) -> Int64s:
        return self.calendar.intervals(self.bars.time, self.timeframe)[1]

    def at(self, code: str, severity: Severity, rows: Int64s, row: int, *, value: str, text: str) -> Finding:
        """Return a finding about some bars, one of which is shown."""
        return Finding(f"data.{code}", severity, len(rows), row, int(self.bars.time[row]), value, text)


def find_all(subject: Subject) -> list[Finding]:
    """Return all findings of a series, the gravest first."""
    found: list[Finding] = []
    for look in (
        _gaps_and_breaks,
        _out_of_session,
        _spread_outliers,
        _frozen,
        _jumps,
        _zero_volume,
        _sides,
        _weekly_open,
        _repeated_open,
    ):
        found += look(subject)
    order = {"error": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda finding: order[finding.severity])


def hours_of_week(calendar: FxCalendar, time_us: Int64s) -> Int64s:
    """Return the hour of the New York week of each time, 0 = Sunday 00:00."""
    day = np.minimum(calendar.day_of(time_us), len(calendar.offset_minutes) - 1)
    local = time_us + calendar.offset_minutes[day].astype(np.int64) * MINUTE_US
    return np.asarray((local // _HOUR_US + 4 * 24) % (7 * 24))


# ---------------------------------------------------------------- time


def _gaps_and_breaks(subject: Subject) -> Iterator[Finding]:
    time_us, close_us, calendar = subject.bars.time, subject.close_us, subject.calendar
    if len(time_us) < 2:
        return
    passed_open, passed_close = calendar.session_us(time_us[1:]), calendar.session_us(close_us[:-1])
    missing_us = np.maximum(passed_open - passed_close, 0)
    length_us = duration_us(subject.timeframe)
    is_gap = missing_us >= length_us
    daily = _daily_break(subject, is_gap, missing_us)
    if daily is not None:
        hour, in_break = daily
        is_gap &= ~in_break
        rows = np.flatnonzero(in_break) + 1
        text = f"The market has a daily break around {hour % 24:02d}:00 New York, seen on {len(rows):,} days."
        yield subject.at("daily_break", "info", rows, int(rows[0]), value=f"{hour % 24:02d}:00", text=text)
    rows = np.flatnonzero(is_gap) + 1
    if len(rows) == 0:
        return
    bars = int((missing_us[is_gap] // length_us).sum())
    share = bars / (bars + len(time_us))
    longest = int(rows[np.argmax(missing_us[rows - 1])])
    length_hours = missing_us[longest - 1] / _HOUR_US
    severity: Severity = "warning" if share > 0.02 or length_hours > 36 else "info"
    text = (
        f"{bars:,} bars ({share:.2%}) are missing inside sessions, in {len(rows):,} holes; the longest has "
        f"{length_hours:,.1f} session hours and ends {iso_text(int(time_us[longest]))}."
    )
    yield subject.at("gaps", severity, rows, longest, value=f"{length_hours:.1f} h", text=text)


def _daily_break(subject: Subject, is_gap: Flags, missing_us: Int64s) -> tuple[int, Flags] | None:
    """Return the New York hour at which most days have a hole, and those holes."""
    length_us = duration_us(subject.timeframe)
    rows = np.flatnonzero(is_gap & (missing_us >= 30 * MINUTE_US) & (missing_us < 4 * _HOUR_US))
    if length_us > _HOUR_US or len(rows) < 5:
        return None
    close_us = subject.close_us[rows]
    hours = hours_of_week(subject.calendar, close_us) % 24
    values, counts = np.unique(hours, return_counts=True)
    days = len(np.unique(subject.calendar.day_of(subject.bars.time)))
    if counts.max() < 0.5 * days:
        return None
    hour = int(values[np.argmax(counts)])
    in_break = np.zeros(len(is_gap), np.bool_)
    in_break[rows[hours == hour]] = True
    return hour, in_break


def _out_of_session(subject: Subject) -> Iterator[Finding]:
    time_us, calendar = subject.bars.time, subject.calendar
    if subject.timeframe in ("W1", "MN1"):
        return
    outside = ~calendar.is_in_session(subject.close_us - 1)
    kind = session_named(subject.session)
    weekday = (calendar.fx_day[calendar.day_of(subject.close_us - 1)] + 3) % 7
    weekend = outside & ~np.isin(weekday, kind.days)
    rows = np.flatnonzero(weekend)
    if len(rows):
        text = f"{len(rows):,} bars lie between Friday 17:00 and Sunday 17:00 New York; a repair drops them."
        yield subject.at(
            "weekend_bars", "warning", rows, int(rows[0]), value=iso_text(int(time_us[rows[0]])), text=text
        )
    rows = np.flatnonzero(outside & ~weekend)
    if len(rows):
        text = f"{len(rows):,} bars lie on holidays or in the daily break of session {subject.session!r}."
        yield subject.at("holiday_bars", "info", rows, int(rows[0]), value=iso_text(int(time_us[rows[0]])), text=text)


def _weekly_open(subject: Subject) -> Iterator[Finding]:
    time_us, calendar = subject.bars.time, subject.calendar
    if duration_us(subject.timeframe) > _HOUR_US or calendar.is_seven_day:
        return
    rows = np.flatnonzero((np.diff(time_us) > 40 * _HOUR_US) & (np.diff(time_us) < 4 * DAY_US)) + 1
    if len(rows) < 4:
        return
    kind = session_named(subject.session)
    sunday = calendar.rollover_us[np.flatnonzero(calendar.weekday() == 0) - 1] + kind.opens_after_us
    opened = time_us[rows]
    nearest = sunday[np.clip(np.searchsorted(sunday, opened + 3 * DAY_US) - 1, 0, len(sunday) - 1)]
    hours = np.floor((opened - nearest + 5 * MINUTE_US) / _HOUR_US).astype(np.int64)
    usual = _most_frequent(hours)
    if (hours == usual).mean() >= 0.8:
        if usual != 0:
            text = f"The week opens {usual:+d} h from where session {subject.session!r} opens: is the clock right?"
            yield subject.at("weekly_open_shift", "warning", rows, int(rows[0]), value=f"{usual:+d} h", text=text)
        else:
            yield from _between_changes(subject, rows, hours)
        return
    half = next((k for k in range(2, len(hours) - 1) if _is_step(hours, k)), None)
    if half is not None:
        before, after = _most_frequent(hours[:half]), _most_frequent(hours[half:])
        text = (
            f"The week opens at {before:+d} h until {iso_text(int(opened[half]))}, at {after:+d} h from then on: "
            "the clock changes inside the file."
        )
        at = int(rows[half])
        yield subject.at("zone_change_inside", "error", rows[half:], at, value=f"{after:+d} h", text=text)
        return
    yield _shift(subject, rows, hours, "by season: its summer time is not New York's")


def _between_changes(subject: Subject, rows: Int64s, hours: Int64s) -> Iterator[Finding]:
    """A clock with Europe's summer time is wrong only in the weeks between America's changes and Europe's."""
    opened = subject.bars.time[rows]
    calendar = subject.calendar
    offset = calendar.offset_minutes[calendar.day_of(opened)].astype(np.int64) * MINUTE_US
    between = zone_named("Europe/Athens").to_utc(opened + offset + 7 * _HOUR_US)[0] != opened
    off = between & (hours != 0)
    if off.sum() >= 2 and off.sum() >= 0.7 * between.sum():
        yield _shift(subject, rows[between], hours[between], "between America's and Europe's changes of the clocks")


def _shift(subject: Subject, rows: Int64s, hours: Int64s, when: str) -> Finding:
    off = np.flatnonzero(hours != 0)
    text = f"{len(off)} weekly openings are not where session {subject.session!r} opens, {when}."
    at = int(rows[off[0]])
    return subject.at("weekly_open_shift", "warning", rows[off], at, value=f"{int(hours[off[0]]):+d} h", text=text)


def _is_step(hours: Int64s, k: int) -> bool:
    before, after = _most_frequent(hours[:k]), _most_frequent(hours[k:])
    return (
        before != after
        and hours[k] == after
        and hours[k - 1] == before
        and bool((hours[:k] == before).mean() >= 0.9)
        and bool((hours[k:] == after).mean() >= 0.9)
    )


def _most_frequent(values: Int64s) -> int:
    found, counts = np.unique(values, return_counts=True)
    return int(found[np.argmax(counts)])


# ---------------------------------------------------------------- prices


def _spread_outliers(subject: Subject) -> Iterator[Finding]:
    if subject.bars.ask is None:
        return
    spread = (subject.bars.ask[3] - subject.bars.bid[3]).astype(np.float64)
    hours = hours_of_week(subject.calendar, subject.bars.time)
    usual = np.zeros(7 * 24)
    for hour in np.unique(hours).tolist():
        usual[hour] = float(np.median(spread[hours == hour]))
    rows = np.flatnonzero(spread > _OUTLIER * np.maximum(usual[hours], 1.0))
    if len(rows) == 0:
        return
    worst = int(rows[np.argmax(spread[rows])])
    severity: Severity = "warning" if len(rows) > 0.001 * len(spread) else "info"
    text = (
        f"{len(rows):,} spreads are over {_OUTLIER} times the usual one of their hour; the widest has "
        f"{int(spread[worst]):,} points."
    )
    yield subject.at("spread_outliers", severity, rows, worst, value=f"{int(spread[worst])} points", text=text)


def _frozen(subject: Subject) -> Iterator[Finding]:
    open_, high, low, close = subject.bars.bid
    same = np.concatenate([[False], (high[1:] == low[1:]) & (close[1:] == close[:-1])])
    ends = np.flatnonzero(np.diff(np.concatenate([same, [False]]).astype(np.int8)) == -1)
    # The first bar of a stretch is the one that the others repeat.
    starts = np.flatnonzero(np.diff(np.concatenate([[False], same]).astype(np.int8)) == 1) - 1
    lengths = ends - starts + 1
    needed = max(_FROZEN_BARS, _FROZEN_US // duration_us(subject.timeframe)) if len(open_) else 0
    long = lengths >= needed
    if not long.any():
        return
    row = int(starts[long][np.argmax(lengths[long])])
    rows = starts[long]
    most = int(lengths[long].max())
    text = (
        f"The price stands still {len(rows):,} times for {needed} bars or more; the longest stretch has {most:,} bars."
    )
    yield subject.at("frozen_prices", "warning", rows, row, value=f"{most} bars", text=text)


def _jumps(subject: Subject) -> Iterator[Finding]:
    close = subject.bars.bid[3].astype(np.float64)
    if len(close) < 10:
        return
    ratio = close[1:] / close[:-1]
    rows = np.flatnonzero((ratio > _BREAK) | (ratio < 1 / _BREAK)) + 1
    if len(rows):
        row, shown = (
            int(rows[0]),
            f"{close[rows[0] - 1] / 10**subject.digits:g} to {close[rows[0]] / 10**subject.digits:g}",
        )
        text = f"{len(rows):,} closes differ from the one before by half or more, the first from {shown}."
        yield subject.at("price_breaks", "error", rows, row, value=shown, text=text)
        return
    moves = np.diff(close)
    consecutive = np.diff(subject.bars.time) == duration_us(subject.timeframe)
    usual = float(np.median(np.abs(moves[moves != 0]))) if (moves != 0).any() else 1.0
    big = np.abs(moves) > _SPIKE * usual
    back = (np.sign(moves[:-1]) == -np.sign(moves[1:])) & (np.abs(moves[1:]) > 0.8 * np.abs(moves[:-1]))
    rows = np.flatnonzero(big[:-1] & back & consecutive[:-1] & consecutive[1:]) + 1
    if len(rows):
        row = int(rows[np.argmax(np.abs(moves[rows - 1]))])
        points = int(abs(moves[row - 1]))
        text = (
            f"{len(rows):,} closes jump {_SPIKE} times the usual move and come straight back; the largest by "
            f"{points:,} points."
        )
        yield subject.at("price_spikes", "warning", rows, row, value=f"{points} points", text=text)


def _zero_volume(subject: Subject) -> Iterator[Finding]:
    rows = np.flatnonzero(subject.bars.volume == 0)
    if len(rows):
        share = len(rows) / len(subject.bars.volume)
        text = f"{len(rows):,} bars ({share:.1%}) have a volume of zero."
        severity: Severity = "warning" if share > 0.05 else "info"
        yield subject.at("zero_volume", severity, rows, int(rows[0]), value=f"{share:.1%}", text=text)


def _sides(subject: Subject) -> Iterator[Finding]:
    if subject.bars.ask is None:
        stored = subject.bars.spread is not None
        text = "There is only a bid side" + (
            " and a stored spread, the minimum of each bar: costs will be a lower bound."
            if stored
            else ": it serves indicators, and can be traded only with a spread model."
        )
        yield Finding("data.one_sided", "info", len(subject.bars.time), None, None, "bid only", text)


def _repeated_open(subject: Subject) -> Iterator[Finding]:
    open_, _, _, close = subject.bars.bid
    consecutive = np.diff(subject.bars.time) == duration_us(subject.timeframe)
    if consecutive.sum() < 100:
        return
    share = float((open_[1:] == close[:-1])[consecutive].mean())
    if share >= 0.999:
        rows = np.flatnonzero(consecutive) + 1
        text = "The open is always the previous close, not the first quote of the bar: gaps between bars are hidden."
        yield subject.at("open_is_previous_close", "warning", rows, int(rows[0]), value=f"{share:.1%}", text=text)


# ---------------------------------------------------------------- against a neighbour


def label_finding(subject: Subject, neighbour: Subject) -> Finding | None:
    """Return a finding if the bars agree better with a neighbour series when named one bar earlier.

    Args:
        subject: The series in question, M1 to H1.
        neighbour: The same market, or one that moves with it, of the same timeframe or a coarser one.
    """
    as_named, shifted = (_agreement(subject, neighbour, shift) for shift in (0, duration_us(subject.timeframe)))
    if as_named is None or shifted is None or shifted < as_named + _LABEL_ADVANTAGE:
        return None
    text = (
        f"Moves agree with the neighbour series by {shifted:.2f} if every bar is named one {subject.timeframe} "
        f"earlier, by {as_named:.2f} as they are: these are close times. Import with --label close."
    )
    return Finding("data.close_labels", "error", len(subject.bars.time), None, None, f"{shifted:.2f}", text)


def _agreement(subject: Subject, neighbour: Subject, shift_us: int) -> float | None:
    """Return the correlation of the moves of common bars of the neighbour's timeframe."""
    starts, _ = neighbour.calendar.intervals(subject.bars.time - shift_us, neighbour.timeframe)
    last = np.flatnonzero(np.concatenate([starts[1:] != starts[:-1], [True]]))
    common, mine, theirs = np.intersect1d(starts[last], neighbour.bars.time, return_indices=True)
    if len(common) < 100:
        return None
    step = np.diff(common) == duration_us(neighbour.timeframe)
    moves: list[Floats] = [
        np.diff(closes.astype(np.float64))[step]
        for closes in (subject.bars.bid[3][last][mine], neighbour.bars.bid[3][theirs])
    ]
    if step.sum() < 100 or moves[0].std() == 0 or moves[1].std() == 0:
        return None
    return float(np.corrcoef(moves[0], moves[1])[0, 1])
