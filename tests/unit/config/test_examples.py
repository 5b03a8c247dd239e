import json
import pathlib

import pytest

from omega.config import load_config, load_costs, load_specs, resolve
from omega.config.models import EmaCrossParameters

EXAMPLES = pathlib.Path(__file__).parents[3] / "examples"
CONFIGS = sorted(EXAMPLES.glob("*.json"))


def test_there_are_examples():
    assert [path.stem for path in CONFIGS] == ["eurusd_ema_cross", "eurusd_m15_ema_cross"]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_an_example_resolves_to_a_plan(path):
    resolved = resolve(load_config(path), base_dir=EXAMPLES)

    plan = json.loads(resolved.plan_json(500))
    assert plan["account"] == {"balance": 10_000_000, "currency": "USD", "digits": 2}
    commission = {"scheme": "per_lot", "rate": [7, 2], "minimum": [0, 1], "on_entry": True, "on_exit": True}
    nights = [1, 1, 3, 1, 1, 0, 0]
    swap = {"unit": "points", "long": [-989, 100], "short": [51, 10], "multipliers": nights, "dated": []}
    assert plan["symbols"][0]["commission"] == commission
    assert plan["symbols"][0]["swap"] == swap  # -9.89 and 5.1 points
    assert plan["symbols"][0]["slippage"] == {
        "fixed_points": [2, 1],
        "random_points": 3,
        "impact": None,
        "volatility": None,
    }


def test_the_hourly_example_takes_the_ask_from_the_data_and_the_other_from_the_column():
    hourly, quarter = (resolve(load_config(path), base_dir=EXAMPLES).spread for path in CONFIGS)

    assert (hourly.source, hourly.add_points) == ("data", None)
    assert (quarter.source, quarter.add_points) == ("column", 3)


def test_the_example_costs_cover_every_bundled_symbol():
    costs = load_costs("execution_costs.yaml", base_dir=EXAMPLES)

    charged = {name: costs.for_symbol(spec).commission for name, spec in load_specs().items()}
    assert len(charged) == 14
    assert [name for name, commission in charged.items() if commission is None] == ["US500", "BTCUSD"]
    assert {commission.currency for commission in charged.values() if commission} == {"USD"}


def test_gold_swap_is_as_published_whatever_its_digits():
    """FTD publishes -42 and 22 points of 0.01 on 100 oz: 42 and 22 USD per lot. Ours are points of 0.001."""
    gold = load_specs()["XAUUSD"]

    assert [gold.contract_size * rate / 10**gold.digits for rate in (gold.swap_long, gold.swap_short)] == [-42, 22]


def test_the_python_example_has_the_parameters_of_the_native_strategy():
    names = {}
    exec((EXAMPLES / "ema_cross.py").read_text(), {"__name__": "ema_cross"}, names)

    expected = EmaCrossParameters()
    strategy = names["EmaCross"]
    assert {name: getattr(strategy, name) for name in EmaCrossParameters.model_fields} == expected.model_dump()
