"""Symbol specs (CST-4, DAT-4): the public face of `omega.config.specs`."""

from omega.config.specs import SymbolSpec, load_specs

__all__ = ["SymbolSpec", "load_specs"]
