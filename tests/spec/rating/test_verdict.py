"""The judgement: scores, weights, confidence, recommendation, with numbers to do in one's head (RAT-2 to RAT-6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omega.errors import ConfigError
from omega.rating import LABEL, RatingResult, rate_run
from omega.rating.definitions import METRICS, RAW, REASONS
from omega.rating.result import Component
from omega.rating.verdict import recommendation, weighted_score

METRIC_VALUES: dict[str, Any] = {
    "trades": 50,
    "wins": 30,
    "total_net": 1000,
    "profit_factor": 1.5,
    "sharpe": 1.0,
    "max_drawdown_frac": 0.15,
    "ambiguous_share": 0.2,
    "elapsed_days": 365.25,
    "ruined": 0,
}
RAW_VALUES: dict[str, Any] = {
    "seed": 7,
    "dropout_samples": 1000,
    **{f"dropout_{percent}_removed": percent // 2 for percent in (10, 20, 30)},
    "dropout_10_p_net_positive": 1.0,
    "dropout_20_p_net_positive": 0.9,
    "dropout_30_p_net_positive": 0.8,
    **{f"dropout_{percent}_kept_profit": 0.6 for percent in (10, 20, 30)},
    "monte_carlo_samples": 10_000,
    "monte_carlo_by_day": 0,
    "monte_carlo_units": 50,
    "monte_carlo_p_net_positive": 0.75,
    "monte_carlo_p_low": 0.7,
    "monte_carlo_p_high": 0.8,
    "monte_carlo_risk_of_ruin": 0.01,
    **{f"monte_carlo_{name}_{band}": 12345 for name in ("net", "drawdown") for band in ("q05", "q50", "q95")},
}


def rating_of(changes: dict[str, Any] | None = None, raw: dict[str, Any] | None = None, **options: Any) -> RatingResult:
    metrics = METRIC_VALUES | (changes or {})
    rows = [(name, value, None) for name, value in metrics.items()]
    return rate_run(rows, (RAW_VALUES | (raw or {})).items(), account_digits=2, **options)


def test_base_score_is_the_mean_of_profit_factor_sharpe_and_drawdown() -> None:
    """RAT-2: 1.5 - 1 = 0.5; 1.0 / 2 = 0.5; 1 - 0.15 / 0.30 = 0.5."""
    assert rating_of().component_scores["base"] == pytest.approx(0.5, abs=1e-15)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"profit_factor": None}, (1.0 + 0.5 + 0.5) / 3),
        ({"profit_factor": None, "wins": 0}, (0.0 + 0.5 + 0.5) / 3),
        ({"profit_factor": 0.5}, (0.0 + 0.5 + 0.5) / 3),
        ({"profit_factor": 9.0}, (1.0 + 0.5 + 0.5) / 3),
        ({"sharpe": None}, (0.5 + 0.0 + 0.5) / 3),
        ({"sharpe": 5.0}, (0.5 + 1.0 + 0.5) / 3),
        ({"sharpe": -1.0}, (0.5 + 0.0 + 0.5) / 3),
        ({"max_drawdown_frac": 1.1}, (0.5 + 0.5 + 0.0) / 3),
        ({"max_drawdown_frac": 0.0}, (0.5 + 0.5 + 1.0) / 3),
    ],
)
def test_base_score_is_clamped_and_no_data_is_no_good_score(changes: dict[str, Any], expected: float) -> None:
    """RAT-2: no losses but wins make 1; a missing Sharpe makes 0."""
    assert rating_of(changes).component_scores["base"] == pytest.approx(expected, abs=1e-15)


def test_dropout_score_is_half_certainty_and_half_kept_profit() -> None:
    """RAT-3: 2p - 1 over the fractions is 1.0, 0.8, 0.6: mean 0.8; kept 0.6; half of both is 0.7."""
    assert rating_of().component_scores["trade_dropout"] == pytest.approx(0.7, abs=1e-15)


@pytest.mark.parametrize("net", [0, -1, None])
def test_dropout_of_a_run_without_profit_is_zero(net: int | None) -> None:
    """RAT-3: net_b <= 0 makes 0."""
    assert rating_of({"total_net": net}).component_scores["trade_dropout"] == 0.0


def test_monte_carlo_score_of_a_coin_flip_is_zero() -> None:
    """RAT-4: clamp(2p - 1): 0.75 makes 0.5, 0.5 and less make 0, 1 makes 1."""
    scores = [
        rating_of(raw={"monte_carlo_p_net_positive": p}).component_scores["monte_carlo"] for p in (0.75, 0.5, 0.1, 1.0)
    ]
    assert scores == [0.5, 0.0, 0.0, 1.0]


def test_components_that_failed_count_zero() -> None:
    """RAT-5: a component that failed to compute counts 0."""
    rating = rating_of(raw={"monte_carlo_p_net_positive": None, "dropout_20_kept_profit": None})
    assert rating.component_scores["monte_carlo"] == 0.0
    assert rating.component_scores["trade_dropout"] == 0.0


def test_final_score_renormalises_the_weights() -> None:
    """RAT-5: 10 · (0.2·0.5 + 0.08·0.7 + 0.12·0.5) / 0.4 = 10 · 0.216 / 0.4 = 5.4."""
    rating = rating_of()
    assert rating.final_score == pytest.approx(5.4, abs=1e-12)
    assert rating.recommendation == "watch"
    assert rating.label == LABEL
    assert "base, trade_dropout, monte_carlo" in str(rating)


def test_a_component_that_does_not_apply_is_removed() -> None:
    """RAT-5: 10 · 0.2·0.5 / 0.2; without any weight there is no score."""
    parts = (
        Component(name="base", weight=0.2, score=0.5, reason="", raw={}),
        Component(name="monte_carlo", weight=0.8, score=None, reason="", raw={}),
    )
    assert weighted_score(parts) == 5.0
    assert weighted_score(parts[1:]) is None


def test_weights_of_the_config_count() -> None:
    """RAT-5: only Monte Carlo: 10 · 0.5."""
    assert rating_of(weights={"monte_carlo": 3.0}).final_score == 5.0


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        ({"luck": 1.0}, "luck"),
        ({"base": -1.0}, "base is -1"),
        ({"base": float("nan")}, "base is nan"),
        ({"base": 0.0}, "no component"),
        ({}, "no component"),
    ],
)
def test_weights_that_make_no_score_are_refused(weights: dict[str, float], match: str) -> None:
    """RAT-5: the error names the weight."""
    with pytest.raises(ConfigError, match=match):
        rating_of(weights=weights)


def test_twenty_nine_trades_are_not_enough() -> None:
    """RAT-5: fewer than 30 trades make no score, whatever the components say."""
    few = rating_of({"trades": 29})
    assert few.final_score is None
    assert few.recommendation == "insufficient_evidence"
    assert "29 trades are too few" in few.reasons[0]
    assert rating_of({"trades": 30}).final_score is not None


def test_confidence_is_trades_times_clarity_times_years() -> None:
    """RAT-6: 50/100 · (1 - 0.2) · 1/2 = 0.2; full with 100 trades, none ambiguous, two years."""
    assert rating_of().confidence == pytest.approx(0.2, abs=1e-15)
    assert rating_of({"trades": 400, "ambiguous_share": 0.0, "elapsed_days": 3000.0}).confidence == 1.0
    assert rating_of({"trades": 0, "ambiguous_share": None}).confidence == 0.0


@pytest.mark.parametrize(
    ("score", "expected"),
    [(None, "insufficient_evidence"), (3.99, "reject"), (4.0, "watch"), (6.99, "watch"), (7.0, "candidate")],
)
def test_recommendation_follows_the_score(score: float | None, expected: str) -> None:
    """RAT-6: reject < 4, watch < 7, candidate."""
    assert recommendation(score) == expected


def test_json_has_sorted_keys_and_money_in_account_currency() -> None:
    """RAT-6, OUT-2c: 12345 minor units with two digits are 123.45."""
    text = rating_of().to_json()
    value = json.loads(text)

    assert text == json.dumps(value, sort_keys=True, indent=2) + "\n"
    assert value["components"]["monte_carlo"]["raw"]["monte_carlo_net_q05"] == 123.45
    assert value["seeds"] == {"monte_carlo": 7, "trade_dropout": 7}
    assert rating_of().to_json() == text


def test_the_printed_rating_names_score_components_and_reasons() -> None:
    """RAT-6: reasons in words."""
    text = str(rating_of())
    assert text.splitlines()[0] == "Rating  5.4 of 10, watch, confidence 20 %"
    assert "monte_carlo    0.50  weight 0.12  75.0 % of 10000 resamples of 50 trades end in profit" in text
    assert "The intrabar rule decided 20.0 % of the trades." in text


def test_every_value_has_a_definition_and_every_definition_a_value() -> None:
    """MET, RAT: `metrics.json` carries value, unit and definition for every key."""
    from omega.backends.python import metrics, rating
    from omega.backends.python.metrics import Calendar, Equity, Plan, Trades

    empty: dict[str, Any] = {name: [] for name in Trades.__dataclass_fields__}
    inputs = Trades(**empty), Equity(time=[0], value=[1]), Calendar(rollover_time=[], weekday=[])
    plan = Plan(volume_steps=[(1, 1)], risk_free=(0, 1), days=5, seed=0, bootstrap="auto", samples=1, dropout_samples=1)
    rows = metrics.compute_metrics(*inputs, plan)

    assert [name for name, _, _ in rows] == list(METRICS)
    assert [name for name, _ in rating.rate(*inputs, plan)] == list(RAW)
    units = {definition.unit for definition in (*METRICS.values(), *RAW.values())}
    assert units == {
        *("minor", "fraction", "ratio", "count", "R", "lots", "bars"),
        *("per year", "days", "utc", "flag", "number"),
    }
    assert {reason for _, _, reason in rows if reason} <= set(REASONS)
