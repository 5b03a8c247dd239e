"""`make bench`: the performance budgets of docs/spec/backends.md, on both backends.

Prints a table; `--json FILE` writes the same figures. Never part of the tests: what a machine did
besides is in every figure, and only ratios within one run compare.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import platform
import sys
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from rich.console import Console
from rich.table import Table

import cases
import execution_cases
import rating_cases
from omega.backends import describe_backends

# A few short runs may all lie within one burst of a neighbour.
FULL = {"rust": cases.Size(1_000_000, 15), "python": cases.Size(100_000, 1)}
QUICK = {"rust": cases.Size(100_000, 2), "python": cases.Size(20_000, 1)}
SHORT = 20_000


def measure(sizes: dict[str, cases.Size]) -> Iterator[cases.Figure]:
    # First: a child's peak memory is never less than what this process holds when it forks.
    yield from cases.whole_run(list(sizes), 4)
    for name, size in sizes.items():
        case = cases.Case(name, size)
        for work in (cases.signal_table, cases.trailing, cases.native_strategy, cases.on_bar):
            yield from work(case)
        yield from cases.short_run(cases.Case(name, cases.Size(SHORT, size.repeats)))
    for name, size in sizes.items():
        yield from execution_cases.fed_run(name, 20 * size.repeats)
        yield from rating_cases.resampling(name, size.repeats)
        yield from rating_cases.replays(name)
    if "rust" in sizes:
        yield from rating_cases.default_rating("rust")
    largest = max(size.bars for size in sizes.values())
    yield from cases.loading(largest, 2)
    yield from cases.importing(largest, 2)


def ratio(figure: cases.Figure, figures: list[cases.Figure]) -> float | None:
    """Return how many times faster Rust was than the twin at the same work, per bar or trade."""
    if figure.backend != "rust" or figure.unit == "MB":
        return None
    twin = [other for other in figures if other.backend == "python" and other[:2] == figure[:2]]
    return twin[0].value / figure.value if twin else None


def show(figures: list[cases.Figure]) -> None:
    table = Table(title=f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    for heading in ("id", "work", "backend", "measured", "budget", "twin / Rust", "rows"):
        table.add_column(heading, justify="right" if heading in ("measured", "budget", "twin / Rust") else "left")
    for figure in sorted(
        figures, key=lambda each: (each.id[:3], int(each.id.split("-")[1]), each.work, each.backend != "rust")
    ):
        times = ratio(figure, figures)
        is_budgeted = figure.budget is not None and figure.backend != "python"
        table.add_row(
            figure.id,
            figure.work,
            figure.backend,
            f"{figure.value:,.4g} {figure.unit}",
            f"{figure.budget:,.4g}" if is_budgeted else "",
            f"{times:,.1f}x" if times else "",
            ", ".join(f"{count:,} {name}" for name, count in figure.rows.items()),
        )
    Console(width=max(Console().width, 160)).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=pathlib.Path, help="write the figures here as well")
    parser.add_argument("--quick", action="store_true", help="fewer bars: does it run at all?")
    options = parser.parse_args()
    sizes = QUICK if options.quick else FULL
    if describe_backends()["rust"] is None:
        sizes = {"python": sizes["python"]}
    figures = list(measure(sizes))
    show(figures)
    if options.json:
        options.json.write_text(json.dumps([figure._asdict() for figure in figures], indent=2) + "\n")


if __name__ == "__main__":
    main()
