import dataclasses
from fractions import Fraction

import pytest

from omega.config import Slippage, Spread, load_costs, load_specs
from omega.config.costs import slippage_plan
from omega.errors import ConfigError

EURUSD, USDJPY = load_specs()["EURUSD"], load_specs()["USDJPY"]
FILE = """\
defaults:
  slippage: {fixed_pips: 0.25, random_pips: 0.3}
  commission: {per_lot: 3.50, minimum: 0.01, sides: entry, currency: USD}
  swap: {unit: points, long: -2.5, short: 0.4, triple_day: friday}
per_symbol:
  EURUSD:
    spread: {source: column, add_points: 3}
    slippage: none
"""


COMMISSION = "defaults.commission"
EARLY, LATE = "{from: 2015-01-01, long: 1, short: 1}", "{from: 2015-01-02, long: 1, short: 1}"


def write(tmp_path, text, name="costs.yaml"):
    file = tmp_path / name
    file.write_text(text)
    return file


def test_an_entry_replaces_its_defaults_part_by_part(tmp_path):
    """CST-4: defaults + per_symbol."""
    costs = load_costs(write(tmp_path, FILE))

    euro, yen = costs.for_symbol(EURUSD), costs.for_symbol(USDJPY)

    assert euro.slippage == Slippage(fixed_pips=0, random_pips=0)
    assert euro.spread == Spread(source="column", add_points=3)
    assert euro.commission == yen.commission
    assert (yen.commission.per_lot, yen.commission.minimum) == (Fraction(7, 2), Fraction(1, 100))
    assert (yen.slippage.fixed_pips, yen.slippage.random_pips) == (Fraction(1, 4), Fraction(3, 10))
    assert yen.spread == Spread(source="data")
    assert (yen.swap.long, yen.swap.short, yen.swap.nights) == (Fraction(-5, 2), Fraction(2, 5), (1, 1, 1, 1, 3, 0, 0))


def test_costs_none_says_on_purpose_that_there_are_none():
    """CST-4: costs: "none"."""
    costs = load_costs("none").for_symbol(EURUSD)

    assert (costs.slippage, costs.commission, costs.swap, costs.spread) == (Slippage(), None, None, Spread())


def test_a_table_from_python_is_as_exact_as_a_file():
    table = {"defaults": {"slippage": {"fixed_pips": 0.1}, "commission": "none", "swap": "none"}}

    costs = load_costs(table).for_symbol(EURUSD)

    assert costs.slippage.fixed_pips == Fraction(1, 10)
    assert (costs.commission, costs.swap) == (None, None)


def test_swap_of_the_spec_is_taken_with_its_source():
    """MetaTrader's reply for EURUSD: -9.89 and 5.1 points, triple on Wednesday."""
    costs = load_costs({"defaults": {"slippage": "none", "commission": "none", "swap": "spec"}}).for_symbol(EURUSD)

    assert (costs.swap.unit, costs.swap.long, costs.swap.short) == ("points", Fraction(-989, 100), Fraction(51, 10))
    assert costs.swap.nights == (1, 1, 3, 1, 1, 0, 0)
    assert costs.swap_source == EURUSD.source


def test_swap_of_a_spec_without_figures_names_the_mend():
    """CST-4: costs never default to zero."""
    bare = dataclasses.replace(EURUSD, swap_unit=None, swap_long=None, swap_short=None)
    costs = load_costs({"defaults": {"slippage": "none", "commission": "none", "swap": "spec"}})

    with pytest.raises(
        ConfigError, match=r'Give swap_unit, swap_long and swap_short of EURUSD there, .* or "none"'
    ) as e:
        costs.for_symbol(bare)

    assert (e.value.code, e.value.context["key"]) == ("costs.invalid_swap", "costs.defaults.swap")


@pytest.mark.parametrize("origin", ["table", "spec"])
def test_swap_in_the_money_of_another_account_is_refused(origin):
    money = {"unit": "money", "long": -5, "short": 1, "currency": "EUR"}
    costs = load_costs({"defaults": {"slippage": "none", "commission": "none", "swap": "spec"}})
    if origin == "table":
        costs = load_costs({"defaults": {"slippage": "none", "commission": "none", "swap": money}})
    spec = dataclasses.replace(EURUSD, swap_unit="money", swap_currency="EUR")

    assert costs.for_symbol(spec, currency="EUR").swap.currency == "EUR"
    with pytest.raises(ConfigError, match="EUR in an account of USD") as caught:
        costs.for_symbol(spec, currency="USD")

    assert caught.value.code == "costs.invalid_swap"


@pytest.mark.parametrize("scheme", ["per_lot", "per_million_notional", "percent_of_notional", "per_trade"])
def test_a_commission_has_one_of_four_schemes(scheme):
    """CST-3."""
    table = {"slippage": "none", "commission": {scheme: "0.05", "currency": "USD"}, "swap": "none"}

    commission = load_costs({"defaults": table}).for_symbol(EURUSD).commission

    assert (commission.scheme, commission.rate) == (scheme, Fraction(1, 20))


def test_a_relative_file_starts_from_the_folder_given(tmp_path):
    write(tmp_path, FILE)

    assert load_costs("costs.yaml", base_dir=tmp_path).written is not None


@pytest.mark.parametrize(
    ("table", "code", "key"),
    [
        ({}, "costs.symbol_not_in_config", None),
        (
            {"per_symbol": {"GBPUSD": {"slippage": "none", "commission": "none", "swap": "none"}}},
            "costs.symbol_not_in_config",
            None,
        ),
        (
            {"defaults": {"slippage": "none", "commission": "none"}},
            "config.missing_key",
            "costs.per_symbol.EURUSD.swap",
        ),
        ({"defaults": {"slippage": "none"}}, "config.missing_key", "costs.per_symbol.EURUSD.commission"),
        ({"defaults": {"commission": "none"}}, "config.missing_key", "costs.per_symbol.EURUSD.slippage"),
        (
            {"defaults": {"slippage": {"random_pips": "0.15"}, "commission": "none", "swap": "none"}},
            "costs.invalid_slippage_model",
            "costs.defaults.slippage.random_pips",
        ),
    ],
)
def test_costs_never_default_to_zero(table, code, key):
    """CST-4: costs never default to zero."""
    with pytest.raises(ConfigError) as caught:
        load_costs(table).for_symbol(EURUSD)

    assert caught.value.code == code
    assert key is None or caught.value.context["key"] == key


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ("fixed_pips: 0.25", "fixed_pips: -0.25", "costs.invalid_slippage_model", "defaults.slippage.fixed_pips"),
        ("fixed_pips: 0.25", "fixed_pips: 10001", "costs.invalid_slippage_model", "defaults.slippage.fixed_pips"),
        ("fixed_pips: 0.25", "fixed_pips: many", "costs.invalid_slippage_model", "defaults.slippage.fixed_pips"),
        ("fixed_pips: 0.25", "fixed_pip: 0.25", "config.unknown_key", "defaults.slippage.fixed_pip"),
        ("slippage: none", "slippage: null", "costs.invalid_slippage_model", "per_symbol.EURUSD.slippage"),
        ("slippage: none", "slippage: nothing", "costs.invalid_slippage_model", "per_symbol.EURUSD.slippage"),
        ("per_lot: 3.50", "per_lot: -1", "costs.invalid_fee_config", "defaults.commission.per_lot"),
        ("per_lot: 3.50, ", "", "costs.invalid_fee_config", "defaults.commission"),
        ("sides: entry", "sides: entries", "costs.invalid_fee_config", "defaults.commission.sides"),
        ("currency: USD", "currency: $", "costs.invalid_fee_config", "defaults.commission.currency"),
        ("per_lot: 3.50", "per_lot: 3.50, per_trade: 1", "costs.invalid_fee_config", "defaults.commission"),
        ("per_lot: 3.50", "percent_of_notional: 101", "costs.invalid_fee_config", f"{COMMISSION}.percent_of_notional"),
        ("{unit: points", "spek #", "costs.invalid_swap", "defaults.swap"),
        ("{unit: points", "null #", "costs.invalid_swap", "defaults.swap"),
        ("unit: points, ", "", "config.missing_key", "defaults.swap.unit"),
        ("unit: points", "unit: pips", "costs.invalid_swap", "defaults.swap.unit"),
        ("unit: points", "unit: money", "costs.invalid_swap", "defaults.swap"),
        ("unit: points", "unit: percent, currency: USD", "costs.invalid_swap", "defaults.swap"),
        ("long: -2.5, ", "", "config.missing_key", "defaults.swap.long"),
        ("long: -2.5", "long: cheap", "costs.invalid_swap", "defaults.swap.long"),
        ("long: -2.5", "long: -1000001", "costs.invalid_swap", "defaults.swap.long"),
        ("long: -2.5", "long: -2.5, lnog: 1", "config.unknown_key", "defaults.swap.lnog"),
        ("long: -2.5", "long: 1e-13", "config.too_precise", "defaults.swap.long"),
        ("triple_day: friday", "triple_day: sunday", "costs.invalid_swap", "defaults.swap.triple_day"),
        ("triple_day", "multipliers: [1, 1, 3, 1, 1, 0, 0], triple_day", "costs.invalid_swap", "defaults.swap"),
        ("triple_day: friday", "multipliers: [1, 1, 3, 1, 1, 0]", "config.missing_key", "defaults.swap.multipliers[6]"),
        (
            "triple_day: friday",
            "multipliers: [1, 1, 3, 1, 1, 0, -1]",
            "costs.invalid_swap",
            "defaults.swap.multipliers[6]",
        ),
        ("triple_day: friday", f"dated: [{LATE}, {EARLY}]", "costs.invalid_swap", "defaults.swap"),
        (
            "triple_day: friday",
            "dated: [{from: 2015, long: 1, short: 1}]",
            "costs.invalid_swap",
            "defaults.swap.dated[0].from",
        ),
        (
            "triple_day: friday",
            "dated: [{from: 2015-02-30, long: 1, short: 1}]",
            "costs.invalid_swap",
            "defaults.swap.dated[0].from",
        ),
        (
            "triple_day: friday",
            "dated: [{from: 2015-01-01, long: 1}]",
            "config.missing_key",
            "defaults.swap.dated[0].short",
        ),
        ("add_points: 3", "add_points: 1.5", "config.invalid", "per_symbol.EURUSD.spread.add_points"),
        (", add_points: 3", "", "config.invalid", "per_symbol.EURUSD.spread"),
        ("source: column", "source: data", "config.invalid", "per_symbol.EURUSD.spread"),
        ("per_symbol:", "per_symbols:", "config.unknown_key", "per_symbols"),
        ("    slippage: none", "    swap_long: 1", "config.unknown_key", "per_symbol.EURUSD.swap_long"),
    ],
)
def test_an_ill_formed_cost_file_names_file_line_and_key(tmp_path, old, new, code, key):
    file = write(tmp_path, FILE.replace(old, new))

    with pytest.raises(ConfigError) as caught:
        load_costs(file)

    facts = caught.value.context
    assert (caught.value.code, facts["file"], facts["key"]) == (code, str(file), key)
    assert str(facts["line"]).startswith(" line ")


def with_slippage(slippage, **more):
    return load_costs({"defaults": {"slippage": slippage, "commission": "none", "swap": "none", **more}})


def test_impact_reaches_the_plan_in_points_and_steps():
    """CST-2: 0.5 pips are 5 points; 100 lots of 0.01 are 10,000 steps; a tenth of ATR."""
    slippage = {"impact": 0.5, "impact_curve": "square_root", "volatility": "0.1"}
    costs = with_slippage(slippage, liquidity_lots=100).for_symbol(EURUSD)

    assert slippage_plan(costs.slippage, EURUSD, costs.liquidity_lots) == {
        "fixed_points": [0, 1],
        "random_points": 0,
        "impact": {"curve": "square_root", "points": [5, 1], "liquidity_steps": [10_000, 1]},
        "volatility": [1, 10],
    }


def test_what_is_off_is_null_in_the_plan():
    """S75: every parameter defaults to off, also where liquidity is known."""
    costs = with_slippage({"impact": 0, "volatility": 0}, liquidity_lots=100).for_symbol(EURUSD)

    plan = slippage_plan(costs.slippage, EURUSD, costs.liquidity_lots)

    assert (plan["impact"], plan["volatility"]) == (None, None)


def test_liquidity_is_of_the_symbol_before_it_is_of_the_defaults():
    table = {"slippage": {"impact": 1}, "commission": "none", "swap": "none", "liquidity_lots": 50}
    costs = load_costs({"defaults": table, "per_symbol": {"USDJPY": {"liquidity_lots": "12.5"}}})

    assert costs.for_symbol(EURUSD).liquidity_lots == 50
    assert costs.for_symbol(USDJPY).liquidity_lots == Fraction(25, 2)
    assert costs.for_symbol(USDJPY, liquidity_lots=Fraction(3)).liquidity_lots == 3


@pytest.mark.parametrize(
    ("slippage", "more", "reason"),
    [
        ({"impact": 1}, {}, "liquidity_lots"),
        ({"impact": 1}, {"liquidity_lots": "0.00001"}, "10\\^6 points for 100 lots"),
        ({"impact": "0.123456789012"}, {"liquidity_lots": "0.987654321098"}, "fewer digits"),
    ],
)
def test_impact_that_cannot_be_measured_is_refused(slippage, more, reason):
    with pytest.raises(ConfigError, match=reason) as caught:
        with_slippage(slippage, **more).for_symbol(EURUSD)

    assert caught.value.code == "costs.invalid_slippage_model"
    assert caught.value.context["key"] == "costs.defaults.slippage.impact"


def test_slippage_beyond_the_engines_limit_is_refused():
    """A million points, whatever the pip: 10,000 pips of 1,000 points are 10^7."""
    gold = load_specs()["XAUUSD"]
    costs = load_costs({"defaults": {"slippage": {"fixed_pips": 10_000}, "commission": "none", "swap": "none"}})

    assert costs.for_symbol(gold).slippage.fixed_pips == 10_000  # 10^6 points of 100 per pip: just allowed
    with pytest.raises(ConfigError, match="at most 10\\^6 points"):
        costs.for_symbol(_with_pip(gold, 101))


def _with_pip(spec, pip_points):
    return dataclasses.replace(spec, pip_points=pip_points)
