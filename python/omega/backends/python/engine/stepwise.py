"""The loop with a Python strategy inside.

twin: none — the core's `Simulation` is driven by the bindings here, because they know Python.
"""

from __future__ import annotations

from typing import Any

from omega.backends.python.engine.signals import Request, Signal
from omega.backends.python.engine.simulation import Simulation
from omega.backends.python.market import Market
from omega.backends.python.plan import parse_plan
from omega.backends.python.session import Session
from omega.errors import error_for


def simulate_stepwise(market: Market, decider: Any, plan: str) -> dict[str, Any]:
    """Run a Python strategy bar by bar (the seam's `simulate_stepwise`).

    At the step of bar i the decider is asked with bar i-1 completed; without a completed bar it is
    not asked. Decision time is the open of bar i, or with `signal_close` the close of bar i-1.
    """
    parsed = parse_plan(plan)
    simulation = Simulation(market, parsed)
    session = Session(simulation)
    decider.start(session)
    total = market.bar_count - parsed.first_step
    waiting: list[Request] = []
    for bar_idx in range(parsed.first_step, market.bar_count):
        if bar_idx > 0:
            session.move_to(bar_idx - 1)
            answer = decider.decide(session.bar())
            if answer is not None:
                rows = decider.rows(answer, bar_idx - 1, session.now_us)
                waiting += simulation.take_in([_signal_of(row, bar_idx - 1) for row in rows])
        due = [request for request in waiting if request.bar_idx < bar_idx]
        waiting = waiting[len(due) :]
        simulation.step(bar_idx, due)
        _report_progress(decider, bar_idx - parsed.first_step + 1, total)
    return simulation.finish(waiting)


def _signal_of(row: tuple[Any, ...], bar_idx: int) -> Signal:
    signal = Signal(*row)
    if signal.bar_idx != bar_idx:
        reason = "is not the bar of the decision"
        raise error_for("signal.bar_idx", row=0, bar_idx=signal.bar_idx, reason=reason)
    return signal


def _report_progress(decider: Any, current: int, total: int) -> None:
    if decider.progress is None:
        return
    every = decider.progress_every or max(1, total // 100)
    if current % every == 0 or current == total:
        decider.progress(current, total)
