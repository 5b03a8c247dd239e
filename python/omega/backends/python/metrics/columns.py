"""What metrics and rating read: borrowed columns of the result tables, and their part of the plan.

Plain sequences, so that neither knows Arrow. All columns of one group have one length. Times are integer
microseconds, money integer minor units, volumes integer steps.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from omega.errors import error_for

BOOTSTRAPS = ("auto", "iid", "day", "week", "stationary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trades:
    """Columns of the `trades` table, in closing order. ``r_multiple`` is None where a trade has no R."""

    symbol: Sequence[int]
    entry_bar_idx: Sequence[int]
    entry_time: Sequence[int]
    exit_bar_idx: Sequence[int]
    exit_time: Sequence[int]
    steps: Sequence[int]
    gross_cost_free: Sequence[int]
    slippage: Sequence[int]
    spread: Sequence[int]
    commission: Sequence[int]
    swap: Sequence[int]
    net: Sequence[int]
    r_multiple: Sequence[float | None]
    bars_held: Sequence[int]
    reason: Sequence[int]
    ambiguous: Sequence[bool]

    def check(self, plan: Plan) -> None:
        """Refuse a symbol the plan does not have.

        Raises:
            DataError: ``data.shape``.
        """
        for row, symbol in enumerate(self.symbol):
            if not 0 <= symbol < len(plan.volume_steps):
                raise error_for("data.shape", where="trades", reason=f"symbol is {symbol} in row {row}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Equity:
    """Marked equity: row 0 is the initial balance, one row per step, one after the end (LED-5).

    ``benchmark`` is a price of the same moments, above 0, or None.
    """

    time: Sequence[int]
    value: Sequence[int]
    benchmark: Sequence[int] | None = None

    def check(self) -> None:
        """Refuse equity that no run writes: no rows, or no money to begin with.

        Raises:
            DataError: ``data.shape``.
        """
        if len(self.value) == 0:
            raise error_for("data.shape", where="equity", reason="there are no rows")
        if self.value[0] <= 0:
            raise error_for("data.shape", where="equity", reason="row 0, the initial balance, is not above 0")
        if self.benchmark is not None and any(value <= 0 for value in self.benchmark):
            raise error_for("data.shape", where="equity", reason="a benchmark is not above 0")

    def elapsed_us(self) -> int:
        """Return microseconds from the first to the last row."""
        return self.time[len(self.time) - 1] - self.time[0]

    def is_ruined(self) -> bool:
        """Return whether equity was ever at or below 0 (MET-1)."""
        return any(value <= 0 for value in self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """FX days, ascending: when each ends and its weekday, 0 = Monday (TIM-3)."""

    rollover_time: Sequence[int]
    weekday: Sequence[int]

    def boundaries(self, days: int) -> list[int]:
        """Return the rollovers that end a row of statistics: Monday to Friday, or all seven (MET-1)."""
        return [time for time, day in zip(self.rollover_time, self.weekday, strict=True) if days == 7 or day < 5]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The part of the plan that statistics need.

    Attributes:
        volume_steps: Lots in one volume step per symbol, as fractions.
        risk_free: Annual risk-free rate, as a fraction of fractions (1/50 is two percent).
        days: 5 or 7 statistics rows in a full week.
        seed: Seed of all resampling, 0 <= seed < 2^63.
        bootstrap: What Monte Carlo draws: ``auto``, ``iid``, ``day``, ``week`` or ``stationary``.
        samples: Monte Carlo resamples, >= 1.
        dropout_samples: Samples per dropout fraction, >= 1.
    """

    volume_steps: Sequence[tuple[int, int]]
    risk_free: tuple[int, int]
    days: int
    seed: int
    bootstrap: str
    samples: int
    dropout_samples: int

    @classmethod
    def parse(cls, text: str) -> Plan:
        """Read the fields needed here from plan JSON; others are the engine's to check.

        Raises:
            ConfigError: ``config.plan`` with the field that is out of range.
        """
        raw = json.loads(text)
        plan = cls(
            volume_steps=[(symbol["volume_step"][0], symbol["volume_step"][1]) for symbol in raw["symbols"]],
            risk_free=(raw["metrics"]["risk_free"][0], raw["metrics"]["risk_free"][1]),
            days=raw["metrics"]["days"],
            seed=raw["rating"]["seed"],
            bootstrap=raw["rating"]["bootstrap"],
            samples=raw["rating"]["samples"],
            dropout_samples=raw["rating"]["dropout_samples"],
        )
        plan.check()
        return plan

    def check(self) -> None:
        """Refuse values the arithmetic cannot take."""
        limits = (
            ("volume_step", all(den > 0 for _, den in self.volume_steps)),
            ("metrics.risk_free", self.risk_free[1] > 0),
            ("metrics.days", self.days in (5, 7)),
            ("rating.seed", 0 <= self.seed < 1 << 63),
            ("rating.bootstrap", self.bootstrap in BOOTSTRAPS),
            ("rating.samples", self.samples >= 1),
            ("rating.dropout_samples", self.dropout_samples >= 1),
        )
        for field, holds in limits:
            if not holds:
                raise error_for("config.plan", reason=f"{field} is out of range")


class Undefined(NamedTuple):
    """A metric without a value, and the short code of why."""

    reason: str


Value = int | float | Undefined
Row = tuple[str, Value]
