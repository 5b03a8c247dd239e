"""The four indicators against TA-Lib on real prices (IND-3), and both halves against each other."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pyarrow.parquet as pq
import pytest
import talib

from omega.backends.python.indicators import Prices, compute, parse, price_column

DATA = pathlib.Path(__file__).parents[3] / "data"
FILES = {
    "oanda_h1/EURUSD_H1_bid.parquet": 5,
    "ejtrader_h1/USDJPY_H1_bid.parquet": 3,
    "oanda_m1_2014/XAUUSD_M1_bid.parquet": 3,
}
NAMES = ("atr", "ema", "rsi", "sma")
PERIODS = (1, 2, 5, 14, 20, 200)
BAR_COUNT = 6_000


def spec(name: str, period: int, source: str = "close") -> dict[str, object]:
    return {"name": name, "series": 0, "side": "bid", "source": source, "parameters": {"period": period}}


def real_points(file: str) -> dict[str, list[int]]:
    table = pq.read_table(DATA / file)
    scale = 10 ** FILES[file]
    assert table.num_rows >= BAR_COUNT
    names = ("open", "high", "low", "close")
    return {name: np.rint(table[name].to_numpy()[:BAR_COUNT] * scale).astype(int).tolist() for name in names}


def oracle(name: str, period: int, prices: Prices, source: str = "close") -> np.ndarray:
    open_, high, low, close = (np.array(row) for row in (prices.open, prices.high, prices.low, prices.close))
    if name == "atr":
        return talib.ATR(high, low, close, period)
    column = {
        "close": lambda: close,
        "hl2": lambda: talib.MEDPRICE(high, low),
        "hlc3": lambda: talib.TYPPRICE(high, low, close),
        "ohlc4": lambda: talib.AVGPRICE(open_, high, low, close),
    }[source]()
    return getattr(talib, name.upper())(column, period)


def prices_of(points: dict[str, list[int]], digits: int) -> Prices:
    return Prices(**{name: price_column(row, digits) for name, row in points.items()})


def check_close(actual: np.ndarray, expected: np.ndarray, scale: float) -> None:
    """IND-3's tolerance, NaN positions exact."""
    assert np.array_equal(np.isnan(actual), np.isnan(expected))
    known = ~np.isnan(expected)
    error = np.abs(actual - expected)[known]
    assert np.all(error <= 1e-9 * np.abs(expected[known]) + 1e-12 * scale)


@pytest.mark.parametrize("file", FILES)
def test_indicators_equal_talib_on_real_prices(bench, tables_of, file):
    """IND-3: within |a - b| <= 1e-9 |b| + 1e-12 scale, and as many NaN."""
    points = real_points(file)
    prices = prices_of(points, FILES[file])
    # TA-Lib has no RSI of one change; ours is in the worked answers.
    cases = [(name, period) for name in NAMES for period in PERIODS if (name, period) != ("rsi", 1)]

    columns = bench.columns(tables_of(points, digits=FILES[file]), [spec(*case) for case in cases])

    for (name, period), column in zip(cases, columns, strict=True):
        assert len(column) == BAR_COUNT
        check_close(column, oracle(name, period, prices), 100.0 if name == "rsi" else max(prices.high))


@pytest.mark.parametrize("source", ["hl2", "hlc3", "ohlc4"])
def test_composed_sources_equal_talibs_to_the_last_bit(bench, tables_of, source):
    """IND-3: the order of operations is TA-Lib's too; period 1 shows the source itself."""
    points = real_points("oanda_h1/EURUSD_H1_bid.parquet")

    (column,) = bench.columns(tables_of(points, digits=5), [spec("sma", 1, source)])

    expected = oracle("sma", 1, prices_of(points, 5), source)
    assert column.tobytes() == expected.tobytes()


@pytest.mark.parametrize("file", FILES)
def test_every_backend_equals_the_twin_to_the_last_bit_on_real_prices(bench, tables_of, file):
    """IND-3b: no tolerance between the halves."""
    points = real_points(file)
    specs = [spec(name, period, source) for name in NAMES for period in (1, 14, 50) for source in ("close", "ohlc4")]

    columns = bench.columns(tables_of(points, digits=FILES[file]), specs)

    prices = prices_of(points, FILES[file])
    for one, column in zip(parse(json.dumps(specs)), columns, strict=True):
        assert column.tobytes() == np.array(compute(one, prices)).tobytes(), one


@pytest.mark.parametrize("name", NAMES)
def test_constant_prices_and_short_series_are_as_talib_has_them(bench, tables_of, flat_bars, name):
    """IND-3: the RSI of no movement is 0; fewer bars than the period give NaN only."""
    for count, period in [(1, 5), (2, 2), (4, 5), (5, 5), (6, 5), (50, 5)]:
        points = flat_bars([110_025] * count)
        (column,) = bench.columns(tables_of(points, digits=5), [spec(name, period)])
        check_close(column, oracle(name, period, prices_of(points, 5)), 100.0)
        assert not np.isinf(column).any()


def test_a_shifted_nan_and_a_drift_of_a_millionth_are_noticed():
    """The guard's canary."""
    expected = np.array([np.nan, 1.0, 2.0])
    check_close(expected.copy(), expected, 1.0)
    for wrong in ([np.nan, np.nan, 2.0], [0.5, 1.0, 2.0], [np.nan, 1.0, 2.000001]):
        with pytest.raises(AssertionError):
            check_close(np.array(wrong), expected, 1.0)
