"""What a rating says: a score from 0 to 10 with its parts, and why (RAT-6)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from omega.rating.explanation import explain

Number = int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One component of the score.

    Attributes:
        name: Name, as in the weights.
        weight: Weight as configured, >= 0.
        score: From 0 to 1; None when the component does not apply and its weight is removed.
        reason: One sentence that says why.
        raw: The raw values behind it, as `omega.rating.definitions` defines them; money in account currency.
    """

    name: str
    weight: float
    score: float | None
    reason: str
    raw: Mapping[str, Number]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingResult:
    """The rating of one run.

    Attributes:
        final_score: From 0 to 10; None when there is not enough evidence.
        confidence: From 0 to 1: many trades, few ambiguous ones, at least two years.
        recommendation: ``reject``, ``watch``, ``candidate`` or ``insufficient_evidence``.
        components: The components that make the score.
        reasons: Sentences that say why.
        label: What the score is a score over.
        seeds: Seeds of the resampling, by purpose.
    """

    final_score: float | None
    confidence: float
    recommendation: str
    components: tuple[Component, ...]
    reasons: tuple[str, ...]
    label: str
    seeds: Mapping[str, int]

    @property
    def component_scores(self) -> dict[str, float | None]:
        """Scores by component, from 0 to 1."""
        return {component.name: component.score for component in self.components}

    def explain(self) -> str:
        """Return the rating in plain words, the worst component first."""
        return explain(self.recommendation, self.final_score, self.confidence, self.components, self.reasons)

    def to_json(self) -> str:
        """Return the rating as JSON with sorted keys; equal ratings give equal bytes."""
        return json.dumps(self.to_dict(), sort_keys=True, indent=2, allow_nan=False) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Return the rating as plain values, components by name: the shape of `rating.json`."""
        return {
            "final_score": self.final_score,
            "label": self.label,
            "confidence": self.confidence,
            "recommendation": self.recommendation,
            "reasons": list(self.reasons),
            "seeds": dict(self.seeds),
            "components": {
                component.name: {
                    "score": component.score,
                    "weight": component.weight,
                    "reason": component.reason,
                    "raw": dict(component.raw),
                }
                for component in self.components
            },
        }

    def __str__(self) -> str:
        score = "no score" if self.final_score is None else f"{self.final_score:.1f} of 10"
        lines = [f"Rating  {score}, {self.recommendation}, confidence {100 * self.confidence:.0f} %", self.label]
        width = max(len(component.name) for component in self.components)
        for component in self.components:
            shown = " n/a" if component.score is None else f"{component.score:4.2f}"
            lines.append(f"  {component.name:<{width}}  {shown}  weight {component.weight:.2f}  {component.reason}")
        lines += [f"- {reason}" for reason in self.reasons]
        return "\n".join(lines)
