"""Every fault of CHK-1 and CHK-1b, from a file: class, code, file, row, column and value in the message."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omega.data
from omega.errors import ConfigError, DataError

SPECS = {"EURUSD": SimpleNamespace(digits=5)}
MINUTE = 60_000_000
START = 1_704_153_600_000_000  # 2024-01-02T00:00:00Z
UTC = pa.timestamp("us", tz="UTC")


def columns() -> dict[str, Any]:
    """Five good bars of one minute each."""
    return {
        "time": pa.array([START + idx * MINUTE for idx in range(5)]).cast(UTC),
        "open": [1.10000, 1.10010, 1.10020, 1.10030, 1.10040],
        "high": [1.10015, 1.10025, 1.10035, 1.10045, 1.10055],
        "low": [1.09995, 1.10005, 1.10015, 1.10025, 1.10035],
        "close": [1.10010, 1.10020, 1.10030, 1.10040, 1.10050],
        "volume": [1.0, 2.0, 3.0, 4.0, 5.0],
    }


def times(offsets: list[int | None], kind: pa.DataType = UTC, scale: float = 1) -> pa.Array:
    values = [None if offset is None else int((START + offset * MINUTE) * scale) for offset in offsets]
    return pa.array(values, pa.int64()).cast(kind)


def with_value(column: str, row: int, value: object) -> Callable[[dict[str, Any]], None]:
    def change(table: dict[str, Any]) -> None:
        table[column] = [*table[column][:row], value, *table[column][row + 1 :]]

    return change


def with_column(column: str, values: object) -> Callable[[dict[str, Any]], None]:
    def change(table: dict[str, Any]) -> None:
        table[column] = values

    return change


def without(column: str) -> Callable[[dict[str, Any]], None]:
    return lambda table: table.pop(column)


def write(folder: pathlib.Path, table: dict[str, Any], side: str = "bid") -> pathlib.Path:
    path = folder / f"EURUSD_M1_{side}.parquet"
    pq.write_table(pa.table(table), path)
    return path


def load(path: object, **options: Any) -> omega.data.MarketData:
    return omega.data.load(path, symbols="EURUSD", timeframe="M1", specs=SPECS, **options)


FAULTS = {
    "duplicate time": (with_column("time", times([0, 1, 2, 2, 3])), "data.time_not_increasing", 3, "00:02:00Z"),
    "descending time": (with_column("time", times([0, 1, 3, 2, 4])), "data.time_not_increasing", 3, "Sort"),
    "naive time": (with_column("time", times([0, 1, 2, 3, 4], pa.timestamp("us"))), "data.naive_time", 0, "zone"),
    "null time": (with_column("time", times([0, 1, None, 3, 4])), "data.null", 2, "'time'"),
    "time off the grid": (
        with_column("time", pa.array([START, START + MINUTE + 1]).cast(UTC).take(pa.array([0, 1, 1, 1, 1]))),
        "data.time_off_grid",
        1,
        "00:01:00.000001Z",
    ),
    "nanoseconds off the grid": (
        with_column(
            "time",
            pa.array([(START + idx * MINUTE) * 1000 + (idx == 4) for idx in range(5)]).cast(
                pa.timestamp("ns", tz="UTC")
            ),
        ),
        "data.time_off_grid",
        4,
        "00:04:00Z",
    ),
    "seconds stored as microseconds": (
        with_column("time", times([0, 1, 2, 3, 4], scale=1e-6)),
        "data.time_unit",
        0,
        "read as s instead",
    ),
    "milliseconds stored as microseconds": (
        with_column("time", times([0, 1, 2, 3, 4], scale=1e-3)),
        "data.time_unit",
        0,
        "read as ms instead",
    ),
    "nanoseconds stored as microseconds": (
        with_column("time", times([0, 1, 2, 3, 4], scale=1000)),
        "data.time_unit",
        0,
        "read as ns instead",
    ),
    "microseconds stored as nanoseconds": (
        with_column("time", times([0, 1, 2, 3, 4], pa.timestamp("ns", tz="UTC"))),
        "data.time_unit",
        0,
        "read as us instead",
    ),
    "a year before 1970": (
        with_column("time", pa.array([-MINUTE, 0, MINUTE, 2 * MINUTE, 3 * MINUTE]).cast(UTC)),
        "data.year_out_of_range",
        0,
        "1970 to 2261",
    ),
    "a year after 2261": (
        with_column(
            "time", pa.array([START, 9_214_646_400_000_000 + MINUTE]).cast(UTC).take(pa.array([0, 0, 0, 0, 1]))
        ),
        "data.year_out_of_range",
        4,
        "1970 to 2261",
    ),
    "whole numbers as time": (with_column("time", [1, 2, 3, 4, 5]), "data.wrong_type", 0, "int64"),
    "null price": (with_value("open", 2, None), "data.null", 2, "'open'"),
    "NaN price": (with_value("low", 4, float("nan")), "data.not_finite", 4, "'low' is nan"),
    "infinite price": (with_value("high", 1, float("inf")), "data.not_finite", 1, "'high' is inf"),
    "price zero": (with_value("low", 3, 0.0), "data.not_positive", 3, "'low' is 0.0"),
    "negative price": (with_value("close", 0, -1.1), "data.not_positive", 0, "'close' is -1.1"),
    "high below open": (with_value("open", 2, 1.1004), "data.high_below", 2, "below 'open' 1.1004"),
    "high below close": (with_value("close", 2, 1.1004), "data.high_below", 2, "below 'close' 1.1004"),
    "low above open": (with_value("open", 1, 1.1), "data.low_above", 1, "above 'open' 1.1"),
    "low above close": (with_value("close", 1, 1.1), "data.low_above", 1, "above 'close' 1.1"),
    "text as price": (with_column("high", ["1.2", "1.3", "abc", "1", "1"]), "data.wrong_type", 2, "'abc'"),
    "flags as price": (with_column("high", [True] * 5), "data.wrong_type", 0, "bool"),
    "price off the grid": (with_value("close", 2, 1.100301), "data.off_grid", 2, "0.1 points off"),
    "price too large": (with_value("high", 2, 10000.00001), "data.price_out_of_range", 2, "10000.00001"),
    "price beyond all floats": (with_value("high", 2, 1e306), "data.price_out_of_range", 2, "1e+306"),
    "two symbols": (
        with_column("symbol", ["EURUSD", "EUR/USD", "GBPUSD", "EURUSD", "EURUSD"]),
        "data.mixed_symbols",
        2,
        "'GBPUSD'",
    ),
    "negative spread": (with_column("spread", [1, 2, -3, 4, 5]), "data.bad_spread", 2, "-3.0"),
    "half a point of spread": (with_column("spread", [1.0, 2.5, 3, 4, 5]), "data.bad_spread", 1, "2.5"),
    "negative volume": (with_value("volume", 4, -1.0), "data.bad_volume", 4, "-1.0"),
    "NaN volume": (with_value("volume", 4, float("nan")), "data.bad_volume", 4, "nan"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_refused_with_code_file_row_and_value(fault, tmp_path):
    """CHK-1: each fault has its own code, and the message says where, what and what now."""
    change, code, row, shown = FAULTS[fault]
    table = columns()
    change(table)
    path = write(tmp_path, table)

    with pytest.raises(DataError) as caught:
        load(tmp_path)

    message = str(caught.value)
    assert caught.value.code == code
    assert message.startswith(f"[{code}] {path}, row {row}: ")
    assert shown in message
    assert message.rstrip().endswith(".")


def test_the_good_file_of_these_tests_is_accepted(tmp_path):
    """Canary: without a fault nothing is refused."""
    write(tmp_path, columns())

    assert load(tmp_path).base.bid[3].tolist() == [110010, 110020, 110030, 110040, 110050]


@pytest.mark.parametrize("column", ["time", "open", "high", "low", "close"])
def test_a_missing_column_is_named_with_what_was_found(column, tmp_path):
    """CHK-1: missing column."""
    table = columns()
    without(column)(table)
    path = write(tmp_path, table)

    with pytest.raises(DataError, match="no column") as caught:
        load(tmp_path)

    assert caught.value.code == "data.missing_column"
    assert str(path) in str(caught.value) and repr(column) in str(caught.value) and "'volume'" in str(caught.value)


def test_two_columns_of_one_meaning_are_refused(tmp_path):
    """DAT-2: nobody knows which of `close` and `Close` is meant."""
    write(tmp_path, columns() | {"Close": [1.0] * 5})

    with pytest.raises(DataError, match="'close', 'Close'") as caught:
        load(tmp_path)

    assert caught.value.code == "data.ambiguous_column"


@pytest.mark.parametrize(
    ("times", "code", "row"),
    [
        (["2024-01-02T00:00:00", "2024-01-02T00:01:00"], "data.naive_time", 0),
        (["2024-01-02T00:00:00Z", "2024-01-02T00:01:00"], "data.naive_time", 1),
        (["2024-01-02T00:00:00Z", "yesterday"], "data.wrong_type", 1),
        (["1704153600", "1704153660"], "data.wrong_type", 0),
    ],
)
def test_csv_times_without_a_zone_are_refused(times, code, row, tmp_path):
    """TIM-1: a time without a zone could be any of twenty-four instants."""
    path = tmp_path / "EURUSD_M1_bid.csv"
    path.write_text("time,open,high,low,close\n" + "".join(f"{time},1.1,1.1,1.1,1.1\n" for time in times))

    with pytest.raises(DataError) as caught:
        load(tmp_path)

    assert caught.value.code == code
    assert f"{path}, row {row}: " in str(caught.value)


def test_crossed_quotes_are_refused_with_count_and_first_row(tmp_path):
    """CHK-1b: bid 1.10045 above ask 1.10044 at the high of row 3, and at row 4."""
    bid, ask = columns(), columns()
    ask["high"] = [1.10015, 1.10025, 1.10035, 1.10044, 1.10054]
    write(tmp_path, bid)
    write(tmp_path, ask, "ask")

    with pytest.raises(DataError, match=r"row 3 .*bid high 1\.10045 is above ask high 1\.10044; 2 of 5 bars") as caught:
        load(tmp_path)

    assert caught.value.code == "data.crossed_quotes"


def test_bars_of_one_side_only_are_refused_above_the_limit(tmp_path):
    """RES-2: one of five bars is more than 0.1 %."""
    write(tmp_path, columns())
    write(tmp_path, {name: values[:-1] for name, values in columns().items()}, "ask")

    with pytest.raises(DataError, match=r"row 4 \(2024-01-02T00:04:00Z\).*only on the bid side; 1 of 5") as caught:
        load(tmp_path)

    assert caught.value.code == "data.unpaired"


@pytest.mark.parametrize("suffix", ["parquet", "feather", "arrow"])
def test_a_file_that_is_not_what_its_name_says_is_unreadable(suffix, tmp_path):
    """A broken download is named as such."""
    path = tmp_path / f"EURUSD_M1_bid.{suffix}"
    path.write_bytes(b"not what it says")

    with pytest.raises(DataError) as caught:
        load(tmp_path)

    assert caught.value.code == "data.unreadable"
    assert str(path) in str(caught.value)


def test_a_flipped_bit_in_a_parquet_page_is_noticed(tmp_path):
    """Page checksums are verified: every flipped bit of the data pages is found."""
    path = tmp_path / "EURUSD_M1_bid.parquet"
    pq.write_table(pa.table(columns()), path, compression="none", write_page_checksum=True, use_dictionary=False)
    whole = path.read_bytes()
    value = whole.index(pa.array([1.10030, 1.10040]).buffers()[1].to_pybytes()[:16])
    path.write_bytes(whole[:value] + bytes([whole[value] ^ 1]) + whole[value + 1 :])

    with pytest.raises(DataError) as caught:
        load(tmp_path)

    assert caught.value.code == "data.unreadable"


def test_an_empty_table_is_refused(tmp_path):
    write(
        tmp_path,
        {name: values[:0] if name == "time" else pa.array([], pa.float64()) for name, values in columns().items()},
    )

    with pytest.raises(DataError) as caught:
        load(tmp_path)

    assert caught.value.code == "data.empty"


def test_two_folders_with_the_same_series_are_refused_until_one_is_named(tmp_path):
    """CAT: which of the two is meant is not guessed."""
    for folder in ("broker_a", "broker_b"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, columns())

    with pytest.raises(DataError, match=r"broker_a/EURUSD_M1_bid\.parquet, broker_b/") as caught:
        load(tmp_path)

    assert caught.value.code == "data.ambiguous_source"
    assert load(tmp_path, source="broker_b").source == "broker_b/EURUSD_M1_bid.parquet"


def test_a_bid_and_an_ask_of_different_folders_are_not_paired(tmp_path):
    """CAT: a spread between two sources is nobody's spread."""
    for folder, side in (("broker_a", "bid"), ("broker_b", "ask")):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, columns(), side)

    with pytest.raises(DataError) as caught:
        load(tmp_path)

    assert caught.value.code == "data.ambiguous_source"


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"timeframe": "M7"}, "timeframe"),
        ({"timeframe": "m15"}, "M15"),
        ({"higher_timeframes": ["M1"]}, "higher_timeframes[0]"),
        ({"higher_timeframes": ["H1", "H1"]}, "higher_timeframes[1]"),
        ({"higher_timeframes": "H1"}, "a list"),
        ({"symbols": ["EURUSD", "GBPUSD"]}, "one symbol"),
        ({"symbols": "EURGBP"}, "omega.load: specs has no spec of EURGBP"),
        ({"symbols": "EUR/USD"}, "Did you mean 'EURUSD'?"),
        (
            {"symbols": "QQQQ", "specs": None},
            "symbol_specs.yaml has no spec of QQQQ; it is never guessed. Known: AUDUSD",
        ),
        ({"timeframe": "1h"}, "Did you mean 'H1'?"),
        ({"timeframe": "M60"}, "Did you mean 'H1'?"),
        ({"timeframe": "15min"}, "Did you mean 'M15'?"),
        ({"timeframe": "H24"}, "Did you mean 'D1'?"),
        ({"start": "2024-01-02T00:00:00"}, "start"),
        ({"start": "soon"}, "start"),
        ({"start": "2024-01-03", "end": "2024-01-02"}, "end"),
        ({"warmup_bars": -1}, "warmup_bars"),
        ({"crossed": "ignore"}, "crossed"),
        ({"duplicates": "drop"}, "duplicates"),
        ({"max_unpaired": 2.0}, "max_unpaired"),
    ],
)
def test_an_argument_that_makes_no_sense_is_a_config_error(options, where, tmp_path):
    write(tmp_path, columns())
    arguments = {"symbols": "EURUSD", "timeframe": "M1", "specs": SPECS} | options

    with pytest.raises(ConfigError) as caught:
        omega.data.load(tmp_path, **arguments)

    assert where in str(caught.value)


@pytest.mark.parametrize(
    ("options", "code", "shown"),
    [
        ({"start": "2024-01-03"}, "data.no_bars", "2024-01-02T00:00:00Z to 2024-01-02T00:04:00Z"),
        ({"end": "2024-01-01"}, "data.no_bars", "closing by 2023-12-31T22:00:00Z"),
        ({"start": "2024-01-02T00:02:00Z", "warmup_bars": 3}, "data.warmup_short", "2 bars of M1 lie before"),
        ({"warmup_bars": 5}, "data.warmup_short", "5 are wanted"),
        ({"timeframe": "M15", "source": "nowhere"}, "data.not_found", "'nowhere'"),
    ],
)
def test_a_span_that_the_data_does_not_cover_is_refused(options, code, shown, tmp_path):
    """TIM-5: no bar at or after the start, or too few before it."""
    write(tmp_path, columns())
    arguments = {"symbols": "EURUSD", "timeframe": "M1", "specs": SPECS} | options

    with pytest.raises(DataError) as caught:
        omega.data.load(tmp_path, **arguments)

    assert caught.value.code == code
    assert shown in str(caught.value)


def test_a_stored_timeframe_that_does_not_divide_the_wanted_one_is_not_used(tmp_path):
    """RES-3: M1 cannot be made of M15, and the message says what there is."""
    pq.write_table(pa.table(columns()), tmp_path / "EURUSD_M15_bid.parquet")

    with pytest.raises(DataError, match="Stored are M15") as caught:
        load(tmp_path)

    assert caught.value.code == "data.not_found"


def test_hours_that_are_read_as_minutes_are_refused_with_what_they_are(tmp_path):
    """TIM-2: a bar is known at its close, and an hour called a minute would be known 59 minutes too early."""
    hours = columns()
    for name, values in hours.items():
        hours[name] = times([60 * idx for idx in range(60)]) if name == "time" else values * 12
    write(tmp_path, hours)

    with pytest.raises(DataError, match="read as M1, but all 60 open at times of H1") as caught:
        load(tmp_path)
    assert caught.value.code == "data.wrong_timeframe"

    hours["time"] = times([60 * idx for idx in range(59)] + [59 * 60 - 59])
    write(tmp_path, hours)
    assert load(tmp_path).base_timeframe == "M1"


def test_bid_and_ask_that_cross_nearly_everywhere_look_swapped():
    """CHK-1b: to drop or widen them all would be no advice."""
    ask = columns()
    bid = ask | {name: [price + 0.0001 for price in ask[name]] for name in ("open", "high", "low", "close")}

    with pytest.raises(DataError, match=r"5 of 5 bars are crossed\. Bid and ask look swapped\."):
        load({"bid": pa.table(bid), "ask": pa.table(ask)})


def test_a_date_and_a_time_column_are_to_be_joined(tmp_path):
    """DAT-2: MetaTrader writes two columns; keeping one of them would lose the hour or the day."""
    write(tmp_path, columns() | {"Date": ["2024.01.02"] * 5})

    with pytest.raises(DataError, match="Join them in one column of times with their zone") as caught:
        load(tmp_path)
    assert caught.value.code == "data.ambiguous_column"


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("2024-01-02 00:00", "data.naive_time", "zone"),
        ("2024-01-02 00:00Z", "data.wrong_type", "to_datetime(…, utc=True)"),
    ],
)
def test_times_as_text_are_told_apart_in_every_kind_of_text(kind, text, code, part):
    """TIM-1: pandas 3 keeps text as large_string."""
    table = pa.table(columns() | {"time": pa.array([text] * 5).cast(kind)})

    with pytest.raises(DataError) as caught:
        load({"bid": table})
    assert caught.value.code == code
    assert part in str(caught.value)


def test_symbol_specs_can_be_a_file(tmp_path):
    """DAT-4: the broker's own figures, as `data.specs` names them in a config."""
    write(tmp_path, columns())
    with pytest.raises(ConfigError) as caught:
        omega.data.load(tmp_path, symbols="EURUSD", timeframe="M1", specs=tmp_path / "absent.yaml")
    assert caught.value.code == "config.unreadable"

    bundled = pathlib.Path(omega.__file__).parent / "config" / "symbol_specs.yaml"
    assert omega.data.load(tmp_path, symbols="EURUSD", timeframe="M1", specs=bundled).digits == 5
