"""Ratios against empyrical-reloaded and scipy, which share their definitions (MET, 1e-10 relative)."""

from __future__ import annotations

import ast
import math
import pathlib
import random
import warnings

import numpy as np
import pytest
import scipy.stats

from omega.backends.python import metrics as twin
from omega.backends.python import numerics
from omega.backends.python.metrics import drawdown, returns, totals
from omega.backends.python.metrics.columns import Equity, Undefined
from omega.rating.definitions import REASONS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import empyrical


def series(seed: int) -> list[float]:
    """Return one of 200 return series: empty, one point, constant, calm, wild, trending."""
    draw = random.Random(seed)
    count = draw.choice((0, 1, 2, 3, 10, 250, 1000))
    kind = draw.choice(("constant", "calm", "wild", "up"))
    if kind == "constant":
        return [0.001] * count
    width = {"calm": 0.001, "wild": 0.2, "up": 0.01}[kind]
    shift = 0.02 if kind == "up" else 0.0
    return [shift + draw.uniform(-width, width) for _ in range(count)]


SERIES = [series(seed) for seed in range(200)]


def test_the_series_include_the_awkward_ones() -> None:
    """MET: 200 series including constant, one-point and empty."""
    assert len(SERIES) == 200
    lengths = {len(values) for values in SERIES}
    assert {0, 1, 2, 1000} <= lengths
    assert any(len(set(values)) == 1 and len(values) > 2 for values in SERIES)


def test_sharpe_and_sortino_equal_empyrical() -> None:
    """MET-4: the same definitions; where empyrical divides by 0 we have no value."""
    compared = 0
    for values in SERIES:
        sharpe = returns.sharpe(values, 252.0)
        sortino = returns.sortino(values, 252.0)
        array = np.array(values)
        if isinstance(sharpe, Undefined):
            assert len(values) < 2 or len(set(values)) == 1
        else:
            assert sharpe == pytest.approx(empyrical.sharpe_ratio(array, annualization=252), rel=1e-10)
            compared += 1
        if isinstance(sortino, Undefined):
            assert all(value >= 0.0 for value in values)
        elif len(values) > 1:
            assert sortino == pytest.approx(empyrical.sortino_ratio(array, annualization=252), rel=1e-10)
            compared += 1
    assert compared > 150


def test_deviation_and_mean_equal_scipy() -> None:
    """NUM-4: sample deviation with n - 1."""
    for values in SERIES:
        deviation = numerics.sample_deviation(values)
        if len(values) < 2:
            assert deviation is None
        elif len(set(values)) == 1:
            assert deviation == 0.0
        else:
            described = scipy.stats.describe(np.array(values))
            assert deviation == pytest.approx(math.sqrt(described.variance), rel=1e-10)
            assert numerics.mean(values) == pytest.approx(described.mean, rel=1e-10, abs=1e-17)


def test_drawdown_calmar_and_growth_equal_empyrical() -> None:
    """MET-2, MET-4, MET-5: equity in cents made of the series; empyrical gets the returns of those cents."""
    compared = 0
    for values in SERIES:
        equity = [10_000_000_000]
        for value in values:
            equity.append(max(1_000_000, round(equity[-1] * (1.0 + value))))
        if len(equity) < 3 or equity[-1] > 2**60:
            continue
        moves = np.array(returns.simple_returns(equity))
        deepest = drawdown.find_deepest(drawdown.drawdown_fracs(equity)).frac
        assert deepest == pytest.approx(-empyrical.max_drawdown(moves), rel=1e-10, abs=1e-15)
        # One row per day of a year of len(moves) days: CAGR is the whole return.
        years_us = 365.25 * 86_400_000_000
        times = [0] * len(equity)
        times[-1] = round(years_us)
        growth = totals.cagr(Equity(time=times, value=equity))
        assert growth == pytest.approx(empyrical.annual_return(moves, annualization=len(moves)), rel=1e-10, abs=1e-13)
        compared += 1
    assert compared > 80


def test_the_deepest_fraction_is_the_largest_of_all_rows_to_the_bit() -> None:
    """MET-5: replays divide only falls larger than all before; every row divided says the same."""
    draw = random.Random(8)
    for width in (1, 3, 50, 10**9):
        for _ in range(50):
            equity = [10**7]
            for _ in range(draw.choice((0, 1, 5, 300))):
                equity.append(equity[-1] + draw.randint(-width, width))
            fracs = [(max(equity[: row + 1]) - equity[row]) / max(equity[: row + 1]) for row in range(len(equity))]
            assert drawdown.deepest_frac(equity) == max(fracs)


def test_every_reason_in_the_code_has_words() -> None:
    """MET: null with a reason; the list of reasons is complete and has nothing too much."""
    folder = pathlib.Path(twin.__file__).parent
    used: set[str] = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Undefined", "average", "_or_undefined"):
                used |= {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    assert used == set(REASONS)
