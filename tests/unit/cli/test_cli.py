import json
import os
import subprocess
import sys

import pytest

from omega.cli import main
from omega.cli.failures import describe_failure, exit_code_of
from omega.errors import error_for

CONFIG = {
    "data": {"path": "data", "symbols": ["EURUSD"], "timeframe": "M15", "start": "2025-01-20"},
    "account": {"currency": "USD", "balance": 100000},
    "execution": {"costs": "none"},
    "sizing": {"risk_amount": 100},
    "strategy": {"native": "ema_cross"},
}

HEAVY = {"numpy", "pyarrow", "pydantic", "pandas", "yaml", "jinja2", "omega._native"}


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps(CONFIG, indent=1))
    return "run.json"


def test_check_says_ok_on_stdout(config, capsys):
    assert main(["config", "check", config]) == 0

    out, err = capsys.readouterr()
    assert out.startswith("run.json: ok\n")
    assert "swap is switched off" in out
    assert err == ""


def test_check_with_an_override_that_is_wrong_exits_with_2(config, capsys):
    assert main(["config", "check", config, "--set", "account.balance=-1", "--set", "nmae=x"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("ConfigError") == 1
    assert "account.balance" in err
    assert 'Did you mean "name"' in err


def test_show_names_the_origin_of_every_value(config, capsys):
    assert main(["config", "show", config, "--set", "account.digits=3"]) == 0

    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["account.digits", "3", "--set"] in rows
    assert ["account.balance", "100000", "config", "file"] in rows
    assert ["execution.fill", "next_open", "default"] in rows


def test_show_as_json_is_the_resolved_config(config, capsys):
    assert main(["config", "show", config, "--json"]) == 0

    values = json.loads(capsys.readouterr().out)
    margin = {"leverage": 30, "margin_call_level": 1, "stop_out_level": "0.5"}
    assert values["config"]["account"] == {"balance": 100000, "currency": "USD", "digits": 2, **margin}
    assert values["origins"]["account.digits"] == "default"


def test_schema_is_json(capsys):
    assert main(["config", "schema"]) == 0

    assert json.loads(capsys.readouterr().out)["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize(
    "arguments",
    [
        ["foo"],
        ["config", "check"],
        ["config", "chekc", "x"],
        ["run", "run.json", "--bogus"],
        ["run", "run.json", "--backend", "java"],
        ["run", "run.json", "--backend", "compare", "--force"],
    ],
)
def test_wrong_usage_exits_with_2_and_writes_nothing(config, arguments, capsys, tmp_path):
    assert main(arguments) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage" in err
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (error_for("config.unreadable", file="x", line="", reason="y"), 2),
        (error_for("data.shape", where="x", reason="y"), 3),
        (error_for("engine.interrupted"), 130),
        (error_for("engine.internal", reason="x"), 1),
        (error_for("backend.missing", asked_by="x"), 1),
        (ZeroDivisionError("x"), 1),
    ],
)
def test_exit_codes_follow_the_class(error, code):
    assert exit_code_of(error) == code


def test_a_failure_is_class_code_message_and_notes():
    error = error_for("data.shape", where="EURUSD M1 bid", reason="no column open")
    error.add_note("also something else")

    assert describe_failure(error) == "DataError [data.shape] EURUSD M1 bid: no column open\n  also something else"


def test_an_exception_of_the_users_own_names_its_place():
    try:
        raise KeyError("fast")
    except KeyError as error:
        text = describe_failure(error)

    assert text.startswith("KeyError: 'fast'\n  raised in ")
    assert "test_cli.py, line " in text


def test_the_place_of_a_failure_is_the_users_line_and_not_one_of_a_library():
    try:
        json.loads("{")
    except json.JSONDecodeError as error:
        text = describe_failure(error)
    assert "test_cli.py, line " in text
    assert "decoder.py" not in text

    try:
        compile("class Mine(object)\n  pass", "mine.py", "exec")
    except SyntaxError as error:
        assert describe_failure(error).endswith("\n  in mine.py, line 1")


def test_backends_tells_what_runs_and_why(capsys):
    assert main(["backends"]) == 0
    table = capsys.readouterr().out
    assert main(["backends", "--json"]) == 0
    description = json.loads(capsys.readouterr().out)

    assert set(description["components"]) == {"engine", "execution", "indicators", "portfolio", "rating"}
    for name, entry in description["components"].items():
        assert f"{name.ljust(10)}  {entry['backend']}" in table


def test_data_sample_writes_the_bundled_files(tmp_path, capsys):
    assert main(["data", "sample", str(tmp_path / "sample")]) == 0

    written = capsys.readouterr().out.split()
    assert any(name.endswith("EURUSD_H1_bid.parquet") for name in written)
    assert all(os.path.isfile(name) for name in written)
    assert main(["data", "sample", str(tmp_path / "sample")]) == 3


def heavy_modules_after(statements):
    """Return the heavy modules that a fresh interpreter has loaded after some statements."""
    code = f"import sys\n{statements}\nprint(*({HEAVY} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stderr.split()


def test_help_is_quick_because_it_imports_nothing_heavy():
    """`omega --help` takes at most 0.3 s."""
    assert heavy_modules_after("from omega.cli import main; assert main(['--help']) == 0") == []


def test_the_import_guard_notices_a_heavy_module():
    assert "pydantic" in heavy_modules_after("import omega.config")


def test_an_interrupt_exits_with_130(config, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("omega.config.load_config", interrupt)

    assert main(["config", "check", config]) == 130
    assert capsys.readouterr().err.strip() == "Interrupted."


def test_a_reader_that_leaves_is_no_failure():
    """`omega config schema | head -1` says nothing on stderr."""
    command = [sys.executable, "-c", "import sys\nfrom omega.cli import main\nsys.exit(main(['config', 'schema']))"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    process.stdout.close()

    _, err = process.communicate(timeout=60)

    assert err == b""
    assert process.returncode == 0


def test_the_version_is_that_of_the_package(capsys):
    import omega

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"omega {omega.__version__}\n"
