"""Cost values (CST-1 to CST-4): the public face of `omega.config.costs`."""

from omega.config.costs import Commission, Costs, Slippage, Spread, SymbolCosts, load_costs

__all__ = ["Commission", "Costs", "Slippage", "Spread", "SymbolCosts", "load_costs"]
