"""Every indicator that TA-Lib defines against TA-Lib on real prices (IND-3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import talib

from omega.indicators import CATALOGUE

FILES = {
    "oanda_h1/EURUSD_H1_bid.parquet": 5,
    "ejtrader_h1/USDJPY_H1_bid.parquet": 3,
    "oanda_m1_2014/XAUUSD_M1_bid.parquet": 3,
}
BAR_COUNT = 5_000
PERIODS = [{"period": period} for period in (2, 5, 14, 50, 200)]
ONE = [{"period": 1}, *PERIODS]
NOTHING: list[dict[str, float]] = [{}]

# Parameter sets by name. Of one bar, TA-Lib gives NATR and the DIs as fractions; ours begin at two.
CASES: dict[str, list[dict[str, float]]] = {
    **dict.fromkeys(("sma", "ema", "wma", "dema", "tema", "atr", "roc", "mom"), ONE),
    **dict.fromkeys(
        ("rsi", "kama", "natr", "plus_di", "minus_di", "adx", "dx", "cci", "willr", "mfi", "aroon", "linearreg"),
        PERIODS,
    ),
    **dict.fromkeys(("highest", "lowest"), PERIODS),
    **dict.fromkeys(("trange", "obv"), NOTHING),
    "macd": [
        {"fast": fast, "slow": slow, "signal": signal}
        for fast, slow, signal in [(12, 26, 9), (26, 12, 9), (3, 5, 1), (5, 35, 5), (2, 100, 2)]
    ],
    "bbands": [
        {"period": period, "deviations": deviations}
        for period, deviations in [(20, 2.0), (2, 1.0), (5, 2.5), (50, 0.5), (200, 3.0)]
    ],
    "stddev": [
        {"period": period, "deviations": deviations}
        for period, deviations in [(5, 1.0), (2, 1.0), (20, 2.0), (50, 0.5), (200, 3.0)]
    ],
    "stoch": [
        {"fast_k": fast_k, "slow_k": slow_k, "slow_d": slow_d}
        for fast_k, slow_k, slow_d in [(5, 3, 3), (1, 1, 1), (14, 3, 3), (30, 7, 4), (100, 5, 9)]
    ],
    "stochrsi": [
        {"period": period, "fast_k": fast_k, "fast_d": fast_d}
        for period, fast_k, fast_d in [(14, 5, 3), (2, 1, 1), (7, 14, 3), (21, 30, 4), (100, 5, 9)]
    ],
    "sar": [
        {"acceleration": acceleration, "maximum": maximum}
        for acceleration, maximum in [(0.02, 0.2), (0.01, 0.1), (0.1, 0.5), (0.5, 0.3), (0.0, 0.0)]
    ],
}
OSCILLATORS = {
    *("rsi", "adx", "dx", "plus_di", "minus_di", "stoch", "stochrsi", "cci", "willr", "mfi", "aroon", "roc", "natr")
}
FUNCTIONS = {"highest": "MAX", "lowest": "MIN"}


def oracle(name: str, parameters: dict[str, float], bars: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return TA-Lib's columns, in the order of our outputs."""
    values = list(parameters.values())
    if name == "bbands":
        values.append(values[1])
    if name == "stoch":
        values = [values[0], values[1], 0, values[2], 0]
    if name == "stochrsi":
        values = [*values, 0]
    columns = [bars["close" if read == "source" else read] for read in CATALOGUE[name].reads]
    answer = getattr(talib, FUNCTIONS.get(name, name.upper()))(*columns, *values)
    return list(answer) if isinstance(answer, (tuple, list)) else [answer]


def floats_of(bars: dict[str, Any], digits: int) -> dict[str, np.ndarray]:
    prices = {name: np.array(bars[name]) / 10**digits for name in ("open", "high", "low", "close")}
    return {**prices, "volume": np.array(bars["volume"])}


def check_close(actual: np.ndarray, expected: np.ndarray, scale: float) -> None:
    """IND-3's tolerance, NaN positions exact."""
    assert np.array_equal(np.isnan(actual), np.isnan(expected))
    known = ~np.isnan(expected)
    error = np.abs(actual - expected)[known]
    assert np.all(error <= 1e-9 * np.abs(expected[known]) + 1e-12 * scale)


def test_every_indicator_that_talib_defines_is_compared():
    """IND-3: we looked at something, with five sets of parameters where there are any."""
    ours = {name for name, entry in CATALOGUE.items() if entry.origin.startswith("TA-Lib")}

    assert ours == set(CASES)
    assert len(ours) == 30
    assert all(len(sets) >= 5 for name, sets in CASES.items() if CATALOGUE[name].parameters)


@pytest.mark.parametrize("file", FILES)
def test_indicators_equal_talib_on_real_prices(bench, tables_of, real, specs_of, file):
    """IND-3: within |a - b| <= 1e-9 |b| + 1e-12 scale, and as many NaN."""
    bars = real(file, FILES[file], BAR_COUNT)
    prices = floats_of(bars, FILES[file])
    cases = [(name, parameters) for name, sets in CASES.items() for parameters in sets]
    specs = [spec for case in cases for spec in specs_of(*case)]

    columns = iter(bench.columns(tables_of(bars, digits=FILES[file]), specs))

    for name, parameters in cases:
        for expected in oracle(name, parameters, prices):
            scale = 100.0 if name in OSCILLATORS else max(prices["high"])
            check_close(next(columns), expected, scale)
    assert next(columns, None) is None


@pytest.mark.parametrize("source", ["hl2", "hlc3", "ohlc4"])
def test_composed_sources_equal_talibs_to_the_last_bit(bench, tables_of, real, specs_of, source):
    """IND-3: the order of operations is TA-Lib's too; period 1 shows the source itself."""
    bars = real("oanda_h1/EURUSD_H1_bid.parquet", 5, BAR_COUNT)
    prices = floats_of(bars, 5)

    (column,) = bench.columns(tables_of(bars, digits=5), specs_of("sma", {"period": 1}, source=source))

    open_, high, low, close = (prices[name] for name in ("open", "high", "low", "close"))
    expected = {
        "hl2": lambda: talib.MEDPRICE(high, low),
        "hlc3": lambda: talib.TYPPRICE(high, low, close),
        "ohlc4": lambda: talib.AVGPRICE(open_, high, low, close),
    }[source]()
    assert column.tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", CASES)
def test_constant_prices_and_short_series_are_as_talib_has_them(bench, tables_of, flat_bars, specs_of, name):
    """IND-3: the RSI of no movement is 0; fewer bars than the period give NaN only."""
    parameters = {one.name: one.default for one in CATALOGUE[name].parameters}
    for count in (1, 2, 9, 15, 30, 120):
        bars = {**flat_bars([110_025] * count), "volume": [3.0] * count}
        columns = bench.columns(tables_of(bars, digits=5), specs_of(name))
        for column, expected in zip(columns, oracle(name, parameters, floats_of(bars, 5)), strict=True):
            check_close(column, expected, 100.0)


def test_a_shifted_nan_and_a_drift_of_a_millionth_are_noticed():
    """The guard's canary."""
    expected = np.array([np.nan, 1.0, 2.0])
    check_close(expected.copy(), expected, 1.0)
    for wrong in ([np.nan, np.nan, 2.0], [0.5, 1.0, 2.0], [np.nan, 1.0, 2.000001]):
        with pytest.raises(AssertionError):
            check_close(np.array(wrong), expected, 1.0)
