"""A run from a config: its files, its manifest, and that both backends write the same bytes."""

from __future__ import annotations

import csv
import json
import os
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from omega.engine.metrics import MOMENTS, MONEY
from omega.errors import ConfigError
from omega.rating.definitions import METRICS
from omega.runner import STEPS, run_config

CONFIG = "examples/eurusd_ema_cross.json"
SHORT = [
    *("data.end=2010-07-01", "rating.samples=60", "rating.dropout_samples=20"),
    *("rating.data_samples=2", "rating.parameter_samples=2"),
]
FILES = {
    "config.json",
    "trades.csv",
    "metrics.json",
    "rating.json",
    "diagnostics.json",
    "manifest.json",
    *(
        f"{name}.parquet"
        for name in ("trades", "fills", "orders", "signals", "ledger", "swaps", "equity", "rejections", "positions")
    ),
}


@pytest.fixture
def at_root(monkeypatch, request):
    monkeypatch.chdir(request.config.rootpath)


@pytest.fixture
def finished(tmp_path, at_root):
    return run_config(CONFIG, overrides=SHORT, backend="python", out=tmp_path)


def read(run, name):
    return json.loads((run.folder / name).read_text("utf-8"))


def test_a_run_writes_all_its_files_under_its_own_name(finished, tmp_path):
    assert {path.name for path in finished.folder.iterdir()} == FILES
    assert finished.folder.parent == tmp_path
    assert finished.run_id.startswith("eurusd_ema_cross-20")
    assert finished.run_id.endswith(str(finished.result.fingerprint)[:8])
    assert os.listdir(tmp_path) == [finished.run_id]


def test_csv_and_parquet_tell_the_same_trades(finished):
    with open(finished.folder / "trades.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(finished.folder / "trades.parquet").to_pylist()

    assert len(rows) == len(table) > 20
    assert [float(row["net"]) for row in rows] == [row["net"] for row in table]
    assert all(row["net"][-3] == "." for row in rows)
    assert {row["ambiguous"] for row in rows} <= {"true", "false"}


def test_swap_is_the_same_in_every_file(finished):
    """Σ nights = Σ swap of the trades = the metric; the account is closed at the end, so nothing stays accrued."""
    with open(finished.folder / "trades.csv", encoding="utf-8", newline="") as file:
        booked = sum(Decimal(row["swap"]) for row in csv.DictReader(file))
    nights = sum(
        Decimal(str(amount)) for amount in pq.read_table(finished.folder / "swaps.parquet")["amount"].to_pylist()
    )

    assert booked == nights == Decimal(str(read(finished, "metrics.json")["total_swap"]["value"]))
    assert booked < 0


def test_the_manifest_says_what_ran_and_how_long(finished):
    manifest = read(finished, "manifest.json")

    assert manifest["ran"]["engine"]["name"] == "python"
    assert set(manifest["seconds"]) == set(STEPS)
    assert manifest["rows"]["trades"] == len(finished.result.trades)
    assert manifest["fingerprint"]["digest"] == finished.result.fingerprint.digest
    assert set(manifest["files"]) == FILES - {"manifest.json"}
    assert {"engine", "execution", "indicators", "portfolio", "rating"} == set(manifest["backends"]["components"])


def test_every_metric_has_value_unit_and_definition(finished):
    document = read(finished, "metrics.json")

    assert set(document) == set(METRICS)
    assert all(entry["definition"] and entry["unit"] for entry in document.values())
    assert all(("reason" in entry) == (entry["value"] is None) for entry in document.values())
    assert document["total_net"] == {
        "value": sum_of(finished, "net"),
        "unit": "USD",
        "definition": METRICS["total_net"].text,
    }


def sum_of(run, name):
    return sum(run.result.raw["trades"].column(name).to_pylist()) / 100


def test_the_units_of_metrics_are_those_of_their_definitions():
    assert {name for name, entry in METRICS.items() if entry.unit == "minor"} == MONEY
    assert {name for name, entry in METRICS.items() if entry.unit == "utc"} == MOMENTS


def test_the_summary_names_costs_backend_and_limits(finished):
    text = str(finished.result)

    for words in ("final equity", "spread", "slippage", "commission", "swap", "next_open", "python", "swap rates"):
        assert words in text


def test_a_config_that_cannot_run_leaves_nothing_behind(tmp_path, at_root):
    with pytest.raises(ConfigError):
        run_config(CONFIG, overrides=["account.currency=CHF"], backend="python", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_forced_run_replaces_the_one_it_names(tmp_path, at_root):
    for balance in (50_000, 70_000):
        run = run_config(
            CONFIG,
            overrides=[*SHORT, f"account.balance={balance}"],
            backend="python",
            out=tmp_path,
            run_id="mine",
            force=balance == 70_000,
        )
    assert read(run, "metrics.json")["initial_balance"]["value"] == 70_000.0
    assert os.listdir(tmp_path) == ["mine"]
