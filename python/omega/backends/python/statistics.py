"""The two statistics calls of the seam: result tables and plan in, named values out."""

from __future__ import annotations

from typing import Any

from omega.backends.python import frame, metrics, rating
from omega.backends.python.metrics import Calendar, Equity, Metric, Plan, Trades
from omega.backends.python.rating import RawRow


def compute_metrics(trades: Any, equity: Any, calendar: Any, plan: str) -> list[Metric]:
    """Return (name, value or None, reason or None) of every metric (MET)."""
    return metrics.compute_metrics(*read_columns(trades, equity, calendar), Plan.parse(plan))


def rate(trades: Any, equity: Any, calendar: Any, plan: str) -> list[RawRow]:
    """Return (name, value or None) of every raw value of the resampling components (RAT-3, RAT-4)."""
    return rating.rate(*read_columns(trades, equity, calendar), Plan.parse(plan))


def read_columns(trades: Any, equity: Any, calendar: Any) -> tuple[Trades, Equity, Calendar]:
    """Return the columns that statistics read; equity with its `time` column, and a `benchmark` if it has one.

    Raises:
        DataError: ``data.shape``.
    """
    deals = frame.read_table(trades, "trades")
    marks = frame.read_table(equity, "equity", extra=("time",))
    days = frame.read_table(calendar, "calendar")
    return (
        Trades(**{name: deals[name] for name in Trades.__dataclass_fields__}),
        Equity(time=marks["time"], value=marks["equity"], benchmark=frame.read_optional(equity, "benchmark", "int64")),
        Calendar(rollover_time=days["rollover_time"], weekday=days["weekday"]),
    )
