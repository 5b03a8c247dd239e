"""The config as people write it: one strict, frozen model per table, every key with its unit.

`omega config schema` exports these models as JSON Schema. What a key resolves to is `resolve`'s business.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    WithJsonSchema,
)
from pydantic import model_validator as check_model
from pydantic_core import PydanticCustomError

from omega.config.costs import Liquidity, Slippage
from omega.config.documents import Document, document_of, leaf_keys
from omega.config.exact import Count, Exact, Number, as_text, unmark
from omega.config.position_rules import Filters, PositionRules
from omega.config.rates import RatesConfig
from omega.config.rating import RatingConfig, Weights
from omega.config.specs import Currency
from omega.config.spread import Spread
from omega.config.table import Table
from omega.config.validation import raise_all, validate
from omega.errors import OmegaError, error_for

__all__ = [
    "TIMEFRAMES",
    "AccountConfig",
    "DataConfig",
    "EmaCrossParameters",
    "ExecutionConfig",
    "OutputConfig",
    "RatingConfig",
    "RunConfig",
    "SizingConfig",
    "StrategyConfig",
    "Weights",
    "Written",
]

TIMEFRAMES = tuple("M1 M2 M3 M4 M5 M6 M10 M12 M15 M20 M30 H1 H2 H3 H4 H6 H8 H12 D1 W1 MN1".split())


def _time(text: str) -> str:
    try:
        if len(text) == 10:
            datetime.date.fromisoformat(text)
            return text
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("time", "a date (2025-01-20) or a date-time with its zone") from None
    if moment.tzinfo is None:
        raise PydanticCustomError("time", "a date-time with its zone (2025-01-20T08:00:00Z)")
    return text


def _timeframe(text: str) -> str:
    if text not in TIMEFRAMES:
        raise PydanticCustomError("timeframe", "one of {known}", {"known": ", ".join(TIMEFRAMES)})
    return text


def _symbols(value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise PydanticCustomError("symbols", "the name of one symbol, or a list with one")
    if len(names) != 1 or unmark(names[0]) != names[0]:
        raise PydanticCustomError("symbols", "exactly one symbol: this version trades one")
    return tuple(names)


def _costs(value: Any) -> Any:
    if not isinstance(value, str | dict) or (isinstance(value, str) and unmark(value) != value):
        raise PydanticCustomError("costs", 'a cost file, a table of costs, or "none"')
    return as_text(value)


def _parameters(value: Any) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        raise PydanticCustomError("dict_type", "a table")
    parameters: dict[str, JsonValue] = unmark(value)
    return parameters


def _text(value: str) -> str:
    if unmark(value) != value:
        raise PydanticCustomError("string_type", "text")
    return value


Text = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_text)]
Time = Annotated[Text, AfterValidator(_time)]
Timeframe = Annotated[Text, AfterValidator(_timeframe)]
Symbols = Annotated[
    tuple[str, ...],
    PlainValidator(_symbols),
    PlainSerializer(list, return_type=list),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1}]}
    ),
]
CostsSource = Annotated[
    str | dict[str, Any],
    PlainValidator(_costs),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object"}]}),
]
Parameters = Annotated[dict[str, JsonValue], PlainValidator(_parameters), WithJsonSchema({"type": "object"})]


class DataConfig(Table):
    """Which market data the run sees."""

    path: Text = Field(description="Folder or file of the data, relative to the config file.")
    symbols: Symbols = Field(description="The symbol to trade: a name, or a list with one.")
    timeframe: Timeframe = Field(description="Step timeframe: M1, M15, H1, D1, …")
    higher_timeframes: tuple[Timeframe, ...] = Field(default=(), description="Further timeframes for indicators.")
    start: Time = Field(description="First FX day (a date) or moment (date-time with zone) with decisions.")
    end: Time | None = Field(default=None, description="No bar that closes after it; as start; null = all data.")
    warmup_bars: Count = Field(default=0, description="Bars of the step timeframe before start, for indicators.")
    source: Text | None = Field(
        default=None, description="Folder below path to take the files from, if several hold the series."
    )
    specs: Text | None = Field(default=None, description="Symbol spec file; null = the bundled one.")
    crossed: Literal["refuse", "drop", "widen"] = Field(
        default="refuse", description="What to do with bars whose bid is above the ask (CHK-1b)."
    )
    alignment: Literal["carry_forward", "strict"] = Field(
        default="carry_forward", description="What a higher timeframe shows after a missing bar (TIM-4)."
    )
    stale_limit_bars: Annotated[int, Field(ge=1, le=10**6)] = Field(
        default=10, description="Longest carry_forward, bars of the higher timeframe in session time."
    )


class AccountConfig(Table):
    """The account the run starts with."""

    currency: Currency = Field(description="Account currency, ISO 4217.")
    balance: Annotated[Exact, Field(gt=0)] = Field(description="Initial balance in account currency.")
    digits: Annotated[int, Field(ge=0, le=4)] | None = Field(
        default=None, description="Decimals of the minor unit; null = ISO 4217."
    )
    leverage: Annotated[Exact, Field(ge=1, le=10**4)] | None = Field(
        default=Fraction(30), description="Notional over margin; a lower one of the symbol counts; null = no margin."
    )
    stop_out_level: Annotated[Exact, Field(ge=0, le=10)] = Field(
        default=Fraction(1, 2),
        description="Share of the margin at which equity closes positions (MRG).",
        json_schema_extra={"default": "0.5"},
    )
    margin_call_level: Annotated[Exact, Field(ge=0, le=10)] = Field(
        default=Fraction(1), description="Share of the margin at which equity is noted in the diagnostics."
    )


class ExecutionConfig(Table):
    """How orders fill and what they cost."""

    costs: CostsSource = Field(
        description='Cost file, relative to the config file; a table of the same shape; or "none"'
    )
    fill: Literal["next_open", "signal_close"] = Field(
        default="next_open", description="Where market orders fill (LOOP-2)."
    )
    intrabar: Literal["stop_first", "target_first", "nearest_extreme", "bar_color", "finer"] = Field(
        default="stop_first",
        description="What a bar does where its prices leave the order of events open; finer looks into finer bars "
        "of the data (FIL-7).",
    )
    limit_fill: Literal["touch", "through"] = Field(
        default="touch", description="Whether limits and targets fill when touched, or only when passed."
    )
    limit_through_points: Annotated[int, Field(ge=1, le=10**6)] = Field(
        default=1, description="Points by which limits and targets have to be passed under limit_fill through."
    )
    latency_ms: Annotated[int, Field(ge=0, le=7 * 86_400_000)] = Field(
        default=0,
        description="Time a request takes, milliseconds: it meets the first price after it that finer bars of the data "
        "know, and is late by whole bars without them (FIL-13).",
    )
    max_participation: Annotated[Exact, Field(gt=0, le=1)] | None = Field(
        default=None, description="Share of a bar's volume that opening fills may take; null = all (FIL-12)."
    )
    close_at_end: bool = Field(default=True, description="Close open positions after the last bar (LOOP-3).")
    on_bad_signal: Literal["fail", "reject"] = Field(
        default="fail", description="Whether a malformed signal ends the run or becomes a rejection (SIG-1)."
    )
    seed: Count = Field(default=0, description="Seed of the random part of slippage.")
    progress_every: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = Field(
        default=None, description="Steps between progress reports; null = automatic."
    )
    spread: Spread | None = Field(default=None, description="Replaces the spread of the cost file.")
    slippage: Slippage | None = Field(default=None, description="Replaces the slippage of the cost file.")
    liquidity_lots: Liquidity | None = Field(
        default=None, description="Lots the market takes at its price; replaces that of the cost file."
    )
    rates: RatesConfig | None = Field(
        default=None, description="Conversion rates by pair, or source series; null = the symbol's own quotes (CUR)."
    )


SIZING_MODES = ("fixed_lots", "risk_amount", "risk_percent", "notional")


class SizingConfig(Table):
    """How large a position is: exactly one of the four modes (SIZ)."""

    fixed_lots: Annotated[Exact, Field(gt=0)] | None = Field(default=None, description="Volume of every order, lots.")
    risk_amount: Annotated[Exact, Field(gt=0)] | None = Field(
        default=None, description="Loss at the stop, account currency; slippage and commission come on top."
    )
    risk_percent: Annotated[Exact, Field(gt=0, le=100)] | None = Field(
        default=None, description="Loss at the stop, percent of equity; slippage and commission come on top."
    )
    notional: Annotated[Exact, Field(gt=0)] | None = Field(
        default=None, description="Value of the position at its entry, account currency."
    )
    min_lot: Literal["reject", "round_up"] = Field(
        default="reject", description="What becomes of a size below volume_min."
    )

    @check_model(mode="after")
    def _check(self) -> Self:
        if sum(getattr(self, mode) is not None for mode in SIZING_MODES) != 1:
            raise PydanticCustomError("sizing", "exactly one of {modes}", {"modes": ", ".join(SIZING_MODES)})
        return self

    @property
    def mode(self) -> str:
        """The mode that was chosen."""
        return next(mode for mode in SIZING_MODES if getattr(self, mode) is not None)


class EmaCrossParameters(Table):
    """Parameters of the native strategy ema_cross."""

    fast: Annotated[int, Field(ge=1, le=100_000)] = Field(default=20, description="Period of the fast EMA, bars.")
    slow: Annotated[int, Field(ge=1, le=100_000)] = Field(default=50, description="Period of the slow EMA, bars.")
    stop_pips: Annotated[Number, Field(gt=0, le=1e6)] = Field(default=20.0, description="Stop loss distance, pips.")
    target_pips: Annotated[Number, Field(gt=0, le=1e6)] = Field(default=40.0, description="Take profit distance, pips.")


class StrategyConfig(Table):
    """What decides: a Python class, or a native strategy."""

    class_: Text | None = Field(
        default=None, alias="class", description='Python strategy: "module:Name" or "file.py:Name".'
    )
    native: Literal["ema_cross"] | None = Field(default=None, description="Native strategy.")
    parameters: Parameters = Field(default={}, description="Parameters of the strategy by name.")

    @check_model(mode="after")
    def _check(self) -> Self:
        if (self.class_ is None) == (self.native is None):
            raise PydanticCustomError("strategy", "exactly one of class and native")
        if self.class_ is not None and not all(self.class_.rpartition(":")[::2]):
            raise PydanticCustomError("strategy", 'a class written "module:Name" or "file.py:Name"')
        return self


class OutputConfig(Table):
    """Where results go."""

    dir: Text = Field(default="var/results", description="Folder of the runs, relative to the current folder.")


@dataclass(frozen=True, slots=True)
class Written:
    """Where a config came from: its document, and who wrote each key."""

    document: Document = field(default_factory=lambda: Document("arguments", {}))
    origins: Mapping[str, str] = field(default_factory=dict)


class RunConfig(Table):
    """One run, as written: data, account, execution, sizing, rules, filters, strategy, rating, output."""

    version: Literal[1] = Field(default=1, description="Version of this format.")
    name: Annotated[Text, Field(max_length=100)] = Field(default="run", description="Name of the run; part of its id.")
    data: DataConfig | None = Field(default=None, description="Market data; required in files.")
    account: AccountConfig = Field(description="The account: a table with currency and balance.")
    execution: ExecutionConfig = Field(description="Fills and costs: a table; costs is required.")
    sizing: SizingConfig = Field(description="Sizes: a table with one of the four modes.")
    position_rules: PositionRules = Field(
        default=PositionRules(), description="Rules that move stops and close positions: a table."
    )
    filters: Filters = Field(default=Filters(), description="When orders are refused: a table.")
    strategy: StrategyConfig | None = Field(default=None, description="The strategy; required in files.")
    rating: RatingConfig = Field(default=RatingConfig(), description="Rating and return metrics.")
    output: OutputConfig = Field(default=OutputConfig(), description="Where runs are stored: a table with dir.")
    _written: Written = PrivateAttr(default_factory=Written)

    @property
    def written(self) -> Written:
        """Where the config came from."""
        return self._written

    @classmethod
    def checked(cls, document: Document, origins: Mapping[str, str], *, required: Mapping[str, str]) -> Self:
        """Return a document as a config; `required` names tables that must be there, with their expectation.

        Raises:
            ConfigError: ``config.*``: the first finding, all others as its notes.
        """
        errors: list[OmegaError] = [
            error_for("config.missing_key", file=document.file, line="", key=key, expected=expected)
            for key, expected in required.items()
            if document.tree.get(key) is None
        ]
        try:
            config = validate(cls, document)
        except OmegaError as error:
            raise_all([error, *errors])
            raise
        raise_all(errors)
        config._written = Written(document, dict(origins))
        return config

    @classmethod
    def from_arguments(
        cls,
        *,
        account: Mapping[str, Any],
        sizing: Mapping[str, Any],
        costs: Any = None,
        execution: Mapping[str, Any] | None = None,
        **tables: Any,
    ) -> Self:
        """Return the config of a Python call; floats count by their repr.

        Args:
            account: As the table `account` of a file.
            sizing: As the table `sizing`.
            costs: Cost file, table, or "none"; the same as execution["costs"].
            execution: As the table `execution`.
            **tables: Further tables and keys of a config (name, data, position_rules, …); None is left out.

        Raises:
            ConfigError: ``config.*`` with the file named "arguments".
        """
        given = dict(execution or {})
        if costs is not None:
            given["costs"] = costs
        tables |= {"account": account, "sizing": sizing, "execution": given}
        document = document_of({name: table for name, table in tables.items() if table is not None})
        return cls.checked(document, dict.fromkeys(leaf_keys(document.tree), "argument"), required={})
