"""Indicators with a definition of our own against a second formulation: numpy and pandas on whole windows.

The formulas stand in docs/spec/indicators.md. Nothing here steps from bar to bar but the moving averages
of TA-Lib: windows are cut out, days are grouped, recursions are written out as sums.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib
from numpy.lib.stride_tricks import sliding_window_view

from omega.indicators import CATALOGUE

FILES = {
    "oanda_h1/EURUSD_H1_bid.parquet": 5,
    "ejtrader_h1/USDJPY_H1_bid.parquet": 3,
    "oanda_m1_2014/XAUUSD_M1_bid.parquet": 3,
}
BAR_COUNT = 2_500

Frame = dict[str, np.ndarray]


def padded(values: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([np.full(count - len(values), np.nan), values])


def windows(values: np.ndarray, period: int) -> np.ndarray:
    return sliding_window_view(values, period)


def over(bars: Frame, values: np.ndarray) -> np.ndarray:
    return padded(values, len(bars["close"]))


def returns(values: np.ndarray) -> np.ndarray:
    return np.diff(values) / values[:-1]


def typical(bars: Frame) -> np.ndarray:
    return (bars["high"] + bars["low"] + bars["close"]) / 3


def days(bars: Frame) -> np.ndarray:
    """The date in New York seven hours later: the FX day ends at 17:00 there."""
    local = pd.to_datetime(bars["time"], unit="us", utc=True).tz_convert("America/New_York").tz_localize(None)
    return np.asarray((local + pd.Timedelta(hours=7)).normalize())


def vwap(bars: Frame) -> list[np.ndarray]:
    flow = pd.Series(typical(bars) * bars["volume"]).groupby(days(bars)).cumsum()
    return [np.asarray(flow / pd.Series(bars["volume"]).groupby(days(bars)).cumsum())]


def session(bars: Frame) -> list[np.ndarray]:
    by_day = pd.DataFrame({"high": bars["high"], "low": bars["low"]}).groupby(days(bars))
    return [np.asarray(by_day["high"].cummax()), np.asarray(by_day["low"].cummin())]


def pivot(bars: Frame) -> list[np.ndarray]:
    frame = pd.DataFrame({name: bars[name] for name in ("high", "low", "close")})
    daily = frame.groupby(days(bars)).agg({"high": "max", "low": "min", "close": "last"}).shift(1)
    h, l, c = (daily.loc[days(bars), name].to_numpy() for name in ("high", "low", "close"))  # noqa: E741
    p = (h + l + c) / 3
    return [p, 2 * p - l, 2 * p - h, p + (h - l), p - (h - l), h + 2 * (p - l), l - 2 * (h - p)]


def donchian(bars: Frame, period: int) -> list[np.ndarray]:
    upper = over(bars, windows(bars["high"], period).max(axis=1))
    lower = over(bars, windows(bars["low"], period).min(axis=1))
    return [upper, lower + (upper - lower) / 2, lower]


def keltner(bars: Frame, period: int, atr_period: int, multiplier: float) -> list[np.ndarray]:
    distance = multiplier * talib.ATR(bars["high"], bars["low"], bars["close"], atr_period)
    middle = talib.EMA(bars["close"], period)
    return [middle + distance, np.where(np.isnan(distance), np.nan, middle), middle - distance]


def choppiness(bars: Frame, period: int) -> list[np.ndarray]:
    ranges = talib.TRANGE(bars["high"], bars["low"], bars["close"])[1:]
    sums = windows(ranges, period).sum(axis=1)
    extent = windows(bars["high"], period).max(axis=1) - windows(bars["low"], period).min(axis=1)
    return [over(bars, 100 * np.log10(sums / extent[1:]) / np.log10(period))]


def scores(distance: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    return np.where(deviation < 1e-12, 0.0, distance / np.where(deviation < 1e-12, 1.0, deviation))


def zscore(bars: Frame, period: int) -> list[np.ndarray]:
    cut = windows(bars["close"], period)
    return [over(bars, scores(cut[:, -1] - cut.mean(axis=1), cut.std(axis=1)))]


def zscore_ema(bars: Frame, period: int) -> list[np.ndarray]:
    mean = talib.EMA(bars["close"], period)[period - 1 :]
    return [over(bars, scores(bars["close"][period - 1 :] - mean, windows(bars["close"], period).std(axis=1)))]


def kalman_mean(values: np.ndarray, process: float, measurement: float) -> np.ndarray:
    """Precisions instead of gains: what is known before and what is seen are weighted by 1 / variance."""
    level, variance, levels = values[0], measurement, [values[0]]
    for value in values[1:]:
        before, seen = 1 / (variance + process), 1 / measurement
        level = (before * level + seen * value) / (before + seen)
        variance = 1 / (before + seen)
        levels.append(level)
    return np.array(levels)


def kalman(bars: Frame, process: float, measurement: float) -> list[np.ndarray]:
    return [kalman_mean(bars["close"], process, measurement)]


def kalman_zscore(bars: Frame, period: int, process: float, measurement: float) -> list[np.ndarray]:
    distance = bars["close"] - kalman_mean(bars["close"], process, measurement)
    return [over(bars, scores(distance[period - 1 :], windows(distance, period).std(axis=1)))]


def volatility(values: np.ndarray, period: int, alpha: float, beta: float) -> np.ndarray:
    """The recursion as a sum: beta^k of the first variance, and what every return since has added."""
    squares = returns(values) ** 2
    first = squares[:period].mean()
    omega = (1 - alpha - beta) * first
    variances = []
    for count in range(len(squares) - period + 1):
        powers = beta ** np.arange(count)
        news = squares[period - 1 : period - 1 + count][::-1]
        variances.append(beta**count * first + powers @ (omega + alpha * news))
    return np.sqrt(variances)


def garch(bars: Frame, period: int, alpha: float, beta: float) -> list[np.ndarray]:
    return [over(bars, volatility(bars["close"], period, alpha, beta))]


def kalman_garch_zscore(
    bars: Frame, period: int, process: float, measurement: float, **weights: float
) -> list[np.ndarray]:
    close = bars["close"]
    distance = (close - (mean := kalman_mean(close, process, measurement))) / mean
    return [over(bars, distance[period:] / volatility(close, period, **weights))]


def volatility_cluster(bars: Frame, period: int, window: int) -> list[np.ndarray]:
    deviations = windows(returns(bars["close"]), period).std(axis=1)
    cut = windows(deviations, window)
    ranks = np.array([np.searchsorted(np.sort(row), row[-1]) for row in cut])
    return [over(bars, np.digitize(ranks, [window / 3, 2 * window / 3]).astype(float))]


def hurst(bars: Frame, period: int) -> list[np.ndarray]:
    cut = windows(np.diff(np.log(bars["close"])), period)
    walk = np.cumsum(cut - cut.mean(axis=1, keepdims=True), axis=1)
    return [over(bars, np.log(np.ptp(walk, axis=1) / cut.std(axis=1)) / np.log(period))]


def correlation(bars: Frame, period: int) -> list[np.ndarray]:
    pairs = zip(windows(bars["close"], period), windows(bars["open"], period), strict=True)
    with np.errstate(invalid="ignore"):
        found = [np.corrcoef(x, y)[0, 1] if np.ptp(x) and np.ptp(y) else 0.0 for x, y in pairs]
    return [over(bars, np.array(found))]


def beta(bars: Frame, period: int) -> list[np.ndarray]:
    pairs = zip(windows(returns(bars["close"]), period), windows(returns(bars["open"]), period), strict=True)
    return [over(bars, np.array([np.cov(x, y)[0, 1] / y.var(ddof=1) if np.ptp(y) else 0.0 for x, y in pairs]))]


Q = {"process": 0.01, "measurement": 1.0}
CASES: list[tuple[Callable[..., list[np.ndarray]], list[dict[str, Any]]]] = [
    (vwap, [{}]),
    (session, [{}]),
    (pivot, [{}]),
    (donchian, [{"period": period} for period in (1, 2, 5, 20, 200)]),
    (
        keltner,
        [
            {"period": period, "atr_period": atr_period, "multiplier": multiplier}
            for period, atr_period, multiplier in [(20, 10, 2.0), (1, 1, 1.0), (5, 30, 0.5), (50, 14, 3.0), (2, 2, 0.0)]
        ],
    ),
    (choppiness, [{"period": period} for period in (2, 5, 14, 50, 200)]),
    (zscore, [{"period": period} for period in (3, 5, 20, 100, 500)]),
    (zscore_ema, [{"period": period} for period in (3, 5, 20, 100, 500)]),
    (
        kalman,
        [{"process": q, "measurement": r} for q, r in [(0.01, 1.0), (1.0, 1.0), (1e-4, 1.0), (5.0, 0.1), (3, 40)]],
    ),
    (kalman_zscore, [{"period": period, **Q} for period in (3, 10, 50, 100, 400)]),
    (
        garch,
        [
            {"period": period, "alpha": alpha, "beta": weight}
            for period, alpha, weight in [
                (100, 0.1, 0.85),
                (2, 0.0, 0.0),
                (20, 0.3, 0.6),
                (50, 0.05, 0.94),
                (9, 0.9, 0.05),
            ]
        ],
    ),
    (
        kalman_garch_zscore,
        [{"period": period, **Q, "alpha": 0.1, "beta": weight} for period, weight in [(100, 0.85), (5, 0.5), (50, 0.0)]]
        + [{"period": 30, "process": q, "measurement": 2.0, "alpha": 0.2, "beta": 0.7} for q in (0.5, 1e-3)],
    ),
    (
        volatility_cluster,
        [{"period": p, "window": w} for p, w in [(20, 100), (5, 30), (10, 10), (50, 200), (100, 7)]],
    ),
    (hurst, [{"period": period} for period in (8, 20, 50, 100, 400)]),
    (correlation, [{"period": period} for period in (3, 5, 30, 100, 500)]),
    (beta, [{"period": period} for period in (3, 5, 30, 100, 500)]),
]


def check_close(actual: np.ndarray, expected: np.ndarray, scale: float) -> None:
    assert np.array_equal(np.isnan(actual), np.isnan(expected))
    known = ~np.isnan(expected)
    assert np.all(np.abs(actual - expected)[known] <= 1e-9 * np.abs(expected[known]) + scale)


def test_every_own_definition_is_compared():
    """IND-3: we looked at something, with five sets of parameters where there are any."""
    ours = {name for name, entry in CATALOGUE.items() if not entry.origin.startswith("TA-Lib")}

    assert ours == {oracle.__name__ for oracle, _ in CASES}
    assert all(len(sets) >= 5 for oracle, sets in CASES if CATALOGUE[oracle.__name__].parameters)


@pytest.mark.parametrize(("oracle", "sets"), CASES, ids=lambda case: getattr(case, "__name__", ""))
@pytest.mark.parametrize("file", FILES)
def test_own_definitions_equal_a_second_formulation_on_real_prices(
    bench, tables_of, real, specs_of, file, oracle, sets
):
    """IND-3: both come from the formula, neither from the other."""
    bars = real(file, FILES[file], BAR_COUNT)
    prices = {name: np.array(bars[name]) / 10 ** FILES[file] for name in ("open", "high", "low", "close")}
    frame = {**prices, "volume": np.array(bars["volume"]), "time": np.asarray(bars["time"])}
    specs = [spec for parameters in sets for spec in specs_of(oracle.__name__, parameters)]

    columns = iter(bench.columns(tables_of(bars, digits=FILES[file]), specs))

    for parameters in sets:
        for expected in oracle(frame, **parameters):
            check_close(next(columns), expected, 1e-9)
    assert next(columns, None) is None


def test_a_difference_and_a_shifted_nan_are_noticed():
    """The guard's canary."""
    expected = np.array([np.nan, 1.0, 2.0])
    check_close(expected.copy(), expected, 1e-9)
    for wrong in ([np.nan, 1.0, 2.00001], [np.nan, np.nan, 2.0]):
        with pytest.raises(AssertionError):
            check_close(np.array(wrong), expected, 1e-9)
