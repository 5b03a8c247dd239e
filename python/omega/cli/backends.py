"""`omega backends`: which backend runs for each component, why, and in which version."""

from __future__ import annotations

from typing import Annotated

import typer

from omega.cli.output import print_json, print_table

__all__ = ["backends"]


def backends(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show which backend runs for each component, why, and in which version."""
    from omega.backends import describe_backends

    description = describe_backends()
    if as_json:
        print_json(description)
        return
    components = description["components"]
    print_table(
        ("component", "backend", "reason"),
        [(name, entry["backend"], entry["reason"]) for name, entry in components.items()],
    )
    print()
    rows: list[tuple[object, ...]] = []
    for half in ("rust", "python"):
        facts = description[half]
        rows += [(half, "installed", "no")] if facts is None else [(half, fact, value) for fact, value in facts.items()]
    print_table(("half", "fact", "value"), rows)
