"""The requests of a stressed run: other distances of stops and targets, other bars of entry (RAT-3).

Every field that is not moved is copied. Numbers stay with their signals, so that references to positions and
random numbers are those of the run (RAT-1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from omega.backends.python.engine.fill_bar import fill_bar
from omega.backends.python.engine.signals import Request, Signal
from omega.schema import OrderType, SignalKind

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation

Fraction = tuple[int, int]

STOPS = ("sl_points", "sl_pips", "sl_atr")
TARGETS = ("tp_points", "tp_pips")


def with_levels(simulation: Simulation, signal: Signal, stop: Fraction, target: Fraction, shift: int) -> Signal:
    """Return a signal whose stop and target are `stop` and `target` times as far from the raw entry.

    A market order that enters `shift` bars later keeps its absolute levels' distance from the raw entry.
    """
    if signal.kind != SignalKind.ORDER or signal.fault != 0:
        return signal
    changes: dict[str, float] = {}
    for names, factor in ((STOPS, stop), (TARGETS, target)):
        for name in names:
            value = getattr(signal, name)
            if value is not None and factor != (1, 1):
                changes[name] = value * factor[0] / factor[1]
    for name, factor in (("sl", stop), ("tp", target)):
        value = getattr(signal, name)
        if value is not None and (factor != (1, 1) or (shift != 0 and is_market(signal))):
            moved = moved_level(simulation, signal, value, factor, shift)
            if moved is not None:
                changes[name] = moved
    return replace(signal, **changes) if changes else signal  # type: ignore[arg-type]


def moved_level(simulation: Simulation, signal: Signal, level: float, factor: Fraction, shift: int) -> float | None:
    """Return an absolute level after its distance from the raw entry was scaled and its order moved."""
    before = raw_entry(simulation, signal, 0)
    after = raw_entry(simulation, signal, shift)
    if before is None or after is None:
        return None
    scale = float(10**simulation.symbol.digits)
    return (after + (level * scale - before) * factor[0] / factor[1]) / scale


def raw_entry(simulation: Simulation, signal: Signal, shift: int) -> float | None:
    """Return the raw entry in points: the quote a market order fills at, the price a pending one waits for (SIZ).

    None outside the data.
    """
    if not is_market(signal):
        waits_for = signal.entry if signal.limit is None else signal.limit
        return None if waits_for is None else waits_for * float(10**simulation.symbol.digits)
    arrival = simulation.latency.arrival(signal.bar_idx + shift)
    step = arrival.bar_idx + 1
    first = 1 if simulation.plan.signal_close else 0
    if not first <= step < simulation.bar_count:
        return None
    is_long = signal.direction > 0
    if arrival.finer_idx is not None and simulation.market.finer is not None:
        finer = simulation.market.finer
        return float((finer.ask if is_long else finer.bid).open[arrival.finer_idx])
    bar = fill_bar(simulation, step)
    return float(bar.ask if is_long else bar.bid)


def is_market(signal: Signal) -> bool:
    """Return whether an order fills at once."""
    return signal.order_type == OrderType.MARKET


def with_shift(
    simulation: Simulation, requests: list[Request], shift: int, own_closes: Mapping[int, int]
) -> tuple[list[Request], int]:
    """Return the requests with every opening signal `shift` bars later, and how many were dropped.

    Dropped is an entry that would come before the start, after the last bar, or at or past its own close.
    `own_closes` names, by signal number, the bar that a position's requested close is named after.
    """
    if shift == 0:
        return requests, 0
    named_after = 0 if simulation.plan.signal_close else 1
    first = simulation.plan.first_step + (1 if simulation.plan.signal_close else 0)
    kept: list[Request] = []
    dropped = 0
    for request in requests:
        if request.signal.kind != SignalKind.ORDER or request.fault is not None:
            kept.append(request)
            continue
        arrival = simulation.latency.arrival(request.signal.bar_idx + shift)
        bar_idx = arrival.bar_idx
        close = own_closes.get(request.number)
        is_late = bar_idx + 1 >= simulation.bar_count or (close is not None and bar_idx + named_after >= close)
        if bar_idx + 1 < first or is_late:
            dropped += 1
        else:
            kept.append(replace(request, bar_idx=bar_idx, finer_idx=arrival.finer_idx))
    # A stable sort: what works in one step keeps the order in which it was asked for.
    kept.sort(key=lambda request: (request.bar_idx, -1 if request.finer_idx is None else request.finer_idx))
    return kept, dropped
