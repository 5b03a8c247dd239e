"""The page of indicators and its pictures are what the catalogue and the bundled bars give."""

from __future__ import annotations

import importlib.util
import pathlib
import xml.etree.ElementTree

import pytest

from omega.indicators import CATALOGUE

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("make_indicator_page", ROOT / "tools/make_indicator_page.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.outputs()


def test_page_and_pictures_are_up_to_date(texts):
    assert len(texts) == len(CATALOGUE) + 1
    assert [place for place, text in texts.items() if (ROOT / place).read_text() != text] == []


def test_every_picture_draws_a_line_for_every_output_and_stays_small(texts):
    for name, entry in CATALOGUE.items():
        text = texts[f"docs/indicators/{name}.svg"]
        lines = [line for line in xml.etree.ElementTree.fromstring(text) if line.tag.endswith("polyline")]
        assert len(lines) >= len(entry.outputs or (None,))
        assert all(len(line.attrib["points"].split()) >= 100 for line in lines), name
        assert len(text) < 10_000


def test_there_is_no_picture_of_what_is_not_there():
    assert {file.stem for file in (ROOT / "docs/indicators").iterdir()} == set(CATALOGUE)
