"""The generated texts of schema/indicators.toml: catalogues of both halves and the typed methods.

Part of `generate_schema.py`, which writes them.
"""

from __future__ import annotations

import re
from typing import Any

Indicators = dict[str, dict[str, Any]]
PRICES = "close", "open", "high", "low", "hl2", "hlc3", "ohlc4"


def expected(bounds: list[float]) -> str:
    """Return what a parameter may be, in words; both halves say the same."""
    default, least, greatest = bounds
    kind = "a whole number" if isinstance(default, int) else "a number"
    return f"{kind} from {least:g} to {greatest:.0f}" if greatest < 1e9 else f"{kind} from {least:g} to {greatest:g}"


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def python_catalogue(indicators: Indicators, notice: str) -> str:
    out = [
        f'"""{notice}\n\nThe indicators there are: parameters, what they read, what they give. No arithmetic.\n"""\n',
        "from __future__ import annotations\n",
        "from collections.abc import Callable",
        "from typing import NamedTuple\n\n",
        "class Parameter(NamedTuple):",
        '    """One parameter of an indicator; whole where its default is an int. `expected` words the bounds."""\n',
        "    name: str\n    default: float\n    minimum: float\n    maximum: float\n    expected: str\n\n",
        "class Indicator(NamedTuple):",
        '    """One indicator. `lookback` takes the parameters by name; None where the data decide."""\n',
        "    name: str\n    title: str\n    parameters: tuple[Parameter, ...]\n    reads: tuple[str, ...]",
        "    outputs: tuple[str, ...]\n    lookback: Callable[..., int] | None\n    lookback_text: str",
        "    formula: str\n    origin: str\n\n",
        f"PRICES = {PRICES!r}\n".replace("'", '"'),
        "CATALOGUE: dict[str, Indicator] = {",
    ]
    for name, entry in indicators.items():
        parameters = [
            f'Parameter("{key}", {bounds[0]}, {bounds[1]}, {bounds[2]}, "{expected(bounds)}"),'
            for key, bounds in entry["parameters"].items()
        ]
        unused = [key for key in entry["parameters"] if not re.search(rf"\b{key}\b", entry["lookback"])]
        arguments = ", ".join([*(key for key in entry["parameters"] if key not in unused), "**_"])
        lookback = f"lambda {arguments}: {entry['lookback']}" if entry["lookback"] else "None"
        out += [
            f'    "{name}": Indicator(',
            f'        name="{name}",\n        title="{entry["title"]}",',
            f"        parameters=({' '.join(parameters)}),",
            f"        reads={tuple(entry['reads'])!r},\n        outputs={tuple(entry.get('outputs', ()))!r},".replace(
                "'", '"'
            ),
            f'        lookback={lookback},\n        lookback_text="{entry["lookback"]}",',
            f'        formula="{entry["formula"]}",\n        origin="{entry["origin"]}",\n    ),',
        ]
    return "\n".join([*out, "}", ""])


def python_methods(indicators: Indicators, notice: str) -> str:
    out = [
        f'"""{notice}\n\nOne typed method per indicator, the same for columns and for views of strategies.\n"""\n',
        "from __future__ import annotations\n",
        "from abc import ABC, abstractmethod",
        "from typing import Any, Generic, NamedTuple, TypeVar\n",
        'T = TypeVar("T")\n\n',
    ]
    for name, entry in indicators.items():
        if "outputs" in entry:
            fields = "\n".join(f"    {output}: T" for output in entry["outputs"])
            out.append(f'class {camel(name)}(NamedTuple, Generic[T]):\n    """{entry["title"]}."""\n\n{fields}\n\n')
    out += [
        "class IndicatorMethods(ABC, Generic[T]):",
        '    """Indicators by name. `timeframe` None is the step timeframe; `source` a price or another key."""\n',
        "    @abstractmethod",
        "    def compute_indicator(self, name: str, **arguments: Any) -> T:",
        '        """Return one indicator, or one output of it, by name."""',
    ]
    for name, entry in indicators.items():
        out.append(method(name, entry))
    return "\n".join(out) + "\n"


def method(name: str, entry: dict[str, Any]) -> str:
    """Return the source of one typed method."""
    parameters = entry["parameters"]
    given = [f"{key}: {type(bounds[0]).__name__} = {bounds[0]}" for key, bounds in parameters.items()]
    where = ["timeframe: str | None = None", 'side: str = "bid"']
    passed = [*parameters, "timeframe", "side"]
    if "source" in entry["reads"]:
        where.append('source: str = "close"')
        passed.append("source")
    if "other" in entry["reads"]:
        given.insert(0, "other: str")
        passed.append("other")
    signature = ", ".join(["self", *given, "*", *where])
    call = ", ".join([f'"{name}"', *(f"{key}={key}" for key in passed)])
    gives, body = "T", f"return self.compute_indicator({call})"
    if "outputs" in entry:
        gives = f"{camel(name)}[T]"
        each = f"(self.compute_indicator({call}, output=output) for output in {camel(name)}._fields)"
        body = f"return {camel(name)}(*{each})"
    title = entry["title"][0].upper() + entry["title"][1:]
    return f'\n    def {name}({signature}) -> {gives}:\n        """{title}: {entry["formula"]}."""\n        {body}'


def rust_catalogue(indicators: Indicators, notice: str) -> str:
    out = [
        f"//! {notice}",
        "//!",
        "//! The indicators there are: bounds of their parameters, what a step reads, names of the outputs.",
        "//! twin: none — generated from the same source as `omega.indicator_catalogue`.",
        "",
        '#![allow(clippy::doc_markdown, reason = "the notice names a file")]',
        "",
        "/// One parameter of an indicator.",
        "#[derive(Debug)]",
        "pub struct Parameter {",
        "    /// Name.\n    pub name: &'static str,",
        "    /// Whether only whole numbers are allowed.\n    pub is_whole: bool,",
        "    /// Least value.\n    pub minimum: f64,",
        "    /// Greatest value.\n    pub maximum: f64,",
        "    /// The bounds in words.\n    pub expected: &'static str,",
        "}",
        "",
        "/// One indicator.",
        "#[derive(Debug)]",
        "pub struct Indicator {",
        "    /// Name, in lower case.\n    pub name: &'static str,",
        "    /// In the order of the keys.\n    pub parameters: &'static [Parameter],",
        "    /// What one step is given.\n    pub reads: &'static [&'static str],",
        "    /// Names of the outputs where there are several.\n    pub outputs: &'static [&'static str],",
        "}",
        "",
        "/// All of them.",
        "pub const CATALOGUE: &[Indicator] = &[",
    ]
    for name, entry in indicators.items():
        out.append(f'    Indicator {{ name: "{name}", parameters: &[')
        for key, bounds in entry["parameters"].items():
            is_whole = str(isinstance(bounds[0], int)).lower()
            out.append(
                f'        Parameter {{ name: "{key}", is_whole: {is_whole}, minimum: {rust_float(bounds[1])}, '
                f'maximum: {rust_float(bounds[2])}, expected: "{expected(bounds)}" }},'
            )
        reads, outputs = (", ".join(f'"{one}"' for one in entry.get(key, ())) for key in ("reads", "outputs"))
        out.append(f"    ], reads: &[{reads}], outputs: &[{outputs}] }},")
    return "\n".join([*out, "];", ""])


def rust_float(value: float) -> str:
    """Return a literal as clippy wants it, digits in groups."""
    if 0 < value < 1e-3 or value >= 1e9:
        return f"{value:.0e}".replace("e+", "e").replace("e-0", "e-")
    return f"{int(value):_}.0" if value == int(value) else repr(value)
