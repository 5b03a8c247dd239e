"""The normalised store notices every truncation and every flipped bit, of the data and of the manifest."""

from __future__ import annotations

import pathlib
import random
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omega.data
from omega.data.cache import cache_path
from omega.data.importing import ImportOptions, import_files
from omega.errors import DataError

SPECS = {"EURUSD": SimpleNamespace(digits=5)}
ROWS = 2_000
TRUNCATIONS, FLIPS = 200, 1_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A store of 2,000 minutes."""
    folder = tmp_path_factory.mktemp("damage")
    steps = np.random.default_rng(7).integers(-9, 10, ROWS).cumsum() + 110_000
    times = pa.array(1_704_153_600_000_000 + 60_000_000 * np.arange(ROWS)).cast(pa.timestamp("us", "UTC"))
    prices = {"open": steps, "high": steps + 5, "low": steps - 5, "close": steps + 1}
    table = pa.table({"time": times, **{name: points / 100_000 for name, points in prices.items()}})
    pq.write_table(table, folder / "x_bid.parquet")
    import_files([folder / "x_bid.parquet"], symbol="EURUSD", out=folder / "store", options=ImportOptions())
    return folder / "store"


def is_refused(folder: pathlib.Path) -> bool:
    try:
        load(folder)
    except DataError as error:
        assert error.code in ("data.damaged", "data.bad_manifest"), error
        return True
    return False


def load(folder: pathlib.Path) -> omega.data.MarketData:
    return omega.data.load(folder, symbols="EURUSD", timeframe="M1", specs=SPECS)


def test_the_whole_store_loads_and_its_points_are_the_prices(store):
    """Canary of this file."""
    assert len(load(store).base.time) == ROWS


@pytest.mark.parametrize("name", ["EURUSD_M1_bid.parquet", "manifest.json"])
def test_every_truncation_is_refused(store, tmp_path, name):
    """200 lengths in each file, the longest one byte short."""
    whole = {file.name: file.read_bytes() for file in store.iterdir() if file.is_file()}
    draw = random.Random(1)
    size = len(whole[name])
    lengths = [size - 1, 0, *(draw.randrange(size) for _ in range(TRUNCATIONS - 2))]
    for other, content in whole.items():
        (tmp_path / other).write_bytes(content)

    survived = []
    for length in lengths:
        (tmp_path / name).write_bytes(whole[name][:length])
        if not is_refused(tmp_path):
            survived.append(length)

    assert len(lengths) == TRUNCATIONS and survived == []


def test_every_flipped_bit_is_refused(store, tmp_path):
    """1,000 single bits, in pages, page headers, footer and manifest."""
    whole = {file.name: file.read_bytes() for file in store.iterdir() if file.is_file()}
    for name, content in whole.items():
        (tmp_path / name).write_bytes(content)
    draw = random.Random(2)
    names = ["EURUSD_M1_bid.parquet"] * 800 + ["manifest.json"] * 200

    survived = []
    for name in names:
        damaged = bytearray(whole[name])
        bit = draw.randrange(8 * len(damaged))
        damaged[bit // 8] ^= 1 << bit % 8
        (tmp_path / name).write_bytes(damaged)
        if not is_refused(tmp_path):
            survived.append((name, bit))
        (tmp_path / name).write_bytes(whole[name])

    assert len(names) == FLIPS and survived == []
    assert not is_refused(tmp_path)


def test_a_file_of_a_store_without_its_manifest_is_refused(store, tmp_path):
    """What cannot be verified is not taken as if it had been."""
    (tmp_path / "EURUSD_M1_bid.parquet").write_bytes((store / "EURUSD_M1_bid.parquet").read_bytes())

    assert is_refused(tmp_path)


def test_a_cache_that_is_stale_or_truncated_is_not_read(store, tmp_path):
    """CAT: the cache is rebuilt, whatever happened to it; what was loaded does not change."""
    for file in store.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    source = tmp_path / "EURUSD_M1_bid.parquet"
    expected = load(tmp_path).data_hash
    cache = cache_path(source)
    whole = cache.read_bytes()

    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        cache.write_bytes(whole[:length])
        assert load(tmp_path).data_hash == expected
        assert cache.read_bytes() == whole
    source.write_bytes(source.read_bytes()[:-1])
    assert is_refused(tmp_path)


def test_a_cache_answers_when_nothing_changed(store, tmp_path):
    """CAT: the cache is really read: a value changed in it alone shows, and `check` removes such a cache."""
    from omega.data.audit import cache_is_damaged

    for file in store.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    source = tmp_path / "EURUSD_M1_bid.parquet"
    before = load(tmp_path).base.bid[0].copy()
    cache = cache_path(source)
    place = cache.read_bytes().index(before[:16].tobytes())
    changed = bytearray(cache.read_bytes())
    changed[place] ^= 1
    cache.write_bytes(changed)

    assert load(tmp_path).base.bid[0][0] == before[0] ^ 1
    assert cache_is_damaged(source) and not cache.exists()
    assert load(tmp_path).base.bid[0][0] == before[0]
    assert not cache_is_damaged(source)


def test_prices_of_a_store_need_the_digits_of_the_symbol(store):
    """DAT-4: points of 10^-5 are not read as points of 10^-4."""
    with pytest.raises(DataError) as caught:
        omega.data.load(store, symbols="EURUSD", timeframe="M1", specs={"EURUSD": SimpleNamespace(digits=4)})

    assert caught.value.code == "data.wrong_digits"


def test_a_copy_under_another_symbol_is_refused(store, tmp_path):
    """CHK-1: what a file holds is in the file; its name is only where it lies."""
    for file in store.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "EURUSD_M1_bid.parquet").rename(tmp_path / "GBPUSD_M1_bid.parquet")

    with pytest.raises(DataError) as caught:
        omega.data.load(tmp_path, symbols="GBPUSD", timeframe="M1", specs={"GBPUSD": SimpleNamespace(digits=5)})

    assert caught.value.code == "data.bad_manifest"
