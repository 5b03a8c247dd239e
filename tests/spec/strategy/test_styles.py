"""API-1 to API-3: one strategy in several styles, and what it may see and change. Runs on both backends."""

from __future__ import annotations

import datetime
import random

import numpy as np
import pandas
import pyarrow as pa
import pytest

import omega
from omega.errors import ConfigError, SignalError, StrategyError

COUNT = 900
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
}


class Cross(omega.Strategy):
    """Buy and sell crossings; the higher timeframe decides how it is named."""

    fast: int = 5
    slow: int = 12
    stop_pips: float = 15
    target_pips: float = 30

    def prepare(self, data):
        self.fast_ema = data.indicators.ema(self.fast)
        self.slow_ema = data.indicators.ema(self.slow)

    def on_bar(self, bar):
        if self.fast_ema.crossed_above(self.slow_ema):
            return self.buy(sl_pips=self.stop_pips, tp_pips=self.target_pips, reason="up", meta={"bar": bar.index})
        if self.fast_ema.crossed_below(self.slow_ema):
            return self.sell(sl_pips=self.stop_pips, tp_pips=self.target_pips)
        return None


class CrossAtOnce(omega.Strategy):
    fast: int = 5
    slow: int = 12
    stop_pips: float = 15
    target_pips: float = 30
    prepare = Cross.prepare

    def on_batch(self, batch):
        up, down = self.fast_ema.crossed_above(self.slow_ema), self.fast_ema.crossed_below(self.slow_ema)
        rows = np.flatnonzero(up | down)
        sides = np.where(up[rows], "long", "short")
        return {"bar_idx": rows, "direction": sides, "sl_pips": self.stop_pips, "tp_pips": self.target_pips}


class HigherTimeframe(omega.Strategy):
    def prepare(self, data):
        self.trend = data.indicators.sma(3, timeframe="H1")
        self.rsi = data.indicators.rsi(7, side="ask")

    def on_bar(self, bar):
        if self.trend.rising(2) and self.rsi.crossed_below(45):
            return self.buy(sl_pips=20)
        if self.trend.crossed_above(1.1) or self.rsi[-3] > 80:
            return [self.close(direction="long", magic=0), {"direction": "sell", "sl_points": 200, "magic": 4}]
        return None


class HigherTimeframeAtOnce(omega.Strategy):
    prepare = HigherTimeframe.prepare

    def on_batch(self, batch):
        buy = self.trend.rising(2) & self.rsi.crossed_below(45)
        turn = self.trend.crossed_above(1.1) | (self.rsi[-3] > 80)
        signals = []
        for k in batch.index.tolist():
            if buy[k]:
                signals.append(self.buy(bar_idx=k, sl_pips=20))
            elif turn[k]:
                signals.append(self.close(bar_idx=k, direction="long", magic=0))
                signals.append(self.sell(bar_idx=k, sl_points=200, magic=4))
        return signals


@pytest.fixture(scope="module")
def data():
    """A random walk of M15 bars around 1.1, bid and ask, with gaps."""
    draw = random.Random(3)
    close, moment = 110_000, datetime.datetime(2024, 1, 8, tzinfo=datetime.UTC)
    rows = []
    for _ in range(COUNT):
        opened = close + draw.randint(-4, 4)
        close = opened + draw.randint(-90, 90)
        rows.append(
            (moment, opened, max(opened, close) + draw.randrange(50), min(opened, close) - draw.randrange(50), close)
        )
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


def test_one_strategy_gives_equal_trades_in_every_style(data, backend):
    class Candle(Cross):
        on_bar = None
        on_candle = Cross.on_bar

    bar, candle = run(data, Cross, backend), run(data, Candle(), backend)
    batch = run(data, CrossAtOnce, backend)
    native = run(data, "ema_cross", backend, parameters={"fast": 5, "slow": 12, "stop_pips": 15, "target_pips": 30})

    assert len(bar.trades) > 20
    for other in (candle, batch, native):
        for name in ("trades", "fills", "ledger", "equity", "rejections"):
            assert other.raw[name].equals(bar.raw[name])


def test_views_of_higher_timeframes_give_equal_trades_in_both_styles(data, backend):
    bar, batch = run(data, HigherTimeframe, backend), run(data, HigherTimeframeAtOnce, backend)

    assert len(bar.trades) > 10
    for name in ("recorded_signals", "trades", "ledger", "rejections"):
        left, right = bar.raw[name], batch.raw[name]
        if name == "recorded_signals":  # rows count what was given, warm-up included
            left, right = left.drop_columns("row"), right.drop_columns("row")
        assert left.equals(right)


def test_texts_come_back_with_the_trade(data, backend):
    trades = run(data, Cross, backend).trades
    longs = [k for k, side in enumerate(trades["direction"]) if side == "long"]

    assert {trades["signal_reason"][k] for k in longs} == {"up"}
    assert trades["meta"][longs[0]] == f'{{"bar": {trades["entry_bar_idx"][longs[0]] - 1}}}'


def test_a_run_builds_its_own_instance(data, backend):
    strategy = Cross(fast=6)
    first, second = run(data, strategy, backend), run(data, strategy, backend)

    assert not hasattr(strategy, "fast_ema")
    assert str(first.fingerprint) == str(second.fingerprint)
    assert str(run(data, Cross(fast=7), backend).fingerprint) != str(first.fingerprint)


def test_what_a_strategy_sees_never_reaches_beyond_its_bar(data, backend):
    """API-2: kept bars do not change, nothing can be written, the last visible bar is the one before now."""
    kept = []

    class Watch(omega.Strategy):
        def prepare(self, data):
            self.close_view = data.indicators.sma(1)

        def on_bar(self, bar):
            for name in ("close", "index", "time"):
                with pytest.raises((AttributeError, TypeError)):
                    setattr(bar, name, 1)
            assert self.close_view[-1] == bar.close
            assert bar.time < bar.now
            kept.append((bar, bar.index, bar.close, bar.ask_high, bar.now))

    run(data, Watch, backend)

    assert len(kept) == COUNT - 60
    assert all((bar.index, bar.close, bar.ask_high, bar.now) == facts for bar, *rest in kept for facts in [tuple(rest)])


def test_positions_and_account_are_snapshots(data, backend):
    seen = []

    class Books(omega.Strategy):
        def on_bar(self, bar):
            seen.append((self.positions, self.account))
            return (
                self.buy(sl=1.0, magic=3)
                if len(seen) == 1
                else self.close(self.positions[0])
                if len(seen) == 3
                else None
            )

    result = run(data, Books, backend)
    position = seen[1][0][0]

    assert [len(positions) for positions, _ in seen[:5]] == [0, 1, 1, 0, 0]
    assert (position.id, position.direction, position.size, position.magic, position.sl) == (1, "long", 0.5, 3, 1.0)
    assert position.entry_price == result.trades["entry_price"][0]
    assert (seen[0][1].balance, seen[0][1].equity, seen[0][1].currency) == (100_000.0, 100_000.0, "USD")
    assert seen[4][1].balance == result.ledger["amount"][0] + sum(result.trades["net"])
    assert result.conditions.strategy.path_dependent


def test_an_exception_of_the_strategy_comes_back_as_itself_with_its_bar(data, backend):
    class Broken(omega.Strategy):
        def on_bar(self, bar):
            if bar.index == 70:
                raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        run(data, Broken, backend)

    assert any("Broken.on_bar at bar 70" in note and "Z" in note for note in caught.value.__notes__)
    assert any(entry.name == "on_bar" for entry in caught.traceback)


def test_a_bad_signal_ends_the_run_with_its_bar_or_is_a_rejection(data, backend):
    class Bad(omega.Strategy):
        def on_bar(self, bar):
            return {"direction": "up"} if bar.index == 70 else None

    with pytest.raises(SignalError) as caught:
        run(data, Bad, backend)
    assert (caught.value.code, caught.value.context["bar_idx"]) == ("signal.unknown_direction", 70)

    rejections = run(data, Bad, backend, execution={"on_bad_signal": "reject"}).rejections
    assert (rejections["code"], rejections["bar_idx"]) == (["signal.unknown_direction"], [71])


def test_reaching_for_the_future_is_refused(data, backend):
    class Peek(omega.Strategy):
        def prepare(self, data):
            self.sma = data.indicators.sma(2)

        def on_bar(self, bar):
            return self.sma[0]

    with pytest.raises(StrategyError) as caught:
        run(data, Peek, backend)
    assert caught.value.code == "strategy.view_index"


def test_progress_is_reported_and_always_at_the_end(data, backend):
    seen = []
    omega.backtest(data, Cross, backend=backend.name, on_progress=lambda *step: seen.append(step), **SETTINGS)

    assert seen[-1] == (COUNT - 60, COUNT - 60)
    assert seen == sorted(seen)


def test_pandas_and_numpy_take_an_indicator_for_its_values(data):
    class Above(omega.Strategy):
        def prepare(self, data):
            self.ema = data.indicators.ema(5)

        def on_batch(self, batch):
            frame = pandas.DataFrame({"close": batch.close})
            expected = batch.close > self.ema.values
            assert expected.any() and not expected.all()
            assert (frame.close > self.ema).tolist() == (batch.close > self.ema).tolist() == expected.tolist()

    omega.backtest(data, Above, backend="python", **SETTINGS)


@pytest.mark.parametrize(
    ("name", "kind", "part"),
    [
        ("emma", ConfigError, "Did you mean ema or tema?"),
        ("quaxi", ConfigError, "Known: sma, ema, wma, "),
        ("EMA", AttributeError, "small letters: ema"),
        ("BBANDS", AttributeError, "small letters: bbands"),
    ],
)
def test_a_name_that_is_no_indicator_is_answered_with_what_there_is(data, name, kind, part):
    class Misspelt(omega.Strategy):
        def prepare(self, data):
            getattr(data.indicators, name)(20)

        def on_bar(self, bar): ...

    with pytest.raises(kind) as caught:
        omega.backtest(data, Misspelt, backend="python", **SETTINGS)
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "meant"), [("stop_loss", "sl"), ("stop", "sl"), ("volume", "size"), ("lots", "size")]
)
def test_a_word_for_a_field_leads_to_the_keyword_of_that_meaning(wrong, meant):
    """SIG-1: and where there is no bar yet, the message names none."""
    with pytest.raises(SignalError) as caught:
        Cross().buy(**{wrong: 1.1})
    assert str(caught.value) == (f"[signal.unknown_field] a signal has no field {wrong!r}. Did you mean {meant!r}?")


@pytest.mark.parametrize(
    ("market", "strategy", "part"),
    [
        ("data/oanda_h1", Cross, "data: expected what omega.load returned; got 'data/oanda_h1' (str)"),
        (None, print, "strategy: expected an omega.Strategy, a class of one, or the name of a native one"),
        (None, dict, "got <class 'dict'> (type)"),
    ],
)
def test_what_is_no_market_or_no_strategy_is_refused_by_name(data, market, strategy, part):
    with pytest.raises(ConfigError) as caught:
        omega.backtest(market or data, strategy, **SETTINGS)
    assert part in str(caught.value)


def test_the_summary_says_why_signals_were_refused_and_what_was_tolerated(data, backend):
    class Careless(omega.Strategy):
        def on_bar(self, bar):
            if bar.index in (70, 71):
                return self.buy(sl=bar.close + 1)
            return self.buy(size=1000) if bar.index == 72 else None

    lines = str(run(data, Careless, backend, account={"currency": "USD", "balance": 10_000_000})).splitlines()

    assert "rejected signals      2 (order.invalid_stops 2)" in lines
    assert "tolerated             size.capped 1" in lines
    assert not any(line.startswith("tolerated") for line in str(run(data, Cross, backend)).splitlines())
