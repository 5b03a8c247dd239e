"""Importers: what people have on disk, turned into the normalised store (IMP)."""

from omega.data.importing.rows import REPAIRS
from omega.data.importing.run import Imported, ImportOptions, import_files

__all__ = ["REPAIRS", "ImportOptions", "Imported", "import_files"]
