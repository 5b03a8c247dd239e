"""The seam's `compute_indicators`: specs in, one column each out.

An indicator that reads another one is computed on that one's column. Across timeframes the column is
first shown on the bars of the step timeframe, as it was known there (TIM-4).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from math import nan
from typing import Any

from omega.backends.python import frame
from omega.backends.python.indicators.prices import price_column, source_column
from omega.backends.python.indicators.spec import Spec, check, parse
from omega.backends.python.indicators.steps import run
from omega.backends.python.market import Market, Series
from omega.errors import error_for

Column = list[float]


def compute_indicators(market: Market, specs: str) -> list[Any]:
    """Return one float64 array per spec of a JSON list, as long as its own series, NaN during warm-up.

    Prices are read once for all specs, and the outputs of one indicator computed once.

    Raises:
        ConfigError: as `parse` and `check`; ``config.plan`` for a series the market does not have.
        DataError: ``indicator.no_volume`` for bars without the volume that an indicator reads.
    """
    reader = Reader(market)
    return [frame.write_float64(reader.column(spec)) for spec in parse(specs)]


@dataclass(slots=True)
class Reader:
    """What was read and computed of one market within a call."""

    market: Market
    _read: dict[tuple[int, str, str], Column] = field(default_factory=dict)
    _computed: dict[str, list[Column]] = field(default_factory=dict)

    def column(self, spec: Spec) -> Column:
        """Return the column of one spec on the bars of its series."""
        entry, parameters = check(spec)
        series = self._series(spec["series"])
        key = json.dumps({**spec, "output": None}, sort_keys=True)
        if key not in self._computed:
            inputs = [self._input(spec, series, name) for name in entry.reads]
            self._computed[key] = run(spec["name"], parameters, inputs, len(entry.outputs) or 1)
        output = spec.get("output")
        return self._computed[key][0 if output is None else entry.outputs.index(output)]

    def _series(self, idx: int) -> Series:
        if idx >= len(self.market.series):
            raise error_for("config.plan", reason=f"there is no series {idx}")
        return self.market.series[idx]

    def _input(self, spec: Spec, series: Series, name: str) -> Column:
        """Return one of the columns that a step reads."""
        if name == "volume":
            return volumes_of(series, spec["name"])
        if name == "day":
            return days_of(series.time_us, self.market.calendar["rollover_time"])
        if name in ("source", "other"):
            source = spec["source"] if name == "source" else spec["other"]
            assert source is not None
            return self._price(spec, source) if isinstance(source, str) else self._derived(spec, source)
        return self._price(spec, name)

    def _price(self, spec: Spec, source: str) -> Column:
        place = (spec["series"], spec["side"], source)
        if place not in self._read:
            series = self.market.series[spec["series"]]
            points = series.bid if spec["side"] == "bid" else series.ask
            self._read[place] = source_column(source, lambda name: price_column(getattr(points, name), series.digits))
        return self._read[place]

    def _derived(self, spec: Spec, source: Spec) -> Column:
        """Return the column of another indicator on the bars of `spec`."""
        column = self.column(source)
        if source["series"] == spec["series"]:
            return column
        visible = self.market.series[source["series"]].visible
        if spec["series"] != 0 or visible is None:
            raise error_for("config.plan", reason="only the step timeframe reads indicators of another one")
        return [column[row] if row >= 0 else nan for row in visible]


def volumes_of(series: Series, name: str) -> Column:
    """Return the volume of every bar.

    Raises:
        DataError: ``indicator.no_volume`` with the first row that has none.
    """
    column = []
    for bar_idx, volume in enumerate(series.volume):
        if volume is None:
            raise error_for("indicator.no_volume", indicator=name, timeframe=series.timeframe, bar_idx=bar_idx)
        column.append(volume)
    return column


def days_of(time_us: list[int], rollover_us: list[int]) -> Column:
    """Return the index of the FX day in which each bar opens."""
    days, passed = [], 0
    for time in time_us:
        while passed < len(rollover_us) and rollover_us[passed] <= time:
            passed += 1
        days.append(float(passed))
    return days
