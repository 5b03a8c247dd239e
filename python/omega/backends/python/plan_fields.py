"""Fields of the plan's JSON, taken apart strictly: kinds, choices and limits.

twin: none — in the core serde takes the JSON apart; what is left are the limits in `plan.rs`.
"""

from __future__ import annotations

from typing import Any

from omega.errors import error_for

MAX_TERM = 10**15
"""Limit on numerators and denominators of fractions."""

Fraction = tuple[int, int]


def fields_of(raw: Any, place: str, names: str) -> dict[str, Any]:
    """Return an object that has exactly the fields of a list of names."""
    expected = names.split()
    if not isinstance(raw, dict) or sorted(raw) != sorted(expected):
        raise misfit(f"{place} must have exactly the fields {', '.join(expected)}")
    return raw


def integer(raw: Any, place: str, low: int, high: int) -> int:
    """Return an integer from `low` to `high`; true and 1.0 are none."""
    if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
        raise misfit(f"{place} must be an integer from {low} to {high}")
    return raw


def flag(raw: Any, place: str) -> bool:
    """Return true or false."""
    if not isinstance(raw, bool):
        raise misfit(f"{place} must be true or false")
    return raw


def is_other(raw: Any, place: str, plain: str, other: str) -> bool:
    """Return whether `raw` is `other` rather than `plain`."""
    if raw not in (plain, other):
        raise misfit(f"{place} must be {plain} or {other}")
    return bool(raw == other)


def fraction(raw: Any, place: str) -> Fraction:
    """Return a fraction that is not negative."""
    if not isinstance(raw, list) or len(raw) != 2:
        raise misfit(f"{place} must be [numerator, denominator]")
    return integer(raw[0], place, 0, MAX_TERM), integer(raw[1], place, 1, MAX_TERM)


def signed(raw: Any, place: str) -> Fraction:
    """Return a fraction whose numerator may be negative."""
    if not isinstance(raw, list) or len(raw) != 2:
        raise misfit(f"{place} must be [numerator, denominator]")
    return integer(raw[0], place, -MAX_TERM, MAX_TERM), integer(raw[1], place, 1, MAX_TERM)


def one_of(raw: Any, place: str, choices: tuple[str, ...]) -> str:
    """Return one of the choices."""
    if raw not in choices:
        raise misfit(f"{place} must be one of {', '.join(choices)}")
    return str(raw)


def positive(raw: Any, place: str) -> Fraction:
    """Return a fraction above 0."""
    numerator, denominator = fraction(raw, place)
    if numerator == 0:
        raise misfit(f"{place} must be above 0")
    return numerator, denominator


def bounded(raw: Any, place: str, high: int) -> Fraction:
    """Return a fraction from 0 to `high`."""
    numerator, denominator = fraction(raw, place)
    if numerator > high * denominator:
        raise misfit(f"{place} must be at most {high}")
    return numerator, denominator


def misfit(reason: str) -> Exception:
    """Return the error of a plan that does not fit."""
    return error_for("config.plan", reason=reason)
