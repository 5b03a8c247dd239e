import json
import pathlib
import re

import pytest

from omega.config import RunConfig, json_schema, load_config, resolve
from omega.config.models import TIMEFRAMES
from omega.errors import ConfigError

TREE = {
    "data": {"path": "data", "symbols": ["EURUSD"], "timeframe": "M15", "start": "2025-01-20"},
    "account": {"currency": "USD", "balance": 100000},
    "execution": {"costs": "none"},
    "sizing": {"risk_amount": 100},
    "strategy": {"native": "ema_cross"},
}


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "run.json"
    file.write_text(json.dumps(TREE))
    return file


def origins_of(file, *overrides):
    return resolve(load_config(file, overrides), base_dir=file.parent).origins


def test_every_key_knows_who_set_it(file):
    origins = origins_of(file, "account.digits=3", "strategy.parameters.fast=5")

    assert origins["account.balance"] == "config file"
    assert origins["account.digits"] == "--set"
    assert origins["strategy.parameters.fast"] == "--set"
    assert origins["strategy.parameters.slow"] == "default"
    assert origins["execution.fill"] == "default"
    assert set(origins.values()) == {"config file", "--set", "default"}


def test_an_override_of_a_table_replaces_the_whole_table(file):
    origins = origins_of(file, 'sizing={"fixed_lots": 1}')

    assert origins["sizing.fixed_lots"] == "--set"
    assert load_config(file, ['sizing={"fixed_lots": 1}']).sizing.risk_amount is None


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("name=h1", "h1"),
        ('name="2"', "2"),
        ("name=2025-01-01", "2025-01-01"),
        ("name=a=b", "a=b"),
    ],
)
def test_an_override_is_json_or_plain_text(file, override, value):
    assert load_config(file, [override]).name == value


@pytest.mark.parametrize(
    "override", ["name", "=1", "a..b=1", "account.currency.x=1", "sizing={", 'name="x', "name=.nan", "data=[NaN]"]
)
def test_an_override_that_cannot_be_read_is_refused(file, override):
    with pytest.raises(ConfigError) as caught:
        load_config(file, [override])

    assert caught.value.code == "config.override"
    assert caught.value.context["text"] == override


def test_an_override_that_is_wrong_names_set_and_not_the_file(file):
    with pytest.raises(ConfigError, match=r"--set: account.balance: expected a value greater than 0; got -1"):
        load_config(file, ["account.balance=-1"])


def test_toml_and_yaml_mean_the_same_as_json(tmp_path, file):
    toml = tmp_path / "run.toml"
    toml.write_text(
        '[data]\npath = "data"\nsymbols = ["EURUSD"]\ntimeframe = "M15"\nstart = "2025-01-20"\n'
        '[account]\ncurrency = "USD"\nbalance = 100000\n[execution]\ncosts = "none"\n'
        '[sizing]\nrisk_amount = 100\n[strategy]\nnative = "ema_cross"\n'
    )
    yaml = tmp_path / "run.yaml"
    yaml.write_text(
        "data: {path: data, symbols: [EURUSD], timeframe: M15, start: 2025-01-20}\n"
        "account: {currency: USD, balance: 100000}\nexecution: {costs: none}\n"
        "sizing: {risk_amount: 100}\nstrategy: {native: ema_cross}\n"
    )

    expected = load_config(file).model_dump()

    assert load_config(toml).model_dump() == expected
    assert load_config(yaml).model_dump() == expected


def test_a_config_cannot_be_changed(file):
    config = load_config(file)

    with pytest.raises(ValueError, match="frozen"):
        config.name = "other"


def test_all_findings_of_a_config_are_told_together(file):
    tree = {**TREE, "acount": {}, "sizing": {}}
    del tree["strategy"]
    file.write_text(json.dumps(tree))

    with pytest.raises(ConfigError) as caught:
        load_config(file)

    told = " ".join([str(caught.value), *caught.value.__notes__])
    assert 'Did you mean "account"?' in told
    assert "exactly one of fixed_lots, risk_amount, risk_percent, notional" in told
    assert "strategy is required" in told


def test_parameters_of_a_class_keep_their_types(file):
    config = load_config(
        file, ['strategy={"class": "m:C", "parameters": {"a": 1, "b": 0.5, "c": "x", "d": [1.5, true]}}']
    )

    assert config.strategy.parameters == {"a": 1, "b": 0.5, "c": "x", "d": [1.5, True]}
    assert [type(value) for value in config.strategy.parameters.values()] == [int, float, str, list]


def test_arguments_from_python_are_as_strict_as_files():
    with pytest.raises(ConfigError, match=r"arguments: there is no key 'account.levrage'"):
        RunConfig.from_arguments(
            account={"currency": "USD", "balance": 1, "levrage": 30}, sizing={"risk_amount": 1}, costs="none"
        )


def test_arguments_without_costs_are_refused():
    """CST-4: leaving costs out is a ConfigError."""
    with pytest.raises(ConfigError) as caught:
        RunConfig.from_arguments(account={"currency": "USD", "balance": 1}, sizing={"risk_amount": 1})

    assert (caught.value.code, caught.value.context["key"]) == ("config.missing_key", "execution.costs")


# ---------------------------------------------------------------- JSON Schema


def walk(schema, path=""):
    """Yield every property of a schema with its dotted path, references followed."""
    for name, entry in schema.get("properties", {}).items():
        yield f"{path}{name}", entry
        for inner in [entry, *entry.get("anyOf", [])]:
            if "$ref" in inner:
                yield from walk(json_schema()["$defs"][inner["$ref"].rpartition("/")[2]], f"{path}{name}.")


def test_the_schema_describes_every_key_and_refuses_unknown_ones():
    schema = json_schema()
    keys = dict(walk(schema))

    assert len(keys) > 40
    assert [key for key, entry in keys.items() if not entry.get("description")] == []
    assert [name for name, table in schema["$defs"].items() if table["additionalProperties"] is not False] == []
    assert schema["required"] == ["account", "data", "execution", "sizing", "strategy"]
    json.dumps(schema, allow_nan=False)


def test_every_key_of_a_resolved_config_is_in_the_schema(file):
    known = dict(walk(json_schema()))

    unknown = [key for key in origins_of(file) if key not in known and not key.startswith("strategy.parameters.")]

    assert unknown == []


def test_timeframes_are_those_of_the_data_layer():
    from omega.data.timeframes import MINUTES

    assert set(TIMEFRAMES) == set(MINUTES)


def test_the_spec_page_lists_every_key_with_its_default():
    page = (pathlib.Path(__file__).parents[3] / "docs/spec/config.md").read_text().split("## Cost files")[0]
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.*?) \|", page, re.MULTILINE)
    required = {f"data.{name}" for name in ("path", "symbols", "timeframe", "start")}
    required |= {"account.currency", "account.balance", "execution.costs"}
    required |= {f"filters.news.{name}" for name in ("file", "minutes_before", "minutes_after")}
    required |= {f"execution.spread.news.{name}" for name in ("file", "minutes_before", "minutes_after")}
    expected = {
        key: "required" if key in required else json.dumps(entry.get("default"))
        for key, entry in walk(json_schema())
        if "properties" not in entry
        and "$ref" not in entry
        and not any("$ref" in part for part in entry.get("anyOf", []))
    }

    assert dict(rows) == expected
    assert len(rows) == len(expected) > 40
