"""From a result to its rating, with the settings of its config."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from omega.engine import BacktestResult
from omega.rating import RatingPipeline, RatingResult
from omega.rating.pipeline import raw_rating

__all__ = ["rate", "raw_rating"]


def rate(
    result: BacktestResult,
    *,
    weights: Mapping[str, float] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> RatingResult:
    """Rate a finished run: 0 to 10, with the reasons.

    Args:
        result: What `backtest` returned.
        weights: Weights of the components; those of the run's config when left out. `RatingPipeline` has
            sample counts, seed and more.
        on_progress: Called with (current, total) stressed runs.
    """
    return RatingPipeline(weights=weights).rate(result, on_progress=on_progress)
