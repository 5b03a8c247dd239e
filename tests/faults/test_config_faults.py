"""Every ill-formed config key is refused with class, code, file, line and key path, and nothing is written."""

import copy
import json
from pathlib import Path

import pytest

from omega.cli import main
from omega.config import load_config, resolve
from omega.errors import ConfigError

GOOD = {
    "version": 1,
    "name": "faults",
    "data": {"path": "data", "symbols": ["EURUSD"], "timeframe": "M15", "start": "2025-01-20"},
    "account": {"currency": "USD", "balance": 100000},
    "execution": {"costs": {"defaults": {"slippage": {"fixed_pips": 0.2}, "commission": "none", "swap": "none"}}},
    "sizing": {"risk_amount": 100},
    "strategy": {"native": "ema_cross", "parameters": {"fast": 20}},
}
ABSENT = object()

INVALID, UNKNOWN, MISSING = "config.invalid", "config.unknown_key", "config.missing_key"
FEE, SWAP = "costs.invalid_fee_config", "costs.invalid_swap"
FAULTS = [
    ("acount", {}, UNKNOWN),
    ("version", 2, INVALID),
    ("version", "1", INVALID),
    ("name", 1.5, INVALID),
    ("name", "", INVALID),
    ("name", "x" * 101, INVALID),
    ("data", ABSENT, MISSING),
    ("data", "data", INVALID),
    ("data.path", ABSENT, MISSING),
    ("data.path", None, INVALID),
    ("data.path", 0.5, INVALID),
    ("data.symbol", "EURUSD", UNKNOWN),
    ("data.symbols", ABSENT, MISSING),
    ("data.symbols", [], INVALID),
    ("data.symbols", 7, INVALID),
    ("data.symbols", [0.5], INVALID),
    ("data.symbols", ["EURUSD", "GBPUSD"], INVALID),
    ("data.timeframe", "H5", INVALID),
    ("data.timeframe", 15, INVALID),
    ("data.higher_timeframes", "H1", INVALID),
    ("data.higher_timeframes", ["H1", 4], INVALID),
    ("data.start", ABSENT, MISSING),
    ("data.start", None, INVALID),
    ("data.start", "20.01.2025", INVALID),
    ("data.start", "2025-02-30", INVALID),
    ("data.start", "2025-01-20T08:00:00", INVALID),
    ("data.end", "2025-01-20 08:00", INVALID),
    ("data.warmup_bars", -1, INVALID),
    ("data.warmup_bars", "500", INVALID),
    ("data.warmup_bars", 1.0, INVALID),
    ("data.warmup_bars", True, INVALID),
    ("data.source", 1, INVALID),
    ("data.specs", [], INVALID),
    ("data.crossed", "keep", INVALID),
    ("data.alignment", "carry", INVALID),
    ("data.stale_limit_bars", 0, INVALID),
    ("account", ABSENT, MISSING),
    ("account", 100000, INVALID),
    ("account.currency", ABSENT, MISSING),
    ("account.currency", "usd", INVALID),
    ("account.currency", "CHF", "config.no_conversion"),
    ("account.balance", ABSENT, MISSING),
    ("account.balance", 0, INVALID),
    ("account.balance", -5, INVALID),
    ("account.balance", "much", INVALID),
    ("account.balance", True, INVALID),
    ("account.balance", [1], INVALID),
    ("account.balance", 0.001, INVALID),
    ("account.balance", 1e300, INVALID),
    ("account.balance", 1e-13, "config.too_precise"),
    ("account.digits", 5, INVALID),
    ("account.leverage", 0.5, INVALID),
    ("account.leverage", "thirty", INVALID),
    ("account.stop_out_level", -0.1, INVALID),
    ("account.margin_call_level", 11, INVALID),
    ("execution", ABSENT, MISSING),
    ("execution.costs", ABSENT, MISSING),
    ("execution.costs", None, INVALID),
    ("execution.costs", 3, INVALID),
    ("execution.costs.default", {}, UNKNOWN),
    ("execution.costs.defaults.slippage.fixed_pips", -1, "costs.invalid_slippage_model"),
    ("execution.costs.defaults.slippage.impact", 1, "costs.invalid_slippage_model"),
    ("execution.costs.defaults.slippage.liquidity_lots", 1, UNKNOWN),
    ("execution.costs.defaults.liquidity_lots", 0, INVALID),
    ("execution.liquidity_lots", -1, INVALID),
    ("execution.slippage", {"impact": 1, "liquidity_lots": 1}, UNKNOWN),
    ("execution.slippage", {"impact": 1}, "costs.invalid_slippage_model"),
    ("execution.slippage", {"impact": 1, "impact_curve": "cubic"}, "costs.invalid_slippage_model"),
    ("execution.slippage", {"volatility": 1.5}, "costs.invalid_slippage_model"),
    ("execution.slippage", {"volatility": -0.5}, "costs.invalid_slippage_model"),
    ("execution.costs.defaults.commission", {"per_lot": -1, "currency": "USD"}, FEE),
    ("execution.costs.defaults.commission", {"currency": "USD"}, FEE),
    ("execution.costs.defaults.commission", {"per_lot": 1, "per_trade": 1, "currency": "USD"}, FEE),
    ("execution.costs.defaults.swap", None, SWAP),
    ("execution.costs.defaults.swap", "broker", SWAP),
    ("execution.costs.defaults.swap", {"unit": "points"}, MISSING),
    ("execution.costs.defaults.swap", {"unit": "pips", "long": 0, "short": 0}, SWAP),
    ("execution.costs.defaults.swap", {"unit": "money", "long": 0, "short": 0}, SWAP),
    ("execution.costs.defaults.swap", {"unit": "money", "long": 0, "short": 0, "currency": "EUR"}, SWAP),
    ("execution.costs.defaults.swap", {"unit": "points", "long": 0, "short": 0, "triple": "friday"}, UNKNOWN),
    ("execution.costs.defaults.swap", {"unit": "points", "long": 0, "short": 0, "multipliers": [1] * 8}, SWAP),
    ("execution.costs.defaults.swap", {"unit": "points", "long": 0, "short": 0, "dated": [3]}, SWAP),
    ("execution.swap", "none", UNKNOWN),
    ("execution.fill", "this_open", INVALID),
    ("execution.intrabar", "ticks", INVALID),
    ("execution.close_at_end", "yes", INVALID),
    ("execution.close_at_end", 1, INVALID),
    ("execution.on_bad_signal", "ignore", INVALID),
    ("execution.seed", -1, INVALID),
    ("execution.seed", "1", INVALID),
    ("execution.seed", 2**53, INVALID),
    ("execution.progress_every", 0, INVALID),
    ("execution.latency_ms", -10, INVALID),
    (
        "execution.max_participation",
        0.1,
        INVALID,
    ),  # of what?
    ("execution.spread", {"source": "column"}, INVALID),
    ("execution.spread", {"source": "constant"}, INVALID),
    ("execution.spread", {"source": "data", "add_points": 3}, INVALID),
    ("execution.slippage", {"fixed_pips": "x"}, "costs.invalid_slippage_model"),
    ("execution.slippage", {"random_pips": 0.15}, "costs.invalid_slippage_model"),
    ("sizing", ABSENT, MISSING),
    ("sizing", {}, INVALID),
    ("sizing.risk_amount", 0, INVALID),
    ("sizing.risk_percent", 1, INVALID),
    ("sizing", {"risk_percent": 101}, INVALID),
    ("sizing", {"notional": 0}, INVALID),
    ("execution.rates", {}, INVALID),
    ("execution.rates", {"EURUSD": 0}, INVALID),
    ("execution.rates", {"EUR/USD": 1.1}, INVALID),
    ("execution.rates", {"EURUSD": "a lot"}, INVALID),
    ("execution.rates", {"source": "series"}, INVALID),
    ("execution.rates", {"source": "series", "symbols": ["EURUSD"], "stale_limit_bars": 0}, INVALID),
    ("execution.rates", {"source": "broker", "symbols": ["EURUSD"]}, INVALID),
    ("execution.rates", {"source": "series", "symbols": ["EURUSD"], "stale": 3}, UNKNOWN),
    ("sizing.fixed_lots", 1, INVALID),
    ("sizing.min_lot", "none", INVALID),
    ("sizing", {"fixed_lots": 0.015}, INVALID),
    ("margin", {}, UNKNOWN),
    ("strategy", ABSENT, MISSING),
    ("strategy", {}, INVALID),
    ("strategy.class", "module:Name", INVALID),
    ("strategy", {"class": "module"}, INVALID),
    ("strategy.native", "emacross", INVALID),
    ("strategy.parameters", [], INVALID),
    ("strategy.parameters.fats", 20, UNKNOWN),
    ("strategy.parameters.fast", 20.0, INVALID),
    ("strategy.parameters.fast", 0, INVALID),
    ("strategy.parameters.stop_pips", -1, INVALID),
    ("strategy.parameters.stop_pips", "20", INVALID),
    ("rating.samples", 0, INVALID),
    ("rating.dropout_samples", "many", INVALID),
    ("rating.risk_free", "3 %", INVALID),
    ("rating.days", 6, INVALID),
    ("rating.weights.bayes", 0.1, UNKNOWN),
    ("rating.weights.base", -0.1, INVALID),
    ("output.dir", 3, INVALID),
    ("output.format", "csv", UNKNOWN),
]


def config_with(key, value):
    tree = copy.deepcopy(GOOD)
    *tables, name = key.split(".")
    table = tree
    for part in tables:
        table = table.setdefault(part, {})
    if value is ABSENT:
        del table[name]
    else:
        table[name] = value
    return json.dumps(tree, indent=1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_config_that_the_faults_start_from_is_good(folder):
    Path("run.json").write_text(json.dumps(GOOD))

    assert resolve(load_config("run.json"), base_dir=".").plan_json(0)


@pytest.mark.parametrize(("key", "value", "code"), FAULTS)
def test_an_ill_formed_key_is_refused_with_its_place(folder, key, value, code):
    Path("run.json").write_text(config_with(key, value))

    with pytest.raises(ConfigError) as caught:
        resolve(load_config("run.json"), base_dir=".")

    error = caught.value
    assert error.code == code
    assert error.context["file"] == "run.json"
    path = str(error.context["key"])
    assert path == key or path.startswith((f"{key}.", f"{key}[")) or key.startswith(f"{path}."), path
    if value is not ABSENT:
        assert str(error.context["line"]).startswith(" line ")


@pytest.mark.parametrize(("key", "value", "code"), FAULTS[::7])
def test_a_refused_run_writes_nothing_and_exits_with_2(folder, capsys, key, value, code):
    Path("run.json").write_text(config_with(key, value))

    assert main(["run", "run.json"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert f"ConfigError [{code}] run.json" in err
    assert "Traceback" not in err
    assert [path.name for path in folder.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("data.tiemframe", "timeframe"),
        ("account.curency", "currency"),
        ("execution.slipage", "slippage"),
        ("sizing.risk_ammount", "risk_amount"),
        ("strategy.clas", "class"),
        ("rating.sampels", "samples"),
        ("execution.costs.defaults.comission", "commission"),
    ],
)
def test_a_misspelt_key_is_told_its_nearest_neighbour(folder, written, hint):
    Path("run.json").write_text(config_with(written, 1))

    with pytest.raises(ConfigError, match=f'Did you mean "{hint}"'):
        resolve(load_config("run.json"), base_dir=".")


def test_a_yaml_bomb_is_refused_before_it_unfolds(folder):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    Path("bomb.yaml").write_text("\n".join(lines))

    with pytest.raises(ConfigError, match=r"bomb.yaml line 1: anchors and aliases are refused"):
        load_config("bomb.yaml")


def test_a_number_that_would_fill_the_memory_is_refused(folder):
    Path("run.json").write_text(json.dumps(GOOD).replace("100000", "1e999999999"))

    with pytest.raises(ConfigError, match=r"account.balance"):
        load_config("run.json")
