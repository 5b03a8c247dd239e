"""Routes of money into the account currency (CUR), and what a config says about them."""

import json
from fractions import Fraction

import pytest

from omega.config import RunConfig, load_specs, resolve
from omega.config.rates import Pair, find_route, pairs_that_convert
from omega.errors import ConfigError

SPECS = load_specs()


def pairs(*names):
    return {name: Pair(name, name[:3], name[3:], Fraction(1)) for name in names}


def resolved(symbol, currency, **execution):
    config = RunConfig.from_arguments(
        account={"currency": currency, "balance": 10_000},
        sizing={"risk_amount": 100},
        costs="none",
        execution=execution,
    )
    return resolve(config, spec=SPECS[symbol])


@pytest.mark.parametrize(
    ("known", "legs"),
    [
        (("JPYEUR", "EURJPY"), [("JPYEUR", False)]),
        (("USDJPY", "EURUSD", "EURJPY"), [("EURJPY", True)]),
        (("GBPJPY", "EURGBP", "USDJPY", "EURUSD"), [("USDJPY", True), ("EURUSD", True)]),
        (("GBPJPY", "EURGBP", "CHFJPY", "EURCHF"), [("CHFJPY", True), ("EURCHF", True)]),
        (("AUDJPY", "EURAUD", "CHFJPY", "EURCHF"), [("AUDJPY", True), ("EURAUD", True)]),
    ],
    ids=["direct", "inverse", "through USD", "by the alphabet: CHF before GBP", "by the alphabet: AUD before CHF"],
)
def test_a_route_is_direct_then_inverse_then_through_usd_then_by_the_alphabet(known, legs):
    """CUR: JPY into EUR with what there is."""
    route = find_route("JPY", "EUR", pairs(*known))

    assert list(route.legs) == legs


def test_euro_comes_before_the_alphabet():
    """CUR: CHF into JPY through EUR, though AUD is known, too."""
    route = find_route("CHF", "JPY", pairs("AUDCHF", "AUDJPY", "EURCHF", "EURJPY"))

    assert route.legs == (("EURCHF", True), ("EURJPY", False))


def test_two_pairs_that_do_not_meet_are_no_route():
    assert find_route("JPY", "EUR", pairs("USDJPY", "EURGBP")) is None


def test_the_traded_symbol_converts_its_own_profits():
    """CUR: USDJPY on a USD account, EURGBP on one in EUR."""
    plan = resolved("USDJPY", "USD").rates.plan({"USDJPY": type("Own", (), {"series": 0, "stale": ()})()})

    assert plan == {
        "pairs": [{"name": "USDJPY", "rate": None, "series": 0, "stale": []}],
        "routes": [[[0, True]]],
        "quote": [0],
        "commission": [None],
    }
    assert resolved("EURGBP", "EUR").rates.quote.legs == (("EURGBP", True),)


def test_an_account_in_the_quote_currency_converts_nothing():
    assert resolved("EURUSD", "USD").rates.plan({}) is None


def test_a_written_rate_comes_before_the_symbol_itself():
    rates = resolved("USDJPY", "USD", rates={"USDJPY": 150}).rates

    assert rates.pairs["USDJPY"].rate == 150


def test_without_a_route_the_run_is_refused_and_told_what_would_do():
    """CUR: never silently 1."""
    with pytest.raises(ConfigError, match="USDJPY, or EURUSD and EURJPY") as caught:
        resolved("EURUSD", "JPY")

    assert caught.value.code == "config.no_conversion"
    assert pairs_that_convert("JPY", "EUR") == "EURJPY, or USDJPY and EURUSD"
    assert pairs_that_convert("EUR", "USD") == "EURUSD, or EURGBP and GBPUSD"


def test_commission_in_a_third_currency_needs_a_route_of_its_own():
    costs = {
        "defaults": {"slippage": "none", "swap": "none", "commission": {"per_lot": 3.5, "currency": "GBP"}},
    }
    account = {"currency": "USD", "balance": 10_000}
    config = RunConfig.from_arguments(account=account, sizing={"fixed_lots": 1}, costs=costs)
    with pytest.raises(ConfigError, match="nothing converts GBP"):
        resolve(config, spec=SPECS["EURUSD"])

    config = RunConfig.from_arguments(
        account=account, sizing={"fixed_lots": 1}, costs=costs, execution={"rates": {"GBPUSD": "1.27"}}
    )
    plan = resolve(config, spec=SPECS["EURUSD"]).rates.plan({})
    assert (plan["quote"], plan["commission"], plan["pairs"][0]["rate"]) == ([None], [0], [127, 100])


def test_a_symbol_without_a_spec_cannot_convert():
    with pytest.raises(ConfigError) as caught:
        resolved("USDJPY", "EUR", rates={"source": "series", "symbols": ["NOSUCH"]})

    assert caught.value.code == "config.symbol_without_spec"


@pytest.mark.parametrize(
    ("account", "sizing", "margin", "leverage", "sized"),
    [
        ({"leverage": 10}, {"risk_percent": "0.75"}, [1, 2], [10, 1], {"mode": "risk_percent", "percent": [3, 4]}),
        ({"leverage": 500}, {"notional": 50_000}, [1, 2], [30, 1], {"mode": "notional", "amount": [50_000, 1]}),
        ({"stop_out_level": "0.2"}, {"fixed_lots": 1}, [1, 5], [30, 1], {"mode": "fixed_lots", "steps": 100}),
    ],
)
def test_margin_and_sizing_reach_the_plan(account, sizing, margin, leverage, sized):
    """MRG, SIZ: the lower leverage of account and symbol (EURUSD 30) counts."""
    config = RunConfig.from_arguments(account={"currency": "USD", "balance": 1} | account, sizing=sizing, costs="none")
    plan = json.loads(resolve(config, spec=SPECS["EURUSD"]).plan_json(0))

    assert plan["margin"]["stop_out_level"] == margin
    assert plan["symbols"][0]["margin"] == {"leverage": leverage, "hedged": [1, 2]}
    assert plan["sizing"] == sized | {"min_lot": "reject"}


def test_leverage_null_switches_margin_off_and_says_so():
    config = RunConfig.from_arguments(
        account={"currency": "USD", "balance": 1, "leverage": None}, sizing={"fixed_lots": 1}, costs="none"
    )
    found = resolve(config, spec=SPECS["EURUSD"])

    assert '"margin":null' in found.plan_json(0)
    assert "account.leverage: null: positions hold no margin" in found.notes
