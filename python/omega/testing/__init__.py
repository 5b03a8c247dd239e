"""What users and we share for tests: bars from text, generated cases, comparison to the bit. Needs hypothesis."""

from omega.testing.bars import bars_of, market_of
from omega.testing.cases import Case, make_case, simulation_cases
from omega.testing.outcomes import Failure, Walk, assert_same_bits, outcome, stepwise_outcome
from omega.testing.plans import with_features_off
from omega.testing.signals import signal_row

__all__ = [
    "Case",
    "Failure",
    "Walk",
    "assert_same_bits",
    "bars_of",
    "make_case",
    "market_of",
    "outcome",
    "signal_row",
    "simulation_cases",
    "stepwise_outcome",
    "with_features_off",
]
