"""Plain tables and JSON on stdout."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["print_json", "print_table"]


def print_json(value: Any) -> None:
    """Print a value as indented JSON with sorted keys."""
    print(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as aligned text, the same in a terminal and in a pipe."""
    texts = [tuple(header), *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(cells[column]) for cells in texts) for column in range(len(header))]
    for cells in texts:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
