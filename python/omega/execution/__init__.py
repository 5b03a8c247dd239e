"""Execution as values: symbol specs and costs.

They are read and checked in `omega.config`, below everything that uses them; this is their public face.
"""

from omega.config.costs import Commission, Costs, Slippage, Spread, SymbolCosts, load_costs
from omega.config.specs import SymbolSpec, load_specs

__all__ = ["Commission", "Costs", "Slippage", "Spread", "SymbolCosts", "SymbolSpec", "load_costs", "load_specs"]
