"""Work of the import budgets: files as vendors write them, and a process that imports one."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.csv

from omega.data.importing import ImportOptions, import_files

_BLOCK = 500_000
# What `wait4` reports as a child's peak begins with that of its parent; the kernel's own mark does not.
_IMPORT = """
import pathlib, sys
from omega.cli import main
code = main(["data", "import", sys.argv[1], "--symbol", "EURUSD", "--out", sys.argv[2]])
lines = pathlib.Path("/proc/self/status").read_text().splitlines()
print(next(line for line in lines if line.startswith("VmHWM")))
sys.exit(code)
"""


def store_of(folder: pathlib.Path) -> pathlib.Path:
    """Import both sides of a folder once; return the store."""
    store = folder.with_name(folder.name + "-store")
    if not (store / "manifest.json").exists():
        files = [folder / f"EURUSD_M1_{side}.parquet" for side in ("bid", "ask")]
        import_files(files, symbol="EURUSD", out=store, options=ImportOptions(force=True))
    return store


def import_bars(file: pathlib.Path, out: pathlib.Path) -> None:
    """Import one file into an empty store."""
    shutil.rmtree(out, ignore_errors=True)
    import_files([file], symbol="EURUSD", out=out)


def import_ticks(folder: pathlib.Path, count: int) -> tuple[float, float]:
    """Import HistData ticks in a process of its own; return seconds and its peak memory in MB."""
    file = tick_file(folder, count)
    out = folder / "imported_ticks"
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", _IMPORT, str(file), str(out)], stdout=subprocess.PIPE, text=True)
    spent = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"omega data import ended with {done.returncode}")
    return spent, int(done.stdout.split()[-2]) / 1024


def tick_file(folder: pathlib.Path, count: int) -> pathlib.Path:
    """Write ticks as HistData does, once: two per second from Monday on, week-ends included."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"DAT_ASCII_EURUSD_T_{count}.csv"
    if file.exists():
        return file
    part = file.with_suffix(".part")
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    draw = np.random.default_rng(11)
    with part.open("wb") as sink:
        for begin in range(0, count, _BLOCK):
            ticks = np.arange(begin, min(begin + _BLOCK, count))
            seconds = np.datetime64("2023-01-02") + (ticks // 2).astype("timedelta64[s]")
            text = np.char.replace(np.char.replace(np.datetime_as_string(seconds), "-", ""), ":", "")
            times = np.char.add(np.char.replace(text, "T", " "), np.where(ticks % 2 == 0, "125", "750"))
            bid = 110_000 + draw.integers(-50, 51, len(ticks))
            bids = np.char.mod("1.%05d", bid - 100_000)
            asks = np.char.mod("1.%05d", bid - 100_000 + draw.integers(0, 9, len(ticks)))
            table = pa.table({"t": times, "b": bids, "a": asks, "v": np.zeros(len(ticks), np.int8)})
            pyarrow.csv.write_csv(table, sink, options)
    part.rename(file)
    return file
