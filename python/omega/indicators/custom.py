"""Indicators that users write: a Python function, array in, array out (IND-5).

Such a function sees whole columns, so it could use what comes later. Before its result is used it is
asked again for shorter columns: what it said of a bar must not change when later bars are taken away.
The check finds what a finite number of cuts can find.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from omega.errors import error_for

__all__ = ["Custom", "compute_custom"]

Column = npt.NDArray[np.float64]
Custom = Callable[..., Any]
CUTS = 8


def compute_custom(function: Custom, inputs: Sequence[Column], parameters: Mapping[str, Any]) -> Column:
    """Return the column of a user's function, checked.

    Args:
        function: Called as ``function(*inputs, **parameters)``; returns one number per bar, NaN where it
            has none. It must not change its inputs: they are read-only.
        inputs: One read-only column per source, shape (n,).
        parameters: Passed on by name.

    Returns:
        A read-only float64 array, shape (n,).

    Raises:
        StrategyError: ``indicator.custom`` for another shape, no numbers or infinities;
            ``indicator.looks_ahead`` with the first bar whose value changed.
    """
    name = getattr(function, "__name__", type(function).__name__)
    whole = _call(function, inputs, parameters, name)
    for cut in _cuts(len(whole)):
        prefix = _call(function, [column[:cut] for column in inputs], parameters, name)
        changed = np.flatnonzero(~((prefix == whole[:cut]) | (np.isnan(prefix) & np.isnan(whole[:cut]))))
        if len(changed):
            bar_idx = int(changed[0])
            facts = {"bar_idx": bar_idx, "whole": float(whole[bar_idx]), "prefix": float(prefix[bar_idx])}
            raise error_for("indicator.looks_ahead", name=name, count=len(whole), cut=cut, **facts)
    return whole


def _call(function: Custom, inputs: Sequence[Column], parameters: Mapping[str, Any], name: str) -> Column:
    answer = function(*inputs, **parameters)
    count = len(inputs[0])
    try:
        column = np.array(answer, dtype=np.float64)
    except (TypeError, ValueError):
        raise error_for("indicator.custom", name=name, what=type(answer).__name__, count=count) from None
    if column.shape != (count,) or np.isinf(column).any():
        what = "infinities" if column.shape == (count,) else f"an array of shape {column.shape}"
        raise error_for("indicator.custom", name=name, what=what, count=count)
    column.flags.writeable = False
    return column


def _cuts(count: int) -> list[int]:
    """Return prefix lengths to try, the shortest first: spread over the data, and all but the last bar."""
    spread = (count * part // CUTS for part in range(1, CUTS))
    return sorted({cut for cut in (*spread, count - 1) if 0 < cut < count})
