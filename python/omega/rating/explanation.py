"""A rating in plain words: the verdict, then the components, the worst first (RAT-6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["explain"]

QUESTIONS = {
    "base": "Is it any good as it stands",
    "trade_dropout": "Would it have earned without its luckiest trades",
    "cost_shock": "Does it survive higher costs",
    "timing_jitter": "Does it survive a late entry",
    "level_stress": "Does it survive other stops and targets",
    "data_jitter": "Does it survive slightly different prices",
    "monte_carlo": "Is the profit more than the luck of this sample",
    "bayesian": "Does it win often enough for what it wins and loses",
    "stability": "Did it earn all the time",
    "significance": "Is the record long enough to believe it",
    "parameter_jitter": "Do neighbouring parameters earn too",
}
VERDICTS = {
    "insufficient_evidence": "There is not enough evidence to judge this run.",
    "reject": "Do not trade this: what it shows does not hold up.",
    "watch": "Watch this, do not trade it yet: some of it holds up, some does not.",
    "candidate": "This is a candidate: what it shows holds up under the tests of this rating.",
}
GRADES = ((0.25, "no"), (0.5, "hardly"), (0.75, "mostly"))


class Part(Protocol):
    """What is read of a component."""

    @property
    def name(self) -> str: ...
    @property
    def weight(self) -> float: ...
    @property
    def score(self) -> float | None: ...
    @property
    def reason(self) -> str: ...


def explain(
    recommendation: str, final_score: float | None, confidence: float, parts: Sequence[Part], reasons: Sequence[str]
) -> str:
    """Return the rating as text a trader understands, worst component first; equal ones by weight."""
    lines = [VERDICTS[recommendation]]
    if final_score is not None:
        lines.append(f"Score {final_score:.1f} of 10; this much evidence supports it: {100 * confidence:.0f} %.")
    scored = [part for part in parts if part.score is not None]
    for part in sorted(scored, key=lambda part: (part.score or 0.0, -part.weight)):
        lines.append(f"- {QUESTIONS[part.name]}? {_grade(part.score or 0.0)}: {part.reason}")
    lines += [f"- {QUESTIONS[part.name]}? {part.reason}" for part in parts if part.score is None]
    lines += [f"- {reason}" for reason in reasons]
    return "\n".join(lines)


def _grade(score: float) -> str:
    word = next((word for limit, word in GRADES if score < limit), "yes")
    return f"{word} ({score:.2f})"
