"""`Strategy`: what a user writes.

A strategy is a class with typed parameters and one of two styles, `on_bar` or `on_batch`. A run builds
its own instance from class and parameters, so that nothing a strategy did before can change it.
Rules API-1 to API-3.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypedDict, Unpack

from omega.errors import OmegaError, error_for
from omega.strategy.parameters import Parameter, bind, collect
from omega.strategy.signal import OrderType, Side, Signal, Tif, names, unknown_field
from omega.strategy.snapshots import Account, Books, Order, Position

if TYPE_CHECKING:
    from omega.strategy.prepare import StrategyData
    from omega.strategy.signal import Expiry

__all__ = ["MANAGEMENT", "Strategy"]

STYLES = ("on_bar", "on_candle", "on_batch")
MANAGEMENT = ("check_exit", "manage")
HOOKS = ("prepare", *STYLES, *MANAGEMENT)


class TextFields(TypedDict, total=False):
    """Keywords of every signal."""

    symbol: str | None
    reason: str | None
    tags: Sequence[str] | None
    scenario: str | None
    meta: Mapping[str, Any] | None
    bar_idx: int | None


class LevelFields(TextFields, total=False):
    """Keywords of `Strategy.modify`."""

    sl: float | None
    tp: float | None
    sl_points: float | None
    tp_points: float | None
    sl_pips: float | None
    tp_pips: float | None
    sl_atr: float | None
    entry: float | None
    limit: float | None
    expiry: Expiry | None
    expiry_bars: int | None


class PendingFields(TextFields, total=False):
    """Keywords of `Strategy.buy_limit` and the like."""

    size: float | None
    sl: float | None
    tp: float | None
    sl_points: float | None
    tp_points: float | None
    sl_pips: float | None
    tp_pips: float | None
    sl_atr: float | None
    magic: int | None
    expiry: Expiry | None
    expiry_bars: int | None
    tif: Tif
    oco: str | int | None


class OrderFields(PendingFields, total=False):
    """Keywords of `Strategy.buy` and `Strategy.sell`."""

    type: OrderType
    entry: float | None
    limit: float | None


class FilterFields(TextFields, total=False):
    """Keywords of `Strategy.close` and `Strategy.cancel`."""

    magic: int | None
    direction: Side | None


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

    ``prepare(data)`` is called once before either and is the place to ask for indicators. Beside ``on_bar``
    there may be

    * ``check_exit(position, bar)``: asked at the close of every bar about every open position; True, a reason or
      a signal closes it at the next open;
    * ``manage(positions, bar)``: asked there while something is open or works; returns what `on_bar` may return.
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
        """Return an order to open a long position: a market order, filled at the next bar's open.

        Args:
            order: ``size`` in lots (by the run's sizing when left out); ``sl``, ``tp`` as prices, or as
                distances from the fill ``sl_points``, ``tp_points``, ``sl_pips``, ``tp_pips``, ``sl_atr``;
                ``symbol``, ``magic``, ``oco``, ``reason``, ``tags``, ``scenario``, ``meta``; ``bar_idx`` in
                `on_batch`. With ``type``, ``entry`` and ``limit`` it is a pending order, as `buy_limit`,
                `buy_stop` and `buy_stop_limit` make them.

        Raises:
            SignalError: ``signal.unknown_field`` for any other name.
        """
        try:
            return Signal("order", "long", **order)
        except TypeError:
            raise self._unknown_field(order) from None

    def sell(self, **order: Unpack[OrderFields]) -> Signal:
        """Return an order to open a short position; arguments as in `buy`."""
        try:
            return Signal("order", "short", **order)
        except TypeError:
            raise self._unknown_field(order) from None

    def buy_limit(self, entry: float, **order: Unpack[PendingFields]) -> Signal:
        """Return an order to buy at `entry` or lower, which works until it is filled, cancelled or expires.

        Args:
            entry: Price of the limit.
            order: As in `buy`; ``expiry`` or ``expiry_bars`` and ``tif`` end it, ``oco`` names its group.
        """
        return self._pending("long", "limit", order, entry=entry)

    def sell_limit(self, entry: float, **order: Unpack[PendingFields]) -> Signal:
        """Return an order to sell at `entry` or higher; arguments as in `buy_limit`."""
        return self._pending("short", "limit", order, entry=entry)

    def buy_stop(self, entry: float, **order: Unpack[PendingFields]) -> Signal:
        """Return an order to buy once the ask has risen to `entry`; arguments as in `buy_limit`."""
        return self._pending("long", "stop", order, entry=entry)

    def sell_stop(self, entry: float, **order: Unpack[PendingFields]) -> Signal:
        """Return an order to sell once the bid has fallen to `entry`; arguments as in `buy_limit`."""
        return self._pending("short", "stop", order, entry=entry)

    def buy_stop_limit(self, entry: float, limit: float, **order: Unpack[PendingFields]) -> Signal:
        """Return an order that becomes a buy limit at `limit` once the ask has risen to `entry`.

        Args:
            entry: Price that triggers it.
            limit: Most that is paid.
            order: As in `buy_limit`.
        """
        return self._pending("long", "stop_limit", order, entry=entry, limit=limit)

    def sell_stop_limit(self, entry: float, limit: float, **order: Unpack[PendingFields]) -> Signal:
        """Return an order that becomes a sell limit at `limit` once the bid has fallen to `entry`."""
        return self._pending("short", "stop_limit", order, entry=entry, limit=limit)

    def close(
        self,
        position: Position | Order | int | None = None,
        *,
        share: float | None = None,
        **filters: Unpack[FilterFields],
    ) -> Signal:
        """Return a request to close positions at the next bar's open.

        Args:
            position: The one to close, or its id; every position that the filters match when left out.
            share: Part of its first volume, above 0 and at most 1; all when left out. Where the part or what
                stays is below the least volume, all is closed.
            filters: ``magic``, ``direction`` and ``symbol`` of the positions to close (the run's symbol when
                left out); ``reason``, ``tags``, ``scenario``, ``meta``; ``bar_idx`` in `on_batch`.

        Raises:
            SignalError: ``signal.unknown_field`` for any other name.
        """
        return self._signal("close", filters, target=position, share=share)

    def cancel(self, order: Order | Position | int | None = None, **filters: Unpack[FilterFields]) -> Signal:
        """Return a request to cancel working orders before the next bar opens.

        Args:
            order: The one to cancel, or its id; every working order that the filters match when left out.
            filters: As in `close`.
        """
        return self._signal("cancel", filters, target=order)

    def modify(self, target: Position | Order | int, **changes: Unpack[LevelFields]) -> Signal:
        """Return a request to change an open position or a working order before the next bar opens.

        Args:
            target: The position or order, or its id.
            changes: ``sl``, ``tp`` as prices, or as distances from its first fill; of an order also ``entry``,
                ``limit``, ``expiry``, ``expiry_bars``. What is left out or None stays. ``sl=0`` removes the
                stop, ``tp=0`` the target. Its volume cannot change.
        """
        return self._signal("modify", changes, target=target)

    def reverse(self, direction: Side, **order: Unpack[OrderFields]) -> list[Signal]:
        """Return two signals: close all positions of this symbol and magic, then open in `direction`.

        Args:
            direction: Side of the new position.
            order: As in `buy`; positions of its ``magic`` (0 when left out) and ``symbol`` are closed.
        """
        order["magic"] = order.get("magic") or 0
        shared = {name: order.get(name) for name in ("magic", "symbol", "bar_idx")}
        return [self._signal("close", shared), self._signal("order", order, direction=direction)]

    def _pending(self, direction: Side, kind: OrderType, order: Mapping[str, Any], **prices: float) -> Signal:
        return self._signal("order", order, direction=direction, type=kind, **prices)

    def _signal(self, kind: str, fields: Mapping[str, Any], **own: Any) -> Signal:
        try:
            return Signal(kind=kind, **own, **fields)  # type: ignore[arg-type]
        except TypeError:
            raise self._unknown_field(fields) from None

    def _unknown_field(self, fields: Mapping[str, Any]) -> OmegaError:
        own = (name for name in ("kind", "direction", "type", "target") if name in fields)  # given by the method
        wrong = next((name for name in fields if name not in names), None) or next(own, "kind")
        bar_idx, now_us = self._books.moment() if self._books else (fields.get("bar_idx"), None)
        return unknown_field(wrong, bar_idx=bar_idx, time_us=now_us)

    # ------------------------------------------------------------------ what it may see

    @property
    def positions(self) -> tuple[Position, ...]:
        """Open positions at the decision, in opening order: a snapshot.

        Raises:
            StrategyError: ``strategy.not_running`` outside `on_bar`.
        """
        return self._running("positions").positions()

    @property
    def orders(self) -> tuple[Order, ...]:
        """Working orders at the decision, in the order they were placed: a snapshot.

        Raises:
            StrategyError: ``strategy.not_running`` outside `on_bar`.
        """
        return self._running("orders").orders()

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
        found = [name for name in STYLES if callable(getattr(cls, name, None))]
        if found == ["on_batch"]:
            found += cls._management()  # asks at every bar, which a batch does not
        if len(found) != 1:
            raise error_for("strategy.style", strategy=cls.__name__, found=" and ".join(found) or "none of them")
        return found[0]

    @classmethod
    def _management(cls) -> list[str]:
        """Return which hooks of LOOP step 4 this class defines."""
        return [name for name in MANAGEMENT if callable(getattr(cls, name, None))]

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
    {*HOOKS, "__init__", "__init_subclass__", "on_fill", "on_event"}
    | {name for name in vars(Strategy) if not name.startswith("__")}
)


Answer = Signal | Mapping[str, Any] | Iterable[Signal | Mapping[str, Any]] | None
"""What `on_bar` may return."""
