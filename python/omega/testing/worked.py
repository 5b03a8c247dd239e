"""Cases worked by hand: small markets with the tables that must come out, run and compared to the cell.

`tests/vectors/README.md` explains the format. Prices are points, volumes steps, money minor units.
"""

from __future__ import annotations

import copy
import datetime
import json
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from omega.backends.protocol import Backend
from omega.error_catalogue import CATALOGUE, CODE_BY_NUMBER
from omega.errors import OmegaError
from omega.schema import ENUMS, TABLES

__all__ = [
    "bars_of_case",
    "calendar_of",
    "code_of",
    "find_differences",
    "moment",
    "plan_of_case",
    "rollover",
    "run_case",
    "signals_of_case",
]

Case = Mapping[str, Any]
MINUTES = {"M1": 1, "M5": 5, "M15": 15, "H1": 60, "H4": 240}
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
REPLACED_WHOLE = {"sizing", "swap", "impact", "volatility", "liquidity", "margin", "rates", "filters"}
EMPTY_UNLESS_LISTED = ("fills", "orders", "trades", "positions", "swaps", "rejections", "diagnostics")
PRICES = [f"{side}_{price}" for side in ("bid", "ask") for price in ("open", "high", "low", "close")]
_SIGNAL = {"direction": "none", "order_type": "market", "tif": "gtc", "symbol": 0, "fault": 0}
_ARROW: dict[str, pa.DataType] = {
    "timestamp": pa.timestamp("us", tz="UTC"),
    **{name: getattr(pa, name)() for name in ("int8", "int16", "int32", "int64", "float64")},
    "bool": pa.bool_(),
}


def plan_of_case(case: Case, defaults: str) -> dict[str, Any]:
    """Return the plan of a case; `symbol` of its changes means the only entry of `symbols`.

    Args:
        case: The case; its `plan` holds what differs.
        defaults: Plan of a case that changes nothing, as JSON.
    """
    base = json.loads(defaults)
    base["symbol"] = base.pop("symbols")[0] | {"digits": case["digits"]}
    plan = _merged(base, case.get("plan", {}))
    plan["symbols"] = [plan.pop("symbol")]
    return plan


def bars_of_case(case: Case) -> pa.Table:
    """Return the bars of a case, or of one of its further series, as the seam's table."""
    length = datetime.timedelta(minutes=MINUTES[case["timeframe"]])
    times = [moment(text) for text in case.get("times", [])]
    if not times:
        start = moment(case["start"])
        times = [start + i * length for i in range(len(case["bars"]))]
    rows = [
        {"time": time, "close_time": time + length, "volume": volume} | dict(zip(PRICES, bar, strict=True))
        for time, bar, volume in zip(times, case["bars"], case.get("volumes", [None] * len(times)), strict=True)
    ]
    return _table("bars", rows)


def calendar_of(bars: pa.Table) -> pa.Table:
    """Return the FX days of the bars, and of a week before and after them."""
    first = bars["time"][0].as_py().date() - datetime.timedelta(days=7)
    last = bars["close_time"][-1].as_py().date() + datetime.timedelta(days=7)
    days = [first + datetime.timedelta(days=n) for n in range((last - first).days + 1)]
    rows = [
        {
            "rollover_time": rollover(day).astimezone(datetime.UTC),
            "fx_day": (day - datetime.date(1970, 1, 1)).days,
            "weekday": day.weekday(),
            "utc_offset_minutes": int(rollover(day).strftime("%z")[:3]) * 60,
        }
        for day in days
    ]
    return _table("calendar", rows)


def signals_of_case(case: Case) -> pa.Table:
    """Return the signal table of a case; `ValueError` for a field that no signal has."""
    units = {column.name: column.unit for column in TABLES["signals"]}
    rows = []
    for signal in case["signals"]:
        if not set(signal) <= set(units):
            raise ValueError(f"{case['name']}: unknown signal field among {sorted(signal)}")
        rows.append({name: code_of(units[name], value) for name, value in (_SIGNAL | signal).items()})
    return _table("signals", rows)


def run_case(backend: Backend, case: Case, defaults: str) -> Mapping[str, Any]:
    """Run a case and return its result tables.

    Args:
        backend: Backend to run on.
        case: The case; `series` holds bars of other symbols, `finer` bars of the traded one.
        defaults: As in `plan_of_case`.
    """
    plan = plan_of_case(case, defaults)
    symbols = [{"name": plan["symbols"][0]["name"], "digits": plan["symbols"][0]["digits"]}]
    series: list[dict[str, Any]] = [{"symbol": 0, "timeframe": case["timeframe"]}]
    tables = [bars_of_case(case)]
    for other in case.get("series", []):
        symbols.append({"name": other["symbol"], "digits": other["digits"]})
        series.append({"symbol": len(symbols) - 1, "timeframe": other.get("timeframe", case["timeframe"])})
        clock = {name: case[name] for name in ("timeframe", "start", "times") if name in case}
        tables.append(bars_of_case(clock | other))
    if "finer" in case:
        series.append({"symbol": 0, "timeframe": case["finer"]["timeframe"], "finer": True})
        tables.append(bars_of_case(case["finer"]))
    header = json.dumps({"symbols": symbols, "series": series})
    market = backend.open_market(header, tables, [None] * len(tables), calendar_of(tables[0]))
    return backend.simulate(market, signals_of_case(case), json.dumps(plan))


def find_differences(backend: Backend, case: Case, defaults: str) -> list[str]:
    """List every row count, named cell and error in which a run is not what was worked by hand."""
    expect = case["expect"]
    try:
        tables = run_case(backend, case, defaults)
    except OmegaError as error:
        found = {"class": type(error).__name__, "code": error.code}
        return [] if found == expect.get("error") else [f"error: {found}: {error}"]
    if "error" in expect:
        return [f"error: none, by hand {expect['error']}"]
    found_rows: list[str] = []
    for name, wanted in _expected_tables(expect).items():
        found_rows += _compare_rows(name, pa.table(tables[name]).to_pylist(), wanted)
    return found_rows


def code_of(unit: str, value: Any) -> Any:
    """Turn what a case file says into what the seam carries: names to codes, texts to times and floats."""
    if not isinstance(value, str):
        return value
    if unit.startswith("enum:"):
        return int(ENUMS[unit.removeprefix("enum:")][value.upper()])
    if unit == "error":
        return CATALOGUE[value].number
    return moment(value) if unit == "utc" else float(value)


def moment(text: str) -> datetime.datetime:
    """Return an ISO 8601 time with its zone."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def rollover(fx_day: datetime.date) -> datetime.datetime:
    """Return the 17:00 in New York that ends an FX day (TIM-3)."""
    return datetime.datetime.combine(fx_day, datetime.time(17), NEW_YORK)


def _merged(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    result = copy.deepcopy(base)
    for key, value in changes.items():
        nested = isinstance(value, dict) and key not in REPLACED_WHOLE
        result[key] = _merged(result[key], value) if nested else value
    return result


def _expected_tables(expect: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    tables = {name: expect.get(name, []) for name in EMPTY_UNLESS_LISTED}
    tables["equity"] = [{"equity": amount} for amount in expect["equity"]]
    return tables | {name: expect[name] for name in ("ledger", "recorded_signals") if name in expect}


def _compare_rows(name: str, rows: Sequence[dict[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> list[str]:
    if len(rows) != len(wanted):
        return [f"{name}: {len(rows)} rows, by hand {len(wanted)}: {[_shown(row) for row in rows]}"]
    units = {column.name: column.unit for column in TABLES[name]}
    differences = []
    for i, (row, want) in enumerate(zip(rows, wanted, strict=True)):
        for column, value in want.items():
            code = code_of(units[column], value)
            if row[column] != code:
                differences.append(f"{name}[{i}].{column}: {row[column]!r}, by hand {value!r} ({code!r})")
    return differences


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"code": CODE_BY_NUMBER.get(row["code"], row["code"])} if "code" in row else row


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    fields = [pa.field(c.name, _ARROW[c.type], nullable=c.null) for c in TABLES[name]]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))
