"""The crates the core stands on: licences, bans, and that the numeric bans of clippy bite."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from typing import Any

import pytest

LICENCES = {
    *("MIT", "MIT-0", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib"),
    *("Unicode-3.0", "Unlicense", "CC0-1.0", "0BSD", "BSL-1.0"),
}
BANNED = {
    "arrow": "the umbrella compiles for minutes; take its parts",
    "parquet": "files are read above the seam",
    "rand": "one generator, ours (NUM-3)",
    "tokio": "nothing here waits",
    "openssl-sys": "nothing here talks to a network",
}


def is_allowed(expression: str) -> bool:
    """Whether an SPDX expression leaves an allowed choice."""
    text = expression.replace("/", " OR ").replace("(", "").replace(")", "")
    return all(any(choice.strip() in LICENCES for choice in part.split(" OR ")) for part in re.split(r" AND ", text))


def refused(packages: list[dict[str, Any]]) -> list[str]:
    """Return packages under another licence than the allowed ones, or banned by name."""
    found = [f"{each['name']}: {each['license']}" for each in packages if not is_allowed(each["license"] or "")]
    return found + [f"{each['name']}: {BANNED[each['name']]}" for each in packages if each["name"] in BANNED]


def test_every_crate_has_an_allowed_licence_and_none_is_banned(root):
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    host = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    command += ["--filter-platform", re.search(r"host: (\S+)", host)[1]]
    output = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    packages = json.loads(output)["packages"]

    assert len(packages) >= 20
    assert refused(packages) == []


def test_the_guard_of_crates_notices_a_licence_and_a_ban():
    crates = [
        {"name": "copyleft", "license": "GPL-3.0-only"},
        {"name": "unstated", "license": None},
        {"name": "both", "license": "MIT AND GPL-3.0-only"},
        {"name": "rand", "license": "MIT"},
        {"name": "fine", "license": "(MIT OR Apache-2.0) AND Unicode-3.0"},
    ]

    assert [line.split(":")[0] for line in refused(crates)] == ["copyleft", "unstated", "both", "rand"]


def test_the_core_does_not_know_python_and_forbids_unsafe_code(root):
    core = tomllib.loads((root / "rust/omega-core/Cargo.toml").read_text())
    workspace = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]

    assert not [name for name in core["dependencies"] if "py" in name]
    assert core["lints"] == {"workspace": True}
    assert workspace["lints"]["rust"]["unsafe_code"] == "forbid"


SAMPLES = {
    "mul_add": "pub fn f(x: f64) -> f64 { x.mul_add(x, x) }",
    "powi": "pub fn f(x: f64) -> f64 { x.powi(2) }",
    "powf": "pub fn f(x: f64) -> f64 { x.powf(2.0) }",
    "exp": "pub fn f(x: f64) -> f64 { x.exp() }",
    "ln": "pub fn f(x: f64) -> f64 { x.ln() }",
    "round": "pub fn f(x: f64) -> f64 { x.round() }",
    "min": "pub fn f(x: f64) -> f64 { x.min(1.0) }",
    "max": "pub fn f(x: f64) -> f64 { x.max(1.0) }",
    "sum": "pub fn f(x: &[f64]) -> f64 { x.iter().sum() }",
    "now": "pub fn f() -> std::time::Instant { std::time::Instant::now() }",
    "var": 'pub fn f() -> bool { std::env::var("A").is_ok() }',
    "HashMap": "pub fn f() -> std::collections::HashMap<u8, u8> { unimplemented!() }",
    "HashSet": "pub fn f() -> std::collections::HashSet<u8> { unimplemented!() }",
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory, root) -> str:
    """What clippy says, with our bans, about a crate that breaks each of them once."""
    crate = tmp_path_factory.mktemp("bans")
    (crate / "src").mkdir()
    shutil.copy(root / "clippy.toml", crate)
    (crate / "Cargo.toml").write_text('[package]\nname = "bans"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n')
    modules = [f"pub mod m_{name.lower()} {{ {code} }}" for name, code in SAMPLES.items()]
    (crate / "src/lib.rs").write_text("\n".join(modules))
    command = ["cargo", "clippy", "--offline", "--quiet", "--message-format", "short"]
    return subprocess.run(command, cwd=crate, capture_output=True, text=True).stderr


@pytest.mark.parametrize("name", SAMPLES)
def test_clippy_refuses_what_the_twin_must_not_do(complaints, name):
    line = list(SAMPLES).index(name) + 1

    assert re.search(rf"^src/lib.rs:{line}:.*disallowed", complaints, re.MULTILINE), complaints
