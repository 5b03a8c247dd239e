"""Kalman mean: a level that wanders, seen through noise (local level model).

`p = p + q; k = p / (p + r); m = m + k * (x - m); p = (1 - k) * p`, begun with m = x and p = r. Only the
ratio of the variances q and r matters. Rule IND-3.
"""

from __future__ import annotations


class Kalman:
    """The state between two bars.

    Args:
        process: Variance q of the level's steps, > 0.
        measurement: Variance r of the noise, > 0.
    """

    __slots__ = ("_has_level", "_level", "_measurement", "_process", "_variance")

    def __init__(self, process: float, measurement: float) -> None:
        self._process = process
        self._measurement = measurement
        self._variance = measurement
        self._level = 0.0
        self._has_level = False

    def update(self, value: float) -> float:
        """Take the next value and return the level."""
        if not self._has_level:
            self._has_level = True
            self._level = value
            return value
        prior = self._variance + self._process
        gain = prior / (prior + self._measurement)
        self._level = self._level + gain * (value - self._level)
        self._variance = (1.0 - gain) * prior
        return self._level
