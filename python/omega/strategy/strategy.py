"""`Strategy`: what a user writes.

A strategy is a class with typed parameters and one of two styles, `on_bar` or `on_batch`. A run builds
its own instance from class and parameters, so that nothing a strategy did before can change it.
Rules API-1 to API-3.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self, TypedDict, Unpack

from omega.errors import OmegaError, error_for
from omega.strategy.parameters import Parameter, bind, collect
from omega.strategy.signal import Side, Signal, hint_for, names
from omega.values import utc

if TYPE_CHECKING:
    from datetime import datetime

    from omega.strategy.prepare import StrategyData

__all__ = ["Account", "Position", "Strategy"]

HOOKS = ("prepare", "on_bar", "on_candle", "on_batch")


@dataclasses.dataclass(frozen=True, slots=True)
class Position:
    """One open position, as it was when `Strategy.positions` was read. Prices are floats, size is in lots."""

    id: int
    symbol: str
    direction: str
    magic: int
    entry_bar_idx: int
    entry_time_us: int
    entry_price: float
    size: float
    sl: float | None
    tp: float | None

    @property
    def entry_time(self) -> datetime:
        """Time of the entry as a UTC date-time."""
        return utc(self.entry_time_us)


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """The account as it was when `Strategy.account` was read, in account currency."""

    balance: float
    equity: float
    currency: str


class OrderFields(TypedDict, total=False):
    """Keywords of `Strategy.buy` and `Strategy.sell`."""

    size: float | None
    sl: float | None
    tp: float | None
    sl_points: float | None
    tp_points: float | None
    sl_pips: float | None
    tp_pips: float | None
    symbol: str | None
    magic: int | None
    reason: str | None
    tags: Sequence[str] | None
    scenario: str | None
    meta: Mapping[str, Any] | None
    bar_idx: int | None


class CloseFields(TypedDict, total=False):
    """Keywords of `Strategy.close`."""

    magic: int | None
    direction: Side | None
    symbol: str | None
    reason: str | None
    tags: Sequence[str] | None
    scenario: str | None
    meta: Mapping[str, Any] | None
    bar_idx: int | None


class Books(Protocol):
    """What a running strategy can ask about the moment, its positions and its account."""

    def moment(self) -> tuple[int, int]: ...

    def positions(self) -> tuple[Position, ...]: ...
    def account(self) -> Account: ...


@typing.dataclass_transform(kw_only_default=True)
class Strategy:
    """Base of every Python strategy.

    Annotated class attributes are parameters, given by name when the strategy is built:

        >>> class Breakout(Strategy):
        ...     length: int = 20
        ...     def on_bar(self, bar):
        ...         return self.buy(sl_pips=20, tp_pips=40)
        >>> Breakout(length=30).parameters["length"]
        30

    Define exactly one of

    * ``on_bar(bar)`` (or its other name ``on_candle``): asked once per completed bar; returns None, a
      signal, or several;
    * ``on_batch(batch)``: asked once; returns a table of signals for all bars.

    ``prepare(data)`` is called once before either and is the place to ask for indicators.
    """

    _parameter_table: ClassVar[Mapping[str, Parameter]] = {}
    _books: Books | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in vars(cls):
            if name in _RESERVED and name not in HOOKS:
                mend = "Set things up in prepare(data)." if name == "__init__" else "Choose another."
                raise error_for("strategy.reserved_name", strategy=cls.__name__, name=name, mend=mend)
        cls._parameter_table = types.MappingProxyType(collect(cls, _RESERVED))

    def __init__(self, **parameters: Any) -> None:
        """Bind parameters by name.

        Raises:
            StrategyError: for a parameter that is unknown, of the wrong type, or missing.
        """
        values = bind(type(self), self._parameter_table, parameters)
        self._parameters: Mapping[str, Any] = types.MappingProxyType(values)
        for name, value in values.items():
            setattr(self, name, value)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self._parameters.items())
        return f"{type(self).__name__}({inside})"

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters as they were bound, by name."""
        return self._parameters

    def prepare(self, data: StrategyData) -> None:
        """Ask for indicators, once, before the run. Does nothing unless overridden."""

    # ------------------------------------------------------------------ signals

    def buy(self, **order: Unpack[OrderFields]) -> Signal:
        """Return a market order to open a long position; it works at the next bar's open.

        Args:
            order: ``size`` in lots (by the run's sizing when left out); ``sl``, ``tp`` as prices, or as
                distances from the fill ``sl_points``, ``tp_points``, ``sl_pips``, ``tp_pips``; ``symbol``,
                ``magic``, ``reason``, ``tags``, ``scenario``, ``meta``; ``bar_idx`` in `on_batch`.

        Raises:
            SignalError: ``signal.unknown_field`` for any other name.
        """
        try:
            return Signal("order", "long", **order)
        except TypeError:
            raise self._unknown_field(order) from None

    def sell(self, **order: Unpack[OrderFields]) -> Signal:
        """Return a market order to open a short position; arguments as in `buy`."""
        try:
            return Signal("order", "short", **order)
        except TypeError:
            raise self._unknown_field(order) from None

    def close(self, position: Position | int | None = None, **filters: Unpack[CloseFields]) -> Signal:
        """Return a request to close positions, whole, at the next bar's open.

        Args:
            position: The one to close, or its id; every position that the filters match when left out.
            filters: ``magic``, ``direction`` and ``symbol`` of the positions to close (the run's symbol when
                left out); ``reason``, ``tags``, ``scenario``, ``meta``; ``bar_idx`` in `on_batch`.

        Raises:
            SignalError: ``signal.unknown_field`` for any other name.
        """
        target = position.id if isinstance(position, Position) else position
        return self._signal("close", target=target, **filters)

    def reverse(self, direction: Side, **order: Unpack[OrderFields]) -> list[Signal]:
        """Return two signals: close all positions of this symbol and magic, then open in `direction`.

        Args:
            direction: Side of the new position.
            order: As in `buy`; positions of its ``magic`` (0 when left out) and ``symbol`` are closed.
        """
        order["magic"] = order.get("magic") or 0
        shared = {name: order.get(name) for name in ("magic", "symbol", "bar_idx")}
        return [self._signal("close", **shared), self._signal("order", direction=direction, **order)]

    def _signal(self, kind: Literal["order", "close"], **fields: Any) -> Signal:
        try:
            return Signal(kind=kind, **fields)
        except TypeError:
            raise self._unknown_field(fields) from None

    def _unknown_field(self, fields: Mapping[str, Any]) -> OmegaError:
        given_already = "direction" if "direction" in fields else "kind"  # by buy and sell themselves
        wrong = next((name for name in fields if name not in names), given_already)
        bar_idx, now_us = self._books.moment() if self._books else (fields.get("bar_idx"), None)
        facts = {"bar_idx": bar_idx, "time_us": now_us, "value": repr(wrong), "hint": hint_for(wrong)}
        return error_for("signal.unknown_field", **facts)

    # ------------------------------------------------------------------ what it may see

    @property
    def positions(self) -> tuple[Position, ...]:
        """Open positions at the decision, in opening order: a snapshot.

        Raises:
            StrategyError: ``strategy.not_running`` outside `on_bar`.
        """
        return self._running("positions").positions()

    @property
    def account(self) -> Account:
        """Balance and equity at the decision: a snapshot.

        Raises:
            StrategyError: ``strategy.not_running`` outside `on_bar`.
        """
        return self._running("account").account()

    def _running(self, name: str) -> Books:
        if self._books is None:
            raise error_for("strategy.not_running", strategy=type(self).__name__, name=name)
        return self._books

    # ------------------------------------------------------------------ for the run

    @classmethod
    def _style(cls) -> str:
        """Return the one style this class defines: ``on_bar``, ``on_candle`` or ``on_batch``.

        Raises:
            StrategyError: ``strategy.style`` for none or several.
        """
        found = [name for name in ("on_bar", "on_candle", "on_batch") if callable(getattr(cls, name, None))]
        if len(found) != 1:
            raise error_for("strategy.style", strategy=cls.__name__, found=" and ".join(found) or "none of them")
        return found[0]

    def _fresh(self) -> Self:
        """Return a new instance with the same parameters, as every run starts with one.

        Raises:
            StrategyError: ``strategy.parameter_changed`` if a parameter was assigned after building.
        """
        for name, built in self._parameters.items():
            now = getattr(self, name)
            if now is not built and now != built:
                facts = {"name": name, "built": repr(built), "now": repr(now)}
                raise error_for("strategy.parameter_changed", strategy=type(self).__name__, **facts)
        return type(self)(**self._parameters)


_RESERVED = frozenset(
    {*HOOKS, "__init__", "__init_subclass__", "parameters", "buy", "sell", "close", "reverse", "positions", "account"}
    | {"orders", "check_exit", "manage", "on_fill", "on_event"}
    | {name for name in vars(Strategy) if not name.startswith("__")}
)


Answer = Signal | Mapping[str, Any] | Iterable[Signal | Mapping[str, Any]] | None
"""What `on_bar` may return."""
