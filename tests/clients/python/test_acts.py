"""The broker's acts in the command line's words: each is worded, with no parameter that it is never told."""

import string

import pytest

from partner_token.acts import WORDS, words
from shared.acts import ACTS


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
