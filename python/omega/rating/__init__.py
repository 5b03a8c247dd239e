"""Judgement of a finished run: components, weights, verdict. No inner loops; those run in the backends.

The raw values come from `compute_metrics` and `rate` of a backend and are judged here, once, for both.
"""

from __future__ import annotations

from omega.rating.pipeline import RatingPipeline
from omega.rating.result import Component, RatingResult
from omega.rating.verdict import DEFAULT_WEIGHTS, Stress, rate_run

__all__ = ["DEFAULT_WEIGHTS", "Component", "RatingPipeline", "RatingResult", "Stress", "rate_run"]
