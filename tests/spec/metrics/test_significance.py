"""Shape of returns, probabilistic Sharpe ratio, stability and runs against literature and oracles (MET-6, MET-7)."""

from __future__ import annotations

import math
import random
import warnings

import numpy as np
import pytest
import scipy.stats

from omega.backends.python.metrics import significance
from omega.backends.python.metrics.columns import Undefined
from omega.backends.python.metrics.significance import Shape

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import empyrical

# The hedge fund example of Bailey and López de Prado, 2012: monthly Sharpe over two years.
LITERATURE = Shape(sharpe=0.458, skewness=-2.448, kurtosis=10.164)


def series(seed: int) -> list[float]:
    """Return one of 200 return series: empty, one point, constant, calm, wild, skewed."""
    draw = random.Random(seed)
    count = draw.choice((0, 1, 2, 3, 10, 250, 1000))
    kind = draw.choice(("constant", "calm", "wild", "skewed"))
    if kind == "constant":
        return [0.001] * count
    if kind == "skewed":
        return [0.01 - 0.01 * draw.expovariate(1.0) for _ in range(count)]
    width = {"calm": 0.001, "wild": 0.2}[kind]
    return [draw.uniform(-width, width) + width / 10 for _ in range(count)]


SERIES = [series(seed) for seed in range(200)]


def test_psr_equals_the_literature() -> None:
    """MET-7: Bailey and López de Prado 2012; to four digits as printed, to 1e-9 by the formula with scipy's Φ."""
    assert significance.probabilistic_sharpe(LITERATURE, 0.0, 24) == pytest.approx(0.9134, abs=5e-5)
    assert significance.probabilistic_sharpe(LITERATURE, 0.1, 24) == pytest.approx(0.8564, abs=5e-5)
    root = math.sqrt(1 + 2.448 * 0.458 + 9.164 / 4 * 0.458**2)
    for benchmark in (0.0, 0.1, 0.6):
        expected = scipy.stats.norm.cdf((0.458 - benchmark) * math.sqrt(23) / root)
        assert significance.probabilistic_sharpe(LITERATURE, benchmark, 24) == pytest.approx(expected, rel=1e-12)


def test_a_track_record_of_the_least_length_is_exactly_convincing() -> None:
    """MET-7: PSR at MinTRL rows is 95 %; at or below the benchmark no record is long enough."""
    rows = significance.least_track_record(LITERATURE, 0.0)
    assert isinstance(rows, float)
    root = math.sqrt(significance.sharpe_variance(LITERATURE))
    assert scipy.stats.norm.cdf(0.458 * math.sqrt(rows - 1) / root) == pytest.approx(0.95, abs=1e-12)
    assert significance.least_track_record(LITERATURE, 0.458) == Undefined("sharpe_not_positive")


def test_shape_equals_scipy_on_200_series() -> None:
    """MET-6: skewness and raw kurtosis of the sample; none without deviation or below two rows."""
    compared = 0
    for values in SERIES:
        shape = significance.shape_of(values)
        if isinstance(shape, Undefined):
            assert len(values) < 2 or len(set(values)) == 1
            continue
        array = np.array(values)
        assert shape.skewness == pytest.approx(scipy.stats.skew(array), rel=1e-10, abs=1e-12)
        assert shape.kurtosis == pytest.approx(scipy.stats.kurtosis(array, fisher=False), rel=1e-10)
        assert shape.sharpe == pytest.approx(array.mean() / array.std(ddof=1), rel=1e-10)
        compared += 1
    assert compared > 80


def test_stability_equals_empyrical_on_200_series() -> None:
    """MET-6: r² of log equity on time as empyrical has it, with the sign of the slope; never NaN or above 1."""
    compared = 0
    for values in SERIES:
        equity = [1_000_000_000_000]
        for value in values:
            equity.append(max(1, round(equity[-1] * (1.0 + value))))
        stability = significance.log_growth_r2(equity)
        if isinstance(stability, Undefined):
            assert len(values) < 3
            continue
        moves = np.array(equity[1:]) / np.array(equity[:-1]) - 1.0
        logs = np.log(np.array(equity[1:]) / equity[0])
        slope = scipy.stats.linregress(np.arange(len(logs)), logs).slope
        assert abs(stability) == pytest.approx(empyrical.stability_of_timeseries(moves), rel=1e-9, abs=1e-12)
        assert math.copysign(1.0, stability) == math.copysign(1.0, slope)
        assert -1.0 <= stability <= 1.0
        compared += 1
    assert compared > 80


def test_equity_that_stands_still_has_no_stability() -> None:
    """MET-6: a flat line is on no slope, wherever it stands."""
    assert significance.log_growth_r2([100, 103, 103, 103]) == Undefined("no_deviation")
    assert significance.log_growth_r2([100, 103, 104]) == Undefined("too_few_returns")


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        # Three wins, three losses: mean 2·9/6 + 1 = 4 runs, variance 18·12 / (36·5) = 1.2.
        ([5, -5, 5, -5, 5, -5], 2 / math.sqrt(1.2)),
        ([5, 5, 5, -5, -5, -5], -2 / math.sqrt(1.2)),
        ([5, 0, 5, 5, -5, 0, -5, -5], -2 / math.sqrt(1.2)),
        ([5, 5, -5, -5, 5, -5], 0.0),
    ],
)
def test_runs_of_wins_and_losses_are_counted(net: list[int], expected: float) -> None:
    """MET-6: more runs than chance are positive, fewer negative; net = 0 is neither."""
    assert significance.runs_z(net) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("net", [[], [5], [5, 5, 5], [0, 0], [5, -5]])
def test_runs_need_wins_and_losses(net: list[int]) -> None:
    """MET-6: without both there is nothing to test; with one of each the count cannot vary."""
    assert significance.runs_z(net) == Undefined("too_few_trades")
