"""Indicators: definitions, lookback, seeding and order of operations of TA-Lib.

An indicator is its step function: a small state with `update(...)`. A column is the loop over it, so
that a stream and a batch cannot differ. Alignment to other timeframes and caching live above the seam
(`omega.indicators`). Rules IND-1 to IND-6 in `docs/spec/data.md`, formulas in `docs/spec/indicators.md`.
"""
