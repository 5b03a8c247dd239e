"""The native strategy `ema_cross` in Python. Name it in a config: "class": "ema_cross.py:EmaCross"."""

from __future__ import annotations

from typing import Any

import omega


class EmaCross(omega.Strategy):
    """Buy when the fast EMA crosses above the slow one, sell on the opposite cross."""

    fast: int = 20
    slow: int = 50
    stop_pips: float = 20
    target_pips: float = 40

    def prepare(self, data: Any) -> None:
        """Ask for the two averages of bid closes."""
        self.fast_ema = data.indicators.ema(self.fast)
        self.slow_ema = data.indicators.ema(self.slow)

    def on_bar(self, bar: Any) -> Any:
        """Return an order on a crossing, None otherwise."""
        if self.fast_ema.crossed_above(self.slow_ema):
            return self.buy(sl_pips=self.stop_pips, tp_pips=self.target_pips)
        if self.fast_ema.crossed_below(self.slow_ema):
            return self.sell(sl_pips=self.stop_pips, tp_pips=self.target_pips)
        return None
