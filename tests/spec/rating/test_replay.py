"""Replays of what a run recorded, on both backends (RAT-1, RAT-3)."""

from __future__ import annotations

import dataclasses
import datetime
import json
import random
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest

import omega
from omega.engine.comparison import find_difference
from omega.rating.replaying import Job, costlier, recorded_table, replay

COUNT = 700
SETTINGS = {
    "costs": {
        "defaults": {
            "slippage": {"fixed_pips": 0.2, "random_pips": 0.5},
            "commission": {"per_lot": 3.5, "currency": "USD"},
            "swap": "spec",
        }
    },
    "account": {"currency": "USD", "balance": 100_000},
    "sizing": {"fixed_lots": 0.5},
    "rating": {"samples": 50, "dropout_samples": 20, "data_samples": 2, "parameter_samples": 2},
}


class Cross(omega.Strategy):
    """Crossings with levels as distances, and now and then a close."""

    fast: int = 5
    slow: int = 12
    stop_pips: float = 15

    def prepare(self, data):
        self.fast_ema = data.indicators.ema(self.fast)
        self.slow_ema = data.indicators.ema(self.slow)

    def on_bar(self, bar):
        if self.fast_ema.crossed_above(self.slow_ema):
            return [self.close(direction="short"), self.buy(sl_pips=self.stop_pips, tp_pips=30)]
        if self.fast_ema.crossed_below(self.slow_ema):
            return [self.close(direction="long"), self.sell(sl=bar.close + 0.002, tp=bar.close - 0.004)]
        return None


class AtOnce(omega.Strategy):
    """Orders of the whole run in one table; some come before the start."""

    fast: int = 5
    slow: int = 12
    prepare = Cross.prepare

    def on_batch(self, batch):
        up, down = self.fast_ema.crossed_above(self.slow_ema), self.fast_ema.crossed_below(self.slow_ema)
        rows = np.flatnonzero(up | down)
        early = [0, 1]
        sides = ["long", "short", *np.where(up[rows], "long", "short")]
        return {"bar_idx": [*early, *rows], "direction": sides, "sl_pips": 15.0, "tp_pips": 30.0}


class Careful(Cross):
    """Buys only while nothing is open: it reads its own positions."""

    def on_bar(self, bar):
        if not self.positions and self.fast_ema.crossed_above(self.slow_ema):
            return self.buy(sl_pips=15, tp_pips=30)
        return None


class Watched(Cross):
    """Closes what is open for twelve bars, asked at the close of every bar."""

    def check_exit(self, position, bar):
        return bar.index - position.entry_bar_idx >= 12


class Pending(Cross):
    """Limits and stops around the price, with expiry, cancels and a partial close."""

    def on_bar(self, bar):
        step = bar.index % 12
        if step == 0:
            return self.buy(type="limit", entry=bar.close - 0.0008, sl_pips=15, tp_pips=30, expiry_bars=6)
        if step == 4:
            return self.sell(type="stop", entry=bar.close - 0.0010, sl=bar.close + 0.0020, tp=bar.close - 0.0060)
        if step == 11:
            return [self.close(share=0.5), self.cancel()]
        return None


class Fickle(Cross):
    """Refused now and then: a row that cannot be is recorded as well."""

    def on_bar(self, bar):
        if bar.index % 50 == 7:
            return self.buy(sl_pips=-1 if bar.index % 100 == 7 else 15, tp_pips=30)
        return None


@pytest.fixture(scope="module")
def data():
    """A random walk of M15 bars around 1.1, bid and ask, with gaps."""
    draw = random.Random(3)
    close, moment = 110_000, datetime.datetime(2024, 1, 8, tzinfo=datetime.UTC)
    rows = []
    for _ in range(COUNT):
        opened = close + draw.randint(-4, 4)
        close = opened + draw.randint(-90, 90)
        high, low = max(opened, close) + draw.randrange(50), min(opened, close) - draw.randrange(50)
        rows.append((moment, opened, high, low, close))
        moment += datetime.timedelta(minutes=15 * draw.choice((1, 1, 1, 1, 1, 1, 1, 5)))
    sides = {}
    for side, spread in (("bid", 0), ("ask", 9)):
        times, *prices = zip(*rows, strict=True)
        columns = {"time": pa.array(times, pa.timestamp("us", tz="UTC"))}
        for name, points in zip(("open", "high", "low", "close"), prices, strict=True):
            columns[name] = pa.array([(value + spread) / 100_000 for value in points])
        sides[side] = pa.table(columns)
    return omega.load(sides, symbols="EURUSD", timeframe="M15", higher_timeframes=["H1"], warmup_bars=60)


def run(data, strategy, backend, **changes):
    return omega.backtest(data, strategy, backend=backend.name, **{**SETTINGS, **changes})


def market_of(result):
    tables = result.conditions.tables
    return result.conditions.backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)


STYLES = {
    "on_bar": (Cross(), {}),
    "on_batch": (AtOnce(), {}),
    "native": ("ema_cross", {"parameters": {"fast": 5, "slow": 12, "stop_pips": 15.0, "target_pips": 30.0}}),
    "path dependent": (Careful(), {}),
    "with refused rows": (Fickle(), {"execution": {"on_bad_signal": "reject"}}),
    "managed": (Watched(), {}),
    "pending orders": (Pending(), {}),
    "at the close": (Cross(), {"execution": {"fill": "signal_close"}}),
}


@pytest.mark.parametrize("style", STYLES)
def test_a_replay_without_a_change_is_the_run_bit_for_bit(data, backend, style):
    """RAT-1: all tables, row numbers and counts of dropped rows included, for every style of strategy."""
    strategy, changes = STYLES[style]
    result = run(data, strategy, backend, **changes)
    again = backend.simulate(market_of(result), recorded_table(result), result.conditions.plan)

    assert len(result.raw["trades"]) >= 5
    assert find_difference(result.raw, again) is None


def test_the_comparison_notices_another_market(data, backend):
    """Canary: a spread a half wider is a difference."""
    result = run(data, Cross(), backend)
    stress = json.dumps({"spread": [3, 2], "noise": None, "seed": 0})
    wider = backend.stress_market(market_of(result), stress)
    tables = result.conditions.tables
    market = backend.open_market(tables.header, wider, tables.visible, tables.calendar)
    again = backend.simulate(market, recorded_table(result), result.conditions.plan)

    assert find_difference(result.raw, again) is not None


def test_the_outcome_of_a_job_without_a_change_has_the_metrics_of_the_run(data, backend):
    """RAT-3: what stage 2 compares are the metrics themselves."""
    result = run(data, Cross(), backend)
    (outcome,) = replay(result, market_of(result), [Job()])
    values = {name: value for name, value, _ in result.metrics.rows}

    assert outcome.net == values["total_net"]
    assert outcome.drawdown_frac == values["max_drawdown_frac"]
    assert outcome.sharpe == values["sharpe"]
    assert outcome.trades == values["trades"]


def test_a_strategy_that_reads_its_positions_is_marked(data, backend):
    """RAT-1: the rating says that its stressed runs replay what it decided, or that it was asked again."""
    result = run(data, Careful(), backend)
    assert result.conditions.strategy.path_dependent
    assert any("reads its own positions" in reason for reason in result.rating.reasons)
    assert not any("asked again at higher costs" in reason for reason in result.rating.reasons)

    asked = omega.RatingPipeline(rerun=True).rate(result)
    assert any("asked again at higher costs" in reason for reason in asked.reasons)
    assert not run(data, Cross(), backend).conditions.strategy.path_dependent


def hand_made(backend):
    """Return a run of one long order per case on ten M15 bars that rise by 10 points a bar, spread 10 points."""
    start = datetime.datetime(2024, 1, 8, tzinfo=datetime.UTC)
    times = pa.array([start + datetime.timedelta(minutes=15 * bar) for bar in range(10)], pa.timestamp("us", tz="UTC"))
    sides = {}
    for side, spread in (("bid", 0), ("ask", 10)):
        opens = [110_000 + 10 * bar + spread for bar in range(10)]
        prices = {"open": opens, "high": [p + 12 for p in opens], "low": [p - 2 for p in opens], "close": opens}
        sides[side] = pa.table({"time": times, **{k: pa.array([p / 1e5 for p in v]) for k, v in prices.items()}})
    return omega.load(sides, symbols="EURUSD", timeframe="M15", warmup_bars=0)


class One(omega.Strategy):
    """Buys on bar 1, and closes on bar 5 if told to."""

    closes: bool = True
    absolute: bool = False

    def prepare(self, data):
        pass

    def on_bar(self, bar):
        if bar.index == 1:
            return self.buy(sl=1.0998, tp=1.2) if self.absolute else self.buy(sl_points=200, tp_points=40)
        if bar.index == 5 and self.closes:
            return self.close()
        return None


FREE = {"costs": "none", "account": {"currency": "USD", "balance": 100_000}, "sizing": {"fixed_lots": 1}}


def nets(backend, strategy, jobs):
    result = omega.backtest(hand_made(backend), strategy, backend=backend.name, **FREE)
    return result, [(one.net, one.trades, one.dropped) for one in replay(result, market_of(result), jobs)]


def test_later_entries_are_filled_later_and_dropped_at_their_own_close(backend):
    """RAT-3: bought at the ask of bar 2, 3, … and closed at the bid of bar 6; from bar 6 on there is nothing to close.

    One lot earns 1 USD a point: 110060 - 110030 = 30, then 20, 10, 0, and bar 6 itself is dropped.
    """
    jobs = [Job(shift=shift) for shift in (-2, -1, 0, 1, 2, 3, 4, 7)]
    _, outcomes = nets(backend, One(), [dataclasses.replace(job) for job in jobs])
    late = [(3000, 1, 0), (2000, 1, 0), (1000, 1, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1)]
    # Two bars earlier: bar 0, bought at 110010, its target 110050 is reached inside bar 4 (high 110052).
    assert outcomes == [(4000, 1, 0), (4000, 1, 0), *late]


def test_an_absolute_stop_keeps_its_distance_when_the_entry_moves(backend):
    """RAT-3: a stop 50 points below the raw entry at 110030 stays 50 points below the one at 110040."""
    result, outcomes = nets(backend, One(closes=False, absolute=True), [Job(), Job(shift=1)])
    # Closed at the end at the last bid close 110090.
    assert outcomes == [(6000, 1, 0), (5000, 1, 0)]
    assert result.raw["trades"]["risk"].to_pylist() == [5000]


def test_distances_are_scaled_alone(backend):
    """RAT-3: the target of 40 points becomes 36 or 44; the stop is never reached.

    Bought at 110030: 110066 is reached inside bar 6 (high 110072), 110074 inside bar 7 unless bar 6 closes at 110060.
    """
    jobs = [Job(target=Fraction(9, 10)), Job(target=Fraction(11, 10)), Job(stop=Fraction(9, 10))]
    _, outcomes = nets(backend, One(closes=False), jobs)
    assert [net for net, _, _ in outcomes] == [3600, 4400, 4000]


def test_spreads_are_widened_half_even_and_bars_stay_valid(backend):
    """RAT-3: ask' = bid + half_even(f·(ask - bid)): 10 points become 15 at 1.5, 12 at 1.25 (of 12.5)."""
    result = omega.backtest(hand_made(backend), One(), backend=backend.name, **FREE)
    for factor, spread in (([3, 2], 15), ([5, 4], 12), ([2, 1], 20)):
        (bars,) = backend.stress_market(market_of(result), json.dumps({"spread": factor, "noise": None, "seed": 0}))
        for name in ("open", "high", "low", "close"):
            bid, ask = pa.table(bars)[f"bid_{name}"].to_pylist(), pa.table(bars)[f"ask_{name}"].to_pylist()
            assert [a - b for a, b in zip(ask, bid, strict=True)] == [spread] * 10


def test_noise_keeps_times_spreads_and_valid_bars(data, backend):
    """RAT-3: prices move, the spread of open and close stays, highs and lows contain, H1 is resampled from M15."""
    result = run(data, Cross(), backend)
    before = [pa.table(series) for series in result.conditions.tables.series]
    stress = json.dumps({"spread": [1, 1], "noise": 4, "seed": 9})
    after = [pa.table(series) for series in backend.stress_market(market_of(result), stress)]
    moves = [a - b for a, b in zip(after[0]["bid_close"].to_pylist(), before[0]["bid_close"].to_pylist(), strict=True)]

    assert len(set(moves)) > 10
    # A tenth of an ATR of about 150 points: nearly all within three deviations, about as often up as down.
    assert max(map(abs, moves)) < 120 and abs(sum(moves)) < 15 * COUNT
    for old, new in zip(before, after, strict=True):
        assert old["time"] == new["time"] and old["close_time"] == new["close_time"]
        for side in ("bid", "ask"):
            four = zip(*(new[f"{side}_{name}"].to_pylist() for name in ("low", "open", "close", "high")), strict=True)
            assert all(low <= min(opened, close) and max(opened, close) <= high for low, opened, close, high in four)
    spreads = zip(after[0]["ask_open"].to_pylist(), after[0]["bid_open"].to_pylist(), strict=True)
    assert {ask - bid for ask, bid in spreads} == {9}
    rows = after[0].to_pylist()
    compared = 0
    for hour in after[1].to_pylist():
        inside = [row for row in rows if hour["time"] <= row["time"] and row["close_time"] <= hour["close_time"]]
        if inside and hour["time"] >= rows[0]["time"]:
            assert hour["bid_open"] == inside[0]["bid_open"] and hour["ask_close"] == inside[-1]["ask_close"]
            assert hour["bid_high"] == max(row["bid_high"] for row in inside)
            assert hour["ask_low"] == min(row["ask_low"] for row in inside)
            compared += 1
    assert compared > 50


def test_costlier_plans_raise_debits_and_leave_credits(data, backend):
    """RAT-3: 1.5 times slippage, commission and negative swap; a positive swap stays."""
    plan = run(data, Cross(), backend).plan
    symbol, stressed = plan["symbols"][0], costlier(plan, Fraction(3, 2))["symbols"][0]

    assert Fraction(*stressed["commission"]["rate"]) == Fraction(3, 2) * Fraction(*symbol["commission"]["rate"])
    assert Fraction(*stressed["slippage"]["fixed_points"]) == Fraction(3, 2) * Fraction(
        *symbol["slippage"]["fixed_points"]
    )
    assert stressed["slippage"]["random_points"] == round(1.5 * symbol["slippage"]["random_points"])
    for side in ("long", "short"):
        rate = Fraction(*symbol["swap"][side])
        assert Fraction(*stressed["swap"][side]) == (rate * Fraction(3, 2) if rate < 0 else rate)
    assert {Fraction(*symbol["swap"][side]) < 0 for side in ("long", "short")} == {True, False}


def test_costlier_plans_raise_impact_and_volatility_and_still_run(data, backend):
    """RAT-3, CST-2: 0.5 pips at 50 lots and the largest share of ATR a config takes, twice as much of both."""
    costs = json.loads(json.dumps(SETTINGS["costs"]))
    costs["defaults"] |= {"slippage": {"impact": 0.5, "volatility": 1}, "liquidity_lots": 50}
    result = run(data, Cross(), backend, costs=costs)

    stressed = costlier(result.plan, Fraction(2))["symbols"][0]["slippage"]

    assert (stressed["impact"]["points"], stressed["volatility"]) == ([10, 1], [2, 1])
    assert len(result.trades) > 3
    rated = {component.name: component.raw for component in omega.rate(result).components}
    assert len(rated["cost_shock"]) > 0
