"""The sections of the plan about money: conversion rates, margin, sizing.

Rules CUR, MRG and SIZ in `docs/spec/engine.md`; the JSON is in `ARCHITECTURE.md`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from omega.backends.python.plan_fields import (
    Fraction,
    bounded,
    fields_of,
    flag,
    integer,
    is_other,
    misfit,
    positive,
)

MAX_STEPS = 10**9
MAX_TIME_US = 2**62
MAX_HEDGED_TERM = 10**6
"""Limit on the terms of a hedged share: the margin of covered volume is a product of four numbers."""

MAX_LEVERAGE = 10**6
MAX_LEVEL = 100


@dataclass(frozen=True, slots=True)
class PairPlan:
    """A currency pair: one rate for the whole run, or the series whose closes it follows.

    `stale` are the times, first and last one beyond, at which its last close is too old to convert with.
    """

    name: str
    rate: Fraction | None
    series: int
    stale: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Leg:
    """One conversion of a route; an inverse one divides by the price of the pair."""

    pair: int
    is_inverse: bool


@dataclass(frozen=True, slots=True)
class RatesPlan:
    """CUR: pairs, routes into the account currency, and which of them each symbol's money takes.

    `quote` and `commission` hold one route per symbol, None in the account's own currency.
    """

    pairs: tuple[PairPlan, ...]
    routes: tuple[tuple[Leg, ...], ...]
    quote: tuple[int | None, ...]
    commission: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class MarginPlan:
    """MRG: shares of the margin at which positions are closed, and at which a call is noted."""

    stop_out_level: Fraction
    margin_call_level: Fraction


@dataclass(frozen=True, slots=True)
class SymbolMargin:
    """MRG: leverage of a symbol, the account's limit applied; what covered volume holds, as a share of its margin."""

    leverage: Fraction
    hedged: Fraction | None


@dataclass(frozen=True, slots=True)
class Sizing:
    """SIZ: how orders without a size of their own are sized.

    `fixed_lots` has steps, `risk_amount` and `notional` an amount of account currency, `risk_percent` a share
    of equity in percent.
    """

    mode: str
    steps: int
    amount: Fraction
    round_up: bool


def parse_rates(raw: Any, symbol_count: int) -> RatesPlan | None:
    """Return the conversion rates, or None where all money is in the account currency."""
    if raw is None:
        return None
    raw = fields_of(raw, "rates", "pairs routes quote commission")
    pairs = tuple(_pair(entry) for entry in raw["pairs"])
    routes = tuple(tuple(_leg(leg, len(pairs)) for leg in route) for route in raw["routes"])
    if not all(1 <= len(route) <= 2 for route in routes):
        raise misfit("rates.routes have one or two legs")
    return RatesPlan(
        pairs=pairs,
        routes=routes,
        quote=_routes_of(raw["quote"], "rates.quote", symbol_count, len(routes)),
        commission=_routes_of(raw["commission"], "rates.commission", symbol_count, len(routes)),
    )


def parse_margin(raw: Any) -> MarginPlan | None:
    """Return the margin levels of the account, or None where no margin is held."""
    if raw is None:
        return None
    raw = fields_of(raw, "margin", "stop_out_level margin_call_level")
    return MarginPlan(
        stop_out_level=bounded(raw["stop_out_level"], "margin.stop_out_level", MAX_LEVEL),
        margin_call_level=bounded(raw["margin_call_level"], "margin.margin_call_level", MAX_LEVEL),
    )


def parse_symbol_margin(raw: Any) -> SymbolMargin | None:
    """Return the margin terms of a symbol, or None where none is held."""
    if raw is None:
        return None
    raw = fields_of(raw, "symbols.margin", "leverage hedged")
    leverage = positive(raw["leverage"], "symbols.margin.leverage")
    bounded(raw["leverage"], "symbols.margin.leverage", MAX_LEVERAGE)
    return SymbolMargin(leverage, None if raw["hedged"] is None else _hedged(raw["hedged"]))


def parse_sizing(raw: Any) -> Sizing:
    """Return the sizing of the plan."""
    mode = raw.get("mode") if isinstance(raw, dict) else None
    steps, amount = 0, (0, 1)
    if mode == "fixed_lots":
        raw = fields_of(raw, "sizing", "mode steps min_lot")
        steps = integer(raw["steps"], "sizing.steps", 1, MAX_STEPS)
    elif mode in ("risk_amount", "notional"):
        raw = fields_of(raw, "sizing", "mode amount min_lot")
        amount = positive(raw["amount"], "sizing.amount")
    elif mode == "risk_percent":
        raw = fields_of(raw, "sizing", "mode percent min_lot")
        amount = positive(raw["percent"], "sizing.percent")
        bounded(raw["percent"], "sizing.percent", 100)
    else:
        raise misfit("sizing.mode")
    round_up = is_other(raw["min_lot"], "sizing.min_lot", "reject", "round_up")
    return Sizing(mode=mode, steps=steps, amount=amount, round_up=round_up)


def _pair(raw: Any) -> PairPlan:
    raw = fields_of(raw, "rates.pairs", "name rate series stale")
    if (raw["rate"] is None) == (raw["series"] is None):
        raise misfit("rates.pairs have a rate or a series")
    stale = tuple(_span(span) for span in raw["stale"])
    if any(late[0] < early[1] for early, late in itertools.pairwise(stale)):
        raise misfit("rates.pairs.stale must ascend")
    return PairPlan(
        name=str(raw["name"]),
        rate=None if raw["rate"] is None else positive(raw["rate"], "rates.pairs.rate"),
        series=0 if raw["series"] is None else integer(raw["series"], "rates.pairs.series", 0, 10**6),
        stale=stale,
    )


def _span(raw: Any) -> tuple[int, int]:
    if not isinstance(raw, list) or len(raw) != 2:
        raise misfit("rates.pairs.stale entries must be [from, until]")
    start = integer(raw[0], "rates.pairs.stale", -MAX_TIME_US, MAX_TIME_US)
    return start, integer(raw[1], "rates.pairs.stale", start, MAX_TIME_US)


def _leg(raw: Any, pair_count: int) -> Leg:
    if not isinstance(raw, list) or len(raw) != 2:
        raise misfit("rates.routes legs must be [pair, is_inverse]")
    return Leg(integer(raw[0], "rates.routes", 0, pair_count - 1), flag(raw[1], "rates.routes"))


def _routes_of(raw: Any, place: str, symbol_count: int, route_count: int) -> tuple[int | None, ...]:
    if not isinstance(raw, list) or len(raw) != symbol_count:
        raise misfit(f"{place} must have one entry per symbol")
    return tuple(None if entry is None else integer(entry, place, 0, route_count - 1) for entry in raw)


def _hedged(raw: Any) -> Fraction:
    numerator, denominator = bounded(raw, "symbols.margin.hedged", 2)
    if numerator > MAX_HEDGED_TERM or denominator > MAX_HEDGED_TERM:
        raise misfit(f"symbols.margin.hedged must have terms of at most {MAX_HEDGED_TERM}")
    return numerator, denominator
