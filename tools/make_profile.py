"""Write `rust/omega-core/engine.profdata`: which way the engine's branches go, for the compiler (docs/decisions/0018).

    python tools/make_profile.py [--check]

Builds the extension with counters in `target/profile`, lets it do `benchmarks/training.py`, and keeps the counts of the
functions of the engine. Needs `llvm-profdata` of LLVM 19 or newer, on the path or named by LLVM_PROFDATA. The profile
changes how fast a build is, never what it computes; a function that has changed since is compiled without it.

The compiler names functions after what a crate is built with: another version of it or of a dependency, and no name in
the profile is found any more. `--check` compares the names with the last build in `target`, and changes nothing.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORKSHOP = ROOT / "target/profile"
PROFILE = ROOT / "rust/omega-core/engine.profdata"
# Loops of indicators and rating are laid out by hand and measured as they are, and so are the numerics they share.
KEPT = r"omega_core.*(engine|execution|portfolio|strategies|growing)"
NAMES = ("llvm-profdata", *(f"llvm-profdata-{version}" for version in range(30, 18, -1)))
OLDEST = 19
CRATE = re.compile(rb"omega_core\.([0-9a-f]{16})-cgu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="is the profile one of the last build?")
    if parser.parse_args().check:
        check()
    else:
        write()


def check() -> None:
    """Stop if the compiler finds none of the profile's functions in the last build."""
    folder = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/deps"
    libraries = list(folder.glob("libomega_core-*.rlib"))
    if not libraries:
        raise SystemExit(f"no build of the core in {folder}: `make setup` first")
    built = max(libraries, key=lambda path: path.stat().st_mtime)
    if crates_of(built).isdisjoint(crates_of(PROFILE)):
        raise SystemExit(
            f"{PROFILE.relative_to(ROOT)} was counted with another compiler or other dependencies than "
            f"{built.name}: the build is right, but slower. `make profile` counts anew."
        )


def crates_of(path: pathlib.Path) -> set[bytes]:
    """Return the names under which the compiler built the core, as a library or a profile has them."""
    return set(CRATE.findall(path.read_bytes()))


def write() -> None:
    """Count, and write the profile."""
    merge = find_merge()
    package = build_with_counters()
    counts = train(package)
    command = [merge, "merge", "--sparse", f"--function={KEPT}", f"--output={PROFILE}", *counts]
    subprocess.run(command, check=True)
    print(f"{PROFILE.relative_to(ROOT)}: {PROFILE.stat().st_size:,} bytes")


def find_merge() -> str:
    """Return the program that merges counts; stop with what to install if there is none."""
    for name in filter(None, (os.environ.get("LLVM_PROFDATA"), *NAMES)):
        program = shutil.which(name)
        if program and version_of(program) >= OLDEST:
            return program
    raise SystemExit(
        f"no llvm-profdata of LLVM {OLDEST} or newer; install it (Debian and Ubuntu: apt install llvm-{OLDEST}; "
        "rustup component add llvm-tools) and name it by LLVM_PROFDATA if it is not on the path"
    )


def version_of(program: str) -> int:
    """Return the major version of an LLVM tool; 0 if it is so old that it does not say."""
    said = subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout
    found = re.search(r"LLVM version (\d+)", said)
    return int(found[1]) if found else 0


def build_with_counters() -> pathlib.Path:
    """Return a folder with the package and an extension that counts."""
    flags = f"-Cprofile-generate={WORKSHOP / 'builders'}"
    environment = os.environ | {
        "CARGO_ENCODED_RUSTFLAGS": flags,
        "CARGO_TARGET_DIR": str(WORKSHOP / "target"),
        "PYO3_PYTHON": sys.executable,
        "PYO3_BUILD_EXTENSION_MODULE": "1",
    }
    command = ["cargo", "build", "--release", "--locked", "--package", "omega-py"]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)
    library = next(path for path in (WORKSHOP / "target/release").glob("*omega_native.*") if path.suffix != ".d")
    package = WORKSHOP / "python"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(ROOT / "python/omega", package / "omega", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    shutil.copy(library, package / "omega/_native.so")
    return package


def train(package: pathlib.Path) -> list[str]:
    """Let the package do the work of the training; return the files of counts."""
    counts = WORKSHOP / "counts"
    shutil.rmtree(counts, ignore_errors=True)
    environment = os.environ | {"PYTHONPATH": str(package), "LLVM_PROFILE_FILE": str(counts / "%p.profraw")}
    subprocess.run([sys.executable, ROOT / "benchmarks/training.py"], check=True, cwd=ROOT, env=environment)
    return [str(path) for path in counts.glob("*.profraw")]


if __name__ == "__main__":
    main()
