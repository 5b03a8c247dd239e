"""Both halves keep the same books, refusals included, whatever they are fed."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from omega.backends import get_backend
from omega.errors import OmegaError
from omega.testing.cases import make_plan

DAY_US = 86_400_000_000


def plan_of(draw: random.Random) -> str:
    plan = make_plan(draw, 5, 0)
    symbols = [make_plan(draw, draw.choice((0, 3, 5)), 0)["symbols"][0] for _ in range(2)]
    return json.dumps({"version": 1, "account": plan["account"], "symbols": symbols, "start_us": 0})


def walk(holdings: Any, draw: random.Random) -> list[Any]:
    """Feed a hundred calls, some of them impossible, and write down every answer."""
    seen: list[Any] = []
    time_us = 0
    for _ in range(100):
        time_us += draw.choice((0, 1, DAY_US, -1 if draw.random() < 0.1 else 5))
        number, symbol = draw.randint(1, 12), draw.randint(0, 1)
        largest = 10**9 if draw.random() < 0.02 else 40
        deal = (time_us, draw.randint(1, largest), draw.choice((1, 110_000, 10**9)) + draw.randrange(900))
        calls = (
            ("open", (number, symbol, draw.choice((1, -1)), draw.choice((0, -7)), deal)),
            ("add", (number, deal)),
            ("close", (number, deal)),
            ("close", (number, (time_us, draw.randint(1, 3), deal[2]))),
            ("book", (draw.randint(1, 4), draw.randint(-900, 900), time_us, draw.choice((None, number)))),
            ("accrue", (time_us, draw.randint(18_000, 20_000), draw.randrange(7))),
            ("mark", (symbol, deal[2], deal[2] + draw.randrange(50))),
            ("update", (time_us,)),
        )
        name, arguments = draw.choice(calls)
        try:
            seen.append((name, getattr(holdings, name)(*arguments)))
        except OmegaError as error:
            seen.append((name, error.code, sorted(error.context.items())))
        for name in ("balance", "equity", "positions"):
            try:
                seen.append(getattr(holdings, name)())
            except OmegaError as error:
                seen.append(error.code)
    return [*seen, *(list(map(tuple, getattr(holdings, name)())) for name in ("ledger", "swaps", "equity_rows"))]


@pytest.mark.parametrize("seed", range(60))
def test_holdings_answer_alike_on_both_backends(seed: int) -> None:
    """DET, POS-1, SWP-1, LED-1: the same calls, the same numbers, the same refusals."""
    outcomes = []
    for name in ("python", "rust"):
        draw = random.Random(seed)
        plan = plan_of(draw)
        outcomes.append(walk(get_backend(name).open_portfolio(plan), draw))

    assert outcomes[0] == outcomes[1]


def test_the_walks_reach_every_call_and_every_refusal() -> None:
    """A comparison of refusals alone would say little, and one without them too."""
    met: set[str] = set()
    for seed in range(60):
        draw = random.Random(seed)
        plan = plan_of(draw)
        for entry in walk(get_backend("python").open_portfolio(plan), draw):
            if isinstance(entry, tuple) and isinstance(entry[0], str):
                met.add(entry[1] if isinstance(entry[1], str) else entry[0])

    assert met >= {"open", "add", "close", "book", "accrue", "mark", "update"}
    assert met >= {"position.duplicate_id", "position.not_held", "position.volume", "portfolio.time_back"}


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"start_us": 2**63}, {"account": {}}, {"extra": 1}, {"symbols": [{}]}],
)
def test_a_plan_that_does_not_fit_is_refused_by_both(change: dict[str, Any]) -> None:
    """NUM-1b: the plan is the one place where limits are tested."""
    plan = json.loads(plan_of(random.Random(1))) | change
    for name in ("python", "rust"):
        with pytest.raises(OmegaError) as caught:
            get_backend(name).open_portfolio(json.dumps(plan))
        assert caught.value.code == "config.plan"
