"""What New York's clock and the news mean for the bars of one run (MGT-3, MGT-4)."""

from __future__ import annotations

import json

from omega.config import ResolvedConfig
from omega.config.position_rules import COARSE, WEEKDAYS, RunMoments
from omega.data import MarketTables
from omega.data.new_york import join_windows, moments_at, windows_between
from omega.data.news import load_news
from omega.errors import error_for

__all__ = ["run_moments"]


def run_moments(tables: MarketTables, resolved: ResolvedConfig) -> RunMoments:
    """Return the moments and windows of a run's rules and filters, for the time its bars cover.

    Raises:
        ConfigError: ``config.invalid``: `session_close` with bars of a whole session (MGT-3).
        DataError: ``data.*``: a news file that cannot be read.
    """
    rules, filters = resolved.config.position_rules, resolved.config.filters
    bars = tables.series[0]
    first_us = bars.column("time")[0].value
    last_us = bars.column("close_time")[-1].value
    timeframe = json.loads(tables.header)["series"][0]["timeframe"]
    if rules.session_close and timeframe in COARSE:
        place = resolved.config.written.document.place(("position_rules", "session_close"))
        expected = "expected a step timeframe below D1"
        raise error_for("config.invalid", **place, expected=expected, value=timeframe, hint="")
    sessions = [
        window
        for entry in filters.sessions
        for window in windows_between(
            entry.from_, entry.to, [WEEKDAYS.index(day) for day in entry.weekdays], first_us=first_us, last_us=last_us
        )
    ]
    return RunMoments(
        session_closes=tuple(
            tuple(moments_at(entry.time, entry.weekdays, first_us, last_us)) for entry in rules.session_close
        ),
        sessions=tuple(join_windows(sessions)),
        news=tuple(window for window in _news(resolved) if window[1] > first_us and window[0] <= last_us),
    )


def _news(resolved: ResolvedConfig) -> list[tuple[int, int]]:
    news = resolved.config.filters.news
    if news is None:
        return []
    calendar = load_news(resolved.base_dir / news.file, zone=news.zone)
    currencies = (resolved.spec.base_currency, resolved.spec.quote_currency)
    windows = calendar.windows(currencies, news.minutes_before, news.minutes_after, news.min_impact)
    return join_windows(windows)
