"""Resampling of the twin against whole-array NumPy; `cargo test` reads the same cases (RAT-3, RAT-4)."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from omega.backends.python.metrics import Calendar, Equity, Plan, Trades
from omega.backends.python.rating import rate
from omega.backends.python.rating.monte_carlo import Unit, day_units, positions_overlap
from omega.errors import DataError, EngineError
from omega.schema import ExitReason

VECTORS = json.loads((pathlib.Path(__file__).resolve().parents[2] / "vectors/rating.json").read_text())
CASES = {case["name"]: case for case in VECTORS["cases"]}


def trades_of(net: list[int], entry_time: list[int], exit_time: list[int], reason: list[int] | None = None) -> Trades:
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
        r_multiple=[None] * len(net),
        bars_held=zeros,
        reason=reason or [int(ExitReason.STOP_LOSS)] * len(net),
        ambiguous=[False] * len(net),
    )


def plan_of(*, seed: int, samples: int, dropout_samples: int) -> Plan:
    return Plan(
        volume_steps=[(1, 100)],
        risk_free=(0, 1),
        days=5,
        seed=seed,
        samples=samples,
        dropout_samples=dropout_samples,
    )


def rate_case(case: dict[str, Any]) -> list[tuple[str, int | float | None]]:
    return rate(
        trades_of(case["net"], case["entry_time"], case["exit_time"]),
        Equity(time=[0], value=[case["balance"]]),
        Calendar(rollover_time=case["rollover_time"], weekday=case["weekday"]),
        plan_of(seed=case["seed"], samples=case["samples"], dropout_samples=case["dropout_samples"]),
    )


@pytest.mark.parametrize("name", CASES)
def test_raw_values_equal_whole_array_numpy(name: str) -> None:
    """RAT-3, RAT-4, NUM-3: the same draws, measured another way; counts, money and shares exact."""
    actual = dict(rate_case(CASES[name]))
    expected = CASES[name]["expected"]

    assert actual.keys() == expected.keys()
    for key, value in expected.items():
        rounded = key.endswith(("kept_profit", "p_low", "p_high"))
        # scipy's interval cancels near 0 and 1, hence the absolute part.
        wanted = pytest.approx(value, rel=1e-12, abs=1e-15) if rounded and value is not None else value
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
    case = CASES["five trades"] | {"net": [100], "entry_time": [1], "exit_time": [2]}
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
    both = trades_of([-5, 8], [10, 20], [90, 100], [stop, end])
    apart = trades_of([-5, 8], [10, 20], [90, 100], [stop, stop])

    assert day_units(both, [100, 200]) == [Unit(net=3, high=3, low=-5, drawdown=0)]
    assert day_units(apart, [100, 200]) == [Unit(-5, -5, -5, 0), Unit(8, 8, 8, 0)]


def test_sums_that_could_leave_64_bits_are_refused() -> None:
    """NUM-1: overflow is an error, on both backends alike."""
    with pytest.raises(EngineError, match="resampled"):
        rate_case(CASES["five trades"] | {"net": [2**61, 2**61, 0, 0, 0]})
    with pytest.raises(EngineError, match="resampled"):
        rate_case(CASES["five trades"] | {"net": [2**60, 0, 0, 0, 0]})


def test_equity_without_a_balance_is_refused() -> None:
    """LED-5: row 0 is the initial balance."""
    with pytest.raises(DataError, match="equity"):
        rate_case(CASES["five trades"] | {"balance": 0})
