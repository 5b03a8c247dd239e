"""The summary that `print(result)` shows: plain text, the same on every terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omega.engine.result import BacktestResult

__all__ = ["summary"]

WIDTH = 22
COST_PARTS = ("spread", "slippage", "commission", "swap")


def summary(result: BacktestResult) -> str:
    """Return the summary of a result: what happened, what it cost, and how far to trust it."""
    lines = [_title(result), ""]
    lines += [f"{name:<{WIDTH}}{value}" for name, value in _figures(result)]
    lines += ["", *(f"note: {note}" for note in result.notes)]
    return "\n".join(lines)


def _title(result: BacktestResult) -> str:
    conditions = result.conditions
    inside = ", ".join(f"{name}={value!r}" for name, value in conditions.strategy.parameters.items())
    tables = conditions.tables
    return f"{conditions.strategy.name}({inside}) on {tables.symbol} {tables.timeframes[0]}"


def _figures(result: BacktestResult) -> Iterable[tuple[str, str]]:
    metrics, plan = result.metrics, result.plan
    currency = plan["account"]["currency"]
    times = result.equity_times
    begin, end = (moment.as_py().strftime("%Y-%m-%d %H:%M") for moment in (times[0], times[-1]))
    yield "period", f"{begin} to {end} UTC, {result.stats.bars_processed:,} bars"
    yield "final equity", f"{_money(metrics['final_equity'])} {currency}"
    yield "return", _percent(metrics["return_frac"])
    yield "CAGR", _percent(metrics["cagr"]) + _why(result, "cagr")
    yield "max drawdown", f"{_percent(metrics['max_drawdown_frac'])} ({_money(metrics['max_drawdown'])} {currency})"
    yield "Sharpe", _ratio(metrics["sharpe"]) + _why(result, "sharpe")
    yield "trades", f"{metrics['trades']:,}"
    yield "win rate", _percent(metrics["win_rate"]) + _why(result, "win_rate")
    yield "profit factor", _ratio(metrics["profit_factor"]) + _why(result, "profit_factor")
    yield "before costs", f"{_money(metrics['total_gross_cost_free'])} {currency}"
    for part in COST_PARTS:
        yield f"  {part}", f"{_money(metrics[f'total_{part}'])} {currency}"
    yield "net", f"{_money(metrics['total_net'])} {currency}"
    yield "ambiguous trades", f"{_percent(metrics['ambiguous_share'])} ({plan['execution']['intrabar']})"
    if metrics["ambiguous_share"]:
        bounds = result.bounds()
        yield "net, bounds", f"{_money(bounds.worst)} to {_money(bounds.best)} {currency}"
    rejected = Counter(result.rejections["code"])
    yield "rejected signals", f"{rejected.total():,}" + (f" ({_counts(rejected)})" if rejected else "")
    tolerated: Counter[str] = Counter()
    for code, count in zip(result.diagnostics["code"], result.diagnostics["count"], strict=True):
        tolerated[code] += count
    if tolerated:
        yield "tolerated", _counts(tolerated)
    yield "fill mode", plan["execution"]["fill"]
    yield "backend", result.conditions.backend.name
    yield "fingerprint", str(result.fingerprint)


def _counts(codes: Counter[str]) -> str:
    """Return codes with their counts, the most frequent first; docs/errors.md words them."""
    return ", ".join(f"{code} {count:,}" for code, count in codes.most_common())


def _money(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100.0 * value:.2f} %"


def _ratio(value: Any) -> str:
    return "–" if value is None else f"{value:.2f}"


def _why(result: BacktestResult, name: str) -> str:
    reason = result.metrics.reason(name)
    return "" if reason is None else f" ({reason.replace('_', ' ')})"
