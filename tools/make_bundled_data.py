"""Write the bundled data from a folder of normalised source files.

    python tools/make_bundled_data.py SOURCE [TARGET]

SOURCE holds one folder per source group with Parquet files (`time` in UTC, float64 prices, as described
in data/README.md). Prices, volumes and spreads are copied as they are; only the Parquet encoding
changes (zstd, page checksums). TARGET is the repository's data folder by default.
"""

from __future__ import annotations

import pathlib
import sys

import pyarrow.parquet

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = {
    "oanda_h1": ("lean_oanda_h1", ("EURUSD_H1_bid", "EURUSD_H1_ask")),
    "icmarkets_m1_2025": ("icmarkets_mt5", ("EURUSD_M1_bid",)),
    "oanda_m1_2014": (
        "lean_oanda_2014",
        tuple(f"{symbol}_M1_{side}" for symbol in ("EURUSD", "NZDUSD", "XAUUSD") for side in ("bid", "ask")),
    ),
    "ejtrader_h1": ("ejtrader_h1", ("USDJPY_H1_bid", "EURGBP_H1_bid", "GBPUSD_H1_bid")),
}


def main(source: pathlib.Path, target: pathlib.Path) -> None:
    """Rewrite every file and check that the copy holds the same values."""
    for folder, (group, names) in FOLDERS.items():
        (target / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            table = pyarrow.parquet.read_table(source / group / f"{name}.parquet")
            copy = target / folder / f"{name}.parquet"
            pyarrow.parquet.write_table(
                table, copy, compression="zstd", compression_level=19, write_page_checksum=True, store_schema=True
            )
            if not pyarrow.parquet.read_table(copy, page_checksum_verification=True).equals(table):
                raise SystemExit(f"{copy}: the copy differs from its source")
            print(f"{copy.relative_to(target)}: {table.num_rows} rows, {copy.stat().st_size} bytes")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else ROOT / "data")
