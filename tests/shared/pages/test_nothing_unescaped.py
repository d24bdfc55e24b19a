"""What templates leave unescaped: messages and what is called safe, and no data is ever among either."""

from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted([*ROOT.glob("*_http/templates/*.html"), *ROOT.glob("shared/pages/*.html")])
# Newstyle gettext marks a message as safe. These are texts' ids by a key, from mappings that stand in the code.
MESSAGES = {"entry.title", "to_do", "words"}
MAPPINGS = {"states", "kinds", "words", "outcomes", "lacks", "serves"}
SAFE = {"style"}
ENVIRONMENT = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)


def called(node: nodes.Node) -> str:
    """A name or an attribute as it is written, a mapping's without its key; empty for anything else."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{called(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        return f"{called(node.node)}[]"
    return ""


def is_a_message(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Const):
        return True
    name = called(node)
    return name in MESSAGES or (name.endswith("[]") and name.partition("[")[0] in MAPPINGS)


def unescaped(source: str) -> Iterator[str]:
    """What becomes markup in a template and is not known to be ours, by its line."""
    tree = ENVIRONMENT.parse(source)
    for call in tree.find_all(nodes.Call):
        is_translation = isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}
        if is_translation and not is_a_message(call.args[0]):
            yield f"a message of line {call.lineno}"
    for one in tree.find_all(nodes.Filter):
        is_own = isinstance(one.node, nodes.Const) or (one.node is not None and called(one.node) in SAFE)
        if one.name == "safe" and not is_own:
            yield f"what is called safe in line {one.lineno}"
    if any(tree.find_all((nodes.MarkSafe, nodes.ScopedEvalContextModifier))):
        yield "a part without escaping"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_no_template_lets_data_become_markup(path: Path) -> None:
    assert list(unescaped(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "{{ _(one.name) }}",
        "{{ _(states.get(one.status, one.status)) }}",
        "{{ gettext(customer) }}",
        "{{ one.name | safe }}",
        "{% for one in found %}<b>{{ one | trim | safe }}</b>{% endfor %}",
        "{% autoescape false %}{{ one }}{% endautoescape %}",
    ],
)
def test_what_would_let_data_become_markup_is_found(source: str) -> None:
    assert len(list(unescaped(source))) == 1


def test_there_are_templates() -> None:
    assert {path.parts[-3] for path in TEMPLATES} >= {"console_http", "consent_http"}
