"""API-2: what crosses the seam as tuples becomes snapshots in prices, lots and words."""

from __future__ import annotations

import datetime
import types

import pyarrow as pa
import pytest

from omega.strategy import Order, Position, Strategy
from omega.strategy.decider import StepDecider
from omega.strategy.normalise import Normaliser

MINUTE_US = 60_000_000
PLAN = {
    "symbols": [{"name": "EURUSD", "digits": 5, "volume_step": [1, 100]}],
    "account": {"digits": 2, "currency": "USD"},
    "execution": {"latency_us": 2 * MINUTE_US},
}


class Waiting(Strategy):
    def on_bar(self, bar):
        return None


class Managing(Waiting):
    def manage(self, positions, bar):
        return None


class FakeSession:
    """As much of a session as snapshots need."""

    def __init__(self, positions=(), orders=()):
        self.cursor, self.row_count = 0, 0
        self.positions, self.orders = lambda: positions, lambda: orders


def decider_of(strategy, session, *, latency_us=0):
    bars = pa.table(
        {
            "time": pa.array([0], pa.timestamp("us", "UTC")),
            "close_time": pa.array([MINUTE_US], pa.timestamp("us", "UTC")),
        }
    )
    tables = types.SimpleNamespace(series=(bars,), finer=None, symbol="EURUSD", timeframes=("M1",), digits=5)
    plan = PLAN | {"execution": {"latency_us": latency_us}}
    decider = StepDecider(strategy, tables, None, plan=plan, normaliser=Normaliser(("EURUSD",)))
    decider._session = session
    return decider


def test_a_position_is_shown_in_prices_and_lots():
    row = (4, 0, -1, 7, 3, 5_000_000, 110_005.5, 25, 110_500, None, True)

    assert decider_of(Waiting(), FakeSession([row])).positions() == (
        Position(4, "EURUSD", "short", 7, 3, 5_000_000, 1.100055, 0.25, 1.105, None, is_closing=True),
    )


@pytest.mark.parametrize(
    ("row", "order"),
    [
        (
            (4, 0, 1, 4, 0, 110_500, 110_600, 25, 110_000, 111_000, MINUTE_US, -1),
            Order(4, "EURUSD", "long", "stop_limit", 0, 1.105, 1.106, 0.25, 1.1, 1.11, MINUTE_US, "straddle"),
        ),
        (
            (5, 0, -1, 1, 7, None, None, 1, None, None, None, 12),
            Order(5, "EURUSD", "short", "market", 7, None, None, 0.01, None, None, None, 12),
        ),
        (
            (6, 0, -1, 2, 7, 110_500, None, 1, None, None, None, None),
            Order(6, "EURUSD", "short", "limit", 7, 1.105, None, 0.01, None, None, None, None),
        ),
    ],
)
def test_an_order_is_shown_in_prices_lots_and_words(row, order):
    strategy = Waiting()
    decider = decider_of(strategy, FakeSession(orders=[row]))
    decider.rows(strategy.buy(oco="straddle"), 0, 0)

    assert decider.orders() == (order,)
    assert decider.path_dependent


def test_an_expiry_is_a_time():
    order = Order(4, "EURUSD", "long", "limit", 0, 1.1, None, 0.25, None, None, MINUTE_US, None)

    assert order.expiry == datetime.datetime(1970, 1, 1, 0, 1, tzinfo=datetime.UTC)


LONG = (4, 0, 1, 7, 3, 0, 110_000.0, 1, None, None, False)
SHORT = (5, 0, -1, 8, 3, 0, 110_000.0, 1, None, None, False)


@pytest.mark.parametrize(
    ("filters", "closing"),
    [
        ({}, [True, True]),
        ({"position": 5}, [False, True]),
        ({"magic": 7}, [True, False]),
        ({"direction": "short"}, [False, True]),
        ({"position": 5, "magic": 7}, [False, False]),
    ],
)
def test_a_due_close_is_shown_at_the_positions_it_means(filters, closing):
    """LOOP step 2."""
    strategy = Managing()
    decider = decider_of(strategy, FakeSession([LONG, SHORT]))
    decider.rows([strategy.close(**filters), strategy.buy()], 0, 0)

    assert [position.is_closing for position in decider.positions()] == closing


def test_a_late_close_is_due_until_its_step():
    """FIL-13: asked for on bar 0 and two bars late, it works in step 3, which is asked with bar 2 completed."""
    strategy, session = Waiting(), FakeSession([LONG])
    decider = decider_of(strategy, session, latency_us=2 * MINUTE_US)
    decider.rows(strategy.close(), 0, 0)
    shown = []
    for session.cursor in range(5):
        shown.append(decider.positions()[0].is_closing)

    assert shown == [True, True, True, False, False]


def test_a_strategy_without_hooks_is_not_asked_twice():
    """PRF-3: what nobody needs costs nothing."""
    assert decider_of(Waiting(), FakeSession()).manage is None


def test_texts_stand_at_the_row_that_the_run_has_reached():
    """SIG: rows that a backend took without asking count."""
    session, strategy = FakeSession(), Waiting()
    decider = decider_of(strategy, session)
    session.row_count = 5
    decider.rows(strategy.buy(reason="sixth"), 0, 0)

    assert {row: texts.reason for row, texts in decider._normaliser.texts.items()} == {5: "sixth"}
