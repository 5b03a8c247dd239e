"""Keys of indicator columns: what a column is, and how it is written.

    EMA_20_M15           EMA of period 20 of the M15 bid closes
    EMA_20_H1_ask        of the H1 ask closes
    RSI_14_H1_ask_hl2    of the H1 ask mid-range

Name, parameters and timeframe always stand; side and source only where they are not bid and close.
One column has one key, and no two columns share one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omega.errors import error_for
from omega.indicators.catalogue import SIDES, SOURCES, find_indicator

__all__ = ["Key", "Keys"]


_WHOLE = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Key:
    """One indicator column; `str()` is its canonical key.

    Attributes:
        name: Name of the catalogue, lower case.
        parameters: Names and values in the order of the catalogue.
        timeframe: As the market names it.
        side: ``"bid"`` or ``"ask"``.
        source: Price of the bar; ``"close"`` for indicators of whole bars.
    """

    name: str
    parameters: tuple[tuple[str, int], ...]
    timeframe: str
    side: str
    source: str

    def __str__(self) -> str:
        parts = [self.name.upper(), *(str(value) for _, value in self.parameters), self.timeframe]
        parts += [self.side] if self.side != "bid" else []
        parts += [self.source] if self.source != "close" else []
        return "_".join(parts)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys there can be in a market.

    Attributes:
        timeframes: Timeframes of the market, the step timeframe first.
    """

    timeframes: tuple[str, ...]

    def resolve(
        self, name: str, parameters: Mapping[str, object], timeframe: str | None, side: str, source: str
    ) -> Key:
        """Return the key of a column, defaults filled in and everything checked.

        Raises:
            ConfigError: ``indicator.unknown``, ``indicator.unknown_parameter``, ``indicator.parameter``.
        """
        indicator = find_indicator(name)
        resolved = tuple(indicator.resolve(parameters).items())
        key = Key(indicator.name, resolved, self.timeframes[0] if timeframe is None else timeframe, side, source)
        self._check(key, "timeframe", self.timeframes)
        self._check(key, "side", SIDES)
        self._check(key, "source", SOURCES if indicator.inputs == "price" else ("close",))
        return key

    def parse(self, text: str) -> Key:
        """Return the column that `text` names; side and source may be left out or written in full.

        Raises:
            ConfigError: ``indicator.key`` if the text is not a key; otherwise as `resolve`.
        """
        name, *rest = text.split("_")
        indicator = find_indicator(name)
        count = len(indicator.parameters)
        values, tail = rest[:count], rest[count:]
        if len(values) < count or not all(_WHOLE.fullmatch(value) for value in values):
            names = ", ".join(parameter.name for parameter in indicator.parameters)
            raise error_for("indicator.key", key=text, reason=f"after {name} comes {names} as a whole number")
        if not tail:
            raise error_for("indicator.key", key=text, reason="the timeframe is missing")
        timeframe, *options = tail
        side = options.pop(0) if options and options[0] in SIDES else "bid"
        source = options.pop(0) if options and options[0] in SOURCES else "close"
        if options:
            raise error_for("indicator.key", key=text, reason=f"{'_'.join(options)} is neither a side nor a source")
        parameters = {one.name: int(value) for one, value in zip(indicator.parameters, values, strict=True)}
        return self.resolve(name, parameters, timeframe, side, source)

    def _check(self, key: Key, field: str, known: Sequence[str]) -> None:
        value = getattr(key, field)
        if value not in known:
            expected = f"one of {', '.join(known)}" if len(known) > 1 else known[0]
            if field == "timeframe":
                expected += " (name others in higher_timeframes when loading)"
            raise error_for(
                "indicator.parameter", indicator=key.name, parameter=field, value=repr(value), expected=expected
            )
