"""POS-2: every bar that a trade lives through counts for MAE and MFE, wherever it lies and however long the trade is.

A trade may look at its bars several at once; the lengths here end in every place of such a lot.
"""

from __future__ import annotations

import json

import pytest

from omega.backends.protocol import Backend
from omega.strategy.normalise_batch import table_of_rows
from omega.testing.runs import FLAT, LONG, SHORT, market, plan, signal

WIDE = "110000 110090 109930 110000"


@pytest.mark.parametrize("direction", [LONG, SHORT])
@pytest.mark.parametrize("bar_count", range(2, 20))
def test_the_widest_bar_of_a_trade_counts_wherever_it_lies(backend: Backend, bar_count: int, direction: int) -> None:
    """POS-2, LOOP-3: entry at the open of bar 1, end of data; one bar has bid 109930 to 110090, all others +-10.

    A long buys at the ask, 110020, and closes on the bid: 109930 - 110020 = -90, 110090 - 110020 = 70. A short sells
    at the bid, 110000, and closes on the ask, 20 above: 110000 - 110110 = -110, 110000 - 109950 = 50.
    """
    expected = (-90.0, 70.0) if direction == LONG else (-110.0, 50.0)
    text = json.dumps(plan(execution={"close_at_end": True}))
    for wide_idx in range(1, bar_count):
        tables = market(*[WIDE if idx == wide_idx else FLAT for idx in range(bar_count)])
        opened = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)

        trades = backend.simulate(opened, table_of_rows([signal(0, direction)]), text)["trades"].to_pylist()

        assert [(trade["mae_points"], trade["mfe_points"]) for trade in trades] == [expected]


def test_the_bar_before_a_trade_does_not_count(backend: Backend) -> None:
    """POS-2: the wide bar is that of the decision. A long at 110020 saw bids of 109990 to 110010: -30, no gain."""
    tables = market(WIDE, *[FLAT] * 9)
    opened = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)

    text = json.dumps(plan(execution={"close_at_end": True}))
    trades = backend.simulate(opened, table_of_rows([signal(0)]), text)["trades"].to_pylist()

    assert [(trade["mae_points"], trade["mfe_points"]) for trade in trades] == [(-30.0, 0.0)]
