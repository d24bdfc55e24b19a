"""The reader of Bicep tells data from code, and refuses what it does not know."""

from pathlib import Path

import pytest

from tests.infra import bicep
from tests.infra.bicep import Code, Loop


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.bicep"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("'text'", "text"),
        ("'it\\'s'", "it's"),
        ("''", ""),
        ("7", 7),
        ("true", True),
        ("null", None),
        ("name", Code("name")),
        ("'${name}-x'", Code("'${name}-x'")),
        ("a == 'b'\n  ? 'c'\n  : 'd'", Code("a=='b'?'c':'d'")),
        ("{ a: 'b', c: [1, 2] }", {"a": "b", "c": [1, 2]}),
        ("[\n  'a' // why\n  name\n]", ["a", Code("name")]),
        ("union({ a: 1 }, b)", Code("union({a:1},b)")),
        ("[for one in many: {\n  a: one\n}]", Loop("one in many", {"a": Code("one")})),
        ("['a'][0]", Code("['a'][0]")),
    ],
)
def test_a_value_is_read(file: Path, written: str, value: bicep.Value) -> None:
    file.write_text(f"var it = {written}\n")
    assert bicep.read(file).of("var")["it"].value == value


def test_names_and_strings_are_told_apart(file: Path) -> None:
    file.write_text("var a = 'secret'\nvar b = secret\n")
    names = bicep.read(file).of("var")
    assert names["a"].value != names["b"].value


def test_a_comment_is_no_property(file: Path) -> None:
    file.write_text("resource x 'A/b@2020-01-01' = {\n  // safe: true\n  name: 'x'\n}\n")
    assert bicep.read(file).of("resource")["x"].body == {"name": "x"}


def test_a_nested_resource_is_found(file: Path) -> None:
    file.write_text("resource x 'A/b@2020-01-01' = {\n  name: 'x'\n  resource y 'c' = {\n    name: 'y'\n  }\n}\n")
    assert [one.name for one in bicep.read(file).every_resource()] == ["x", "y"]


@pytest.mark.parametrize(
    "written",
    [
        "var it = \n",
        "var it = {\n",
        "var it = { a: 1, a: 2 }\n",
        "var it = [1\n",
        "vra it = 1\n",
        "resource x = {}\n",
        "var it = 'open\n",
        "var it = #\n",
        "type it = string\n",
    ],
)
def test_what_it_does_not_know_is_refused(file: Path, written: str) -> None:
    file.write_text(written)
    with pytest.raises(SyntaxError):
        bicep.read(file)
