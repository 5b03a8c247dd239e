"""From what was written to what runs: every default filled in, every reference followed, then the plan.

`resolve` reads specs and costs, refuses what this version cannot do, and returns a frozen `ResolvedConfig`.
Its `plan_json` is the only writer of the plan; the backends parse it and never write it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

from omega.config.costs import SymbolCosts, check_slippage, load_costs, slippage_plan
from omega.config.documents import Document, leaf_keys
from omega.config.exact import LIMIT, as_pair, show_exact
from omega.config.iso4217 import minor_digits
from omega.config.models import EmaCrossParameters, RunConfig
from omega.config.position_rules import COARSE, RunMoments, filters_plan, off_grid_prices, rules_plan
from omega.config.rates import OwnSeries, ResolvedRates, Series, is_short, pairs_that_convert, resolve_rates
from omega.config.specs import SymbolSpec, load_specs, spec_of
from omega.config.spread import Spread, settle_spread, spread_notes
from omega.config.swap import swap_notes, swap_plan
from omega.config.validation import invalid, raise_all, validate
from omega.errors import OmegaError, error_for

MAX_VOLUME_TERM = 10**11
"""Limit of the plan on the terms of volumes on offer."""

__all__ = ["ResolvedConfig", "canonical_json", "resolve"]

NO_SERIES: Mapping[str, Series] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedConfig:
    """A run as it will be: the config, what it refers to, and where each value came from.

    Attributes:
        config: The checked config.
        spec: Spec of the traded symbol.
        costs: Costs of the symbol, overrides of `execution` applied.
        digits: Decimals of the account currency.
        rates: What its money is converted with.
        native: Parameters of the native strategy, if one runs.
        base_dir: Folder that relative names of the config start from.
    """

    config: RunConfig
    spec: SymbolSpec
    costs: SymbolCosts
    digits: int
    rates: ResolvedRates
    native: EmaCrossParameters | None
    base_dir: Path

    @property
    def origins(self) -> dict[str, str]:
        """Every key to "default", "config file", "--set" or "argument"."""
        written = self.config.written.origins
        return {key: _origin(key, written) for key in leaf_keys(self._config_dict())}

    @property
    def spread(self) -> Spread:
        """Where the ask comes from."""
        return self.costs.spread

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the results must know: limits of this version, costs left out, lower bounds."""
        notes = list(self.rates.notes)
        if self.config.account.leverage is None:
            notes.append("account.leverage: null: positions hold no margin")
        if self.config.execution.costs == "none":
            notes.append('costs: "none": no slippage, no commission and no swap')
        notes += swap_notes(self.costs.swap, self.costs.swap_source)
        return (*notes, *spread_notes(self.spread))

    def plan_json(
        self, first_step: int, moments: RunMoments | None = None, series: Mapping[str, Series] = NO_SERIES
    ) -> str:
        """Return the plan as canonical JSON: sorted keys, no spaces, fractions as [numerator, denominator].

        Args:
            first_step: Index of the first bar that is a step (warm-up bars come before it).
            moments: What the clock and the news mean for the bars of the run; needed for rules that name them.
            series: Where the quotes of each pair of `rates` are in the market.
        """
        plan = self._plan(first_step, moments or RunMoments())
        return canonical_json(plan | {"rates": self.rates.plan({self.spec.name: OwnSeries(), **series})})

    def to_json(self) -> str:
        """Return config.json: everything as resolved, with the origin of every key."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Return the resolved config as plain values; exact decimals as text."""
        return {
            "config": self._config_dict(),
            "spec": _spec_dict(self.spec),
            "costs": {
                "slippage": self.costs.slippage.model_dump(mode="json"),
                "commission": self.costs.commission
                and self.costs.commission.model_dump(mode="json", exclude_none=True),
                "swap": self.costs.swap
                and {
                    **self.costs.swap.model_dump(mode="json", by_alias=True, exclude_none=True),
                    "source": self.costs.swap_source,
                },
                "spread": self.spread.model_dump(mode="json"),
                "liquidity_lots": self.costs.liquidity_lots and show_exact(self.costs.liquidity_lots),
            },
            "notes": list(self.notes),
            "origins": self.origins,
        }

    def _config_dict(self) -> dict[str, Any]:
        config = self.config.model_dump(mode="json", by_alias=True)
        config["account"]["digits"] = self.digits
        if self.native is not None:
            config["strategy"]["parameters"] = self.native.model_dump(mode="json")
        return config

    def _plan(self, first_step: int, moments: RunMoments) -> dict[str, Any]:
        config, rating = self.config, self.config.rating
        execution = config.execution
        return {
            "version": 1,
            "account": {
                "currency": config.account.currency,
                "digits": self.digits,
                "balance": int(config.account.balance * 10**self.digits),
            },
            "symbols": [self._symbol_plan()],
            "execution": {
                "fill": execution.fill,
                "intrabar": execution.intrabar,
                "close_at_end": execution.close_at_end,
                "on_bad_signal": execution.on_bad_signal,
                "seed": execution.seed,
                "limit_through_points": execution.limit_through_points if execution.limit_fill == "through" else 0,
                "latency_us": 1000 * execution.latency_ms,
                "max_participation": _pair(execution.max_participation),
            },
            "margin": self._margin_plan(),
            "sizing": self._sizing_plan(),
            "position_rules": rules_plan(config.position_rules, self.spec, moments),
            "filters": filters_plan(config.filters, moments),
            "first_step": first_step,
            "strategy": self.native and {"native": "ema_cross", "parameters": self.native.model_dump()},
            "metrics": {"risk_free": as_pair(rating.risk_free), "days": rating.days},
            "rating": {
                "seed": rating.seed,
                "bootstrap": rating.bootstrap,
                "samples": rating.samples,
                "dropout_samples": rating.dropout_samples,
            },
        }

    def _symbol_plan(self) -> dict[str, Any]:
        spec, commission = self.spec, self.costs.commission
        return {
            "name": spec.name,
            "digits": spec.digits,
            "pip_points": spec.pip_points,
            "tick_points": spec.tick_points,
            "value": as_pair(spec.value),
            "volume_step": as_pair(spec.volume_step),
            "volume_min_steps": spec.volume_min_steps,
            "volume_max_steps": spec.volume_max_steps,
            "min_stop_points": spec.min_stop_points,
            "slippage": slippage_plan(self.costs.slippage, spec, self.costs.liquidity_lots),
            "commission": {
                "scheme": commission.scheme if commission else "per_lot",
                "rate": as_pair(commission.rate) if commission else [0, 1],
                "minimum": as_pair(commission.minimum) if commission else [0, 1],
                "on_entry": commission is not None and commission.sides != "exit",
                "on_exit": commission is not None and commission.sides != "entry",
            },
            "swap": swap_plan(self.costs.swap),
            "liquidity": self._liquidity_plan(),
            "margin": self._symbol_margin_plan(),
        }

    def _liquidity_plan(self) -> dict[str, Any] | None:
        """Return what a bar offers, where participation is limited: its volume in lots, or the same for every bar."""
        if self.config.execution.max_participation is None:
            return None
        if self.spec.lots_per_volume_unit is not None:
            return {"lots_per_volume_unit": as_pair(self.spec.lots_per_volume_unit)}
        return {"lots": _pair(self.costs.liquidity_lots)}

    def _sizing_plan(self) -> dict[str, Any]:
        sizing = self.config.sizing
        plan = {"mode": sizing.mode, "min_lot": sizing.min_lot}
        value: Fraction = getattr(sizing, sizing.mode)
        if sizing.mode == "fixed_lots":
            return plan | {"steps": int(value / self.spec.volume_step)}
        return plan | {"percent" if sizing.mode == "risk_percent" else "amount": as_pair(value)}

    def _margin_plan(self) -> dict[str, Any] | None:
        account = self.config.account
        if account.leverage is None:
            return None
        levels = {"stop_out_level": account.stop_out_level, "margin_call_level": account.margin_call_level}
        return {name: as_pair(level) for name, level in levels.items()}

    def _symbol_margin_plan(self) -> dict[str, Any] | None:
        leverage, share = self.config.account.leverage, self.spec.hedged_share
        if leverage is None:
            return None
        if self.spec.leverage is not None:
            leverage = min(leverage, self.spec.leverage)
        return {"leverage": as_pair(leverage), "hedged": None if share is None else as_pair(share)}


def resolve(
    config: RunConfig,
    *,
    base_dir: str | Path = ".",
    spec: SymbolSpec | None = None,
    specs: Mapping[str, SymbolSpec] | None = None,
) -> ResolvedConfig:
    """Return a config with every reference followed and every default named.

    Args:
        config: What was written.
        base_dir: Folder that relative file names start from: the config file's.
        spec: Spec of the symbol where the data bring it along; read from data.specs otherwise.
        specs: Specs of the symbols that convert, by name; as `spec`.

    Raises:
        ConfigError: ``config.*`` and ``costs.*``; nothing is written and no market data are read.
    """
    base = Path(base_dir)
    document = config.written.document
    if spec is None:
        spec = _find_spec(config, document, base)
    costs = _resolve_costs(config, document, base, spec)
    digits = config.account.digits
    digits = minor_digits(config.account.currency) if digits is None else digits
    currency = config.account.currency if costs.commission is None else costs.commission.currency
    rates, missing = resolve_rates(
        config.execution.rates,
        spec,
        _rate_specs(config, base, specs),
        account=config.account.currency,
        commission=currency,
    )
    raise_all([*_find_unconverted(config, document, missing), *_find_conflicts(config, document, spec, rates, digits)])
    raise_all(_find_no_liquidity(config, document, spec, costs))
    native = None
    if config.strategy is not None and config.strategy.native is not None:
        native = _native_parameters(config.strategy.parameters, document)
    return ResolvedConfig(
        config=config,
        spec=spec,
        costs=costs,
        digits=digits,
        rates=rates,
        native=native,
        base_dir=base,
    )


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces; floats by their shortest repr."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _pair(value: Fraction | None) -> list[int] | None:
    return None if value is None else as_pair(value)


def _find_spec(config: RunConfig, document: Document, base: Path) -> SymbolSpec:
    if config.data is None:
        raise error_for("config.missing_key", **document.place(("data",)), expected="market data, or the symbol's spec")
    written = config.data.specs
    specs = load_specs(None if written is None else base / written)
    return spec_of(config.data.symbols[0], specs, file=written or "symbol_specs.yaml")


def _resolve_costs(config: RunConfig, document: Document, base: Path, spec: SymbolSpec) -> SymbolCosts:
    execution = config.execution
    if isinstance(execution.costs, dict) and document.tree:
        costs = load_costs(document.at("execution", "costs"), base_dir=base)
    else:
        costs = load_costs(execution.costs, base_dir=base)
    resolved = costs.for_symbol(spec, currency=config.account.currency, liquidity_lots=execution.liquidity_lots)
    liquidity = resolved.liquidity_lots
    if execution.slippage is not None:
        check_slippage(execution.slippage, spec, liquidity, document=document, key=("execution", "slippage"))
    return SymbolCosts(
        slippage=execution.slippage or resolved.slippage,
        commission=resolved.commission,
        swap=resolved.swap,
        swap_source=resolved.swap_source,
        liquidity_lots=liquidity,
        spread=resolved.spread if execution.spread is None else settle_spread(execution.spread, base),
    )


def _rate_specs(config: RunConfig, base: Path, specs: Mapping[str, SymbolSpec] | None) -> Mapping[str, SymbolSpec]:
    """Return the specs of the symbols whose quotes convert."""
    rates, data = config.execution.rates, config.data
    if rates is None or not rates.symbols:
        return {}
    written = None if data is None else data.specs
    if specs is None:
        specs = load_specs(None if written is None else base / written)
    return {name: spec_of(name, specs, file=written or "symbol_specs.yaml") for name in rates.symbols}


def _find_unconverted(config: RunConfig, document: Document, missing: list[str]) -> list[OmegaError]:
    account = config.account.currency
    return [
        error_for(
            "config.no_conversion",
            **document.place(("account", "currency")),
            currency=account,
            from_currency=currency,
            pairs=pairs_that_convert(currency, account),
        )
        for currency in missing
    ]


def _find_no_liquidity(config: RunConfig, document: Document, spec: SymbolSpec, costs: SymbolCosts) -> list[OmegaError]:
    """Return why participation cannot be measured (FIL-12)."""
    offered = spec.lots_per_volume_unit or costs.liquidity_lots
    if config.execution.max_participation is None:
        return []
    key = ("execution", "max_participation")
    if offered is None:
        expected = f"null: {spec.name} has neither lots_per_volume_unit in its spec nor liquidity_lots in its costs"
        return [invalid(document, key, expected)]
    if max(offered.numerator, offered.denominator) > MAX_VOLUME_TERM:
        return [invalid(document, key, "null, or lots_per_volume_unit or liquidity_lots with at most 11 digits")]
    return []


def _find_conflicts(
    config: RunConfig, document: Document, spec: SymbolSpec, rates: ResolvedRates, digits: int
) -> list[OmegaError]:
    errors: list[OmegaError] = []
    account, sizing = config.account, config.sizing
    for route in (rates.quote, rates.commission):
        if route is not None and not is_short(route, rates.pairs):
            errors.append(invalid(document, ("execution", "rates"), "rates whose product has at most 15 digits"))
    if account.stop_out_level > account.margin_call_level:
        errors.append(invalid(document, ("account", "stop_out_level"), "a share not above margin_call_level"))
    balance = account.balance * 10**digits
    if balance.denominator != 1:
        errors.append(invalid(document, ("account", "balance"), f"an amount with at most {digits} decimals"))
    if balance > LIMIT:
        errors.append(invalid(document, ("account", "balance"), "at most 10^15 minor units"))
    if sizing.fixed_lots is not None:
        key = ("sizing", "fixed_lots")
        if (sizing.fixed_lots / spec.volume_step).denominator != 1:
            errors.append(invalid(document, key, f"a multiple of {show_exact(spec.volume_step)} lots (volume_step)"))
        if sizing.fixed_lots > spec.volume_max:
            errors.append(invalid(document, key, f"at most {show_exact(spec.volume_max)} lots (volume_max)"))
    return errors + _find_rule_conflicts(config, document, spec)


def _find_rule_conflicts(config: RunConfig, document: Document, spec: SymbolSpec) -> list[OmegaError]:
    rules = config.position_rules
    tick = show_exact(Fraction(spec.tick_points, 10**spec.digits))
    errors = [
        invalid(document, ("position_rules", "partial_close", idx, "at_price"), f"a multiple of {tick}")
        for idx in off_grid_prices(rules, spec)
    ]
    if rules.session_close and config.data is not None and config.data.timeframe in COARSE:
        errors.append(invalid(document, ("position_rules", "session_close"), "a step timeframe below D1"))
    return errors


def _native_parameters(parameters: Mapping[str, Any], document: Document) -> EmaCrossParameters:
    written = isinstance(document.tree, dict) and "parameters" in document.tree.get("strategy", {})
    place = document.at("strategy", "parameters") if written else Document(document.file, dict(parameters))
    return validate(EmaCrossParameters, place)


def _origin(key: str, written: Mapping[str, str]) -> str:
    while key:
        if key in written:
            return written[key]
        key = key.rpartition(".")[0]
    return "default"


def _spec_dict(spec: SymbolSpec) -> dict[str, Any]:
    values = {name: getattr(spec, name) for name in spec.__dataclass_fields__}
    return {name: show_exact(value) if isinstance(value, Fraction) else value for name, value in values.items()}
