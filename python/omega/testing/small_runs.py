"""Small runs for tests: bars and signals as text and words in, rows with words out.

A plan without costs on a symbol of whole points: one step and point are worth one unit of the account's
currency, orders without a size are 100 steps, the least volume is 10.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from omega.backends.protocol import Backend, Tables
from omega.error_catalogue import CODE_BY_NUMBER
from omega.schema import ENUMS, TABLES
from omega.strategy.normalise_batch import table_of_rows
from omega.testing.bars import bars_of
from omega.testing.plans import with_features_off

__all__ = ["order", "picked", "plan_of", "rows_of", "simulated"]

Rows = list[dict[str, Any]]
_SIGNAL = dict.fromkeys(column.name for column in TABLES["signals"])
_GIVEN = {"kind": 1, "direction": 1, "order_type": 1, "symbol": 0, "tif": 1, "fault": 0}


def order(bar_idx: int = 0, **given: Any) -> tuple[Any, ...]:
    """Return a row of the signal table decided on a bar: a long market order unless it says otherwise."""
    return tuple((_SIGNAL | _GIVEN | {"bar_idx": bar_idx} | given).values())


def plan_of(
    rules: Sequence[Mapping[str, Any]] = (),
    filters: Mapping[str, Any] | None = None,
    slippage: int = 0,
    **execution: Any,
) -> dict[str, Any]:
    """Return a plan with position rules and filters, fixed slippage in points, and changes to `execution`."""
    symbol = {
        **{"name": "EURUSD", "digits": 0, "pip_points": 10, "tick_points": 1, "value": [1, 1]},
        **{"volume_step": [1, 100], "volume_min_steps": 10, "volume_max_steps": 1000, "min_stop_points": 0},
        "slippage": {"fixed_points": [slippage, 1], "random_points": 0},
        "commission": {"scheme": "per_lot", "rate": [0, 1], "minimum": [0, 1], "on_entry": True, "on_exit": True},
        "swap": None,
    }
    defaults = {"fill": "next_open", "intrabar": "stop_first", "close_at_end": False, "on_bad_signal": "fail"}
    return with_features_off(
        {
            "version": 1,
            "account": {"currency": "USD", "digits": 2, "balance": 100_000_000},
            "symbols": [symbol],
            "execution": defaults | {"seed": 0} | execution,
            "sizing": {"mode": "fixed_lots", "steps": 100, "min_lot": "reject"},
            "first_step": 0,
            "strategy": None,
            "metrics": {"risk_free": [0, 1], "days": 5},
            "rating": {"seed": 0, "samples": 10, "dropout_samples": 10},
            "position_rules": list(rules),
            "filters": filters,
        }
    )


def simulated(
    backend: Backend, bars: Sequence[str], signals: Sequence[tuple[Any, ...]], plan: Mapping[str, Any]
) -> dict[str, Rows]:
    """Return all result tables of a run as rows, with words for codes.

    Args:
        backend: Backend to run on.
        bars: M15 bars, ``"open high low close"`` of the bid, or with the time before them; the ask is 2 points above.
        signals: Rows as `order` makes them.
        plan: Plan as `plan_of` makes it.
    """
    names = "open high low close" if len(bars[0].split()) == 4 else "time open high low close"
    tables = bars_of("\n".join([names, *bars]), spread_points=2, timeframe="M15")
    market = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    return rows_of(backend.simulate(market, table_of_rows(signals), json.dumps(plan)))


def rows_of(tables: Tables) -> dict[str, Rows]:
    """Return result tables as rows, with words for codes."""
    return {name: [_in_words(name, row) for row in table.to_pylist()] for name, table in tables.items()}


def picked(row: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    """Return some values of a row."""
    return tuple(row[name] for name in names)


def _in_words(table: str, row: dict[str, Any]) -> dict[str, Any]:
    for column in TABLES[table]:
        kind, _, name = column.unit.partition(":")
        if kind == "enum" and row[column.name] is not None:
            row[column.name] = ENUMS[name](row[column.name]).name.lower()
        elif kind == "error":
            row[column.name] = CODE_BY_NUMBER.get(row[column.name])
    return row
