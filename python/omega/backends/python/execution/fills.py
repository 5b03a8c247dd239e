"""Prices at which stops and targets fill inside one bar.

A bar hides the path between its four prices. These functions choose the worst price that the path
still allows, and never one outside the bar. They do not know about cash, size or costs; prices are
points of the closing side (bid for longs, ask for shorts).

Rules FIL-5 to FIL-7 and FIL-9 in `docs/spec/engine.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from omega.schema import Moment


@dataclass(frozen=True, slots=True)
class Exit:
    """How a bar closes a position: which level, at which raw price, where in the bar."""

    is_stop: bool
    raw_price: int
    moment: Moment


def exit_at_open(direction: int, sl: int | None, tp: int | None, open_: int) -> Exit | None:
    """Return the exit that the open alone decides, or None (FIL-5, FIL-6: "O if O is beyond").

    Example: a long with its stop at 95 on a bar that opens at 90 leaves at 90, not at 95.
    """
    if sl is not None and direction * (open_ - sl) <= 0:
        return Exit(is_stop=True, raw_price=open_, moment=Moment.OPEN)
    if tp is not None and direction * (open_ - tp) >= 0:
        return Exit(is_stop=False, raw_price=open_, moment=Moment.OPEN)
    return None


def exit_inside(
    direction: int, sl: int | None, tp: int | None, low: int, high: int, target_first: bool
) -> tuple[Exit | None, bool]:
    """Return the exit between open and close, and whether the bar leaves its order open (FIL-7, FIL-9).

    To be asked only when the open decided nothing.
    """
    adverse, favourable = (low, high) if direction > 0 else (high, low)
    stop_hit = sl is not None and direction * (adverse - sl) <= 0
    target_hit = tp is not None and direction * (favourable - tp) >= 0
    ambiguous = stop_hit and target_hit
    if sl is not None and stop_hit and not (ambiguous and target_first):
        return Exit(is_stop=True, raw_price=sl, moment=Moment.INSIDE), ambiguous
    if tp is not None and target_hit:
        return Exit(is_stop=False, raw_price=tp, moment=Moment.INSIDE), ambiguous
    return None, False
