"""What people take away: the files of a run."""

from omega.reporting.export import csv_text, json_text, write_tables

__all__ = ["csv_text", "json_text", "write_tables"]
