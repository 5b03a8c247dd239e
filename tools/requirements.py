"""Print what set-up installs: dependencies, the dev extra, and the tools of both builds.

Read from pyproject.toml, so that it is written once. The package itself is installed afterwards, by its
own build, without touching these again.
"""

from __future__ import annotations

import pathlib
import tomllib

import omega_build

PACKAGE = pathlib.Path(__file__).resolve().parent.parent / "pyproject.toml"


def main() -> None:
    project = tomllib.loads(PACKAGE.read_text())["project"]
    wanted = [*project["dependencies"], omega_build.MATURIN, omega_build.SETUPTOOLS]
    for extra, lines in project["optional-dependencies"].items():
        if extra != "report":
            wanted += [line for line in lines if not line.startswith(project["name"])]
    print("\n".join(wanted))


if __name__ == "__main__":
    main()
