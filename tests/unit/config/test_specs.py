from fractions import Fraction

import pytest

from omega.config import load_specs
from omega.config.specs import spec_of
from omega.errors import ConfigError

GOOD = """\
symbols:
  DE40:
    digits: 1
    pip_points: 10
    tick_points: 5
    contract_size: 0.1
    volume_min: 0.2
    volume_step: 0.1
    volume_max: 50
    base_currency: EUR
    quote_currency: EUR
    min_stop_points: 25
    source: worked by hand
"""


def write(tmp_path, text):
    file = tmp_path / "specs.yaml"
    file.write_text(text)
    return file


def test_decimals_come_from_the_text_exactly(tmp_path):
    """CST-4, NUM-1b: 0.1 contract, 0.1 lot step, 1 digit: a point and step are worth 1/1000."""
    spec = load_specs(write(tmp_path, GOOD))["DE40"]

    assert (spec.contract_size, spec.volume_step, spec.value) == (Fraction(1, 10), Fraction(1, 10), Fraction(1, 1000))
    assert (spec.volume_min_steps, spec.volume_max_steps) == (2, 500)


@pytest.mark.parametrize(
    ("symbol", "digits", "pip_points", "value"),
    [
        ("EURUSD", 5, 10, Fraction(1, 100)),
        ("GBPUSD", 5, 10, Fraction(1, 100)),
        ("NZDUSD", 5, 10, Fraction(1, 100)),
        ("EURGBP", 5, 10, Fraction(1, 100)),
        ("USDJPY", 3, 10, Fraction(1)),
        ("AUDUSD", 5, 10, Fraction(1, 100)),
        ("USDCAD", 5, 10, Fraction(1, 100)),
        ("USDCHF", 5, 10, Fraction(1, 100)),
        ("EURJPY", 3, 10, Fraction(1)),
        ("GBPJPY", 3, 10, Fraction(1)),
        ("XAUUSD", 3, 100, Fraction(1, 1000)),
        ("XAGUSD", 4, 100, Fraction(1, 100)),
        ("US500", 2, 100, Fraction(1, 1000)),
        ("BTCUSD", 2, 10, Fraction(1, 1000)),
    ],
)
def test_bundled_specs_have_the_published_values(symbol, digits, pip_points, value):
    """100,000 units x 0.01 lot x 0.00001 = 0.01; yen pairs 100,000 x 0.01 x 0.001 = 1; gold 100 x 0.01 x 0.001.

    Silver 1,000 x 0.1 x 0.0001 = 0.01; the index and bitcoin 1 x 0.1 x 0.01 = 0.001.
    """
    spec = load_specs()[symbol]

    assert (spec.digits, spec.pip_points, spec.value) == (digits, pip_points, value)
    assert spec.source


@pytest.mark.parametrize(
    ("symbol", "swap_long", "nights", "leverage"),
    [
        ("AUDUSD", Fraction(-29, 10), (1, 1, 3, 1, 1, 0, 0), 20),  # published as -0.29 pips
        ("EURJPY", Fraction(87, 10), (1, 1, 3, 1, 1, 0, 0), 30),  # published as 0.87 pips
        ("XAUUSD", Fraction(-420), (1, 1, 3, 1, 1, 0, 0), 20),  # published as -42 points of 0.01
        ("US500", Fraction(-454, 100), (1, 1, 1, 1, 3, 0, 0), 20),
        ("BTCUSD", Fraction(-30), (1, 1, 1, 1, 1, 1, 1), 2),
    ],
)
def test_bundled_swap_and_leverage_are_the_published_ones(symbol, swap_long, nights, leverage):
    """CST-4, SWP-1: seven nights in every full week; leverage caps of the European Union."""
    spec = load_specs()[symbol]

    assert (spec.swap_long, spec.swap_multipliers, spec.leverage) == (swap_long, nights, leverage)
    assert sum(nights) == 7


def test_every_bundled_spec_is_complete_and_names_its_source():
    """CST-4: all figures but those nobody published (lots per volume unit)."""
    specs = load_specs()

    assert len(specs) == 14
    for spec in specs.values():
        unset = [name for name in spec.__dataclass_fields__ if getattr(spec, name) is None]
        assert unset in (["lots_per_volume_unit", "swap_currency"],)
        assert "page" in spec.source or "reply of 2025" in spec.source


@pytest.mark.parametrize(
    ("line", "share"),
    [("", None), ("    hedged_margin: 0\n", Fraction(0)), ("    hedged_margin: 0.05\n", Fraction(1, 2))],
)
def test_hedged_margin_is_an_amount_of_contract_units(tmp_path, line, share):
    """0.05 units of a contract of 0.1: a long lot and a short lot together pay what half a lot pays."""
    text = GOOD.replace("    source", f"{line}    source")

    assert load_specs(write(tmp_path, text))["DE40"].hedged_share == share


@pytest.mark.parametrize(
    ("old", "new", "code", "key", "line"),
    [
        ("digits: 1", "digits: 9", "config.invalid", "symbols.DE40.digits", 3),
        ("digits: 1", "digits: '1'", "config.invalid", "symbols.DE40.digits", 3),
        ("digits: 1", "digits: 1.0", "config.invalid", "symbols.DE40.digits", 3),
        ("digits: 1", "digit: 1", "config.unknown_key", "symbols.DE40.digit", 3),
        ("    digits: 1\n", "", "config.missing_key", "symbols.DE40.digits", 2),
        ("pip_points: 10", "pip_points: 0", "config.invalid", "symbols.DE40.pip_points", 4),
        ("contract_size: 0.1", "contract_size: 0", "config.invalid", "symbols.DE40.contract_size", 6),
        ("contract_size: 0.1", "contract_size: 1000000001", "config.invalid", "symbols.DE40.contract_size", 6),
        ("contract_size: 0.1", "contract_size: 0.0000000000001", "config.too_precise", "symbols.DE40.contract_size", 6),
        ("volume_min: 0.2", "volume_min: 0.25", "config.invalid", "symbols.DE40.volume_min", 7),
        ("volume_step: 0.1", "volume_step: 0.0000000001", "config.invalid", "symbols.DE40.volume_step", 8),
        ("volume_max: 50", "volume_max: 50.05", "config.invalid", "symbols.DE40.volume_max", 9),
        ("volume_max: 50", "volume_max: 0.1", "config.invalid", "symbols.DE40.volume_max", 9),
        ("volume_max: 50", "volume_max: 100000001", "config.invalid", "symbols.DE40.volume_max", 9),
        ("base_currency: EUR", "base_currency: eur", "config.invalid", "symbols.DE40.base_currency", 10),
        ("min_stop_points: 25", "min_stop_points: -1", "config.invalid", "symbols.DE40.min_stop_points", 12),
        ("source: worked by hand", "sources: x", "config.unknown_key", "symbols.DE40.sources", 13),
        ("    source: worked by hand", "    name: x\n    source: x", "config.unknown_key", "symbols.DE40.name", 13),
        ("    source", "    leverage: 0.5\n    source", "config.invalid", "symbols.DE40.leverage", 13),
        ("    source", "    leverage: 1:30\n    source", "config.invalid", "symbols.DE40.leverage", 13),
        ("    source", "    hedged_margin: 0.21\n    source", "config.invalid", "symbols.DE40.hedged_margin", 13),
        ("    source", "    hedged_margin: -1\n    source", "config.invalid", "symbols.DE40.hedged_margin", 13),
        (
            "    source",
            "    lots_per_volume_unit: 0\n    source",
            "config.invalid",
            "symbols.DE40.lots_per_volume_unit",
            13,
        ),
        ("    source", "    session: forex\n    source", "config.invalid", "symbols.DE40.session", 13),
        ("    source", "    swap_unit: points\n    source", "config.invalid", "symbols.DE40.swap_unit", 13),
        ("    source", "    swap_unit: pips\n    source", "config.invalid", "symbols.DE40.swap_unit", 13),
        ("  DE40:", "  ../x:", "config.invalid", "symbols.../x.name", 2),
    ],
)
def test_an_ill_formed_spec_names_file_line_and_key(tmp_path, old, new, code, key, line):
    file = write(tmp_path, GOOD.replace(old, new))

    with pytest.raises(ConfigError) as caught:
        load_specs(file)

    facts = caught.value.context
    assert (caught.value.code, facts["file"], facts["key"]) == (code, str(file), key)
    assert facts["line"] == f" line {line}"


def test_a_point_value_with_too_many_digits_is_refused(tmp_path):
    """10^-12 units x 0.1 lot x 10^-3 is 1 / 10^16, beyond the 10^15 that the engine's products allow."""
    text = GOOD.replace("digits: 1", "digits: 3").replace("contract_size: 0.1", "contract_size: 0.000000000001")

    with pytest.raises(ConfigError, match="contract_size: expected a size whose point value has at most 15 digits"):
        load_specs(write(tmp_path, text))


def test_all_findings_of_a_file_are_told_together(tmp_path):
    text = GOOD.replace("digits: 1", "digits: 9").replace("    source: worked by hand", "    soruce: x")

    with pytest.raises(ConfigError) as caught:
        load_specs(write(tmp_path, text))

    assert len(caught.value.__notes__) == 2
    assert 'Did you mean "source"?' in "".join([str(caught.value), *caught.value.__notes__])


@pytest.mark.parametrize("text", ["[]", "a: 1", "symbols: 3", "symbols: {A: 3}", "symbols: {}\nsymbol: {}\n"])
def test_another_shape_is_refused(tmp_path, text):
    with pytest.raises(ConfigError):
        load_specs(write(tmp_path, text))


def test_a_symbol_without_a_spec_is_refused_with_the_nearest_known_one():
    """CST-4: a symbol without a spec is refused, never guessed."""
    with pytest.raises(ConfigError) as caught:
        spec_of("EURUSB", load_specs(), file="symbol_specs.yaml")

    assert caught.value.code == "config.symbol_without_spec"
    assert 'Did you mean "EURUSD"?' in str(caught.value)


def test_specs_cannot_be_changed():
    specs = load_specs()

    with pytest.raises(TypeError):
        specs["EURUSD"] = specs["GBPUSD"]
    with pytest.raises(AttributeError):
        specs["EURUSD"].digits = 4
