"""`omega config`: check a config, show what it resolves to, export its JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omega.cli.output import print_json, print_table

if TYPE_CHECKING:
    from omega.config import ResolvedConfig

__all__ = ["AsJson", "ConfigFile", "Overrides", "app", "check", "schema", "show"]

app = typer.Typer(help="Configs: check, show, schema.", no_args_is_help=True, rich_markup_mode=None)

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="JSON, TOML or YAML file.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, e.g. account.balance=50000. Repeatable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def check(config: ConfigFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Validate a config and everything it refers to, market data and strategy code excepted."""
    resolved = _resolve(config, overrides)
    if as_json:
        print_json({"config": str(config), "ok": True, "notes": list(resolved.notes)})
        return
    print(f"{config}: ok")
    for note in resolved.notes:
        print(f"  note: {note}")


@app.command()
def show(config: ConfigFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Print every value of the resolved config and who set it."""
    resolved = _resolve(config, overrides)
    values = resolved.to_dict()
    if as_json:
        print_json(values)
        return
    print_table(
        ("key", "value", "origin"),
        [(key, _text(_at(values["config"], key)), origin) for key, origin in resolved.origins.items()],
    )
    for part in ("spec", "costs"):
        print(f"\n{part} of {resolved.spec.name}")
        print_table(("key", "value"), [(key, _text(value)) for key, value in values[part].items()])
    for note in resolved.notes:
        print(f"\nnote: {note}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of configs, for editors."""
    from omega.config import json_schema

    print_json(json_schema())


def _resolve(path: Path, overrides: list[str] | None) -> ResolvedConfig:
    from omega.config import load_config, resolve

    return resolve(load_config(path, overrides or ()), base_dir=path.parent)


def _at(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values[part]
    return values


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
