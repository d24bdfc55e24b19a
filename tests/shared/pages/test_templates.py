"""The templates: escaped by themselves, complete or not at all, in whatever language is given."""

from pathlib import Path

import jinja2
import pytest

from shared.pages.page import page, page_response
from shared.pages.templates import Templates
from tests.shared.pages.pseudo import PSEUDO, untranslated


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    (tmp_path / "one.html").write_text(
        '{% extends "layout.html" %}{% block title %}{{ _("A title") }}{% endblock %}'
        "{% block content %}<p>{% trans who %}It is {{ who }}.{% endtrans %}</p>{{ more }}{% endblock %}"
    )
    return Templates(tmp_path)


def test_a_value_is_text_wherever_it_stands(templates: Templates) -> None:
    html = templates.render("one.html", {"tone": "told", "who": "<b>", "more": '"><script>'})
    assert "It is &lt;b&gt;." in html
    assert "&#34;&gt;&lt;script&gt;" in html


def test_a_value_that_nobody_gave_is_an_error_and_no_gap(templates: Templates) -> None:
    with pytest.raises(jinja2.UndefinedError):
        templates.render("one.html", {"tone": "told", "who": "Ada"})


def test_another_language_is_another_catalogue(templates: Templates) -> None:
    html = templates.translated(PSEUDO).render("one.html", {"tone": "told", "who": "12", "more": "34"})
    assert untranslated(html) == []
    assert '<html lang="x-pseudo">' in html
    assert untranslated(templates.render("one.html", {"tone": "told", "who": "", "more": ""})) != []


def test_forms_go_nowhere_unless_a_page_says_where(templates: Templates) -> None:
    values = {"tone": "told", "who": "", "more": ""}
    policies = [
        page(templates, "one.html", values, **said).headers["Content-Security-Policy"]
        for said in ({}, {"form_action": "'self'"}, {"form_action": None})
    ]
    assert ["form-action 'none'; " in policies[0], "form-action 'self'; " in policies[1]] == [True, True]
    assert "form-action" not in policies[2]


def test_half_a_character_of_others_keeps_no_page_from_being_sent(templates: Templates) -> None:
    shown = page(templates, "one.html", {"tone": "told", "who": "Contoso \ud83d", "more": ""})
    assert "Contoso ?" in shown.html
    assert page_response(shown).get_body().startswith(b"<!doctype html>")
