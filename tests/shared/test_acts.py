"""Acts: every error has one of a fixed list, and what it is told with is known and safe to paste."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.tables import every_error
from shared.acts import ACTS, CORRECT_POLICY, LINK, Act
from shared.consents.errors import ConsentAbsent
from shared.entra.authority_errors import ErrorAnswer, judge
from shared.entra.errors import ApplicationNotConsented
from shared.entra.place import Place
from shared.errors import BrokerError, kind_of
from shared.responses import error_response
from token_http.refusals import NotPermitted

TENANT = "bbbb0000-1111-4222-8333-444444440001"


def test_every_error_has_an_act_of_the_list_and_each_is_some_errors() -> None:
    """But for one that only a diagnosis tells: a broken document fails no request by itself."""
    assert {kind.act.name for kind in every_error()} == set(ACTS) - {CORRECT_POLICY.name}


@pytest.mark.parametrize("act", ACTS.values(), ids=lambda act: act.name)
def test_an_act_has_a_stable_name_and_is_explained(act: Act) -> None:
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", act.name)
    assert act.means[0].islower()


@pytest.mark.parametrize("kind", [kind for kind in every_error() if kind.known], ids=lambda kind: kind.code)
def test_what_an_error_always_knows_is_a_parameter_of_its_act(kind: type[BrokerError]) -> None:
    assert kind().what_to_do["act"]["parameters"] == kind.known


def test_an_act_is_told_with_its_own_parameters_as_far_as_they_are_known() -> None:
    refused = NotPermitted().knowing(caller="the-caller", consent="partner", role="not-a-parameter")
    assert refused.what_to_do["act"] == {
        "name": "policy.add",
        "parameters": {"caller": "the-caller", "consent": "partner"},
    }


def test_what_was_known_first_stays() -> None:
    """Where an error is raised more is known than further up, where a name may be somebody's own spelling."""
    refused = judge(ErrorAnswer(tenant_id=TENANT, error="consent_required"), Place.CUSTOMER).knowing(tenant="contoso")
    assert isinstance(refused, ApplicationNotConsented)
    assert refused.what_to_do["act"]["parameters"] == {"tenant": TENANT}


def test_a_remembered_error_keeps_what_its_act_is_told_with() -> None:
    assert ConsentAbsent().knowing(consent="second").afresh().what_to_do["act"]["parameters"] == {"consent": "second"}


def test_one_errors_facts_are_not_anothers() -> None:
    ConsentAbsent().knowing(consent="second")
    assert ConsentAbsent().facts == {}


@given(st.text())
def test_a_parameter_that_a_shell_would_take_apart_is_left_out(text: str) -> None:
    told = LINK.told({"consent": text})["parameters"]
    assert told in ({}, {"consent": text})
    assert re.fullmatch(r"[\w.:/@-]*", told.get("consent", ""), re.ASCII)
    assert not told.get("consent", "").startswith("-")


def test_an_answer_has_the_act_beside_code_and_status() -> None:
    content = json.loads(error_response(ConsentAbsent("Its name is x.").knowing(consent="x"), "the-id").get_body())
    assert content["act"] == {"name": "consent.link", "parameters": {"consent": "x"}}
    assert (content["says"], content["remedy"]) == (f"{ConsentAbsent.says} Its name is x.", ConsentAbsent.remedy)
    assert content["error_description"] == f"{content['says']} {content['remedy']}"


def test_the_act_of_a_stored_code_is_found_by_it() -> None:
    kind = kind_of("new_consent_needed")
    assert kind is not None
    assert kind.act is LINK
