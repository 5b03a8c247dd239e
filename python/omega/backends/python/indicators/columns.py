"""The seam's `compute_indicators`: specs in, one column each out."""

from __future__ import annotations

from typing import Any

from omega.backends.python import frame
from omega.backends.python.indicators import Prices, compute, parse, price_column
from omega.backends.python.market import Market, Series
from omega.errors import error_for


def compute_indicators(market: Market, specs: str) -> list[Any]:
    """Return one float64 array per spec of a JSON list, as long as its own series, NaN during warm-up.

    The prices of a side are read once for all specs.

    Raises:
        ConfigError: as `parse` and `compute`; ``config.plan`` for a series the market does not have.
    """
    read: dict[tuple[int, str], Prices] = {}
    columns = []
    for spec in parse(specs):
        if spec["series"] >= len(market.series):
            raise error_for("config.plan", reason=f"there is no series {spec['series']}")
        place = (spec["series"], spec["side"])
        if place not in read:
            read[place] = _prices_of(market.series[spec["series"]], spec["side"])
        columns.append(frame.write_float64(compute(spec, read[place])))
    return columns


def _prices_of(series: Series, side: str) -> Prices:
    points = series.bid if side == "bid" else series.ask
    return Prices(
        open=price_column(points.open, series.digits),
        high=price_column(points.high, series.digits),
        low=price_column(points.low, series.digits),
        close=price_column(points.close, series.digits),
    )
