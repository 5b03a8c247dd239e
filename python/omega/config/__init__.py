"""Configuration in three stages: what was written, what it resolved to, the plan that runs.

    config = load_config("run.json", ["account.balance=50000"])     # written: a checked RunConfig
    resolved = resolve(config, base_dir="examples")                 # resolved: specs, costs, origins
    plan = resolved.plan_json(first_step=500)                       # runs: canonical JSON

Keys, units and defaults: docs/spec/config.md. Feature flags choose backends (BKD-1).
"""

from omega.config.costs import Commission, Costs, Slippage, Spread, SymbolCosts, load_costs
from omega.config.flags import get_feature_flag, set_feature_flag
from omega.config.load import json_schema, load_config
from omega.config.models import RunConfig
from omega.config.resolve import ResolvedConfig, resolve
from omega.config.specs import SymbolSpec, load_specs

__all__ = [
    "Commission",
    "Costs",
    "ResolvedConfig",
    "RunConfig",
    "Slippage",
    "Spread",
    "SymbolCosts",
    "SymbolSpec",
    "get_feature_flag",
    "json_schema",
    "load_config",
    "load_costs",
    "load_specs",
    "resolve",
    "set_feature_flag",
]
