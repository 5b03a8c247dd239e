"""What trading costs: spread source, slippage, commission, swap (CST-1 to CST-4, SWP-1).

Costs are never zero by default. A cost file has `defaults` and `per_symbol`; a symbol's entry replaces its
default part by part. Slippage, commission and swap must be given, figures or "none"; the spread comes from the ask
data unless the entry says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, ValidatorFunctionWrapHandler, WrapValidator, model_validator
from pydantic_core import PydanticCustomError

from omega.config.documents import Document, Key, document_of, read_document
from omega.config.exact import LIMIT, Exact, as_pair, show_exact
from omega.config.specs import STRICT, Currency, SymbolSpec
from omega.config.spread import Spread, settle_spread
from omega.config.swap import Swap, swap_of_spec
from omega.config.validation import invalid, validate
from omega.errors import OmegaError, error_for

__all__ = ["Commission", "Costs", "Slippage", "Spread", "SymbolCosts", "load_costs"]

MAX_SLIPPAGE_POINTS = 10**6
Pips = Annotated[Exact, Field(ge=0, le=10**4)]
Liquidity = Annotated[Exact, Field(gt=0, le=10**9)]
Percent = Annotated[Exact, Field(ge=0, le=100)]
Money = Annotated[Exact, Field(ge=0, le=10**6)]
SCHEMES = ("per_lot", "per_million_notional", "percent_of_notional", "per_trade")


def _none_word(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("none_word", 'a table, or "none" to say on purpose that there is none')
    return None if value == "none" else value


def _swap_word(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    return value if value == "spec" else check(_none_word(value))


class Slippage(BaseModel):
    """Slippage against the trader, on market orders, stops and closes (CST-2)."""

    model_config = STRICT
    fixed_pips: Pips = Field(default=Fraction(0), description="Always, pips; parts of a point are allowed.")
    random_pips: Pips = Field(
        default=Fraction(0), description="Largest random part, pips; whole points; uniform from 0."
    )
    impact: Pips = Field(
        default=Fraction(0),
        description="Of a fill of liquidity_lots, pips; grows with the volume of the fill.",
    )
    impact_curve: Literal["linear", "square_root"] = Field(
        default="linear", description="How impact grows: with lots / liquidity_lots, or with the square root of it."
    )
    volatility: Annotated[Exact, Field(ge=0, le=1)] = Field(
        default=Fraction(0), description="Share of ATR(14) of the step timeframe, closing side, 0 to 1."
    )


class Commission(BaseModel):
    """Commission of an order by exactly one scheme (CST-3). A round-turn quote is given as half per side."""

    model_config = STRICT
    per_lot: Money | None = Field(default=None, description="Commission per lot and side, in `currency`.")
    per_million_notional: Money | None = Field(default=None, description="Per million of notional and side.")
    percent_of_notional: Percent | None = Field(default=None, description="Percent of notional, per side.")
    per_trade: Money | None = Field(default=None, description="Per order, whatever its size, in `currency`.")
    minimum: Money = Field(default=Fraction(0), description="Least charge per order, in `currency`.")
    sides: Literal["entry", "exit", "both"] = Field(default="both", description="Which orders are charged.")
    currency: Currency = Field(description="Currency of rate and minimum, ISO 4217; converted where it is another.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum(getattr(self, scheme) is not None for scheme in SCHEMES) != 1:
            raise PydanticCustomError("commission", "exactly one of {schemes}", {"schemes": ", ".join(SCHEMES)})
        return self

    @property
    def scheme(self) -> str:
        """What the rate is per."""
        return next(scheme for scheme in SCHEMES if getattr(self, scheme) is not None)

    @property
    def rate(self) -> Fraction:
        """The rate of the scheme."""
        rate: Fraction = getattr(self, self.scheme)
        return rate


class CostEntry(BaseModel):
    """The costs of one symbol, or the defaults, as written."""

    model_config = STRICT
    slippage: Annotated[Slippage | None, BeforeValidator(_none_word)] = Field(
        default=None, description='Slippage table, or "none".'
    )
    commission: Annotated[Commission | None, BeforeValidator(_none_word)] = Field(
        default=None, description='Commission table, or "none".'
    )
    # The word "spec" passes as it is; a union with it would put the names of its members into key paths.
    swap: Annotated[Swap | None, WrapValidator(_swap_word)] = Field(
        default=None, description='Swap table, "spec" for the figures of the symbol spec, or "none".'
    )
    spread: Spread = Field(default=Spread(), description="Where the ask comes from.")
    liquidity_lots: Liquidity | None = Field(
        default=None, description="Lots the market takes at its price; what impact is measured by."
    )


class CostFile(BaseModel):
    """A cost file as written."""

    model_config = STRICT
    defaults: CostEntry | None = Field(default=None, description="Costs of symbols without an entry of their own.")
    per_symbol: dict[str, CostEntry] = Field(default={}, description="Costs by symbol; each part replaces its default.")


@dataclass(frozen=True, slots=True)
class SymbolCosts:
    """The costs of one symbol as they resolved. None is no commission and no swap, on purpose.

    `swap_source` says where the swap figures come from.
    """

    slippage: Slippage
    commission: Commission | None
    swap: Swap | None
    swap_source: str
    spread: Spread
    liquidity_lots: Fraction | None


@dataclass(frozen=True, slots=True)
class Costs:
    """A checked cost file. `written` is None for costs: "none".

    `folder` leads from `base_dir` to the folder of the file.
    """

    written: CostFile | None
    document: Document
    base_dir: Path = Path()
    folder: str = ""

    def for_symbol(
        self, spec: SymbolSpec, *, currency: str | None = None, liquidity_lots: Fraction | None = None
    ) -> SymbolCosts:
        """Return the costs of a symbol.

        Args:
            spec: The symbol.
            currency: Account currency, which that of swap in money must equal; None leaves that untested.
            liquidity_lots: Replaces that of the file.

        Raises:
            ConfigError: ``costs.symbol_not_in_config``; ``config.missing_key`` where neither entry nor defaults name
                a part; ``costs.invalid_slippage_model`` where the slippage does not fit the symbol's points;
                ``costs.invalid_swap`` for swap in money of another currency, or where the symbol spec has no swap
                figures; ``config.*`` for a file of spreads.
        """
        if self.written is None:
            return SymbolCosts(Slippage(), None, None, "", Spread(), liquidity_lots)
        slippage_key, slippage = self._part("slippage", spec.name)
        _, commission = self._part("commission", spec.name)
        _, spread = self._part("spread", spec.name)
        liquidity = liquidity_lots or self._part("liquidity_lots", spec.name)[1]
        if slippage is not None:
            check_slippage(slippage, spec, liquidity, document=self.document, key=slippage_key)
        swap, source = self._swap(spec, currency)
        return SymbolCosts(
            slippage=slippage or Slippage(),
            commission=commission,
            swap=swap,
            swap_source=source,
            spread=settle_spread(spread or Spread(), self.base_dir, self.folder),
            liquidity_lots=liquidity,
        )

    def _swap(self, spec: SymbolSpec, currency: str | None) -> tuple[Swap | None, str]:
        """Return the swap of a symbol and where its figures come from."""
        key, written = self._part("swap", spec.name)
        swap, source = written, self.document.file
        if written == "spec":
            swap, source = swap_of_spec(spec), spec.source
            if swap is None:
                mend = f'Give swap_unit, swap_long and swap_short of {spec.name} there, a table here, or "none".'
                raise fault(self.document, key, "costs.invalid_swap", f"the symbol spec has no swap figures. {mend}")
        if swap is not None and swap.currency is not None:
            place = key if written == "spec" else (*key, "currency")
            if currency not in (None, swap.currency):
                reason = f"{swap.currency} in an account of {currency}; swap in money is booked as it is."
                raise fault(self.document, place, "costs.invalid_swap", reason)
        return swap, source

    def _part(self, name: str, symbol: str) -> tuple[Key, Any]:
        """Return one part of a symbol's costs and the key path it stands at."""
        assert self.written is not None
        entries: dict[Key, CostEntry | None] = {
            ("per_symbol", symbol): self.written.per_symbol.get(symbol),
            ("defaults",): self.written.defaults,
        }
        if not any(entries.values()):
            raise error_for("costs.symbol_not_in_config", file=self.document.file, symbol=symbol)
        for key, entry in entries.items():
            if entry is not None and name in entry.model_fields_set:
                return (*key, name), getattr(entry, name)
        if name in ("spread", "liquidity_lots"):
            return (), None
        key = ("per_symbol", symbol, name)
        words = '"none" says that there is none'
        if name == "swap":
            words = f'"spec" takes the figures of the symbol spec, {words}'
        expected = f"the {name} of {symbol}, there or in defaults; {words}"
        raise error_for("config.missing_key", **self.document.place(key), expected=expected)


def check_slippage(
    slippage: Slippage, spec: SymbolSpec, liquidity_lots: Fraction | None, *, document: Document, key: Key
) -> None:
    """Refuse what the points of a symbol cannot express.

    A random part must be a whole number of points (NUM-3 draws integers), each part at most 10^6 points, impact at
    the largest volume; impact needs liquidity.
    """
    found = _slippage_fault(slippage, spec, liquidity_lots)
    if found is not None:
        name, expected = found
        reason = f"expected {expected}; got {show_exact(getattr(slippage, name))}."
        raise fault(document, (*key, name), "costs.invalid_slippage_model", reason)


def _slippage_fault(slippage: Slippage, spec: SymbolSpec, liquidity_lots: Fraction | None) -> tuple[str, str] | None:
    """Return the part that does not fit, and what would."""
    random_points = slippage.random_pips * spec.pip_points
    if slippage.fixed_pips * spec.pip_points > MAX_SLIPPAGE_POINTS:
        return "fixed_pips", "at most 10^6 points"
    if random_points.denominator != 1:
        return "random_pips", f"a whole number of points (1 pip of {spec.name} is {spec.pip_points} points)"
    if random_points > MAX_SLIPPAGE_POINTS:
        return "random_pips", "at most 10^6 points"
    if slippage.impact == 0:
        return None
    if liquidity_lots is None:
        return "impact", "liquidity_lots beside slippage, which impact is measured by, or no impact"
    points, steps = slippage.impact * spec.pip_points, liquidity_lots / spec.volume_step
    if points * spec.volume_max_steps > MAX_SLIPPAGE_POINTS * steps:
        return "impact", f"at most 10^6 points for {show_exact(spec.volume_max)} lots (volume_max)"
    if max(points.numerator * steps.denominator, points.denominator * steps.numerator) > LIMIT:
        return "impact", "impact and liquidity_lots with fewer digits"
    return None


def slippage_plan(slippage: Slippage, spec: SymbolSpec, liquidity_lots: Fraction | None) -> dict[str, Any]:
    """Return the `slippage` of a symbol in the plan; what is off is null."""
    impact = None
    if slippage.impact > 0 and liquidity_lots is not None:
        impact = {
            "curve": slippage.impact_curve,
            "points": as_pair(slippage.impact * spec.pip_points),
            "liquidity_steps": as_pair(liquidity_lots / spec.volume_step),
        }
    return {
        "fixed_points": as_pair(slippage.fixed_pips * spec.pip_points),
        "random_points": int(slippage.random_pips * spec.pip_points),
        "impact": impact,
        "volatility": as_pair(slippage.volatility) if slippage.volatility > 0 else None,
    }


def fault(document: Document, key: Key, code: str, reason: str) -> OmegaError:
    """Return an error of a cost model at a key of the document."""
    return error_for(code, **document.place(key), reason=reason)


def load_costs(source: str | Path | Mapping[str, Any] | Document, *, base_dir: Path | None = None) -> Costs:
    """Return the costs of a file, a table, or "none".

    Args:
        source: A file (relative to `base_dir`), a table in the shape of a file, or "none": no costs on purpose.
        base_dir: Folder of relative file names; the current folder if None.

    Raises:
        ConfigError: ``config.*`` and ``costs.*`` with file, line where known, and key path.
    """
    if source == "none":
        return Costs(None, Document("costs", {}))
    base, folder = base_dir or Path(), ""
    if isinstance(source, str | Path):
        folder = Path(source).parent.as_posix()
        source = read_document(base / source, shown_as=str(source))
    document = source if isinstance(source, Document) else document_of(source, prefix=("costs",))
    if not isinstance(document.tree, dict):
        raise invalid(document, (), "a table with defaults and per_symbol")
    return Costs(validate(CostFile, document), document, base, folder)
