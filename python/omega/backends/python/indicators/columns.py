"""The seam's `compute_indicators`: specs in, one column each out."""

from __future__ import annotations

from typing import Any

from omega.backends.python import frame
from omega.backends.python.indicators import Prices, compute, parse, price_column
from omega.backends.python.indicators.spec import Spec
from omega.backends.python.market import Market
from omega.errors import error_for


def compute_indicators(market: Market, specs: str) -> list[Any]:
    """Return one float64 array per spec of a JSON list, as long as its own series, NaN during warm-up.

    Raises:
        ConfigError: as `parse` and `compute`; ``config.plan`` for a series the market does not have.
    """
    return [frame.write_float64(compute(spec, _prices_of(market, spec))) for spec in parse(specs)]


def _prices_of(market: Market, spec: Spec) -> Prices:
    if spec["series"] >= len(market.series):
        raise error_for("config.plan", reason=f"there is no series {spec['series']}")
    series = market.series[spec["series"]]
    side = series.bid if spec["side"] == "bid" else series.ask
    return Prices(
        open=price_column(side.open, series.digits),
        high=price_column(side.high, series.digits),
        low=price_column(side.low, series.digits),
        close=price_column(side.close, series.digits),
    )
