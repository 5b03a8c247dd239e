"""Resampling of the twin against whole-array NumPy; `cargo test` reads the same cases (RAT-3, RAT-4)."""

from __future__ import annotations

import datetime
import json
import math
import pathlib
from typing import Any

import numpy as np
import pytest
import scipy.stats
from arch.bootstrap import optimal_block_length

from omega.backends.python.metrics import Calendar, Equity, Plan, Trades
from omega.backends.python.rating import rate
from omega.backends.python.rating.bayes import break_even, rate_above
from omega.backends.python.rating.block_length import block_length
from omega.backends.python.rating.stability import month_of, stability_index
from omega.backends.python.rating.units import Unit, block_units, positions_overlap
from omega.errors import DataError, EngineError
from omega.schema import ExitReason

VECTORS = json.loads((pathlib.Path(__file__).resolve().parents[2] / "vectors/rating.json").read_text())
CASES = {case["name"]: case for case in VECTORS["cases"]}


def trades_of(
    net: list[int],
    entry_time: list[int],
    exit_time: list[int],
    reason: list[int] | None = None,
    *,
    r_multiple: list[float | None] | None = None,
) -> Trades:
    zeros = [0] * len(net)
    return Trades(
        symbol=zeros,
        entry_bar_idx=zeros,
        entry_time=entry_time,
        exit_bar_idx=zeros,
        exit_time=exit_time,
        steps=zeros,
        gross_cost_free=net,
        slippage=zeros,
        spread=zeros,
        commission=zeros,
        swap=zeros,
        net=net,
        r_multiple=r_multiple or [None] * len(net),
        bars_held=zeros,
        reason=reason or [int(ExitReason.STOP_LOSS)] * len(net),
        ambiguous=[False] * len(net),
    )


def plan_of(*, seed: int, samples: int, dropout_samples: int, bootstrap: str = "auto") -> Plan:
    return Plan(
        volume_steps=[(1, 100)],
        risk_free=(0, 1),
        days=5,
        seed=seed,
        bootstrap=bootstrap,
        samples=samples,
        dropout_samples=dropout_samples,
    )


def rate_case(case: dict[str, Any]) -> list[tuple[str, int | float | None]]:
    plan = plan_of(
        seed=case["seed"],
        samples=case["samples"],
        dropout_samples=case["dropout_samples"],
        bootstrap=case["bootstrap"],
    )
    r_multiple = case["r_multiple"] if len(case["r_multiple"]) == len(case["net"]) else None
    return rate(
        trades_of(case["net"], case["entry_time"], case["exit_time"], r_multiple=r_multiple),
        Equity(**case["equity"]),
        Calendar(rollover_time=case["rollover_time"], weekday=case["weekday"]),
        plan,
    )


@pytest.mark.parametrize("name", CASES)
def test_raw_values_equal_numpy_scipy_and_arch(name: str) -> None:
    """RAT-3, RAT-4, NUM-3: the same draws, measured another way; counts, money and shares exact."""
    actual = dict(rate_case(CASES[name]))
    expected = CASES[name]["expected"]

    assert actual.keys() == expected.keys()
    for key, value in expected.items():
        is_rounded = isinstance(value, float) and "_p_net" not in key and "_p_value" not in key
        # scipy's interval cancels near 0 and 1, hence the absolute part.
        wanted = pytest.approx(value, rel=1e-10, abs=1e-14) if is_rounded else value
        assert actual[key] == wanted, key


def test_a_run_without_trades_has_counts_and_no_values() -> None:
    """RAT-5: no data is never a good score; here it is no value."""
    equity = Equity(time=[0], value=[1000])
    calendar = Calendar(rollover_time=[], weekday=[])
    actual = dict(rate(trades_of([], [], []), equity, calendar, plan_of(seed=1, samples=10, dropout_samples=10)))

    assert actual["monte_carlo_units"] == 0
    assert actual["monte_carlo_p_net_positive"] is None
    assert actual["monte_carlo_drawdown_q95"] is None
    assert actual["dropout_10_removed"] == 0
    assert actual["dropout_10_p_net_positive"] is None
    assert actual["dropout_10_kept_profit"] is None


def test_removing_the_only_trade_leaves_nothing() -> None:
    """RAT-3: k = ⌈0.1 · 1⌉ = 1 of 1; net 0 is not above 0, and nothing is left to compare."""
    case = CASES["five trades"] | {"net": [100], "entry_time": [1], "exit_time": [2], "r_multiple": [None]}
    actual = dict(rate_case(case))

    assert actual["dropout_10_removed"] == 1
    assert actual["dropout_10_p_net_positive"] == 0.0
    assert actual["dropout_10_kept_profit"] is None
    assert actual["monte_carlo_net_q05"] == actual["monte_carlo_net_q95"] == 100


def test_more_samples_do_not_move_the_first_ones() -> None:
    """NUM-3: a draw depends on its sample and draw number only; with one sample all quantiles are that sample."""
    one = dict(rate_case(CASES["single trades"] | {"samples": 1}))
    three = dict(rate_case(CASES["single trades"] | {"samples": 3}))
    nets = {three[f"monte_carlo_net_{name}"] for name in ("q05", "q50", "q95")}

    assert one["monte_carlo_net_q50"] in nets


@pytest.mark.parametrize(
    ("entries", "exits", "reason", "expected"),
    [
        ([0, 5], [4, 9], ExitReason.STOP_LOSS, False),
        ([0, 3], [4, 9], ExitReason.STOP_LOSS, True),
        ([0, 4], [4, 9], ExitReason.STOP_LOSS, True),
        ([0, 4], [4, 9], ExitReason.SIGNAL, False),
        ([4, 0], [9, 4], ExitReason.SIGNAL, False),
        ([0, 1, 6], [9, 2, 7], ExitReason.SIGNAL, True),
        ([], [], ExitReason.SIGNAL, False),
    ],
)
def test_trades_overlap_when_two_were_open_together(
    entries: list[int], exits: list[int], reason: ExitReason, expected: bool
) -> None:
    """RAT-4: an entry comes before the level exits of its step and after its requested closes (LOOP)."""
    trades = trades_of([1] * len(entries), entries, exits, [int(reason)] * len(entries))

    assert positions_overlap(trades) is expected


def test_the_end_of_the_data_closes_the_day_that_ends_there() -> None:
    """RAT-4: at the boundary 100 the end of the data belongs to the day of the close at 90, a level fill does not."""
    end, stop = int(ExitReason.END_OF_DATA), int(ExitReason.STOP_LOSS)
    both = trades_of([-5, 8], [10, 20], [90, 100], [stop, end], r_multiple=[-1.0, None])
    apart = trades_of([-5, 8], [10, 20], [90, 100], [stop, stop])

    assert block_units(both, [100, 200], by_week=False) == [Unit(net=3, high=3, low=-5, drawdown=0, r_sum=-1.0)]
    assert block_units(apart, [100, 200], by_week=False) == [Unit(-5, -5, -5, 0, 0.0), Unit(8, 8, 8, 0, 0.0)]


def test_a_win_rate_of_58_in_100_is_likely_above_a_half() -> None:
    """RAT-4: the vector of the rule; and the edges: nothing lost is surely above 0, nothing won never above 1."""
    assert rate_above(58, 42, 0.5) == pytest.approx(0.9445, abs=5e-5)
    assert rate_above(58, 42, 0.5) == pytest.approx(scipy.stats.beta.sf(0.5, 59, 43), abs=1e-12)
    assert rate_above(5, 0, 0.0) == 1.0
    assert rate_above(0, 5, 1.0) == 0.0


def test_break_even_is_one_over_one_plus_payoff() -> None:
    """RAT-4: a payoff of 2 needs one win in three; without losses none, without wins all, without either no value."""
    assert break_even([200, 200], [-100]) == 1 / 3
    assert break_even([5], []) == 0.0
    assert break_even([], [-5]) == 1.0
    assert break_even([], []) is None


def test_months_are_those_of_the_calendar() -> None:
    """RAT-4: every day from 1900 to 2100, leap years and centuries included, against datetime."""
    for day in range(-25567, 47848):
        date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
        assert month_of(day) == 12 * date.year + date.month - 1, date


def test_stability_is_full_for_equal_windows_and_nothing_without_profit() -> None:
    """RAT-4: 1/(1 + sd/mean): sd 0 makes 1, sd = mean makes a half, a mean at or below 0 makes 0."""
    assert stability_index([0.5] * 12) == 1.0
    assert stability_index([0.0, 2.0] * 6) == pytest.approx(1 / (1 + math.sqrt(12 / 11)), rel=1e-14)
    assert stability_index([-1.0, 1.0] * 6) == 0.0
    assert stability_index([-1.0] * 12) == 0.0


def test_block_length_equals_arch_on_200_series() -> None:
    """RAT-4: Patton, Politis and White 2009; never below 1; constant, short and empty series have no blocks."""
    draw = np.random.default_rng(20)
    for _ in range(200):
        count, memory = int(draw.choice([10, 25, 120, 600])), float(draw.choice([0.0, 0.4, 0.8, -0.5]))
        values = [0.0]
        for shock in draw.normal(size=count):
            values.append(memory * values[-1] + float(shock))
        expected = float(optimal_block_length(np.array(values))["stationary"].iloc[0])
        assert block_length(values) == pytest.approx(max(1.0, expected), rel=1e-9)
    assert [block_length(values) for values in ([], [1.0], [2.0] * 50, [1.0, 2.0] * 4)] == [1.0] * 4


def test_trades_that_overlap_are_never_drawn_one_by_one() -> None:
    """RAT-4: day blocks when positions overlap, whatever the plan says of single trades."""
    for bootstrap, expected in (("auto", 1), ("iid", 1), ("stationary", 1), ("day", 1), ("week", 2)):
        actual = dict(rate_case(CASES["overlapping trades"] | {"bootstrap": bootstrap}))
        assert actual["monte_carlo_method"] == expected


def test_sums_that_could_leave_64_bits_are_refused() -> None:
    """NUM-1: overflow is an error, on both backends alike."""
    with pytest.raises(EngineError, match="resampled"):
        rate_case(CASES["five trades"] | {"net": [2**61, 2**61, 0, 0, 0], "balance": 600})
    with pytest.raises(EngineError, match="resampled"):
        rate_case(CASES["five trades"] | {"net": [2**60, 0, 0, 0, 0]})


def test_equity_without_a_balance_is_refused() -> None:
    """LED-5: row 0 is the initial balance."""
    with pytest.raises(DataError, match="equity"):
        rate_case(CASES["five trades"] | {"equity": {"time": [0], "value": [0]}})
