"""Which bar of a coarser timeframe a decision may see (TIM-4).

For step bar k the decision is made at the open of the next step, or at its own close for the last bar.
Visible is the last bar of the other timeframe that is complete by then, never one that still runs.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from omega.data.calendar import FxCalendar, Int64s
from omega.data.timeframes import duration_us

__all__ = ["NOTHING", "Alignment", "decision_times", "visible_bars"]

Alignment = Literal["carry_forward", "strict"]
NOTHING = -1


def decision_times(time_us: Int64s, close_time_us: Int64s) -> Int64s:
    """Return when the decision on each completed step bar is made."""
    return np.concatenate([time_us[1:], close_time_us[-1:]])


def visible_bars(
    decision_us: Int64s,
    close_time_us: Int64s,
    timeframe: str,
    calendar: FxCalendar,
    *,
    alignment: Alignment = "carry_forward",
    stale_limit_bars: int = 10,
) -> npt.NDArray[np.int32]:
    """Return the index of the visible bar at each decision, -1 where nothing is visible.

    `carry_forward` shows a bar until `stale_limit_bars` of its own bars have passed since its close,
    counted in session time (week-ends do not age it). `strict` shows nothing when the bar that should
    have completed last is missing.

    Args:
        decision_us: Decision times, ascending, shape (n,).
        close_time_us: Close times of the other timeframe, ascending, shape (m,).
        timeframe: The other timeframe.
        calendar: Covers both.
        alignment: `carry_forward` or `strict`.
        stale_limit_bars: Bars of the other timeframe, >= 0.
    """
    visible = np.searchsorted(close_time_us, decision_us, side="right") - 1
    closed = calendar.session_us(close_time_us)[np.maximum(visible, 0)]
    if alignment == "strict":
        shown = closed == calendar.last_close(decision_us, timeframe)
    else:
        shown = calendar.session_us(decision_us) - closed <= stale_limit_bars * duration_us(timeframe)
    return np.where(shown & (visible >= 0), visible, NOTHING).astype(np.int32)
