"""Pictures of the documents: each is used, says in words what it shows, and a drawn one has two sets of colours."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.documents.pages import DOCUMENTS, ROOT, name_of

PICTURES = sorted(file for file in (ROOT / "docs" / "pictures").iterdir() if file.is_file())
DRAWN = [file for file in PICTURES if file.suffix == ".svg"]
SHOWN = [
    (page, words, (page.parent / target).resolve())
    for page in DOCUMENTS
    for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text())
]
# A class that gives a colour of its own.
COLOURED = re.compile(r"\.(\w+) \{ [^}]*#[0-9a-f]{6}")
SVG = "{http://www.w3.org/2000/svg}"


def test_every_picture_is_there_and_every_one_is_shown() -> None:
    assert {picture for _, _, picture in SHOWN} == set(PICTURES)


def test_every_picture_is_told_in_words_where_it_is_shown() -> None:
    assert [name_of(page) for page, words, _ in SHOWN if len(words) < 25] == []


@pytest.mark.parametrize("picture", DRAWN, ids=name_of)
def test_a_drawn_picture_has_a_name_a_description_and_colours_for_light_and_dark(picture: Path) -> None:
    text = picture.read_text()
    root = ET.fromstring(text)  # noqa: S314 - our own file
    assert root.get("role") == "img"
    parts = {part.get("id"): part.text or "" for tag in ("title", "desc") for part in root.iter(f"{SVG}{tag}")}
    assert all(len(parts[name]) > 10 for name in (root.get("aria-labelledby") or "").split())
    light, _, dark = text.partition("@media (prefers-color-scheme: dark)")
    assert set(COLOURED.findall(light)) == set(COLOURED.findall(dark))
    assert "http" not in text.replace("http://www.w3.org/2000/svg", ""), "it loads nothing"


def test_the_flow_has_its_steps_in_order_in_picture_and_words() -> None:
    picture = ROOT / "docs" / "pictures" / "flow.svg"
    (words,) = [told for page, told, shown in SHOWN if shown == picture and page.name == "README.md"]
    drawn = re.findall(r'class="number"[^>]*>(\d)<', picture.read_text())
    assert sorted(drawn) == re.findall(r"\b(\d): ", words) == list("123456")
