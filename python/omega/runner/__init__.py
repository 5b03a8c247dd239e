"""Runs from configs: six timed steps, a results folder that appears at once, and the comparison of both backends."""

from omega.runner.rating import rate
from omega.runner.run import STEPS, Comparison, FinishedRun, compare_backends, run_config
from omega.runner.stored import explain_stored, rate_stored

__all__ = [
    "STEPS",
    "Comparison",
    "FinishedRun",
    "compare_backends",
    "explain_stored",
    "rate",
    "rate_stored",
    "run_config",
]
