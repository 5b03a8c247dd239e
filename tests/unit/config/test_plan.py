import dataclasses
import json
from fractions import Fraction

import pytest

from omega.backends.python.plan import parse_plan
from omega.config import RunConfig, load_config, load_specs, resolve
from omega.errors import ConfigError

COSTS = """\
defaults:
  slippage: {fixed_pips: 0.25, random_pips: 0.3}
  commission: {per_lot: 3.50, minimum: 0, sides: both, currency: USD}
  swap: {unit: points, long: -9.89, short: 5.1}
"""
CONFIG = """\
{
  "version": 1,
  "name": "plan",
  "data": {"path": "data", "symbols": "EURUSD", "timeframe": "M15", "start": "2025-01-20", "warmup_bars": 500},
  "account": {"currency": "USD", "balance": 100000},
  "execution": {"costs": "costs.yaml"},
  "sizing": {"risk_amount": 100},
  "strategy": {"native": "ema_cross", "parameters": {"stop_pips": 20, "target_pips": 40}}
}
"""
PLAN = (
    '{"account":{"balance":10000000,"currency":"USD","digits":2},'
    '"execution":{"close_at_end":true,"fill":"next_open","intrabar":"stop_first","latency_us":0,'
    '"limit_through_points":0,"max_participation":null,"on_bad_signal":"fail","seed":0},'
    '"filters":null,"first_step":500,"margin":{"margin_call_level":[1,1],"stop_out_level":[1,2]},'
    '"metrics":{"days":5,"risk_free":[0,1]},'
    '"position_rules":[],"rates":null,'
    '"rating":{"bootstrap":"auto","dropout_samples":1000,"samples":10000,"seed":0},'
    '"sizing":{"amount":[100,1],"min_lot":"reject","mode":"risk_amount"},'
    '"strategy":{"native":"ema_cross",'
    '"parameters":{"fast":20,"slow":50,"stop_pips":20.0,"target_pips":40.0}},'
    '"symbols":[{"commission":{"minimum":[0,1],"on_entry":true,"on_exit":true,"rate":[7,2],"scheme":"per_lot"},'
    '"digits":5,"liquidity":null,"margin":{"hedged":[1,2],"leverage":[30,1]},'
    '"min_stop_points":0,"name":"EURUSD","pip_points":10,'
    '"slippage":{"fixed_points":[5,2],"impact":null,"random_points":3,"volatility":null},'
    '"swap":{"dated":[],"long":[-989,100],"multipliers":[1,1,3,1,1,0,0],"short":[51,10],"unit":"points"},'
    '"tick_points":1,"value":[1,100],"volume_max_steps":10000,"volume_min_steps":1,"volume_step":[1,100]}],'
    '"version":1}'
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "costs.yaml").write_text(COSTS)
    (tmp_path / "run.json").write_text(CONFIG)
    return tmp_path


def plan_of(folder, *overrides):
    return json.loads(resolve(load_config(folder / "run.json", overrides), base_dir=folder).plan_json(0))


def test_the_plan_of_the_contract_is_written_byte_for_byte(folder):
    """ARCHITECTURE.md, plan version 1: sorted keys, no spaces, fractions reduced. 0.25 pips are 5/2 points."""
    resolved = resolve(load_config(folder / "run.json"), base_dir=folder)

    assert resolved.plan_json(first_step=500) == PLAN


def test_fixed_lots_become_steps(folder):
    plan = plan_of(folder, 'sizing={"fixed_lots": 0.1, "min_lot": "round_up"}')

    assert plan["sizing"] == {"mode": "fixed_lots", "steps": 10, "min_lot": "round_up"}


@pytest.mark.parametrize(("sides", "entry", "exit_"), [("entry", True, False), ("exit", False, True)])
def test_commission_is_charged_on_the_chosen_sides(folder, sides, entry, exit_):
    (folder / "costs.yaml").write_text(COSTS.replace("sides: both", f"sides: {sides}"))

    commission = plan_of(folder)["symbols"][0]["commission"]

    assert (commission["on_entry"], commission["on_exit"]) == (entry, exit_)


def test_no_costs_are_zeros(folder):
    symbol = plan_of(folder, "execution.costs=none")["symbols"][0]

    assert symbol["slippage"] == {"fixed_points": [0, 1], "random_points": 0, "impact": None, "volatility": None}
    assert symbol["commission"] == {
        "scheme": "per_lot",
        "rate": [0, 1],
        "minimum": [0, 1],
        "on_entry": False,
        "on_exit": False,
    }
    assert symbol["swap"] is None


def test_swap_reaches_the_plan_as_the_backends_parse_it(folder):
    """SWP-1: FX days are days since 1970-01-01; 2015-01-01 is 45 years and 11 leap days later: 16436."""
    swap = "{unit: percent, long: -2.5, short: 0, multipliers: [1, 1, 1, 1, 1, 1, 1], "
    swap += "dated: [{from: 2015-01-01, long: -3.1, short: 0.2}, {from: 2015-01-02, long: 1, short: -1}]}"
    (folder / "costs.yaml").write_text(COSTS.replace("{unit: points, long: -9.89, short: 5.1}", swap))
    text = resolve(load_config(folder / "run.json"), base_dir=folder).plan_json(0)

    assert json.loads(text)["symbols"][0]["swap"] == {
        "unit": "percent",
        "long": [-5, 2],
        "short": [0, 1],
        "multipliers": [1] * 7,
        "dated": [[16436, [-31, 10], [1, 5]], [16437, [1, 1], [-1, 1]]],
    }
    parsed = parse_plan(text).symbols[0].swap
    assert (parsed.unit, parsed.long, parsed.dated[0]) == ("percent", (-5, 2), (16436, (-31, 10), (1, 5)))


def test_the_resolved_swap_names_its_source(folder):
    (folder / "costs.yaml").write_text(COSTS.replace("{unit: points, long: -9.89, short: 5.1}", "spec"))

    resolved = resolve(load_config(folder / "run.json"), base_dir=folder)

    assert resolved.to_dict()["costs"]["swap"]["source"] == load_specs()["EURUSD"].source
    assert resolved.plan_json(500) == PLAN


def test_execution_slippage_replaces_that_of_the_costs(folder):
    symbol = plan_of(folder, "execution.slippage.random_pips=1.5")["symbols"][0]

    assert symbol["slippage"] == {"fixed_points": [0, 1], "random_points": 15, "impact": None, "volatility": None}


def test_participation_is_of_the_bars_volume_or_else_of_the_liquidity(folder):
    """FIL-12: lots_per_volume_unit before liquidity_lots; nothing of either is in the plan while it is off."""
    overrides = ["execution.liquidity_lots=50", "execution.max_participation=0.1"]
    assert plan_of(folder, overrides[0])["symbols"][0]["liquidity"] is None
    assert plan_of(folder, *overrides)["symbols"][0]["liquidity"] == {"lots": [50, 1]}

    spec = dataclasses.replace(load_specs()["EURUSD"], lots_per_volume_unit=Fraction(1, 4))
    resolved = resolve(load_config(folder / "run.json", overrides), base_dir=folder, spec=spec)
    assert json.loads(resolved.plan_json(0))["symbols"][0]["liquidity"] == {"lots_per_volume_unit": [1, 4]}


def test_the_balance_is_exact_minor_units(folder):
    """0.07 USD is 7 cents; the float product 0.07 * 100 is 7.000000000000001."""
    assert plan_of(folder, "account.balance=0.07")["account"]["balance"] == 7
    assert plan_of(folder, "account.balance=1234567890123.45")["account"]["balance"] == 123456789012345


def test_a_risk_free_rate_stays_a_fraction(folder):
    assert plan_of(folder, "rating.risk_free=0.035")["metrics"]["risk_free"] == [7, 200]


@pytest.mark.parametrize(("currency", "symbol", "digits"), [("JPY", "USDJPY", 0), ("GBP", "EURGBP", 2)])
def test_account_digits_follow_iso_4217(folder, currency, symbol, digits):
    plan = plan_of(folder, f"account.currency={currency}", f"data.symbols={symbol}", "execution.costs=none")

    assert plan["account"] == {"currency": currency, "digits": digits, "balance": 100_000 * 10**digits}


def test_a_python_strategy_leaves_the_plan_without_a_strategy(folder):
    assert plan_of(folder, 'strategy={"class": "mine:Cross", "parameters": {"fast": 5}}')["strategy"] is None


def test_arguments_from_python_give_the_same_plan_as_a_file(folder):
    config = RunConfig.from_arguments(
        account={"currency": "USD", "balance": 100_000},
        sizing={"risk_amount": 100},
        costs=folder / "costs.yaml",
        strategy={"native": "ema_cross", "parameters": {"stop_pips": 20, "target_pips": 40}},
    )

    resolved = resolve(config, spec=load_specs()["EURUSD"])

    assert resolved.plan_json(first_step=500) == PLAN
    assert resolved.origins["account.balance"] == "argument"
    assert resolved.origins["execution.fill"] == "default"


def test_a_table_of_costs_in_the_config_equals_the_file(folder):
    table = '{"defaults": {"slippage": {"fixed_pips": 0.25, "random_pips": 0.3}, "commission": '
    table += '{"per_lot": 3.50, "currency": "USD"}, "swap": {"unit": "points", "long": -9.89, "short": 5.1}}}'

    resolved = resolve(load_config(folder / "run.json", [f"execution.costs={table}"]), base_dir=folder)

    assert resolved.plan_json(500) == PLAN
    assert '"per_lot": "3.50"' in resolved.to_json()


def test_the_resolved_config_can_be_run_again(folder):
    resolved = resolve(load_config(folder / "run.json", ["account.balance=0.1"]), base_dir=folder)
    (folder / "again.json").write_text(json.dumps(json.loads(resolved.to_json())["config"]))

    again = resolve(load_config(folder / "again.json"), base_dir=folder)

    assert again.plan_json(500) == resolved.plan_json(500)


def test_notes_tell_what_is_a_lower_bound(folder):
    spread = 'execution.spread={"source": "column", "add_points": 3}'
    resolved = resolve(load_config(folder / "run.json", [spread]), base_dir=folder)

    swap, column = resolved.notes
    assert swap == (
        "one set of swap rates applies to all years: long -9.89, short 5.1 points per lot and night (costs.yaml)"
    )
    assert "lower bound" in column
    assert (resolved.spread.source, resolved.spread.add_points) == ("column", 3)


@pytest.mark.parametrize(
    ("swap", "notes"),
    [
        ("none", ["swap is switched off"]),
        (
            "{unit: money, currency: USD, long: -5, short: 1, dated: [{from: 2015-01-01, long: 1, short: 1}]}",
            [
                "swap rates change on 2015-01-01; before that they are long -5, short 1 USD per lot and night"
                " (costs.yaml)"
            ],
        ),
        (
            "{unit: percent, long: -2, short: 1, multipliers: [1, 1, 1, 1, 1, 0, 0]}",
            [
                "one set of swap rates applies to all years: long -2, short 1 percent a year of 360 days (costs.yaml)",
                "swap counts 5 nights in a full week, not 7",
            ],
        ),
    ],
)
def test_notes_tell_how_swap_is_charged(folder, swap, notes):
    (folder / "costs.yaml").write_text(COSTS.replace("{unit: points, long: -9.89, short: 5.1}", swap))

    resolved = resolve(load_config(folder / "run.json"), base_dir=folder)

    assert list(resolved.notes) == notes


@pytest.mark.parametrize(
    ("overrides", "code", "key"),
    [
        (["account.currency=CHF"], "config.no_conversion", "account.currency"),
        (["account.stop_out_level=1.5"], "config.invalid", "account.stop_out_level"),
        (
            ["account.currency=JPY", 'execution.rates={"USDCHF": 0.912345678901, "CHFJPY": 161.123456789013}'],
            *("config.invalid", "execution.rates"),
        ),
        (["account.balance=0.001"], "config.invalid", "account.balance"),
        (["account.balance=10000000000000.01"], "config.invalid", "account.balance"),
        (["account.balance=0.0000000000001"], "config.too_precise", "account.balance"),
        (['sizing={"fixed_lots": 0.015}'], "config.invalid", "sizing.fixed_lots"),
        (['sizing={"fixed_lots": 100.01}'], "config.invalid", "sizing.fixed_lots"),
        (["execution.max_participation=0.5"], "config.invalid", "execution.max_participation"),
        (
            ["execution.max_participation=0.5", "execution.liquidity_lots=0.000000000011"],
            "config.invalid",
            "execution.max_participation",
        ),
        (["execution.slippage.random_pips=0.15"], "costs.invalid_slippage_model", "execution.slippage.random_pips"),
        (["strategy.parameters.fast=0"], "config.invalid", "strategy.parameters.fast"),
        (["strategy.parameters.fsat=3"], "config.unknown_key", "strategy.parameters.fsat"),
        (["data.symbols=EURUSDx"], "config.symbol_without_spec", None),
        (["data.specs=absent.yaml"], "config.unreadable", None),
        (["execution.costs=absent.yaml"], "config.unreadable", None),
    ],
)
def test_what_cannot_run_is_refused_when_it_resolves(folder, overrides, code, key):
    with pytest.raises(ConfigError) as caught:
        resolve(load_config(folder / "run.json", overrides), base_dir=folder)

    assert caught.value.code == code
    assert key is None or caught.value.context["key"] == key
