"""The broker's acts in the command line's words: each is worded, with no parameter that it is never told."""

import re
import string

import pytest

from partner_token import broker_command
from partner_token.acts import WORDS, words
from shared.acts import ACTS
from tests.documents.pages import ROOT, anchors


def test_every_act_of_the_broker_is_worded_and_no_other() -> None:
    assert set(WORDS) == set(ACTS)


@pytest.mark.parametrize("name", WORDS)
def test_words_ask_for_parameters_that_the_act_has(name: str) -> None:
    """But for the consent, which a person's own act leaves open: a reader fills it in."""
    named = {field for _, field, _, _ in string.Formatter().parse(WORDS[name]) if field}
    assert named <= {*ACTS[name].parameters, "consent"}


def test_what_is_not_known_is_a_placeholder() -> None:
    assert "partner-broker link backup," in words("consent.link", {"consent": "backup"})
    assert "partner-broker link <consent>," in words("consent.link", {})


def test_an_act_of_a_newer_broker_is_told_in_the_brokers_own_words() -> None:
    assert words("unheard.of", {}, otherwise="Do this.") == "Do this."


NAMED = {
    verb for text in WORDS.values() for verb in re.findall(r"partner-broker ((?:customers |policy )?[a-z-]+)", text)
}
VERBS = sorted(verb for verb in NAMED if verb.split()[0] in broker_command.partner_broker.commands)


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_leads_to_the_places_that_explain_the_errors_that_ask_for_it(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert broker_command.main([*verb.split(), "--help"]) == 0
    told = capsys.readouterr().out
    places = re.findall(r"docs/errors\.md#([a-z_]+)", told)
    assert {act.replace(".", "") for act in WORDS if re.search(rf"partner-broker {verb}\b", WORDS[act])} == set(places)
    assert set(places) <= anchors((ROOT / "docs" / "errors.md").read_text())
    assert "docs/troubleshooting.md#CODE" in told
