"""The base of every table of the config."""

from __future__ import annotations

from pydantic import BaseModel

from omega.config.specs import STRICT

__all__ = ["Table"]


class Table(BaseModel):
    """A table of the config: strict, frozen, no unknown keys, no nan, no inf."""

    model_config = STRICT
