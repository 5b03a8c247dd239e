"""The judgement: scores, weights, confidence, recommendation, with numbers to do in one's head (RAT-2 to RAT-6)."""

from __future__ import annotations

import dataclasses
import json
from fractions import Fraction
from typing import Any

import pytest

from omega.errors import ConfigError
from omega.rating import RatingResult, Stress, rate_run
from omega.rating.definitions import METRICS, RAW, REASONS, STRESS
from omega.rating.replaying import Outcome
from omega.rating.result import Component
from omega.rating.robustness import kept, level_factors
from omega.rating.verdict import recommendation, weighted_score

STAGE_2 = ("trade_dropout", "cost_shock", "timing_jitter", "level_stress", "data_jitter")
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
    "total_costs": -500,
    "total_spread": -300,
    "total_slippage": 0,
    "total_commission": -200,
    "total_swap": 0,
    "stability_r2": 0.9,
    "psr": 0.8,
    "min_track_record": 400.0,
    "skewness": 0.1,
    "kurtosis": 3.0,
    "runs_z": 0.2,
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
    "monte_carlo_method": 0,
    "monte_carlo_p_value_net": 0.2,
    "monte_carlo_p_value_r": None,
    "monte_carlo_units": 50,
    "monte_carlo_p_net_positive": 0.75,
    "monte_carlo_p_low": 0.7,
    "monte_carlo_p_high": 0.8,
    "monte_carlo_risk_of_ruin": 0.01,
    **{f"monte_carlo_{name}_{band}": 12345 for name in ("net", "drawdown") for band in ("q05", "q50", "q95")},
    "bayes_break_even": 0.4,
    "bayes_p_above_break_even": 0.9,
    "stability_windows": 12,
    "stability_by_month": 1,
    "stability_index": 0.25,
}
BASE = Outcome(net=1000, drawdown_frac=0.1, sharpe=1.0, trades=50, dropped=0)
HALF = Outcome(net=500, drawdown_frac=0.2, sharpe=0.5, trades=50, dropped=0)
STRESS_VALUES = Stress(
    base=BASE,
    costs={Fraction(5, 4): BASE, Fraction(3, 2): HALF, Fraction(2): HALF},
    timing={shift: HALF for shift in (-3, -2, -1, 1, 2, 3)},
    levels={pair: BASE for pair in level_factors()},
    noise=[HALF, BASE],
)


def rating_of(changes: dict[str, Any] | None = None, raw: dict[str, Any] | None = None, **options: Any) -> RatingResult:
    metrics = METRIC_VALUES | (changes or {})
    rows = [(name, value, None) for name, value in metrics.items()]
    stress = options.pop("stress", STRESS_VALUES)
    return rate_run(rows, (RAW_VALUES | (raw or {})).items(), stress, account_digits=2, **options)


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


def test_a_stressed_run_scores_what_it_keeps_of_net_drawdown_and_sharpe() -> None:
    """RAT-3: half the net, twice the drawdown, half the Sharpe make a half; more than the run makes 1."""
    assert kept(HALF, BASE) == 0.5
    assert kept(BASE, BASE) == 1.0
    assert kept(Outcome(2000, 0.05, 3.0, 50, 0), BASE) == 1.0
    assert kept(Outcome(-5, 0.1, None, 50, 0), BASE) == 1 / 3
    assert kept(BASE, BASE._replace(sharpe=None)) == pytest.approx(2 / 3)
    assert kept(Outcome(1, 0.5, 0.0, 50, 0), Outcome(1, 0.0, 1.0, 50, 0)) == pytest.approx(1 / 3)


@pytest.mark.parametrize("base", [BASE._replace(net=0), BASE._replace(net=-7), BASE._replace(net=None)])
def test_without_profit_every_component_of_stage_2_is_zero(base: Outcome) -> None:
    """RAT-3: net_b <= 0 makes 0, however good the stressed runs are."""
    scores = rating_of({"total_net": base.net}, stress=dataclasses.replace(STRESS_VALUES, base=base)).component_scores
    assert [scores[name] for name in STAGE_2] == [0.0] * 5


def test_a_run_that_failed_under_stress_counts_nothing() -> None:
    """RAT-5: a failure is no good score."""
    failed = Outcome(None, None, None, None, 0)
    assert kept(failed, BASE) == 0.0
    stress = dataclasses.replace(STRESS_VALUES, noise=[failed, BASE])
    assert rating_of(stress=stress).component_scores["data_jitter"] == 0.5


def test_stage_2_scores_what_the_rule_names() -> None:
    """RAT-3: costs at 1.5; entries 1, 2, 3 bars later; levels at 10 %; noise over all samples."""
    late = {shift: HALF if shift > 0 else BASE for shift in (-3, -2, -1, 1, 2, 3)}
    levels = {pair: HALF if abs(pair[0] - 100) == 10 else BASE for pair in level_factors()}
    scores = rating_of(stress=dataclasses.replace(STRESS_VALUES, timing=late, levels=levels)).component_scores
    assert [scores[name] for name in STAGE_2[1:]] == [0.5, 0.5, 0.5, 0.75]


def test_break_even_factor_is_one_plus_net_over_costs() -> None:
    """RAT-3: 1000 net after 500 of costs is gone at three times the costs."""
    cost = next(component for component in rating_of().components if component.name == "cost_shock")
    assert cost.raw["cost_break_even_factor"] == 3.0
    assert cost.raw["cost_150_net"] == 5.0
    assert "3.00 times" in cost.reason


def test_nothing_to_stress_is_not_applicable() -> None:
    """RAT-3: no costs, no levels, no opening signals, nothing that decides anew: the weight is removed."""
    stress = dataclasses.replace(STRESS_VALUES, timing={}, levels={}, noise=[])
    free = dict.fromkeys(("total_costs", "total_spread", "total_slippage", "total_commission", "total_swap"), 0)
    rating = rating_of(
        free, stress=stress, weights={"cost_shock": 1.0, "monte_carlo": 1.0, **dict.fromkeys(STAGE_2[2:], 1.0)}
    )
    assert [rating.component_scores[name] for name in STAGE_2] == [pytest.approx(0.7), None, None, None, None]
    assert rating.final_score == 5.0


def test_statistics_score_twice_the_probability_less_one() -> None:
    """RAT-4: P = 0.9 makes 0.8, PSR = 0.8 makes 0.6, an index is its own score; a coin flip earns nothing."""
    scores = rating_of().component_scores
    assert scores["bayesian"] == pytest.approx(0.8)
    assert scores["significance"] == pytest.approx(0.6)
    assert scores["stability"] == 0.25
    coin = rating_of({"psr": 0.5}, {"bayes_p_above_break_even": 0.4, "stability_index": 0.0}).component_scores
    assert [coin[name] for name in ("bayesian", "significance", "stability")] == [0.0, 0.0, 0.0]
    missing = rating_of({"psr": None}, {"bayes_p_above_break_even": None, "stability_index": None}).component_scores
    assert [missing[name] for name in ("bayesian", "significance", "stability")] == [0.0, 0.0, 0.0]


def test_final_score_weighs_all_components() -> None:
    """RAT-5: 10 · (0.2·0.5 + 0.08·(0.7 + 0.5 + 0.5 + 1 + 0.75) + 0.12·0.5 + 0.08·0.8 + 0.1·(0.25 + 0.6)) / 1."""
    rating = rating_of()
    assert rating.final_score == pytest.approx(10 * (0.1 + 0.08 * 3.45 + 0.06 + 0.064 + 0.085), abs=1e-12)
    assert rating.recommendation == "watch"
    assert sum(component.weight for component in rating.components) == pytest.approx(1.0)


def test_scores_reach_zero_and_ten() -> None:
    """RAT-5: there is no floor and no ceiling."""
    best = {"profit_factor": 2.0, "sharpe": 2.0, "max_drawdown_frac": 0.0, "psr": 1.0}
    sure = {f"dropout_{percent}_{name}": 1.0 for percent in (10, 20, 30) for name in ("p_net_positive", "kept_profit")}
    sure |= {"monte_carlo_p_net_positive": 1.0, "bayes_p_above_break_even": 1.0, "stability_index": 1.0}
    sure["monte_carlo_p_value_net"] = 0.005
    same = Stress(
        base=BASE,
        costs=dict.fromkeys(STRESS_VALUES.costs, BASE),
        timing=dict.fromkeys(STRESS_VALUES.timing, BASE),
        levels=STRESS_VALUES.levels,
        noise=[BASE],
    )
    assert rating_of(best, sure, stress=same).final_score == pytest.approx(10.0, abs=1e-12)
    assert rating_of(best, sure, stress=same).recommendation == "candidate"
    doubtful = rating_of(best, sure | {"monte_carlo_p_value_net": 0.006}, stress=same)
    assert doubtful.final_score == pytest.approx(10.0, abs=1e-12)
    assert doubtful.recommendation == "watch"
    assert doubtful.reasons[0].startswith("Chance is not ruled out")
    worst = {"profit_factor": 0.5, "sharpe": -1.0, "max_drawdown_frac": 0.5, "psr": 0.1, "total_net": -1}
    unsure = {"monte_carlo_p_net_positive": 0.1, "bayes_p_above_break_even": 0.1, "stability_index": 0.0}
    lost = dataclasses.replace(STRESS_VALUES, base=BASE._replace(net=-1))
    rating = rating_of(worst, unsure, stress=lost)
    assert rating.final_score == 0.0
    assert rating.recommendation == "reject"


def test_explanation_begins_with_the_verdict_and_the_worst_component() -> None:
    """RAT-6: plain words; what applies by score, then what is only reported, then the reasons."""
    lines = rating_of().explain().splitlines()
    assert lines[0].startswith("Watch this")
    assert lines[2].startswith("- Did it earn all the time? hardly (0.25)")
    assert lines[-1].startswith("- 1.00 years of data")
    assert sum(line.startswith("- Do neighbouring parameters earn too?") for line in lines) == 1


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
    assert value["seeds"] == dict.fromkeys(("data_jitter", "monte_carlo", "parameter_jitter", "trade_dropout"), 7)
    assert rating_of().to_json() == text


def test_the_printed_rating_names_score_components_and_reasons() -> None:
    """RAT-6: reasons in words."""
    text = str(rating_of())
    assert text.splitlines()[0] == "Rating  5.9 of 10, watch, confidence 20 %"
    assert "monte_carlo       0.50  weight 0.12  75.0 % of 10000 resamples of 50 trades end in profit" in text
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
    units = {definition.unit for definition in (*METRICS.values(), *RAW.values(), *STRESS.values())}
    assert units == {
        *("minor", "fraction", "ratio", "count", "R", "lots", "bars"),
        *("per year", "days", "utc", "flag", "number"),
    }
    assert {reason for _, _, reason in rows if reason} <= set(REASONS)
