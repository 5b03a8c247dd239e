"""From a result to its rating: fetch what the backend resampled, let `omega.rating` judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omega.engine import BacktestResult
from omega.rating import RatingResult, rate_run

__all__ = ["rate", "raw_rating"]


def rate(result: BacktestResult, *, weights: Mapping[str, float] | None = None) -> RatingResult:
    """Rate a finished run: 0 to 10, with the reasons.

    Args:
        result: What `backtest` returned.
        weights: Weights of the components; those of the run's config when left out.
    """
    if weights is None:
        weights = result.conditions.resolved.config.rating.weights.model_dump()
    digits = result.plan["account"]["digits"]
    return rate_run(result.metrics.rows, raw_rating(result), account_digits=digits, weights=weights)


def raw_rating(result: BacktestResult) -> Any:
    """Return the raw values of the resampling components, as the backend computed them."""
    conditions = result.conditions
    equity, calendar = result.timed_equity, conditions.tables.calendar
    return conditions.rating_backend.rate(result.raw["trades"], equity, calendar, conditions.plan)
