"""Swap as people write it (SWP-1): signed rates, nights by weekday, and rates that change by date.

A cost file names the figures of the symbol spec ("spec"), a table, or "none". What a night costs is
computed by the backends; this module only says which figures they get.
"""

from __future__ import annotations

import datetime
import itertools
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from omega.config.exact import as_pair, show_exact
from omega.config.specs import FX_NIGHTS, STRICT, Currency, Nights, SwapRate, SwapUnit, SymbolSpec

__all__ = ["DatedSwap", "Swap", "swap_notes", "swap_of_spec", "swap_plan"]

EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
UNITS = {
    "points": "points per lot and night",
    "money": "{currency} per lot and night",
    "percent": "percent a year of 360 days",
}


def _date(text: str) -> str:
    try:
        if len(text) == 10 and 1900 <= datetime.date.fromisoformat(text).year < 2200:
            return text
    except ValueError:
        pass
    raise PydanticCustomError("date", "a date (2015-01-01) from 1900 to 2199")


class DatedSwap(BaseModel):
    """Rates that replace the earlier ones from an FX day on."""

    model_config = STRICT
    from_: Annotated[str, AfterValidator(_date)] = Field(alias="from", description="First FX day, as 2015-01-01.")
    long: SwapRate = Field(description="Swap of a long position per night; a debit is negative.")
    short: SwapRate = Field(description="Swap of a short position per night; a debit is negative.")


class Swap(BaseModel):
    """Swap of one symbol (SWP-1)."""

    model_config = STRICT
    unit: SwapUnit = Field(description="points, money per lot, or percent of notional a year of 360 days.")
    long: SwapRate = Field(description="Swap of a long position per night; a debit is negative.")
    short: SwapRate = Field(description="Swap of a short position per night; a debit is negative.")
    # Behind a wrapping validator lists are Python values, which strict tuples refuse; their items stay strict.
    multipliers: Annotated[Nights, Strict(False)] | None = Field(
        default=None, description="Nights per FX day, Monday first; 0 to 10 each."
    )
    triple_day: Literal["monday", "tuesday", "wednesday", "thursday", "friday"] | None = Field(
        default=None, description="Weekday that counts three nights, the other four one; instead of multipliers."
    )
    dated: Annotated[tuple[DatedSwap, ...], Strict(False)] = Field(
        default=(), description="Rates from a date on, in ascending order."
    )
    currency: Currency | None = Field(default=None, description="Currency of unit money: the account's (ISO 4217).")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.multipliers is not None and self.triple_day is not None:
            raise PydanticCustomError("swap", "multipliers or triple_day, not both")
        if (self.unit == "money") != (self.currency is not None):
            raise PydanticCustomError("swap", "a currency with unit money, and only there")
        if any(late.from_ <= early.from_ for early, late in itertools.pairwise(self.dated)):
            raise PydanticCustomError("swap", "dated entries in ascending order")
        return self

    @property
    def nights(self) -> tuple[int, ...]:
        """Nights charged by weekday of the FX day that ends, Monday first."""
        if self.triple_day is None:
            return self.multipliers or FX_NIGHTS
        return (*(3 if day == self.triple_day else 1 for day in WEEKDAYS), 0, 0)


def swap_of_spec(spec: SymbolSpec) -> Swap | None:
    """Return the swap of a symbol spec, None where it has no figures."""
    if spec.swap_unit is None or spec.swap_long is None or spec.swap_short is None:
        return None
    return Swap(
        unit=spec.swap_unit,
        long=spec.swap_long,
        short=spec.swap_short,
        multipliers=spec.swap_multipliers,
        currency=spec.swap_currency,
    )


def swap_plan(swap: Swap | None) -> dict[str, Any] | None:
    """Return the `swap` of a symbol in the plan."""
    if swap is None:
        return None
    return {
        "unit": swap.unit,
        "long": as_pair(swap.long),
        "short": as_pair(swap.short),
        "multipliers": list(swap.nights),
        "dated": [[_fx_day(entry.from_), as_pair(entry.long), as_pair(entry.short)] for entry in swap.dated],
    }


def swap_notes(swap: Swap | None, source: str) -> list[str]:
    """Return what a reader of the results must know about the swap of a run.

    Args:
        swap: The swap as it resolved; None is none, on purpose.
        source: Where its figures come from.
    """
    if swap is None:
        return ["swap is switched off"]
    figures = f"long {show_exact(swap.long)}, short {show_exact(swap.short)} {UNITS[swap.unit]}"
    figures = f"{figures.format(currency=swap.currency)} ({source})"
    note = f"one set of swap rates applies to all years: {figures}"
    if swap.dated:
        dates = ", ".join(entry.from_ for entry in swap.dated)
        note = f"swap rates change on {dates}; before that they are {figures}"
    nights = sum(swap.nights)
    return [note] if nights == 7 else [note, f"swap counts {nights} nights in a full week, not 7"]


def _fx_day(date: str) -> int:
    return datetime.date.fromisoformat(date).toordinal() - EPOCH_DAY
