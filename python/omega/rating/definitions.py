"""Unit and definition of every metric, raw rating value, stressed value and reason for having none (MET, RAT).

Units: ``minor`` is money, minor units of the account currency at the seam (integers; averages are floats of the
same unit) and account currency where people read it; ``utc`` is microseconds since 1970-01-01 at the seam;
``fraction`` is 0.01 for one percent.
"""

from __future__ import annotations

from typing import NamedTuple


class Definition(NamedTuple):
    """Unit of a value, and one sentence that says what it is."""

    unit: str
    text: str


def _bands(prefix: str, unit: str, text: str) -> dict[str, Definition]:
    """Return the definitions of the 5, 50 and 95 % quantiles of something."""
    return {
        f"{prefix}_q05": Definition(unit, f"5 % quantile of {text}."),
        f"{prefix}_q50": Definition(unit, f"Median of {text}."),
        f"{prefix}_q95": Definition(unit, f"95 % quantile of {text}."),
    }


METRICS: dict[str, Definition] = {
    "initial_balance": Definition("minor", "Balance before the first step."),
    "final_equity": Definition("minor", "Marked equity after the end."),
    "total_net": Definition("minor", "Sum of the net of all closed trades."),
    "total_gross_cost_free": Definition("minor", "Profit of the closed trades had there been no costs."),
    "total_spread": Definition("minor", "Spread paid, negative."),
    "total_slippage": Definition("minor", "Slippage paid, negative."),
    "total_commission": Definition("minor", "Commission paid, negative."),
    "total_swap": Definition("minor", "Swap of the closed trades; negative where it cost."),
    "total_costs": Definition("minor", "Spread + slippage + commission + swap; negative where they cost."),
    "return_frac": Definition("fraction", "(final equity - initial balance) / initial balance."),
    "elapsed_days": Definition("days", "Time from the first to the last equity row."),
    "ruined": Definition("flag", "1 if marked equity was ever at or below 0."),
    "cagr": Definition(
        "fraction", "Compound annual growth over elapsed years of 365.25 days; -1 after ruin, null below 90 days."
    ),
    "trades": Definition("count", "Closed trades."),
    "wins": Definition("count", "Trades with net > 0."),
    "losses": Definition("count", "Trades with net < 0."),
    "win_rate": Definition("fraction", "Wins / trades."),
    "avg_win": Definition("minor", "Mean net of the wins."),
    "avg_loss": Definition("minor", "Mean net of the losses, negative."),
    "payoff": Definition("ratio", "Average win / |average loss|."),
    "expectancy": Definition("minor", "Mean net of a trade."),
    "expectancy_r": Definition("R", "Mean net / risk over the trades that have an initial risk."),
    "profit_factor": Definition("ratio", "Sum of wins / |sum of losses|; trades with net = 0 are neither."),
    "sqn": Definition("ratio", "System quality number: sqrt(min(n, 100)) · mean(R) / sd(R)."),
    "longest_win_streak": Definition("count", "Most wins in a row, in closing order; net = 0 ends a streak."),
    "longest_loss_streak": Definition("count", "Most losses in a row, in closing order; net = 0 ends a streak."),
    "exposure_frac": Definition(
        "fraction", "Share of steps in whose bar a closed trade was open, entry and exit bar included."
    ),
    "trades_per_year": Definition("per year", "Trades / elapsed years of 365.25 days."),
    "avg_bars_held": Definition("bars", "Mean of exit bar - entry bar."),
    "turnover_lots": Definition("lots", "Lots of all deals: each trade once opened and once closed."),
    "ambiguous_share": Definition("fraction", "Share of trades that the intrabar rule decided (FIL-9)."),
    "trade_sharpe": Definition(
        "ratio", "Trade-level Sharpe: mean(net) / sd(net) · sqrt(trades per year). Not the Sharpe ratio of returns."
    ),
    "return_rows": Definition("count", "Monday-Friday FX days with a bar (all seven where days = 7): rows of returns."),
    "annualisation_factor": Definition("per year", "A = rows of returns / elapsed years."),
    "sharpe": Definition("ratio", "mean / sd · sqrt(A) of returns per FX day less the risk-free rate; sd with n - 1."),
    "sortino": Definition(
        "ratio", "mean / downside deviation · sqrt(A) of excess returns; the deviation is over all rows."
    ),
    "calmar": Definition("ratio", "CAGR / largest drawdown fraction."),
    "martin": Definition("ratio", "(CAGR - risk-free rate) / Ulcer index."),
    "max_drawdown": Definition("minor", "Largest fall of marked equity from a peak, row 0 being the first peak."),
    "max_drawdown_frac": Definition(
        "fraction",
        "Largest (peak - equity) / peak; above 1 below zero. May be another fall than the money's.",
    ),
    "max_drawdown_peak_time": Definition("utc", "Last row at the peak before the deepest drawdown fraction."),
    "max_drawdown_trough_time": Definition("utc", "First row of that depth."),
    "max_drawdown_recovery_time": Definition("utc", "First later row back at that peak."),
    "max_drawdown_fall_days": Definition("days", "Time from that peak to the depth."),
    "max_drawdown_recovery_days": Definition("days", "Time from the depth back to the peak."),
    "longest_drawdown_days": Definition("days", "Longest time between two peaks; an unfinished one counts."),
    "drawdown_q50": Definition("fraction", "Median over all equity rows of the drawdown fraction."),
    "drawdown_q75": Definition("fraction", "75 % quantile over all equity rows of the drawdown fraction."),
    "drawdown_q90": Definition("fraction", "90 % quantile over all equity rows of the drawdown fraction."),
    "drawdown_q95": Definition("fraction", "95 % quantile over all equity rows of the drawdown fraction."),
    "ulcer_index": Definition("fraction", "sqrt(mean of squared drawdown fractions over all equity rows)."),
    "stability_r2": Definition(
        "ratio", "r² of log equity per FX day on time, signed by the slope: 1 is a straight rise, -1 a straight fall."
    ),
    "skewness": Definition("ratio", "Third standardised moment of the excess returns (divided by n)."),
    "kurtosis": Definition("ratio", "Fourth standardised moment of the excess returns, raw: 3 for a normal."),
    "psr": Definition(
        "fraction", "Probabilistic Sharpe ratio: probability that the true Sharpe ratio is above 0 (Bailey 2012)."
    ),
    "min_track_record": Definition(
        "count", "FX days it takes to be 95 % sure of a Sharpe ratio above 0 (MinTRL); null where it is not above 0."
    ),
    "runs_z": Definition(
        "ratio", "Runs test of wins and losses in closing order: below 0 they cluster, above 0 they alternate."
    ),
}

RAW: dict[str, Definition] = {
    "seed": Definition("number", "Seed of all resampling."),
    "dropout_samples": Definition("count", "Samples per dropout fraction."),
    "dropout_10_removed": Definition("count", "Trades removed per sample at 10 %, rounded up."),
    "dropout_10_p_net_positive": Definition("fraction", "Share of samples still in profit without 10 % of the trades."),
    "dropout_10_kept_profit": Definition(
        "fraction", "Mean of net / (share of trades left · net of the run), each within 0 and 1, at 10 %."
    ),
    "dropout_20_removed": Definition("count", "Trades removed per sample at 20 %, rounded up."),
    "dropout_20_p_net_positive": Definition("fraction", "Share of samples still in profit without 20 % of the trades."),
    "dropout_20_kept_profit": Definition("fraction", "As at 10 %, at 20 %."),
    "dropout_30_removed": Definition("count", "Trades removed per sample at 30 %, rounded up."),
    "dropout_30_p_net_positive": Definition("fraction", "Share of samples still in profit without 30 % of the trades."),
    "dropout_30_kept_profit": Definition("fraction", "As at 10 %, at 30 %."),
    "monte_carlo_samples": Definition("count", "Resamples."),
    "monte_carlo_method": Definition(
        "number", "What is drawn: 0 single trades, 1 FX days, 2 FX weeks (by close), 3 runs of random length."
    ),
    "monte_carlo_block_length": Definition("count", "Mean length of the runs; null where none are drawn."),
    "monte_carlo_units": Definition("count", "Trades, days or weeks drawn per resample."),
    "monte_carlo_p_net_positive": Definition("fraction", "Share of resamples that end in profit."),
    "monte_carlo_p_low": Definition("fraction", "Lower end of its 95 % Wilson interval."),
    "monte_carlo_p_high": Definition("fraction", "Upper end of its 95 % Wilson interval."),
    "monte_carlo_risk_of_ruin": Definition("fraction", "Share of resamples whose balance reaches 0 or less."),
    "monte_carlo_p_value_net": Definition(
        "fraction", "(1 + resamples of the trades less their mean that earn as much) / (resamples + 1)."
    ),
    "monte_carlo_p_value_r": Definition("fraction", "The same of the sum of R; null where no trade has one."),
    **_bands("monte_carlo_net", "minor", "final net"),
    **_bands("monte_carlo_drawdown", "minor", "the largest fall of the balance"),
    **_bands("monte_carlo_shuffled_drawdown", "minor", "the largest fall over shuffled orders"),
    **_bands("monte_carlo_sharpe", "ratio", "mean / deviation of what was drawn, not annualised"),
    **{
        name: definition
        for tenth in range(1, 11)
        for name, definition in _bands(
            f"monte_carlo_fan_{10 * tenth}", "minor", f"net after {10 * tenth} % of the draws"
        ).items()
    },
    "bayes_break_even": Definition("fraction", "Win rate at which nothing is earned: 1 / (1 + payoff)."),
    "bayes_p_above_break_even": Definition("fraction", "P(win rate > break-even) after a uniform prior."),
    "bayes_alpha": Definition("per year", "Annual return not explained by holding the traded pair, fraction."),
    "bayes_beta": Definition("ratio", "Slope of excess returns per FX day on those of holding the traded pair."),
    "bayes_p_alpha_positive": Definition("fraction", "P(alpha > 0) of the t posterior."),
    "stability_windows": Definition("count", "Windows: calendar months (UTC), or 12 equal parts when there are fewer."),
    "stability_by_month": Definition("flag", "1 if the windows are months."),
    "stability_index": Definition("ratio", "1 / (1 + sd / mean) of the windows' mean returns; 0 for a mean <= 0."),
}

STRESS: dict[str, Definition] = {
    "cost_break_even_factor": Definition("ratio", "Factor of all costs at which nothing is left: 1 + net / costs."),
    **{
        f"cost_{percent}_{name}": Definition(unit, f"{text} at {percent} % of the debits.")
        for percent in (125, 150, 200)
        for name, unit, text in (
            ("net", "minor", "Net"),
            ("drawdown_frac", "fraction", "Largest drawdown"),
            ("sharpe", "ratio", "Sharpe"),
        )
    },
    **{
        f"timing_{side}_{bars}_{name}": Definition(unit, f"{text} with entries {bars} bars {word}.")
        for side, word in (("minus", "earlier"), ("plus", "later"))
        for bars in (1, 2, 3)
        for name, unit, text in (("net", "minor", "Net"), ("dropped", "count", "Entries dropped"))
    },
    **{
        f"level_stop_{stop}_target_{target}_net": Definition(
            "minor", f"Net with stops at {stop} % and targets at {target} % of their distance."
        )
        for stop in (70, 80, 90, 110, 120, 130)
        for target in (70, 80, 90, 110, 120, 130)
    },
    **{
        f"{kind}_{name}": definition
        for kind, text in (("data", "runs on noisy prices"), ("parameter", "runs with neighbouring parameters"))
        for name, definition in (
            ("runs", Definition("count", f"Number of {text}.")),
            ("p_net_positive", Definition("fraction", f"Share of {text} that end in profit.")),
            *_bands("net", "minor", f"net of {text}").items(),
        )
    },
}

REASONS: dict[str, str] = {
    "below_90_days": "The run is shorter than 90 days.",
    "no_deviation": "All values are equal, so their deviation is 0.",
    "no_downside": "No return is below 0.",
    "no_drawdown": "Equity never fell below a peak.",
    "no_losses": "No trade lost.",
    "no_r": "No trade has an initial risk.",
    "no_steps": "The run has no steps.",
    "no_time": "No time passed.",
    "no_trades": "There are no trades.",
    "no_wins": "No trade won.",
    "not_recovered": "Equity has not come back to the peak.",
    "ruined": "Equity was at or below 0.",
    "sharpe_not_positive": "The Sharpe ratio is not above 0.",
    "too_few_returns": "Fewer than two returns.",
    "too_few_trades": "Fewer than two trades.",
}
