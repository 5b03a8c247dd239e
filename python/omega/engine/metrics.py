"""Metrics of a finished run, as people read them: money in account currency, moments as UTC date-times.

Definitions in words are in `omega.rating.definitions`; values come from a backend (MET-1 to MET-5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from omega.values import utc

__all__ = ["MOMENTS", "MONEY", "Metrics"]

MONEY = frozenset(
    "initial_balance final_equity total_net total_gross_cost_free total_spread total_slippage total_commission"
    " total_swap total_costs avg_win avg_loss expectancy max_drawdown".split()
)
"""Metrics that cross the seam in minor units."""

MOMENTS = frozenset({"max_drawdown_peak_time", "max_drawdown_trough_time", "max_drawdown_recovery_time"})
"""Metrics that cross the seam as microseconds since 1970."""


class Metrics(Mapping[str, Any]):
    """Metrics by name; None where a metric has no value, and `reason` says why."""

    def __init__(self, rows: Sequence[tuple[str, float | int | None, str | None]], money_scale: float) -> None:
        self._values = {name: _present(name, value, money_scale) for name, value, _ in rows}
        self._reasons = {name: reason for name, _, reason in rows if reason is not None}
        self.rows = tuple(rows)

    def reason(self, name: str) -> str | None:
        """Return why a metric has no value, None if it has one."""
        return self._reasons.get(name)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Metrics({self._values!r})"


def _present(name: str, value: float | int | None, money_scale: float) -> Any:
    if value is None:
        return None
    if name in MONEY:
        return value / money_scale
    return utc(int(value)) if name in MOMENTS else value
