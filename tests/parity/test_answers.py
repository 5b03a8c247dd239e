"""SIG: the extension takes plain orders apart itself; the twin reads every answer with `Normaliser`. Rows are equal."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import omega
from omega.errors import OmegaError
from omega.strategy import Signal
from omega.strategy.decider import StepDecider
from omega.testing import assert_same_bits

PLAIN = [
    Signal("order", "long", sl=1.0, tp=1.2, size=0.5),
    Signal("order", "short", sl_points=100.0, tp_points=50.0, magic=7),
    Signal("order", "long", sl_atr=2.0),
    Signal("order", "short", sl_pips=20, tp_pips=40, size=1),
    Signal("order", "long", "limit", entry=1.05, sl_pips=20.0),
    Signal("order", "short", "stop", entry=1.05, magic=-3),
    Signal("order", "long", entry=1.1),
    Signal("order", "long", magic=2**63 - 1),
]
OTHERS = [
    Signal("order", "buy"),  # type: ignore[arg-type]
    Signal("order", "long", symbol="EURUSD"),
    Signal("order", "long", sl=np.float64(1.0)),
    Signal("order", "long", "limit", entry=1.05, tif="day"),
    Signal("order", "long", "stop_limit", entry=1.15, limit=1.16),
    Signal("order", "long", "limit", entry=1.05, expiry_bars=3),
    Signal("order", "long", "limit", entry=1.05, oco="pair"),
    Signal("order", "long", reason="why", tags=["a"]),
    Signal("close"),
    Signal("cancel"),
    [Signal("close"), Signal("order", "short")],
    {"direction": "long", "sl_pips": 20},
]
BAD: list[Any] = [
    Signal("order", "up"),  # type: ignore[arg-type]
    Signal("order", None),
    Signal("open", "long"),  # type: ignore[arg-type]
    Signal("order", "long", "touch"),  # type: ignore[arg-type]
    Signal("order", "long", tif="gtx"),  # type: ignore[arg-type]
    Signal("order", "long", symbol="GBPUSD"),
    Signal("order", "long", magic=2**63),
    Signal("order", "long", magic=-(2**63)),
    Signal("order", "long", magic=True),
    Signal("order", "long", magic=1.0),  # type: ignore[arg-type]
    Signal("order", "long", size=0.0),
    Signal("order", "long", size=10**400),
    Signal("order", "long", sl=True),
    Signal("order", "long", sl="low"),  # type: ignore[arg-type]
    Signal("order", "long", sl=float("nan")),
    Signal("order", "long", sl=-1),
    Signal("order", "long", sl=1.0, sl_pips=20.0),
    Signal("order", "long", entry="low"),  # type: ignore[arg-type]
    Signal("order", "long", "limit"),
    Signal("order", "long", "limit", entry=1.05, limit=1.0),
    Signal("order", "long", target=3),
    Signal("order", "long", share=0.5),
    Signal("order", "long", reason=5),  # type: ignore[arg-type]
    Signal("order", "long", bar_idx=999),
]


def run(answers: list[Any], backend: str, **execution: Any) -> omega.BacktestResult:
    """Run a strategy that gives one answer per bar."""

    class Answering(omega.Strategy):
        def on_bar(self, bar: Any) -> Any:
            return answers[bar.index] if bar.index < len(answers) else None

    begin = datetime.datetime(2025, 1, 20, tzinfo=datetime.UTC)
    times = [begin + datetime.timedelta(minutes=idx) for idx in range(len(answers) + 20)]
    bid = {name: pa.array([1.1] * len(times)) for name in ("open", "high", "low", "close")}
    table = pa.table({"time": pa.array(times, pa.timestamp("us", tz="UTC")), **bid})
    return omega.backtest(
        omega.load({"bid": table, "ask": table}, symbols="EURUSD", timeframe="M1"),
        Answering,
        costs="none",
        account={"currency": "USD", "balance": 100_000_000},
        sizing={"fixed_lots": 0.1},
        execution=execution,
        backend=backend,
    )


def outcome(answers: list[Any], backend: str, **execution: Any) -> Any:
    """Return what a run shows of its signals, or what refused them."""
    try:
        result = run(answers, backend, **execution)
    except OmegaError as error:
        return [type(error).__name__, error.code, sorted(error.context.items())]
    return {"signals": result.signals.to_arrow(), **result.raw}


def test_every_kind_of_answer_gives_the_same_rows() -> None:
    """Texts among them: they stand at the row of their signal, whoever read the rows before."""
    answers = [answer for pair in zip(OTHERS, PLAIN + PLAIN[:4], strict=True) for answer in pair]

    assert_same_bits(outcome(answers, "python"), outcome(answers, "rust"))


@pytest.mark.parametrize("answer", BAD, ids=str)
@pytest.mark.parametrize("on_bad_signal", ["fail", "reject"])
def test_a_bad_answer_is_the_same_error(answer: Any, on_bad_signal: str) -> None:
    answers = [PLAIN[0], answer, PLAIN[1]]
    python, rust = (outcome(answers, name, on_bad_signal=on_bad_signal) for name in ("python", "rust"))

    assert_same_bits(python, rust)
    if on_bad_signal == "fail":
        assert isinstance(rust, list)


def test_python_is_not_asked_about_plain_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """PRF-3: the way through Python costs several times the bar. Canary: others do go there."""
    asked = []
    rows = StepDecider.rows
    monkeypatch.setattr(StepDecider, "rows", lambda self, *given: asked.append(given[0]) or rows(self, *given))
    run([*PLAIN, *OTHERS], "rust")

    assert asked == OTHERS
