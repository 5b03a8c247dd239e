import json
import pathlib

import pytest

from omega.cli import main

EXAMPLE = pathlib.Path(__file__).parents[3] / "examples/eurusd_ema_cross.json"
SETTINGS = ("data.end=2010-06-01", "rating.data_samples=1", "rating.parameter_samples=1", "rating.samples=100")
SHORT = [*(word for setting in SETTINGS for word in ("--set", setting)), "--backend", "python"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_run_prints_its_table_and_names_its_folder(capsys, tmp_path):
    assert main(["run", str(EXAMPLE), *SHORT]) == 0

    out, err = capsys.readouterr()
    folder = pathlib.Path(out.splitlines()[-1].removeprefix("results: "))
    assert folder.parent == pathlib.Path("var/results")
    assert {"trades.csv", "manifest.json", "rating.json"} <= {path.name for path in folder.iterdir()}
    assert "one set of swap rates applies to all years" in out
    assert "profit factor" in out
    assert err == ""


def test_a_run_as_json_is_what_its_folder_holds(capsys, tmp_path):
    assert main(["run", str(EXAMPLE), *SHORT, "--json", "--out", "here", "--run-id", "mine"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert (document["run_id"], document["folder"]) == ("mine", "here/mine")
    assert document["metrics"] == json.loads(pathlib.Path("here/mine/metrics.json").read_text())
    assert document["manifest"]["ran"]["engine"]["name"] == "python"


def test_a_run_of_the_same_name_needs_force(capsys):
    command = ["run", str(EXAMPLE), *SHORT, "--out", "here", "--run-id", "mine"]

    assert [main(command), main(command), main([*command, "--force"])] == [0, 2, 0]
    assert "ConfigError [run.exists]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("override", "code", "exit_code"),
    [
        ("data.path=absent", "DataError [data.not_found]", 3),
        ("data.start=2030-01-01", "DataError [data.no_bars]", 3),
        ('strategy={"class": "absent.py:Name"}', "eurusd_ema_cross.json: strategy.class", 2),
        (
            'strategy={"class": "ema_cross.py:EmaCross", "parameters": {"fsat": 3}}',
            "has no parameter 'fsat'. Did you mean 'fast'?\n  in ",
            2,
        ),
        ("account.currency=CHF", "ConfigError [config.no_conversion]", 2),
    ],
)
def test_a_run_that_cannot_be_exits_by_class_and_leaves_nothing(capsys, tmp_path, override, code, exit_code):
    assert main(["run", str(EXAMPLE), "--backend", "python", "--set", override]) == exit_code

    out, err = capsys.readouterr()
    assert out == ""
    assert code in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_the_python_example_trades_like_the_native_strategy(capsys, tmp_path):
    """API-1: one engine, equal trades."""
    parameters = '{"fast": 20, "slow": 50, "stop_pips": 40, "target_pips": 80}'
    python = ["--set", f'strategy={{"class": "ema_cross.py:EmaCross", "parameters": {parameters}}}']

    assert main(["run", str(EXAMPLE), *SHORT, "--out", "here", "--run-id", "native"]) == 0
    assert main(["run", str(EXAMPLE), *SHORT, *python, "--out", "here", "--run-id", "python"]) == 0

    native, ours = (tmp_path / "here" / name / "trades.csv" for name in ("native", "python"))
    assert len(native.read_text().splitlines()) > 10
    assert native.read_text() == ours.read_text()


def test_a_file_written_as_a_module_is_told_how_files_are_written(capsys):
    assert main(["run", str(EXAMPLE), "--set", 'strategy={"class": "ema_cross:EmaCross"}']) == 2
    assert 'for the file beside the config write "ema_cross.py:…"' in capsys.readouterr().err
