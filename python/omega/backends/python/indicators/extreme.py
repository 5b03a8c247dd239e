"""Greatest or least of the last `period` values.

The bars are cut into blocks of `period`: a window is the end of one block and the beginning of the next,
so its extreme is that of a suffix and of a prefix, and no value is compared more than three times.
"""

from __future__ import annotations

from math import inf, nan


class Extreme:
    """The state of one window.

    Args:
        period: Values in the window, >= 1.
        sign: 1 for the greatest, -1 for the least.
    """

    __slots__ = ("_block", "_is_full", "_next_idx", "_prefix", "_sign")

    def __init__(self, period: int, sign: float) -> None:
        self._sign = sign
        self._block = [-inf] * period
        self._next_idx = 0
        self._prefix = -inf
        self._is_full = False

    def update(self, value: float) -> float:
        """Take the next value and return the extreme of the last `period`, NaN while there are fewer."""
        signed = value * self._sign
        if signed >= self._prefix:  # of equal ones the newest, as zeros have signs
            self._prefix = signed
        self._block[self._next_idx] = signed
        self._next_idx += 1
        if self._next_idx < len(self._block):
            if not self._is_full:
                return nan
            suffix = self._block[self._next_idx]
            return (suffix if suffix > self._prefix else self._prefix) * self._sign
        whole = self._prefix
        self._close_block()
        return whole * self._sign

    def _close_block(self) -> None:
        """Turn the block into the extremes of its suffixes, and begin the next."""
        best = -inf
        for idx in range(len(self._block) - 1, -1, -1):
            if self._block[idx] > best:
                best = self._block[idx]
            self._block[idx] = best
        self._next_idx = 0
        self._prefix = -inf
        self._is_full = True
