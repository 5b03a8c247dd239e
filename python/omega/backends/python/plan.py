"""The plan of one run: everything but market data and strategy code.

Parsed from the canonical JSON that Python wrote (`omega.config`). Unknown and missing fields are
refused, and so is every value that would let a product leave 128 bits: the loop relies on these
limits instead of checking. `docs/decisions/0001-exact-money.md`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from omega.backends.python.plan_fields import (
    MAX_TERM,
    Fraction,
    bounded,
    fields_of,
    flag,
    fraction,
    integer,
    is_other,
    misfit,
    one_of,
    positive,
    signed,
)
from omega.backends.python.plan_money import (
    MarginPlan,
    RatesPlan,
    Sizing,
    SymbolMargin,
    parse_margin,
    parse_rates,
    parse_sizing,
    parse_symbol_margin,
)
from omega.backends.python.plan_rules import Filters, PositionRule, parse_filters, parse_rules

MAX_STEPS = 10**9
MAX_SLIPPAGE_POINTS = 10**6
MAX_VOLATILITY = 4
"""Limit on the share of ATR(14), with room for the rating's dearer runs of a config's at most 1."""

SCHEMES = ("per_lot", "per_million_notional", "percent_of_notional", "per_trade")
SWAP_UNITS = ("points", "money", "percent")
INTRABAR = ("stop_first", "target_first", "nearest_extreme", "bar_color", "finer")
MAX_VOLUME_TERM = 10**11
"""Limit on the terms of volumes on offer, so that their products stay within 128 bits."""

MAX_LATENCY_US = 7 * 86_400 * 10**6


@dataclass(frozen=True, slots=True)
class Impact:
    """CST-2: points at the liquidity, and that liquidity in steps; linear, or with the square root of the volume."""

    is_root: bool
    points: Fraction
    liquidity_steps: Fraction


@dataclass(frozen=True, slots=True)
class Slippage:
    """CST-2: fixed part in points, the largest random part, impact of the volume, and a factor on ATR(14)."""

    fixed_points: Fraction
    random_points: int
    impact: Impact | None
    volatility: Fraction | None


@dataclass(frozen=True, slots=True)
class Commission:
    """CST-3: a scheme with its rate, and the least charge of an order, on the chosen sides."""

    scheme: str
    rate: Fraction
    minimum: Fraction
    on_entry: bool
    on_exit: bool


@dataclass(frozen=True, slots=True)
class SwapPlan:
    """SWP-1: signed rates, nights by weekday of the FX day, and rates that apply from a date on."""

    unit: str
    long: Fraction
    short: Fraction
    multipliers: tuple[int, ...]
    dated: tuple[tuple[int, Fraction, Fraction], ...]


@dataclass(frozen=True, slots=True)
class SymbolPlan:
    """What the engine knows of one symbol."""

    name: str
    digits: int
    pip_points: int
    tick_points: int
    value: Fraction
    volume_step: Fraction
    volume_min_steps: int
    volume_max_steps: int
    min_stop_points: int
    slippage: Slippage
    commission: Commission
    swap: SwapPlan | None
    liquidity: Liquidity | None
    margin: SymbolMargin | None


@dataclass(frozen=True, slots=True)
class Liquidity:
    """FIL-12: lots on offer in a bar, always the same, or per unit of the bar's volume."""

    lots: Fraction | None
    lots_per_volume_unit: Fraction | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan, parsed and within limits."""

    account_digits: int
    balance: int
    symbols: tuple[SymbolPlan, ...]
    signal_close: bool
    intrabar: str
    limit_through_points: int
    latency_us: int
    max_participation: Fraction | None
    close_at_end: bool
    reject_bad_signals: bool
    seed: int
    sizing: Sizing
    margin: MarginPlan | None
    rates: RatesPlan | None
    position_rules: tuple[PositionRule, ...]
    filters: Filters | None
    first_step: int
    strategy: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PortfolioPlan:
    """The plan of a portfolio on its own: account, symbols and when its books begin."""

    account_digits: int
    balance: int
    symbols: tuple[SymbolPlan, ...]
    start_us: int


def parse_plan(text: str) -> Plan:
    """Return the plan of a JSON text.

    Raises:
        ConfigError: ``config.plan`` with what does not fit.
    """
    raw = fields_of(
        json.loads(text),
        "plan",
        "version account symbols execution sizing first_step strategy metrics rating"
        " margin rates position_rules filters",
    )
    if raw["version"] != 1:
        raise misfit(f"version {raw['version']}")
    account = fields_of(raw["account"], "account", "currency digits balance")
    execution = fields_of(
        raw["execution"],
        "execution",
        "fill intrabar close_at_end on_bad_signal seed limit_through_points latency_us max_participation",
    )
    participation = execution["max_participation"]
    margin = parse_margin(raw["margin"])
    symbols = tuple(_symbol(entry) for entry in raw["symbols"])
    if any((symbol.margin is None) != (margin is None) for symbol in symbols):
        raise misfit("symbols.margin belongs to margin")
    return Plan(
        account_digits=integer(account["digits"], "account.digits", 0, 4),
        balance=integer(account["balance"], "account.balance", 1, 10**17),
        symbols=symbols,
        signal_close=is_other(execution["fill"], "execution.fill", "next_open", "signal_close"),
        intrabar=one_of(execution["intrabar"], "execution.intrabar", INTRABAR),
        limit_through_points=integer(execution["limit_through_points"], "limit_through_points", 0, 10**6),
        latency_us=integer(execution["latency_us"], "latency_us", 0, MAX_LATENCY_US),
        max_participation=None if participation is None else _volume(participation, "max_participation"),
        close_at_end=flag(execution["close_at_end"], "execution.close_at_end"),
        reject_bad_signals=is_other(execution["on_bad_signal"], "execution.on_bad_signal", "fail", "reject"),
        seed=integer(execution["seed"], "execution.seed", 0, 2**64 - 1),
        sizing=parse_sizing(raw["sizing"]),
        margin=margin,
        rates=parse_rates(raw["rates"], len(symbols)),
        position_rules=parse_rules(raw["position_rules"]),
        filters=None if raw["filters"] is None else parse_filters(raw["filters"]),
        first_step=integer(raw["first_step"], "first_step", 0, 2**31),
        strategy=None if raw["strategy"] is None else fields_of(raw["strategy"], "strategy", "native parameters"),
    )


def parse_portfolio_plan(text: str) -> PortfolioPlan:
    """Return the portfolio plan of a JSON text.

    Raises:
        ConfigError: ``config.plan`` with what does not fit.
    """
    raw = fields_of(json.loads(text), "plan", "version account symbols start_us")
    if raw["version"] != 1:
        raise misfit(f"version {raw['version']}")
    account = fields_of(raw["account"], "account", "currency digits balance")
    return PortfolioPlan(
        account_digits=integer(account["digits"], "account.digits", 0, 8),
        balance=integer(account["balance"], "account.balance", 1, 10**17),
        symbols=tuple(_symbol(entry) for entry in raw["symbols"]),
        start_us=integer(raw["start_us"], "start_us", -(2**62), 2**62),
    )


def _symbol(raw: Any) -> SymbolPlan:
    raw = fields_of(
        raw,
        "symbols",
        "name digits pip_points tick_points value volume_step volume_min_steps volume_max_steps"
        " min_stop_points slippage commission swap liquidity margin",
    )
    commission = fields_of(raw["commission"], "commission", "scheme rate minimum on_entry on_exit")
    max_steps = integer(raw["volume_max_steps"], "volume_max_steps", 1, MAX_STEPS)
    return SymbolPlan(
        name=raw["name"],
        digits=integer(raw["digits"], "digits", 0, 8),
        pip_points=integer(raw["pip_points"], "pip_points", 1, 10**6),
        tick_points=integer(raw["tick_points"], "tick_points", 1, 10**6),
        value=positive(raw["value"], "value"),
        volume_step=positive(raw["volume_step"], "volume_step"),
        volume_min_steps=integer(raw["volume_min_steps"], "volume_min_steps", 1, MAX_STEPS),
        volume_max_steps=max_steps,
        min_stop_points=integer(raw["min_stop_points"], "min_stop_points", 0, 10**9),
        slippage=_slippage(raw["slippage"], max_steps),
        commission=Commission(
            scheme=one_of(commission["scheme"], "commission.scheme", SCHEMES),
            rate=fraction(commission["rate"], "commission.rate"),
            minimum=fraction(commission["minimum"], "commission.minimum"),
            on_entry=flag(commission["on_entry"], "commission.on_entry"),
            on_exit=flag(commission["on_exit"], "commission.on_exit"),
        ),
        swap=None if raw["swap"] is None else _swap(raw["swap"]),
        liquidity=None if raw["liquidity"] is None else _liquidity(raw["liquidity"]),
        margin=parse_symbol_margin(raw["margin"]),
    )


def _slippage(raw: Any, max_steps: int) -> Slippage:
    raw = fields_of(raw, "slippage", "fixed_points random_points impact volatility")
    return Slippage(
        fixed_points=bounded(raw["fixed_points"], "slippage.fixed_points", MAX_SLIPPAGE_POINTS),
        random_points=integer(raw["random_points"], "slippage.random_points", 0, MAX_SLIPPAGE_POINTS),
        impact=None if raw["impact"] is None else _impact(raw["impact"], max_steps),
        volatility=None
        if raw["volatility"] is None
        else bounded(raw["volatility"], "slippage.volatility", MAX_VOLATILITY),
    )


def _impact(raw: Any, max_steps: int) -> Impact:
    """Return the impact; its exact products stay in 128 bits, and the largest order slips 10^6 points at most."""
    raw = fields_of(raw, "slippage.impact", "curve points liquidity_steps")
    points = positive(raw["points"], "slippage.impact.points")
    liquidity = positive(raw["liquidity_steps"], "slippage.impact.liquidity_steps")
    part, part_den = points[0] * liquidity[1], points[1] * liquidity[0]
    if part > MAX_TERM or part_den > MAX_TERM or part * max_steps > MAX_SLIPPAGE_POINTS * part_den:
        raise misfit("slippage.impact is too large, or has too many digits")
    is_root = is_other(raw["curve"], "slippage.impact.curve", "linear", "square_root")
    return Impact(is_root=is_root, points=points, liquidity_steps=liquidity)


def _liquidity(raw: Any) -> Liquidity:
    if isinstance(raw, dict) and "lots" in raw:
        lots = _volume(fields_of(raw, "liquidity", "lots")["lots"], "liquidity.lots")
        return Liquidity(lots=lots, lots_per_volume_unit=None)
    raw = fields_of(raw, "liquidity", "lots_per_volume_unit")
    return Liquidity(lots=None, lots_per_volume_unit=_volume(raw["lots_per_volume_unit"], "lots_per_volume_unit"))


def _swap(raw: Any) -> SwapPlan:
    raw = fields_of(raw, "swap", "unit long short multipliers dated")
    nights = raw["multipliers"]
    if not isinstance(nights, list) or len(nights) != 7:
        raise misfit("swap.multipliers must be seven integers, Monday first")
    dated = tuple(_dated_swap(entry) for entry in raw["dated"])
    if any(late[0] <= early[0] for early, late in itertools.pairwise(dated)):
        raise misfit("swap.dated must ascend")
    return SwapPlan(
        unit=one_of(raw["unit"], "swap.unit", SWAP_UNITS),
        long=signed(raw["long"], "swap.long"),
        short=signed(raw["short"], "swap.short"),
        multipliers=tuple(integer(value, "swap.multipliers", 0, 10) for value in nights),
        dated=dated,
    )


def _dated_swap(raw: Any) -> tuple[int, Fraction, Fraction]:
    if not isinstance(raw, list) or len(raw) != 3:
        raise misfit("swap.dated entries must be [fx_day, long, short]")
    fx_day = integer(raw[0], "swap.dated", -(10**6), 10**6)
    return fx_day, signed(raw[1], "swap.dated"), signed(raw[2], "swap.dated")


def _volume(raw: Any, place: str) -> Fraction:
    """Return a fraction above 0 whose terms are those of a volume."""
    numerator, denominator = positive(raw, place)
    if numerator > MAX_VOLUME_TERM or denominator > MAX_VOLUME_TERM:
        raise misfit(f"{place} must have terms of at most {MAX_VOLUME_TERM}")
    return numerator, denominator
