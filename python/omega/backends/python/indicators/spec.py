"""What may be asked for: the JSON list of specs at the seam, and the bounds of its parameters.

Names and bounds stand in `omega.indicator_catalogue`. Shape faults are defects of the caller
(`config.plan`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict, cast

from omega.errors import error_for
from omega.indicator_catalogue import CATALOGUE, PRICES, Indicator

SIDES = ("bid", "ask")
DEPTH_MAX = 8
REQUIRED = {"name", "series", "side", "source", "parameters"}
SHAPE = "indicator specs are a list of {name, series, side, source, parameters} and, where needed, {other, output}"

Side = Literal["bid", "ask"]


class Spec(TypedDict):
    """One indicator of one series: what `compute_indicators` takes a list of.

    `parameters` are numbers by name. `source` and `other` are a price of the bar or a spec: then the
    indicator reads that column. `output` names one of several.
    """

    name: str
    series: int
    side: Side
    source: str | Spec
    parameters: Mapping[str, float]
    other: NotRequired[str | Spec | None]
    output: NotRequired[str | None]


def parse(text: str) -> list[Spec]:
    """Return the specs of a JSON list.

    Raises:
        ConfigError: ``config.plan`` if the text is not such a list.
    """
    try:
        specs = json.loads(text)
    except ValueError:
        specs = None
    if not isinstance(specs, list) or not all(_is_spec(spec, 0) for spec in specs):
        raise error_for("config.plan", reason=SHAPE)
    return cast("list[Spec]", specs)


def check(spec: Spec) -> tuple[Indicator, dict[str, float]]:
    """Return the catalogue's entry and the parameters, whole ones as int.

    Raises:
        ConfigError: ``indicator.unknown``, ``indicator.unknown_parameter``, ``indicator.parameter``;
            ``config.plan`` for a parameter, an output or a second input that is missing.
    """
    name, given = spec["name"], spec["parameters"]
    entry = CATALOGUE.get(name)
    if entry is None:
        raise error_for("indicator.unknown", name=name, hint=f" Known: {', '.join(CATALOGUE)}.")
    names = [parameter.name for parameter in entry.parameters]
    for parameter in sorted(given):
        if parameter not in names:
            hint = f" It has {', '.join(names) or 'none'}."
            raise error_for("indicator.unknown_parameter", indicator=name, parameter=parameter, hint=hint)
    parameters: dict[str, float] = {}
    for one in entry.parameters:
        if one.name not in given:
            raise error_for("config.plan", reason=f"{name}: {one.name} is missing")
        value = float(given[one.name])
        is_whole = isinstance(one.default, int)
        if not one.minimum <= value <= one.maximum or (is_whole and value != int(value)):
            raise error_for(
                "indicator.parameter", indicator=name, parameter=one.name, value=value, expected=one.expected
            )
        parameters[one.name] = int(value) if is_whole else value
    check_persistence(name, parameters)
    if ("other" in entry.reads) != (spec.get("other") is not None):
        raise error_for("config.plan", reason=f"{name}: other does not fit")
    output = spec.get("output")
    if (output not in entry.outputs) if entry.outputs else (output is not None):
        raise error_for("config.plan", reason=f"{name}: output does not fit")
    return entry, parameters


def check_persistence(name: str, parameters: Mapping[str, float]) -> None:
    """Refuse alpha + beta from 1 on: such a volatility has no level to return to."""
    if "alpha" in parameters and "beta" in parameters:
        value = parameters["alpha"] + parameters["beta"]
        if value >= 1.0:
            raise error_for(
                "indicator.parameter", indicator=name, parameter="alpha + beta", value=value, expected="less than 1"
            )


def _is_spec(spec: object, depth: int) -> bool:
    return (
        isinstance(spec, dict)
        and REQUIRED <= spec.keys() <= Spec.__annotations__.keys()
        and isinstance(spec["name"], str)
        and _is_index(spec["series"])
        and spec["side"] in SIDES
        and _is_source(spec["source"], depth)
        and isinstance(spec["parameters"], dict)
        and all(_is_number(value) for value in spec["parameters"].values())
        and (spec.get("other") is None or _is_source(spec["other"], depth))
        and (spec.get("output") is None or isinstance(spec["output"], str))
    )


def _is_source(source: object, depth: int) -> bool:
    if isinstance(source, str):
        return source in PRICES
    return depth < DEPTH_MAX and _is_spec(source, depth + 1)


def _is_index(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: object) -> bool:
    """Return whether `value` is a number the other half can read: no bool, nothing beyond float64."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= 1.7976931348623157e308
