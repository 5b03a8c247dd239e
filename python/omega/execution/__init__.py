"""Execution as values: symbol specs and costs, and the simulator that fills signals with them.

Specs and costs are read and checked in `omega.config`, below everything that uses them; this is their public face.
"""

from omega.config.costs import Commission, Costs, Slippage, Spread, SymbolCosts, load_costs
from omega.config.specs import SymbolSpec, load_specs
from omega.execution.outcomes import ExecutionResult, ExecutionStats, Exit
from omega.execution.simulator import ExecutionSimulator

__all__ = [
    "Commission",
    "Costs",
    "ExecutionResult",
    "ExecutionSimulator",
    "ExecutionStats",
    "Exit",
    "Slippage",
    "Spread",
    "SymbolCosts",
    "SymbolSpec",
    "load_costs",
    "load_specs",
]
