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
    not asked. Decision time is the open of bar i, or with `signal_close` the close of bar i-1. A decider
    that manages is asked again in step 4, at the close of bar i, while something is open or works; what it
    asks for waits for the next step, and after the last bar there is none.
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
            waiting += _requests(simulation, session, decider, decider.decide)
        due = [request for request in waiting if request.bar_idx < bar_idx]
        waiting = waiting[len(due) :]
        simulation.trade(bar_idx, due)
        is_manageable = simulation.positions or simulation.working
        if decider.manage is not None and is_manageable and bar_idx + 1 < market.bar_count:
            session.move_to_close(bar_idx)
            waiting += _requests(simulation, session, decider, decider.manage)
        simulation.mark(bar_idx)
        _report_progress(decider, bar_idx - parsed.first_step + 1, total)
    return simulation.finish(waiting)


def _requests(simulation: Simulation, session: Session, decider: Any, ask: Any) -> list[Request]:
    """Return what the strategy asks for about the bar at the cursor."""
    answer = ask(session.bar())
    if answer is None:
        return []
    rows = decider.rows(answer, session.cursor, session.now_us)
    return simulation.take_in([_signal_of(row, session.cursor) for row in rows])


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
