"""PRF-6: every indicator over a million bars against TA-Lib, in one process and on one core.

    RAYON_NUM_THREADS=1 python benchmarks/indicators.py [NAME …] [--table docs/indicator_speed.md]

Ours goes through the seam, from a market of integer points to Arrow; TA-Lib gets ready arrays of floats. Both work in
memory that is there already: ours is kept by the extension, TA-Lib's by the C library, which is told to. A time is
the least of several, taken in turn. A market makes floats of a price once; what that costs is measured apart.
`compute_many` is measured with one and with two threads, in processes of their own, and a read inside `on_bar` as
the least of many loops, one per bar.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("RAYON_NUM_THREADS", "1")
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import numpy as np
import talib

import cases
import omega
from omega.indicators import CATALOGUE

BARS, REPEATS = 1_000_000, 40
PARITY = ("sma", "ema", "rsi", "macd", "bbands", "atr", "adx", "stoch", "cci")
PERIODS = dict.fromkeys(("sma", "ema", "wma", "dema", "tema", "kama", "bbands", "stddev"), 20)
MANY = [*PARITY, "kama", "natr", "dx", "stochrsi", "willr", "aroon", "stddev", "linearreg", "highest", "lowest", "tema"]
SET = (*PARITY, "roc", "plus_di", "minus_di", "dx", "willr", "obv", "kalman", "garch")
SET_BARS = 50_000
FUNCTIONS = {"highest": "MAX", "lowest": "MIN", "correlation": "CORREL"}

# Read when a process starts. Without it TA-Lib's buffers are taken from the system anew at every call.
KEPT_MEMORY = "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=268435456"

HEAD = """<!-- Written by benchmarks/indicators.py. -->
# Speed of the indicators (PRF-6)

Nanoseconds per bar over {bars:,} made-up bars, default parameters (period 20 for averages and bands), {machine}.
Ours runs from the open market to an Arrow column, all outputs; TA-Lib {talib} on ready float arrays in the same
process, one core, the least of {repeats} each, taken in turn. The market makes floats of a price column when it is
first read, once for all indicators: {conversion:.1f} ns per bar more in the first call. Machines and neighbours differ;
compare the two columns of a row. Where there is no second number TA-Lib has no such function. The first nine are
those that PRF-6 names. The C library keeps freed memory for TA-Lib's own buffers, as the extension does for itself;
left to its defaults it does not, and TA-Lib's BBANDS and STOCH take half as long again, its MACD twice as long.

| indicator | omega | TA-Lib | omega / TA-Lib |
| --- | --- | --- | --- |
"""


def parameters_of(name: str) -> dict[str, float]:
    given = {one.name: one.default for one in CATALOGUE[name].parameters}
    return given | ({"period": PERIODS[name]} if name in PERIODS else {})


def specs_of(name: str) -> list[dict[str, Any]]:
    entry = CATALOGUE[name]
    spec = {"name": name, "series": 0, "side": "bid", "source": "close", "parameters": parameters_of(name)}
    other = {"other": "open"} if "other" in entry.reads else {}
    return [{**spec, **other, "output": output} for output in entry.outputs or (None,)]


def oracle(name: str, bars: dict[str, Any]) -> Callable[[], Any] | None:
    """Return TA-Lib's call for an indicator, None where it has none."""
    if not CATALOGUE[name].origin.startswith("TA-Lib") and name not in FUNCTIONS:
        return None
    function = getattr(talib, FUNCTIONS.get(name, name.upper()))
    values = list(parameters_of(name).values())
    if name == "bbands":
        values.append(values[1])
    if name in ("stoch", "stochrsi"):
        values = [values[0], values[1], 0, values[2], 0] if name == "stoch" else [*values, 0]
    columns = [bars[{"source": "close", "other": "open"}.get(read, read)] for read in CATALOGUE[name].reads]
    return lambda: function(*columns, *values)


def least(*works: Callable[[], Any]) -> list[float]:
    """Return the least time of each work, in nanoseconds per bar, taken in turn."""
    best = [float("inf")] * len(works)
    for _ in range(REPEATS):
        for idx, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[idx] = min(best[idx], (time.perf_counter() - start) / BARS * 1e9)
    return best


def float_bars(case: cases.Case) -> dict[str, Any]:
    table = case.data.resolve().series[0]
    prices = {name: table[f"bid_{name}"].to_numpy() / 1e5 for name in ("open", "high", "low", "close")}
    return {**prices, "volume": table["volume"].to_numpy()}


def rows(names: list[str], case: cases.Case) -> list[tuple[str, float, float | None]]:
    bars, found = float_bars(case), []
    for name in names:
        text = json.dumps(specs_of(name))
        works: list[Callable[[], Any]] = [lambda text=text: case.backend.compute_indicators(case.market, text)]
        theirs = oracle(name, bars)
        times = least(*works, *([theirs] if theirs else []))
        found.append((name, times[0], times[1] if theirs else None))
        print(f"{name:20} {times[0]:7.2f}", f"{times[1]:7.2f} {times[0] / times[1]:6.2f}" if theirs else "", flush=True)
    return found


def conversion_ns(case: cases.Case) -> float:
    """Return what the first indicator of a price costs more than the second, per bar."""
    text = json.dumps(specs_of("ema"))
    firsts = []
    for _ in range(REPEATS):
        market = case.open()
        start = time.perf_counter()
        case.backend.compute_indicators(market, text)
        firsts.append((time.perf_counter() - start) / BARS * 1e9)
    return min(firsts) - least(lambda: case.backend.compute_indicators(case.market, text))[0]


def set_ms() -> float:
    """Return the milliseconds of the set of seventeen on a market just opened, floats included."""
    case = cases.Case("rust", cases.Size(SET_BARS, 1))
    text = json.dumps([spec for name in SET for spec in specs_of(name)])
    found = []
    for _ in range(REPEATS):
        market = case.open()
        start = time.perf_counter()
        case.backend.compute_indicators(market, text)
        found.append((time.perf_counter() - start) * 1e3)
    return min(found)


def many(case: cases.Case) -> float:
    """Return the milliseconds of twenty indicators in one call."""
    text = json.dumps([spec for name in MANY for spec in specs_of(name)])
    return least(lambda: case.backend.compute_indicators(case.market, text))[0] * BARS / 1e6


def many_on(threads: int) -> float:
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
    answer = subprocess.run(
        [sys.executable, __file__, "--many"], env=environment, check=True, capture_output=True, text=True
    )
    return float(answer.stdout)


class Reads(omega.Strategy):
    """Times reads of an indicator inside `on_bar`, and the same loop without them."""

    def prepare(self, data: Any) -> None:
        self.view = data.indicators.ema(20)

    def on_bar(self, bar: Any) -> None:
        view, times, clock = self.view, range(200), time.perf_counter_ns
        start = clock()
        for _ in times:
            _ = view
        middle = clock()
        for _ in times:
            _ = view[-1]
        end = clock()
        FOUND[0] = min(FOUND[0], middle - start)
        FOUND[1] = min(FOUND[1], end - middle)


FOUND = [1 << 60, 1 << 60]


def read_ns() -> float:
    """Return the nanoseconds of one `view[-1]` inside `on_bar`, the loop around it taken off."""
    cases.backtest(cases.Case("rust", cases.Size(20_000, 1)), Reads())
    return (FOUND[1] - FOUND[0]) / 200


def table(found: list[tuple[str, float, float | None]], case: cases.Case) -> str:
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    machine += f", load average {os.getloadavg()[0]:.0f} at the end"
    facts = {"bars": BARS, "machine": machine, "talib": talib.__version__, "repeats": REPEATS}
    text = HEAD.format(**facts, conversion=conversion_ns(case))
    for name, ours, theirs in sorted(found, key=lambda row: (row[0] not in PARITY, row[0])):
        compared = f"{theirs:.1f} | {ours / theirs:.2f}" if theirs else " | "
        text += f"| {name} | {ours:.1f} | {compared} |\n"
    one, two = many_on(1), many_on(2)
    text += f"\n`compute_many` of {len(MANY)}: {one:.0f} ms on one core, {two:.0f} ms on two ({one / two:.2f} times).\n"
    text += f"\nThe set of {len(SET)} on {SET_BARS:,} bars, one core, floats made: {set_ms():.1f} ms (budget 15).\n"
    return text + f"\nOne read `view[-1]` inside `on_bar`: {read_ns():.0f} ns (budget 40).\n"


def keep_memory() -> None:
    """Begin again in a process whose C library keeps freed memory, unless this is one."""
    if "GLIBC_TUNABLES" not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"GLIBC_TUNABLES": KEPT_MEMORY})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(CATALOGUE))
    parser.add_argument("--table", type=pathlib.Path, help="write the figures here")
    parser.add_argument("--many", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    case = cases.Case("rust", cases.Size(BARS, 1))
    if options.many:
        print(many(case))
        return
    found = rows(options.names, case)
    if options.table:
        options.table.write_text(table(found, case))


if __name__ == "__main__":
    keep_memory()
    np.seterr(all="ignore")
    main()
