"""What a symbol is: its price grid, its volume grid and what a point is worth (CST-4, DAT-4).

Specs are read from `symbol_specs.yaml` (bundled, or the user's own file); they are never guessed.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from omega.config.documents import Document, read_document
from omega.config.exact import LIMIT, Exact
from omega.config.validation import invalid, nearest, raise_all, validate
from omega.errors import OmegaError, error_for

__all__ = [
    "BUNDLED_SPECS",
    "FX_NIGHTS",
    "STRICT",
    "Currency",
    "Nights",
    "SwapRate",
    "SwapUnit",
    "SymbolSpec",
    "load_specs",
    "spec_of",
]

BUNDLED_SPECS = Path(__file__).with_name("symbol_specs.yaml")
MAX_STEPS = 10**9
STRICT = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)
_STRICT_SPEC = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Positive = Annotated[Exact, Field(gt=0)]
SwapUnit = Literal["points", "money", "percent"]
SwapRate = Annotated[Exact, Field(ge=-(10**6), le=10**6)]
Night = Annotated[int, Field(ge=0, le=10)]
Nights = tuple[Night, Night, Night, Night, Night, Night, Night]
FX_NIGHTS: Nights = (1, 1, 3, 1, 1, 0, 0)
"""Nights charged when the FX day ends, Monday first: Wednesday's covers the weekend of settlement (SWP-1)."""

Contract = Annotated[Exact, Field(ge=0, le=10**9)]
Leverage = Annotated[Exact, Field(ge=1, le=10**4)]
Session = Literal["fx", "metals", "indices", "crypto"]
StepSize = Annotated[Exact, Field(gt=0, le=10**6)]


@dataclass(frozen=True, kw_only=True, config=_STRICT_SPEC)
class SymbolSpec:
    """The grid, the contract, the margin and the swap of one symbol. One point is 10^-digits of the price.

    Attributes are exact; `value` is what one point and one volume step are worth in quote currency.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._#-]{1,32}$", description="Name of the symbol.")]
    digits: Annotated[int, Field(ge=0, le=8, description="Decimals of a price; a point is 10^-digits.")]
    pip_points: Annotated[int, Field(ge=1, le=10**6, description="Points in one pip.")]
    tick_points: Annotated[int, Field(ge=1, le=10**6, description="Points between neighbouring prices.")] = 1
    contract_size: Annotated[
        Exact, Field(gt=0, le=10**9, description="Units of the base currency or the good in one lot.")
    ]
    volume_min: Annotated[Positive, Field(description="Least volume of an order, lots; a multiple of volume_step.")]
    volume_step: Annotated[StepSize, Field(description="Grid of volumes, lots; at most 9 digits.")]
    volume_max: Annotated[Positive, Field(description="Largest volume of an order, lots; at most 10^9 steps.")]
    base_currency: Annotated[Currency, Field(description="What one lot holds, ISO 4217 (XAU for gold).")]
    quote_currency: Annotated[Currency, Field(description="Currency of the price and of profits, ISO 4217.")]
    min_stop_points: Annotated[
        int, Field(ge=0, le=10**6, description="Least distance of a stop loss from the entry, points.")
    ] = 0
    leverage: Annotated[Leverage | None, Field(description="Largest leverage of the symbol; null = the account's.")] = (
        None
    )
    hedged_margin: Annotated[
        Contract | None,
        Field(description="Contract units that one hedged pair of lots pays margin on; null = both lots pay in full."),
    ] = None
    lots_per_volume_unit: Annotated[
        Contract | None, Field(gt=0, description="Lots in one unit of the data's volume (FIL-12).")
    ] = None
    session: Annotated[
        Session | None, Field(description="When it trades: fx, metals, indices, crypto; null = by the symbol's name.")
    ] = None
    swap_unit: Annotated[
        SwapUnit | None,
        Field(description="points, money per lot, or percent of notional a year; with swap_long and swap_short."),
    ] = None
    swap_long: Annotated[SwapRate | None, Field(description="Swap of a long position per night; a debit is < 0.")] = (
        None
    )
    swap_short: Annotated[SwapRate | None, Field(description="Swap of a short position per night.")] = None
    swap_currency: Annotated[Currency | None, Field(description="Currency of swap_unit money, and only there.")] = None
    swap_multipliers: Annotated[Nights, Field(description="Nights per FX day, Monday first; 0 to 10 each.")] = FX_NIGHTS
    source: Annotated[str, Field(min_length=1, max_length=1000, description="Who published these figures.")]

    @property
    def value(self) -> Fraction:
        """Quote currency per point and volume step: contract_size * volume_step / 10^digits."""
        return self.contract_size * self.volume_step * Fraction(1, 10**self.digits)

    @property
    def hedged_share(self) -> Fraction | None:
        """Margin of a hedged pair of lots as a share of one lot's margin (0 to 2); None: both lots pay in full.

        MetaTrader's "hedged margin" is an amount of contract units: 50,000 of 100,000 is a share of 1/2.
        """
        return None if self.hedged_margin is None else self.hedged_margin / self.contract_size

    @property
    def volume_min_steps(self) -> int:
        """Least volume of an order in steps."""
        return int(self.volume_min / self.volume_step)

    @property
    def volume_max_steps(self) -> int:
        """Largest volume of an order in steps."""
        return int(self.volume_max / self.volume_step)


def load_specs(path: str | Path | None = None) -> Mapping[str, SymbolSpec]:
    """Return all symbol specs of a file by name; None reads the bundled file.

    Raises:
        ConfigError: ``config.*`` with file, line and key path.
    """
    return _bundled_specs() if path is None else _specs_of(read_document(Path(path)))


@functools.cache
def _bundled_specs() -> Mapping[str, SymbolSpec]:
    return _specs_of(read_document(BUNDLED_SPECS, shown_as="symbol_specs.yaml"))


def _specs_of(document: Document) -> Mapping[str, SymbolSpec]:
    if not isinstance(document.tree, dict) or not isinstance(document.tree.get("symbols"), dict):
        raise error_for("config.missing_key", **document.place(("symbols",)), expected="a table of symbols by name")
    unknown = sorted(set(document.tree) - {"symbols"})
    if unknown:
        raise error_for(
            "config.unknown_key",
            **document.place((unknown[0],)),
            hint=nearest(unknown[0], ["symbols"]),
        )
    specs: dict[str, SymbolSpec] = {}
    errors: list[OmegaError] = []
    for name in document.tree["symbols"]:
        place = document.at("symbols", name)
        try:
            specs[name] = _read_spec(place, name)
        except OmegaError as error:
            errors.append(error)
    raise_all(errors)
    return MappingProxyType(specs)


def spec_of(symbol: str, specs: Mapping[str, SymbolSpec], *, file: str) -> SymbolSpec:
    """Return the spec of a symbol.

    Raises:
        ConfigError: ``config.symbol_without_spec`` with the nearest known symbol.
    """
    if symbol not in specs:
        raise error_for("config.symbol_without_spec", symbol=symbol, file=file, hint=nearest(symbol, sorted(specs)))
    return specs[symbol]


def _read_spec(place: Document, name: str) -> SymbolSpec:
    if not isinstance(place.tree, dict):
        raise invalid(place, (), "a table of the symbol's figures")
    if "name" in place.tree:
        raise error_for(
            "config.unknown_key",
            **place.place(("name",)),
            hint=" The name of a symbol is its key.",
        )
    spec = validate(SymbolSpec, place.with_tree({"name": name, **place.tree}))
    raise_all(
        [
            invalid(place, (key,), expected)
            for key, expected, holds in (
                ("volume_step", "a volume with at most 9 digits", _is_small(spec.volume_step, 10**9)),
                ("volume_min", "a multiple of volume_step", (spec.volume_min / spec.volume_step).denominator == 1),
                ("volume_max", "a multiple of volume_step", (spec.volume_max / spec.volume_step).denominator == 1),
                ("volume_max", "a volume not below volume_min", spec.volume_max >= spec.volume_min),
                ("volume_max", "at most 10^9 steps", spec.volume_max <= spec.volume_step * MAX_STEPS),
                ("hedged_margin", "at most 2 contract sizes, what two lots pay", (spec.hedged_share or 0) <= 2),
                ("swap_unit", "swap_unit, swap_long and swap_short, all or none", _is_whole_or_absent(spec)),
                ("swap_currency", "a currency with swap_unit money, and only there", _has_its_currency(spec)),
                ("contract_size", "a size whose point value has at most 15 digits", _is_small(spec.value, LIMIT)),
            )
            if not holds
        ]
    )
    return spec


def _is_small(number: Fraction, limit: int) -> bool:
    return number.numerator <= limit and number.denominator <= limit


def _is_whole_or_absent(spec: SymbolSpec) -> bool:
    missing = [figure is None for figure in (spec.swap_unit, spec.swap_long, spec.swap_short)]
    return all(missing) or not any(missing)


def _has_its_currency(spec: SymbolSpec) -> bool:
    return (spec.swap_unit == "money") == (spec.swap_currency is not None)
