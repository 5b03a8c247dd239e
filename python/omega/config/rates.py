"""How money gets from one currency into the account's (CUR): what was written, and the route it takes.

A route is one pair or two: direct, inverse, through USD, through EUR, then through other currencies by the
alphabet. The traded symbol is a pair like any other: USDJPY on a USD account needs no rates. Which price of a pair
applies at a moment is the engine's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from omega.config.exact import LIMIT, Exact, as_pair, show_exact
from omega.config.specs import STRICT, SymbolSpec

__all__ = [
    "OwnSeries",
    "Pair",
    "RatesConfig",
    "ResolvedRates",
    "Route",
    "Series",
    "find_route",
    "is_short",
    "pairs_that_convert",
    "resolve_rates",
]

MAX_SYMBOLS = 20
_QUOTED_BEFORE = ("EUR", "GBP", "AUD", "NZD", "USD", "CAD", "CHF", "JPY")
_PAIR = re.compile(r"[A-Z]{6}", re.ASCII)


def _by_source(value: Any) -> Any:
    """Return a table of pairs as one with its source; a list of JSON as the tuple it stands for."""
    if not isinstance(value, dict):
        return value
    if "source" not in value:
        wrong = [name for name in value if not _PAIR.fullmatch(name)]
        if wrong:
            raise PydanticCustomError("pair", 'two currencies such as EURUSD, not "{name}"', {"name": wrong[0]})
        return {"source": "static", "pairs": value}
    symbols = value.get("symbols")
    return value | {"symbols": tuple(symbols)} if isinstance(symbols, list) else value


class RatesTable(BaseModel):
    """Conversion rates: a table of pairs with one rate each, or series of quotes that are loaded."""

    model_config = STRICT
    source: Literal["static", "series"] = Field(description="static: `pairs` for the whole run; series: loaded quotes.")
    pairs: dict[str, Annotated[Exact, Field(gt=0)]] = Field(
        default={}, description="One rate per pair: EURUSD 1.085 is 1.085 USD for 1 EUR."
    )
    symbols: tuple[str, ...] = Field(
        default=(), max_length=MAX_SYMBOLS, description="Symbols below data.path whose quotes convert."
    )
    timeframe: Annotated[str, Field(pattern=r"^(M|H|D|W|MN)[0-9]{1,2}$")] | None = Field(
        default=None, description="Timeframe of those quotes; null = the step timeframe."
    )
    stale_limit_bars: Annotated[int, Field(ge=1, le=10**6)] | None = Field(
        default=None, description="Oldest close that converts, bars in session time; null = two days of session time."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        is_series = self.source == "series"
        if bool(self.symbols) != is_series or bool(self.pairs) == is_series:
            raise PydanticCustomError("rates", "pairs with their rates, or source series with symbols")
        if not is_series and (self.timeframe, self.stale_limit_bars) != (None, None):
            raise PydanticCustomError("rates", "timeframe and stale_limit_bars with source series only")
        return self

    @model_serializer
    def _as_written(self) -> dict[str, Any]:
        if self.source == "static":
            return {name: show_exact(rate) for name, rate in self.pairs.items()}
        limit = self.stale_limit_bars
        return {
            "source": "series",
            "symbols": list(self.symbols),
            "timeframe": self.timeframe,
            "stale_limit_bars": limit,
        }


RatesConfig = Annotated[RatesTable, BeforeValidator(_by_source), WithJsonSchema({"type": "object"})]
"""`execution.rates` as written: `{"EURUSD": "1.085"}`, or a table with source series."""


class Series(Protocol):
    """Where the quotes of a pair are: index in the market's series, and the spans in which the last is too old."""

    @property
    def series(self) -> int: ...

    @property
    def stale(self) -> Sequence[tuple[int, int]]: ...


@dataclass(frozen=True, slots=True)
class OwnSeries:
    """The traded symbol's own quotes: wherever it trades, it has one."""

    series: int = 0
    stale: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair of currencies and where its price comes from: a rate, or the series of a symbol."""

    name: str
    base: str
    quote: str
    rate: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """How one currency gets into the account's: pairs by name, each with whether it is divided by."""

    currency: str
    legs: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class ResolvedRates:
    """What a run converts with.

    Attributes:
        pairs: The pairs its routes take, by name.
        quote: Route of the symbol's profits; None in the account currency.
        commission: Route of the commission.
    """

    pairs: Mapping[str, Pair]
    quote: Route | None
    commission: Route | None

    @property
    def loaded(self) -> tuple[str, ...]:
        """Symbols whose series the routes take, the traded one included."""
        return tuple(name for name, pair in self.pairs.items() if pair.rate is None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the results must know."""
        static = [f"{name} {show_exact(pair.rate)}" for name, pair in self.pairs.items() if pair.rate is not None]
        return (f"converted at one rate for the whole run: {', '.join(static)}",) if static else ()

    def plan(self, series: Mapping[str, Series]) -> dict[str, Any] | None:
        """Return the plan's `rates`, or None where all money is in the account currency.

        Args:
            series: Where the quotes of each loaded pair are.
        """
        routes = [route for route in (self.quote, self.commission) if route is not None]
        if not routes:
            return None
        names = list(self.pairs)
        unique = list(dict.fromkeys(routes))
        return {
            "pairs": [self._pair_plan(pair, series) for pair in self.pairs.values()],
            "routes": [[[names.index(name), is_inverse] for name, is_inverse in route.legs] for route in unique],
            "quote": [None if self.quote is None else unique.index(self.quote)],
            "commission": [None if self.commission is None else unique.index(self.commission)],
        }

    def _pair_plan(self, pair: Pair, series: Mapping[str, Series]) -> dict[str, Any]:
        if pair.rate is not None:
            return {"name": pair.name, "rate": as_pair(pair.rate), "series": None, "stale": []}
        quotes = series[pair.name]
        stale = [list(span) for span in quotes.stale]
        return {"name": pair.name, "rate": None, "series": quotes.series, "stale": stale}


def resolve_rates(
    written: RatesTable | None, spec: SymbolSpec, specs: Mapping[str, SymbolSpec], *, account: str, commission: str
) -> tuple[ResolvedRates, list[str]]:
    """Return the routes of a run, and the currencies that nothing converts.

    Args:
        written: `execution.rates`.
        spec: The traded symbol; its own quotes convert, too, unless `written` has a rate of that name.
        specs: Specs of the symbols of a series, by name.
        account: Account currency.
        commission: Currency of the commission.
    """
    pairs = _pairs_of(written, specs)
    pairs.setdefault(spec.name, Pair(spec.name, spec.base_currency, spec.quote_currency))
    routes, missing = [], []
    for currency in (spec.quote_currency, commission):
        route = None if currency == account else find_route(currency, account, pairs)
        routes.append(route)
        if currency != account and route is None and currency not in missing:
            missing.append(currency)
    used = {name: pairs[name] for route in routes if route is not None for name, _ in route.legs}
    return ResolvedRates(used, routes[0], routes[1]), missing


def find_route(currency: str, account: str, pairs: Mapping[str, Pair]) -> Route | None:
    """Return the route of a currency into another, or None if the pairs give none."""
    leg = _leg(currency, account, pairs)
    if leg is not None:
        return Route(currency, (leg,))
    others = sorted({name for pair in pairs.values() for name in (pair.base, pair.quote)} - {"USD", "EUR"})
    for middle in ("USD", "EUR", *others):
        first, second = _leg(currency, middle, pairs), _leg(middle, account, pairs)
        if first is not None and second is not None:
            return Route(currency, (first, second))
    return None


def pairs_that_convert(currency: str, account: str) -> str:
    """Return in words which pairs would do."""
    middle = next(name for name in ("USD", "EUR", "GBP") if name not in (currency, account))
    return f"{_usual(currency, account)}, or {_usual(currency, middle)} and {_usual(middle, account)}"


def is_short(route: Route, pairs: Mapping[str, Pair]) -> bool:
    """Return whether a route of fixed rates has at most 15 digits on either side, as exact products need."""
    factor = Fraction(1)
    for name, is_inverse in route.legs:
        rate = pairs[name].rate or Fraction(1)
        factor = factor / rate if is_inverse else factor * rate
    return factor.numerator <= LIMIT and factor.denominator <= LIMIT


def _pairs_of(written: RatesTable | None, specs: Mapping[str, SymbolSpec]) -> dict[str, Pair]:
    if written is None:
        return {}
    pairs = {name: Pair(name, name[:3], name[3:], rate) for name, rate in written.pairs.items()}
    for name in written.symbols:
        pairs[name] = Pair(name, specs[name].base_currency, specs[name].quote_currency)
    return pairs


def _leg(currency: str, into: str, pairs: Mapping[str, Pair]) -> tuple[str, bool] | None:
    for base, quote, is_inverse in ((currency, into, False), (into, currency, True)):
        for name, pair in pairs.items():
            if (pair.base, pair.quote) == (base, quote):
                return name, is_inverse
    return None


def _usual(first: str, second: str) -> str:
    """Return the name under which a pair is usually quoted."""
    order = {name: idx for idx, name in enumerate(_QUOTED_BEFORE)}
    base, quote = sorted((first, second), key=lambda name: (order.get(name, len(order)), name))
    return base + quote
