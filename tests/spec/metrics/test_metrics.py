"""Metrics of the twin against numbers worked by hand; `cargo test` reads the same cases (MET-1 to MET-7)."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from omega.backends.python.metrics import Calendar, Equity, Plan, Trades, compute_metrics
from omega.errors import DataError

VECTORS = json.loads((pathlib.Path(__file__).resolve().parents[2] / "vectors/metrics.json").read_text())
CASES = {case["name"]: case for case in VECTORS["cases"]}


def metrics_of(case: dict[str, Any]) -> list[tuple[str, int | float | None, str | None]]:
    columns = Trades(**case["trades"]), Equity(**case["equity"]), Calendar(**case["calendar"])
    return compute_metrics(*columns, Plan(**case["plan"]))


@pytest.mark.parametrize("name", CASES)
def test_metrics_equal_the_numbers_worked_by_hand(name: str) -> None:
    """MET-1 to MET-7: value, or null with its reason; integers exact and still integers."""
    actual = {metric: (value, reason) for metric, value, reason in metrics_of(CASES[name])}

    for metric, value, reason in CASES[name]["expected"]:
        expected = pytest.approx(value, rel=1e-12, abs=0.0) if isinstance(value, float) else value
        assert type(actual[metric][0]) is type(value), metric
        assert actual[metric] == (expected, reason), metric


def test_metrics_come_in_one_fixed_order() -> None:
    """MET: the order of `metrics.json` is that of the full case."""
    expected = [metric for metric, _, _ in CASES["six trades in four days"]["expected"]]
    assert len(expected) == 57
    for case in CASES.values():
        assert [metric for metric, _, _ in metrics_of(case)] == expected


@pytest.mark.parametrize(("times", "values"), [([], []), ([0], [0]), ([0], [-5])])
def test_equity_that_no_run_writes_is_refused(times: list[int], values: list[int]) -> None:
    """LED-5: row 0 is the initial balance, above 0."""
    case = CASES["ruin"] | {"equity": {"time": times, "value": values}}
    with pytest.raises(DataError, match="equity"):
        metrics_of(case)


def test_a_run_of_one_row_has_totals_and_no_ratios() -> None:
    """MET-1: nothing has happened yet."""
    case = CASES["two years without trades"] | {"equity": {"time": [0], "value": [100]}}
    actual = {metric: (value, reason) for metric, value, reason in metrics_of(case)}

    assert actual["return_frac"] == (0.0, None)
    assert actual["exposure_frac"] == (None, "no_steps")
    assert actual["annualisation_factor"] == (None, "no_time")
    assert actual["sharpe"] == (None, "no_time")


def test_plan_takes_its_fields_and_leaves_the_rest() -> None:
    """The plan JSON of ARCHITECTURE.md."""
    text = json.dumps(
        {
            "version": 1,
            "symbols": [{"name": "EURUSD", "volume_step": [1, 100]}],
            "metrics": {"risk_free": [1, 50], "days": 5},
            "rating": {"seed": 3, "bootstrap": "week", "samples": 10, "dropout_samples": 5},
        }
    )
    plan = Plan.parse(text)

    assert plan == Plan(
        volume_steps=[(1, 100)], risk_free=(1, 50), days=5, seed=3, bootstrap="week", samples=10, dropout_samples=5
    )
