"""The spread as people write it (CST-1): where the ask comes from, and around which news it is wider.

A table by hour of the week may stand in a file of its own. The ask itself is made in `omega.data.spreads`.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from omega.config.documents import read_document
from omega.config.exact import Exact, show_exact, unmark
from omega.config.specs import STRICT, Currency
from omega.config.validation import validate

__all__ = ["Spread", "SpreadNews", "settle_spread", "spread_notes"]

WEEK = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
HOURS_OF_WEEK = len(WEEK) * 24
Points = Annotated[Exact, Field(ge=0, le=10**5)]
Minutes = Annotated[int, Field(ge=0, le=10_080)]
FileName = Annotated[str, Field(min_length=1, max_length=1000)]
HoursTable = tuple[Fraction | None, ...]
_POINTS: TypeAdapter[Fraction] = TypeAdapter(Points)


def _hours(value: Any) -> str | HoursTable:
    """Return 168 exact spreads, or the name of a file that holds them."""
    if isinstance(value, str) and 0 < len(value) <= 1000 and unmark(value) == value:
        return value
    rows = list(value) if isinstance(value, list | tuple) else []
    if len(rows) == len(WEEK) and all(isinstance(row, list | tuple) and len(row) == 24 for row in rows):
        rows = [hour for row in rows for hour in row]
    if len(rows) != HOURS_OF_WEEK:
        raise PydanticCustomError("hours", "168 spreads in points, seven rows of 24, or the name of a file")
    return tuple(None if hour is None else _spread_at(idx, hour) for idx, hour in enumerate(rows))


def _spread_at(idx: int, value: Any) -> Fraction:
    try:
        return _POINTS.validate_python(value)
    except ValueError:
        place = {"day": WEEK[idx // 24], "hour": idx % 24}
        raise PydanticCustomError("hours", "points from 0 to 10^5, or null, on {day} at {hour}:00", place) from None


def _show_hours(value: str | HoursTable) -> str | list[int | str | None]:
    return value if isinstance(value, str) else [None if hour is None else show_exact(hour) for hour in value]


_HOURS_VALIDATOR = (
    PlainValidator(_hours),
    PlainSerializer(_show_hours),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array"}]}),
)
Hours = Annotated[str | HoursTable, *_HOURS_VALIDATOR]


class SpreadNews(BaseModel):
    """Around which news the spread is wider."""

    model_config = STRICT
    file: FileName = Field(description="Calendar file, relative to the file that names it.")
    zone: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="Clock of the file; null where every time names its own."
    )
    minutes_before: Minutes = Field(description="Minutes before each event.")
    minutes_after: Minutes = Field(description="Minutes after each event.")
    min_impact: Literal["none", "low", "medium", "high"] = Field(
        default="high", description="Least impact that counts: none, low, medium or high."
    )
    currencies: tuple[Currency, ...] | None = Field(
        default=None, description="Whose news count; null = both currencies of the symbol."
    )


class Spread(BaseModel):
    """Where the ask comes from (CST-1)."""

    model_config = STRICT
    source: Literal["data", "column", "hour_of_week", "constant"] = Field(
        default="data",
        description="data: the ask series; column: bid + the bid file's spread column; hour_of_week: bid + hours; "
        "constant: bid + points.",
    )
    add_points: Annotated[int, Field(ge=0, le=10**5)] | None = Field(
        default=None, description="Added to the spread, points; required with column (stored spreads are minima)."
    )
    points: Points | None = Field(default=None, description="The spread of source constant, points.")
    hours: Hours | None = Field(
        default=None,
        description="168 spreads in points by hour of the New York week from Sunday 00:00 (or seven rows of 24; "
        "null = nothing trades), or a file that has them under hours.",
    )
    news_multiplier: Annotated[Exact, Field(ge=1, le=1000)] = Field(
        default=Fraction(1), description="Factor on the spread inside news windows."
    )
    news: SpreadNews | None = Field(default=None, description="News windows, or null.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        rules = (
            (self.source != "data" or self.add_points is None, "add_points with another source than data"),
            (self.source != "column" or self.add_points is not None, "add_points with source column"),
            ((self.source == "constant") == (self.points is not None), "points with source constant, and only there"),
            (
                (self.source == "hour_of_week") == (self.hours is not None),
                "hours with source hour_of_week, and only there",
            ),
            (self.source != "data" or self.news is None, "news with another source than data: its ask stays as it is"),
            ((self.news_multiplier > 1) == (self.news is not None), "news with a news_multiplier above 1, or neither"),
        )
        for holds, expected in rules:
            if not holds:
                raise PydanticCustomError("spread", "{expected}", {"expected": expected})
        return self


class HoursFile(BaseModel):
    """A file with a table by hour of the week."""

    model_config = STRICT
    hours: Annotated[HoursTable, *_HOURS_VALIDATOR] = Field(description="168 spreads in points, Sunday 00:00 first.")


def settle_spread(spread: Spread, base_dir: Path, folder: str = "") -> Spread:
    """Return a spread with its hours read, and its calendar file named from `base_dir`.

    Args:
        spread: As written.
        base_dir: Folder of the config.
        folder: From there to the folder of the file the spread is written in.

    Raises:
        ConfigError: ``config.*`` with file, line and key of a table that cannot be read.
    """
    changed: dict[str, Any] = {}
    if isinstance(spread.hours, str):
        name = PurePath(folder, spread.hours).as_posix()
        document = read_document(base_dir / name, shown_as=name)
        changed["hours"] = validate(HoursFile, document).hours
    if spread.news is not None:
        changed["news"] = spread.news.model_copy(update={"file": PurePath(folder, spread.news.file).as_posix()})
    return spread.model_copy(update=changed)


def spread_notes(spread: Spread) -> list[str]:
    """Return what a reader of the results must know about the ask of a run."""
    if spread.source == "data":
        return []
    added = f" + {spread.add_points}" if spread.add_points else ""
    notes = []
    if spread.source == "column":
        ask = f"the ask is bid + column + {spread.add_points} points"
        notes.append(f"the stored spread column is each bar's minimum, a lower bound; {ask}")
    elif spread.points is not None:
        notes.append(f"the ask is bid + {show_exact(spread.points)}{added} points, at all times: no quote of an ask")
    elif isinstance(spread.hours, tuple):
        known = [hour for hour in spread.hours if hour is not None]
        least, most = (show_exact(end(known, default=Fraction(0))) for end in (min, max))
        table = f"a spread by hour of the week, {least} to {most}"
        notes.append(f"the ask is bid + {table}{added} points: no quote of an ask")
    if spread.news is not None:
        times = f"times {show_exact(spread.news_multiplier)}"
        window = f"{spread.news.minutes_before} minutes before to {spread.news.minutes_after} after"
        notes.append(f"the spread is {times} from {window} news of {spread.news.min_impact} impact or more")
    return notes
