"""What a build is tuned on: the measured work of `run.py`, and generated runs that use every rule.

`make profile` runs it in an extension that counts which way its branches go. The measured work says what is hot;
generated runs say that the rest is not dead. The extension only: the twin has nothing to count.
"""

from __future__ import annotations

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import cases
import execution_cases
import rating_cases
from omega.backends import get_backend
from omega.testing.cases import EVENTS, make_case
from omega.testing.outcomes import outcome, stepwise_outcome

SIZE = cases.Size(bars=200_000, repeats=2)
GENERATED = 600
LENGTH = 300


def measured_work() -> None:
    """Run the cases of PRF-1 to PRF-3, PRF-5, PRF-7 and PRF-8; what they took is of no interest here."""
    case = cases.Case("rust", SIZE)
    for work in (cases.signal_table, cases.trailing, cases.native_strategy, cases.on_bar):
        list(work(case))
    list(execution_cases.fed_run("rust", 20))
    list(rating_cases.resampling("rust", 1))
    list(rating_cases.replays("rust"))


def generated_runs() -> None:
    """Run generated cases, whole and bar by bar; those that end in an error are part of it."""
    backend = get_backend("rust")
    for seed in range(GENERATED):
        case = make_case(seed, LENGTH, [(EVENTS[seed % len(EVENTS)], seed)])
        outcome(backend, case)
        stepwise_outcome(backend, case)


if __name__ == "__main__":
    measured_work()
    generated_runs()
