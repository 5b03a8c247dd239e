"""Which bar of a coarser timeframe a decision may see (TIM-4).

For step bar k the decision is made at the open of the next step, or at its own close for the last bar and
for runs that fill at the close.
Visible is the last bar of the other timeframe that is complete by then, never one that still runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from omega.data.calendar import FxCalendar, Int64s
from omega.data.timeframes import duration_us

__all__ = ["NOTHING", "Alignment", "decision_times", "visible_bars"]

NOTHING = -1


@dataclass(frozen=True, slots=True)
class Alignment:
    """What a decision sees of a timeframe whose latest bar is missing.

    Attributes:
        mode: `carry_forward` shows the last bar there is, `strict` shows nothing.
        stale_limit_bars: How long it is carried forward, in bars of the other timeframe, >= 0. They are
            counted in session time: week-ends do not age a bar.
        at_close: Decide at the close of each step bar instead of at the open of the next one. For
            `fill: "signal_close"`, which fills there and must not know more (LOOP-2).
    """

    mode: Literal["carry_forward", "strict"] = "carry_forward"
    stale_limit_bars: int = 10
    at_close: bool = False


def decision_times(time_us: Int64s, close_time_us: Int64s) -> Int64s:
    """Return when the decision on each completed step bar is made."""
    return np.concatenate([time_us[1:], close_time_us[-1:]])


def visible_bars(
    decision_us: Int64s,
    close_time_us: Int64s,
    timeframe: str,
    calendar: FxCalendar,
    alignment: Alignment,
) -> npt.NDArray[np.int32]:
    """Return the index of the visible bar at each decision, -1 where nothing is visible.

    Args:
        decision_us: Decision times, ascending, shape (n,).
        close_time_us: Close times of the other timeframe, ascending, shape (m,).
        timeframe: The other timeframe.
        calendar: Covers both.
        alignment: What to show when the latest bar is missing.
    """
    visible = np.searchsorted(close_time_us, decision_us, side="right") - 1
    closed = calendar.session_us(close_time_us)[np.maximum(visible, 0)]
    if alignment.mode == "strict":
        shown = closed == calendar.last_close(decision_us, timeframe)
    else:
        shown = calendar.session_us(decision_us) - closed <= alignment.stale_limit_bars * duration_us(timeframe)
    return np.where(shown & (visible >= 0), visible, NOTHING).astype(np.int32)
