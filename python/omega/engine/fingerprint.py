"""The fingerprint of a run (DET): what made its numbers, as hashes."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json

__all__ = ["NUMERICS_VERSION", "Fingerprint"]

NUMERICS_VERSION = 1
"""Raised whenever a result may move: fills, costs, books, indicators, metrics, rating, random numbers."""


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    """Everything a result depends on. Backend, machine and time are not part of it.

    Attributes:
        data: SHA-256 of the loaded bars.
        market: How the tables of the run were made of them: ask side, alignment, calendar version.
        plan: SHA-256 of the plan.
        strategy: SHA-256 of source text and parameters; ``"none"`` where there is no source text, and then
            the run is not reproducible from its fingerprint.
        numerics: `NUMERICS_VERSION`.
    """

    data: str
    market: str
    plan: str
    strategy: str
    numerics: int = NUMERICS_VERSION

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 over the parts."""
        return hashlib.sha256(json.dumps(dataclasses.asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def is_reproducible(self) -> bool:
        """Whether the strategy's source text is part of it."""
        return self.strategy != "none"

    def __str__(self) -> str:
        return self.digest[:16]
