"""Between what the net result lies, whatever happened inside ambiguous bars (FIL-9).

Two replays of the recorded signals, one under `stop_first` and one under `target_first`, give every ambiguous
trade a worst and a best outcome with its entry fixed; all others keep theirs. The two replays as they are
stand beside it: there a trade may also have another entry, or none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omega.schema import TABLES

if TYPE_CHECKING:
    from omega.engine.result import BacktestResult

__all__ = ["Bounds", "find_bounds"]

ENTRY = ("entry_bar_idx", "entry_price", "steps")
"""What makes two trades of one number the same entry."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Net results in account currency.

    Attributes:
        worst: Every ambiguous trade at its worst outcome, entries fixed.
        net: The run itself.
        best: Every ambiguous trade at its best outcome, entries fixed.
        stop_first: Net result of the whole run under `stop_first`.
        target_first: Net result of the whole run under `target_first`.
        ambiguous: Ambiguous trades.
        undecided: Those among them whose outcome is the same under both rules: a bar that leaves open whether
            they were filled, or whether a stop that moved was reached, has no second outcome here.
    """

    worst: float
    net: float
    best: float
    stop_first: float
    target_first: float
    ambiguous: int
    undecided: int

    def __str__(self) -> str:
        return (
            f"net {self.worst:,.2f} to {self.best:,.2f} ({self.ambiguous} ambiguous trades, entries fixed); "
            f"whole runs: stop first {self.stop_first:,.2f}, target first {self.target_first:,.2f}"
        )


def find_bounds(result: BacktestResult) -> Bounds:
    """Return the bounds of a run's net result."""
    scale = float(10 ** result.plan["account"]["digits"])
    trades = _by_id(result.raw["trades"])
    ambiguous = [number for number, trade in trades.items() if trade["ambiguous"]]
    runs = {rule: trades if not ambiguous else _replayed(result, rule) for rule in ("stop_first", "target_first")}
    worst = best = undecided = 0
    for number, trade in trades.items():
        others = [runs[rule].get(number) for rule in runs] if trade["ambiguous"] else []
        alike = [other["net"] for other in others if other is not None and _has_entry_of(other, trade)]
        outcomes = [trade["net"], *alike]
        worst += min(outcomes)
        best += max(outcomes)
        undecided += bool(trade["ambiguous"]) and min(outcomes) == max(outcomes)
    nets = {rule: sum(trade["net"] for trade in rows.values()) for rule, rows in runs.items()}
    return Bounds(
        worst=worst / scale,
        net=sum(trade["net"] for trade in trades.values()) / scale,
        best=best / scale,
        stop_first=nets["stop_first"] / scale,
        target_first=nets["target_first"] / scale,
        ambiguous=len(ambiguous),
        undecided=undecided,
    )


def _replayed(result: BacktestResult, intrabar: str) -> Mapping[int, Mapping[str, Any]]:
    """Return the trades of the recorded signals under another rule."""
    conditions = result.conditions
    plan = {**result.plan, "strategy": None}
    plan["execution"] = {**plan["execution"], "intrabar": intrabar}
    tables = conditions.tables
    market = conditions.backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    signals = result.raw["recorded_signals"].select([column.name for column in TABLES["signals"]])
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"))
    return _by_id(conditions.backend.simulate(market, signals, text)["trades"])


def _by_id(trades: Any) -> Mapping[int, Mapping[str, Any]]:
    names = ["id", "net", "ambiguous", *ENTRY]
    return {row["id"]: row for row in trades.select(names).to_pylist()}


def _has_entry_of(other: Mapping[str, Any], trade: Mapping[str, Any]) -> bool:
    return all(other[name] == trade[name] for name in ENTRY)
