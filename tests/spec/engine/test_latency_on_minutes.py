"""FIL-13 from the config down: real minutes inside quarters of an hour, every arrival looked up on its own."""

from __future__ import annotations

import bisect
import pathlib
from typing import Any

import pyarrow as pa
import pytest

import omega
from omega.schema import ExitReason, Moment, Rule

ROOT = pathlib.Path(__file__).parents[3]
SEEN: list[tuple[int, int, bool]] = []
STOP, TARGET = ExitReason.STOP_LOSS, ExitReason.TAKE_PROFIT
LATENCIES_MS = [200, 60_000, 60_001, 840_001, 900_000, 4_000_000]


class EveryTenth(omega.Strategy):
    """Buys and sells by turns, and asks to close five bars later; notes which bars saw it closing."""

    def prepare(self, data: Any) -> None:
        SEEN.clear()

    def on_bar(self, bar: Any) -> Any:
        SEEN.extend((position.id, bar.index, position.is_closing) for position in self.positions)
        if bar.index % 10 == 0:
            return self.buy(size=0.1) if bar.index % 20 else self.sell(size=0.1)
        return self.close() if bar.index % 10 == 5 else None


@pytest.fixture(scope="module")
def quarters() -> omega.MarketData:
    folder = ROOT / "data/icmarkets_m1_2025"
    return omega.load(folder, symbols="EURUSD", timeframe="M15", start="2025-01-20", end="2025-02-03", warmup_bars=100)


def run(data: omega.MarketData, backend: str, strategy: Any = EveryTenth, **execution: Any) -> Any:
    spread = {"source": "column", "add_points": 3}
    return omega.backtest(
        data,
        strategy,
        costs="none",
        account={"currency": "USD", "balance": 1_000_000},
        sizing={"fixed_lots": 0.1},
        execution={"spread": spread} | execution,
        backend=backend,
    )


def opens(bars: pa.Table) -> list[int]:
    return bars["time"].cast("int64").to_pylist()


@pytest.mark.parametrize("latency_ms", LATENCIES_MS)
def test_every_request_meets_the_first_price_after_the_latency(
    backend: Any, quarters: omega.MarketData, latency_ms: int
) -> None:
    """The price of every deal is the open of the first minute, or quarter, at or after decision plus latency."""
    result = run(quarters, backend.name, latency_ms=latency_ms)
    tables = result.conditions.tables
    bars, minutes = tables.series[0], tables.finer
    prices = {
        time_us: (bid, ask)
        for series in (bars, minutes)
        for time_us, bid, ask in zip(
            opens(series), series["bid_open"].to_pylist(), series["ask_open"].to_pylist(), strict=True
        )
    }
    moments, steps = sorted(prices), opens(bars)
    fills = [row for row in result.raw["fills"].to_pylist() if row["rule"] in (Rule.FIL_1, Rule.CLOSE)]
    decided = {row["number"]: row["bar_idx"] for row in result.raw["recorded_signals"].to_pylist()}
    assert len(fills) > 100

    for row in fills:
        on = decided[row["position_id"]] + (0 if row["leg"] == 0 else 5)
        arrives_us = steps[on + 1] + 1_000 * latency_ms
        meets_us = moments[bisect.bisect_left(moments, arrives_us)]
        bid, ask = prices[meets_us]
        is_inside = meets_us not in set(steps)
        assert row["raw_price"] == (ask if row["direction"] > 0 else bid)
        assert row["bar_idx"] == bisect.bisect_right(steps, meets_us) - 1
        assert row["moment"] == (Moment.INSIDE if is_inside else Moment.OPEN)


@pytest.mark.parametrize("latency_ms", [0, *LATENCIES_MS])
def test_a_position_is_closing_until_its_close_has_worked(
    backend: Any, quarters: omega.MarketData, latency_ms: int
) -> None:
    """LOOP step 2: whoever is still open after the close was asked for has it before him."""
    result = run(quarters, backend.name, latency_ms=latency_ms)
    decided = {row["number"]: row["bar_idx"] for row in result.raw["recorded_signals"].to_pylist()}

    assert len(SEEN) > 400
    assert any(is_closing for *_, is_closing in SEEN) == (latency_ms > 800_000)
    for number, bar_idx, is_closing in SEEN:
        assert is_closing == (bar_idx > decided[number] + 5), (number, bar_idx)


class Bracketed(EveryTenth):
    """The same entries with a stop and a target so near that quarters reach both."""

    def on_bar(self, bar: Any) -> Any:
        if bar.index % 10 == 0:
            return self.buy(size=0.1, sl_points=40, tp_points=40)
        return None


@pytest.mark.parametrize("latency_ms", [0, 200])
def test_finer_looks_into_the_minutes_of_a_quarter(backend: Any, quarters: omega.MarketData, latency_ms: int) -> None:
    """FIL-7: the first minute after the entry that reaches stop or target decides, the stop if it reaches both."""
    result = run(quarters, backend.name, Bracketed, intrabar="finer", latency_ms=latency_ms)
    minutes = result.conditions.tables.finer
    times, lows, highs = opens(minutes), minutes["bid_low"].to_pylist(), minutes["bid_high"].to_pylist()
    trades = [row for row in result.raw["trades"].to_pylist() if row["reason"] in (STOP, TARGET)]
    contested = 0

    for row in trades:
        entered = round(row["entry_price"] * 1e5)
        row_idx = bisect.bisect_left(times, row["entry_time"].timestamp() * 1e6 + 1_000 * latency_ms)
        while lows[row_idx] > entered - 40 and highs[row_idx] < entered + 40:
            row_idx += 1
        quarter = times[row_idx] - times[row_idx] % (15 * 60_000_000)
        assert row["exit_time"].timestamp() * 1e6 == quarter
        assert row["reason"] == (STOP if lows[row_idx] <= entered - 40 else TARGET)
        contested += row["ambiguous"]
    assert len(trades) > 80
    assert contested >= 3


def test_the_same_latency_counts_whole_bars_without_finer_data(backend: Any) -> None:
    """⌊latency / timeframe⌋ bars: a minute in hours of H1 is none."""
    hours = omega.load(ROOT / "data/oanda_h1", symbols="EURUSD", timeframe="H1", start="2014-01-06", end="2014-02-03")
    prompt = run(hours, backend.name, latency_ms=0, spread={"source": "data"})
    late = run(hours, backend.name, latency_ms=60_000, spread={"source": "data"})

    assert late.conditions.tables.finer is None
    assert late.raw["fills"].to_pylist() == prompt.raw["fills"].to_pylist()


def test_an_arrival_inside_a_bar_says_so(quarters: omega.MarketData) -> None:
    """FIL-10: in and out at prices of minutes."""
    text = run(quarters, "rust", latency_ms=200).explain(1)

    assert text.count("price where it arrived inside the bar, 1.0") == 2
