"""What may be asked for: the JSON list of specs at the seam, and the bounds of its parameters.

Names, defaults and lookbacks for people stand in `omega.indicators.catalogue`; here is only what the
arithmetic needs to be safe. Shape faults are defects of the caller (`config.plan`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, TypedDict, cast

from omega.errors import error_for

NAMES = ("atr", "ema", "rsi", "sma")
SOURCES = ("close", "open", "high", "low", "hl2", "hlc3", "ohlc4")
SIDES = ("bid", "ask")
PERIOD_MAX = 100_000
SHAPE = "indicator specs are a list of {name, series, side, source, parameters}"

Side = Literal["bid", "ask"]
Source = Literal["close", "open", "high", "low", "hl2", "hlc3", "ohlc4"]


class Spec(TypedDict):
    """One indicator of one series: what `compute_indicators` takes a list of.

    `parameters` are numbers by name; `source` is not read by indicators of whole bars (ATR).
    """

    name: str
    series: int
    side: Side
    source: Source
    parameters: Mapping[str, float]


def parse(text: str) -> list[Spec]:
    """Return the specs of a JSON list.

    Raises:
        ConfigError: ``config.plan`` if the text is not such a list.
    """
    try:
        specs = json.loads(text)
    except ValueError:
        specs = None
    if not isinstance(specs, list) or not all(_is_spec(spec) for spec in specs):
        raise error_for("config.plan", reason=SHAPE)
    return cast("list[Spec]", specs)


def period_of(spec: Spec) -> int:
    """Return the one parameter of the four indicators, a whole number from 1 to 100000.

    Raises:
        ConfigError: ``indicator.unknown``, ``indicator.unknown_parameter``, ``indicator.parameter``.
    """
    name, parameters = spec["name"], spec["parameters"]
    if name not in NAMES:
        raise error_for("indicator.unknown", name=name, hint=" Known are atr, ema, rsi, sma.")
    for parameter in sorted(parameters):
        if parameter != "period":
            raise error_for("indicator.unknown_parameter", indicator=name, parameter=parameter, hint=" It has period.")
    if "period" not in parameters:
        raise error_for("config.plan", reason=f"{name}: period is missing")
    value = float(parameters["period"])
    if not 1.0 <= value <= PERIOD_MAX or value != int(value):
        expected = f"a whole number from 1 to {PERIOD_MAX}"
        raise error_for("indicator.parameter", indicator=name, parameter="period", value=value, expected=expected)
    return int(value)


def _is_spec(spec: object) -> bool:
    return (
        isinstance(spec, dict)
        and spec.keys() == Spec.__annotations__.keys()
        and isinstance(spec["name"], str)
        and _is_index(spec["series"])
        and spec["side"] in SIDES
        and spec["source"] in SOURCES
        and isinstance(spec["parameters"], dict)
        and all(_is_number(value) for value in spec["parameters"].values())
    )


def _is_index(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: object) -> bool:
    """Return whether `value` is a number the other half can read: no bool, nothing beyond float64."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= 1.7976931348623157e308
