"""What the rating says of strategies whose truth is known: no edge, a planted edge, four ways to fool oneself.

    python benchmarks/calibration.py [--strategies N] [--write]

Markets are random walks without drift, so that nothing but what is planted can earn. `--write` puts the figures
into docs/rating_calibration.md. Progress goes to stderr. Never part of the tests: it rates a thousand runs.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import omega

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/rating_calibration.md"
MARKETS = 25
BARS = 18_000
HOLD = 24
STOP_PIPS = 40.0
RISKED = {"risk_amount": 1_000}
FREE = {"costs": "none", "account": {"currency": "USD", "balance": 100_000}, "sizing": {"fixed_lots": 0.5}}
PIPELINE = omega.RatingPipeline(samples=2_000, dropout_samples=200, data_samples=4, parameter_samples=0)

Ints = npt.NDArray[np.int64]


class Planned(omega.Strategy):
    """Trades a table that was drawn before the run: that is what a planted truth needs."""

    number: int
    TABLES: ClassVar[dict[int, dict[str, Any]]] = {}

    def prepare(self, data: Any) -> None:
        pass

    def on_batch(self, batch: Any) -> Any:
        return self.TABLES[self.number]


class Fitted(omega.Strategy):
    """Buys or sells by the last three digits of the close, as the same data taught it: noise by construction."""

    number: int
    LESSONS: ClassVar[dict[int, Ints]] = {}

    def prepare(self, data: Any) -> None:
        pass

    def on_batch(self, batch: Any) -> Any:
        rows = np.arange(HOLD, len(batch) - HOLD - 2, HOLD + 6)
        digits = np.rint(batch.close[rows] * 1e5).astype(np.int64) % 1000
        return trades(rows, self.LESSONS[self.number][digits])


class Verdict(NamedTuple):
    """What is kept of a rating."""

    recommendation: str
    p_net_positive: float
    scores: dict[str, float | None]
    score: float | None


@functools.cache
def market(number: int, bars: int = BARS) -> Any:
    """Return H1 bars of a random walk without drift and without spread."""
    draw = np.random.default_rng(1_000 + number)
    steps = draw.integers(-30, 31, size=(bars, 6)) * (1 + draw.integers(0, 2, size=(bars, 1)))
    closes = 112_000 + np.cumsum(steps.sum(axis=1))
    if closes.min() < 60_000:
        closes += 60_000 - closes.min()
    opens = np.concatenate((closes[:1], closes[:-1]))
    path = opens[:, None] + np.cumsum(steps, axis=1)
    week, hour = np.divmod(np.arange(bars), 4 * 24 + 20)
    start = datetime.datetime(2015, 1, 5, tzinfo=datetime.UTC)
    times = pa.array(
        [start + datetime.timedelta(days=7 * int(w), hours=int(h)) for w, h in zip(week, hour, strict=True)],
        pa.timestamp("us", tz="UTC"),
    )
    prices = {
        "open": opens,
        "high": np.maximum(path.max(axis=1), np.maximum(opens, closes)),
        "low": np.minimum(path.min(axis=1), np.minimum(opens, closes)),
        "close": closes,
    }
    side = pa.table({"time": times, **{name: points / 1e5 for name, points in prices.items()}})
    return omega.load({"bid": side, "ask": side}, symbols="EURUSD", timeframe="H1", warmup_bars=0)


def moves(number: int, rows: Ints, hold: int) -> npt.NDArray[np.float64]:
    """Return how far price moves from the open after each bar to the open `hold` bars later, in points."""
    opens = pa.table(market(number).resolve().series[0])["bid_open"].to_numpy().astype(np.int64)
    return (opens[np.minimum(rows + 1 + hold, len(opens) - 1)] - opens[rows + 1]).astype(np.float64)


def trades(rows: Ints, directions: Ints, *, hold: int = HOLD, lots: Any = None) -> dict[str, Any]:
    """Return a signal table: an order after each bar, and a close of everything `hold` bars later."""
    count = len(rows)
    order = np.argsort(np.concatenate((rows, rows + hold)), kind="stable")
    kinds = np.array(["order"] * count + ["close"] * count)[order]
    sides = np.where(np.concatenate((directions, directions)) > 0, "long", "short")[order]
    table: dict[str, Any] = {
        "bar_idx": np.concatenate((rows, rows + hold))[order],
        "kind": pa.array(kinds.tolist()),
        "direction": pa.array([s if k == "order" else None for s, k in zip(sides, kinds, strict=True)]),
    }
    if lots is not None:
        sizes = np.concatenate((lots, lots))[order]
        table["size"] = pa.array([float(s) if k == "order" else None for s, k in zip(sizes, kinds, strict=True)])
    return table


def judged(strategy: Any, number: int, **settings: Any) -> Verdict:
    """Run and rate one strategy on a market."""
    result = omega.backtest(market(number), strategy, **{**FREE, **settings})
    rating = PIPELINE.rate(result)
    raw = next(part.raw for part in rating.components if part.name == "monte_carlo")
    p = raw["monte_carlo_p_net_positive"]
    return Verdict(rating.recommendation, float(p or 0.0), rating.component_scores, rating.final_score)


def planted(seed: int, edge: float, count: int) -> Verdict:
    """Rate `count` orders with stop and target 40 pips away, 1 % at risk, right with probability ½ + edge."""
    draw = np.random.default_rng(seed)
    number = seed % MARKETS
    rows = np.sort(draw.choice(BARS - 600, size=count, replace=False)) + 5
    first = np.array([first_reached(number, row) for row in rows])
    right = draw.random(count) < 0.5 + edge
    Planned.TABLES[seed] = {
        "bar_idx": rows,
        "direction": np.where(np.where(right, first, -first) > 0, "long", "short"),
        "sl_pips": STOP_PIPS,
        "tp_pips": STOP_PIPS,
    }
    return judged(Planned(number=seed), number, sizing=RISKED)


def first_reached(number: int, row: int) -> int:
    """Return 1 where price rises by the stop's distance before it falls by it, else -1."""
    opens, highs, lows = extremes(number)
    entry, reach = opens[row + 1], round(STOP_PIPS * 10)
    up = np.flatnonzero(highs[row + 1 : row + 2_000] >= entry + reach)[:1]
    down = np.flatnonzero(lows[row + 1 : row + 2_000] <= entry - reach)[:1]
    return 1 if len(up) and (not len(down) or up[0] < down[0]) else -1


@functools.cache
def extremes(number: int) -> tuple[Ints, Ints, Ints]:
    """Return opens, highs and lows of a market in points."""
    bars = pa.table(market(number).resolve().series[0])
    opens, highs, lows = (bars[f"bid_{name}"].to_numpy().astype(np.int64) for name in ("open", "high", "low"))
    return opens, highs, lows


def share(verdicts: list[Verdict], word: str) -> float:
    return sum(verdict.recommendation == word for verdict in verdicts) / len(verdicts)


def without_edge(strategies: int) -> Iterator[str]:
    """Line 3, first half: random entries at no cost."""
    verdicts = []
    for seed in range(strategies):
        verdicts.append(planted(seed, 0.0, (60, 150, 400)[seed % 3]))
        show("no edge", seed + 1, strategies)
    p = float(np.mean([verdict.p_net_positive for verdict in verdicts]))
    scores = np.array([verdict.score for verdict in verdicts if verdict.score is not None])
    yield f"| strategies | {strategies} |"
    yield f"| rated `candidate` | {100 * share(verdicts, 'candidate'):.1f} % (at most 2 %) |"
    yield f"| rated `watch` | {100 * share(verdicts, 'watch'):.1f} % |"
    yield f"| mean P(net > 0) | {p:.3f} (0.5 ± 0.05) |"
    yield f"| median and largest score | {np.median(scores):.2f}, {scores.max():.2f} |"


def with_edge(strategies: int) -> Iterator[str]:
    """Line 3, second half: the share rated `candidate` grows with the edge and with the sample."""
    edges, counts = (0.0, 0.05, 0.10, 0.15, 0.20), (60, 150, 400)
    each = max(1, strategies // (len(edges) * len(counts)))
    yield "| right with | " + " | ".join(f"{count} trades" for count in counts) + " |"
    yield "| --- | " + " | ".join("---" for _ in counts) + " |"
    done = 0
    for edge in edges:
        cells = []
        for count in counts:
            verdicts = []
            for _ in range(each):
                verdicts.append(planted(100_000 + done, edge, count))
                done += 1
                show("edge", done, each * len(edges) * len(counts))
            scores = [verdict.score or 0.0 for verdict in verdicts]
            cells.append(f"{100 * share(verdicts, 'candidate'):.0f} % (score {np.mean(scores):.1f})")
        yield f"| {100 * (0.5 + edge):.0f} % | " + " | ".join(cells) + " |"


def lucky() -> Verdict:
    """Return 117 small trades that lose nearly all that three large ones win: none of the three may be missing."""
    draw = np.random.default_rng(5)
    rows = np.arange(120) * 100 + 5
    future = moves(1, rows, HOLD)
    best = np.argsort(-np.abs(future))[:3]
    directions = np.where(draw.random(120) < 0.35, np.sign(future), -np.sign(future)).astype(np.int64)
    directions[best] = np.sign(future[best])
    lost = -float((directions * future).sum() - np.abs(future[best]).sum())
    lots = np.full(120, 0.1)
    lots[best] = np.round(0.1 * lost / 0.95 / 3 / np.abs(future[best]), 2)
    Planned.TABLES[-1] = trades(rows, directions, lots=lots)
    return judged(Planned(number=-1), 1)


def dear() -> Verdict:
    """Return a steady small edge, of which costs take three quarters: gone at a third more."""
    draw = np.random.default_rng(6)
    rows = np.arange(300) * (HOLD + 4) + 5
    future = moves(2, rows, HOLD)
    directions = np.where(draw.random(300) < 0.72, np.sign(future), -np.sign(future)).astype(np.int64)
    gross = float((directions * future).sum()) * 0.5  # 0.5 lots earn 0.5 USD a point
    per_lot = round(0.75 * gross / 300, 2)  # half a lot, on both sides: per_lot / 2 · 2 a trade
    Planned.TABLES[-2] = trades(rows, directions)
    costs = {
        "defaults": {
            "slippage": "none",
            "commission": {"per_lot": per_lot, "sides": "both", "currency": "USD"},
            "swap": "none",
        }
    }
    return judged(Planned(number=-2), 2, costs=costs)


def exact() -> Verdict:
    """Return trades that live on the one bar after the signal and are held for twelve."""
    rows = np.arange(300) * 28 + 5
    Planned.TABLES[-3] = trades(rows, np.sign(moves(3, rows, 1)).astype(np.int64), hold=5)
    return judged(Planned(number=-3), 3)


def fitted() -> Verdict:
    """Return a rule on the last three digits of the close, learned from the very bars it is tested on."""
    rows = np.arange(HOLD, BARS - HOLD - 2, HOLD + 6)
    closes = pa.table(market(4).resolve().series[0])["bid_close"].to_numpy().astype(np.int64)
    lesson = np.where(np.arange(1000) % 2 == 0, 1, -1)
    lesson[closes[rows] % 1000] = np.where(moves(4, rows, HOLD) > 0, 1, -1)
    Fitted.LESSONS[0] = lesson
    return judged(Fitted(number=0), 4)


FOOLS: tuple[tuple[str, str, Callable[[], Verdict]], ...] = (
    ("lives from three lucky trades", "trade_dropout", lucky),
    ("dies at 1.5 times its costs", "cost_shock", dear),
    ("needs its entry to the bar", "timing_jitter", exact),
    ("is fitted to noise", "data_jitter", fitted),
)
STAGE_2 = ("trade_dropout", "cost_shock", "timing_jitter", "level_stress", "data_jitter")


def fools() -> Iterator[str]:
    """Line 3, last part: each way to fool oneself loses in the component that should see it."""
    yield "| strategy | " + " | ".join(STAGE_2) + " | score |"
    yield "| --- | " + " | ".join("---" for _ in STAGE_2) + " | --- |"
    for text, name, make in FOOLS:
        verdict = make()
        seen = {part: verdict.scores[part] for part in STAGE_2 if verdict.scores[part] is not None}
        worst = min(seen, key=lambda part: seen[part] or 0.0)
        cells = [cell(part, verdict.scores[part], is_named=part == name) for part in STAGE_2]
        note = "" if worst == name else f" (worst is {worst})"
        yield f"| {text} | " + " | ".join(cells) + f" | {verdict.score or 0.0:.1f}{note} |"


def cell(part: str, score: float | None, *, is_named: bool) -> str:
    text = "n/a" if score is None else f"{score:.2f}"
    return f"**{text}**" if is_named else text


def show(what: str, done: int, total: int) -> None:
    """Say how far it is: in place on a terminal, else a line for each tenth."""
    if sys.stderr.isatty():
        print(f"\r{what} {done}/{total}", end="\n" if done == total else "", file=sys.stderr)
    elif done * 10 // total > (done - 1) * 10 // total:
        print(f"{what} {done}/{total}", file=sys.stderr, flush=True)


def page(strategies: int) -> str:
    """Return the page with all figures."""
    lines = [
        "# Calibration of the rating",
        "",
        "Written by `benchmarks/calibration.py --write`. Random walks without drift and spread, H1, "
        f"{BARS:,} bars, {MARKETS} of them; orders on drawn bars with stop and target {STOP_PIPS:.0f} pips away and 1 "
        "% of the balance at risk. "
        f"{PIPELINE.samples:,} resamples, {PIPELINE.data_samples} noise samples.",
        "",
        "## No edge: random entries, no costs",
        "",
        "| figure | value |",
        "| --- | --- |",
        *without_edge(strategies),
        "",
        "## A planted edge: share rated `candidate`",
        "",
        *with_edge(strategies),
        "",
        "## Four ways to fool oneself",
        "",
        "The component that should see it is in bold.",
        "",
        *fools(),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the figures, or write their page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strategies", type=int, default=500, help="of each of the first two kinds")
    parser.add_argument("--write", action="store_true", help="write docs/rating_calibration.md")
    arguments = parser.parse_args()
    text = page(arguments.strategies)
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
