"""The plain dialect: what a body may say, what is refused, and what an answer says."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cloud import PUBLIC
from shared.entra.tokens import AccessToken
from shared.errors import InvalidRequest
from tests.token_http.samples import CONTOSO_ID, NOON
from token_http.message import MAX_CLAIMS, MAX_MIN_LIFETIME, Issued, TokenRequest, parse, render


def read(fields: Mapping[str, Any]) -> TokenRequest:
    return parse(fields, PUBLIC)


ASKED: Mapping[str, Any] = {"tenant": "contoso", "resource": "graph"}
CLAIMS = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'

# What is wrong, and the word that the refusal has to name.
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"tenant": ""}, "tenant"),
    ({"resource": ""}, "resource"),
    ({"resource": "nonsense"}, "resource"),
    ({"resource": "http://graph.microsoft.com"}, "resource"),
    ({"resource": "file:///etc/passwd"}, "resource"),
    ({"resource": "https://["}, "resource"),
    ({"resource": "https://\u2100.example"}, "resource"),
    ({"resource": "https://graph.microsoft.com?x=1"}, "resource"),
    ({"resource": "https://graph.microsoft.com#x"}, "resource"),
    ({"resource": "https://graph.microsoft.com https://management.azure.com"}, "resource"),
    ({"resource": "https://graph.microsoft.com\r\nX: y"}, "resource"),
    ({"resource": "https://" + "a" * 600 + ".example"}, "resource"),
    ({"scope": "https://graph.microsoft.com/.default"}, "exactly one"),
    ({"resource": None}, "exactly one"),
    ({"resource": None, "scope": ""}, "scope"),
    ({"resource": None, "scope": "User.Read"}, "scope"),
    ({"resource": None, "scope": "https://graph.microsoft.com/\ud800"}, "scope"),
    ({"resource": None, "scope": "https://graph.microsoft.com/" + "x" * 600}, "scope"),
    ({"resource": None, "scope": "https://graph.microsoft.com/"}, "scope"),
    ({"resource": None, "scope": "https://graph.microsoft.com/a https://vault.azure.net/b"}, "scope"),
    ({"resource": None, "scope": "https://graph.microsoft.com/.default offline_access"}, "scope"),
    ({"consent": ""}, "consent"),
    ({"consent": "Partner"}, "consent"),
    ({"consent": "a" * 61}, "consent"),
    ({"consent": "../policy-1"}, "consent"),
    ({"consent": "partner\n"}, "consent"),
    ({"min_lifetime": -1}, "min_lifetime"),
    ({"min_lifetime": MAX_MIN_LIFETIME + 1}, "min_lifetime"),
    ({"min_lifetime": 10**30}, "min_lifetime"),
    ({"claims": "nonsense"}, "claims"),
    ({"claims": "[]"}, "claims"),
    ({"claims": '{"id_token": {}}'}, "claims"),
    ({"claims": '{"access_token": {}, "id_token": {}}'}, "claims"),
    ({"claims": '{"access_token": null}'}, "claims"),
    ({"claims": '{"access_token": ["acrs"]}'}, "claims"),
    ({"claims": '{"access_token": {"xms_cc": {"values": ["cp1"]}}}'}, "claims"),
    ({"claims": '{"access_token": {"\\u0078ms_cc": {"values": ["cp1"]}}}'}, "claims"),
    ({"claims": '{"access_token": {"a": "' + "x" * MAX_CLAIMS + '"}}'}, "claims"),
    ({"claims": '{"access_token": {"a": "\ud800"}}'}, "claims"),
]


@pytest.mark.parametrize(("changed", "named"), WRONG, ids=[str(changed)[:60] for changed, _ in WRONG])
def test_what_is_wrong_is_named(changed: dict[str, Any], named: str) -> None:
    fields = {name: value for name, value in {**ASKED, **changed}.items() if value is not None}
    with pytest.raises(InvalidRequest, match=named) as raised:
        read(fields)
    assert raised.value.status == 400


def test_a_request_without_a_tenant_says_how_a_tenant_is_named() -> None:
    with pytest.raises(InvalidRequest, match="home"):
        read({"resource": "graph"})


@given(text=st.text(max_size=40))
def test_whatever_stands_in_tenant_or_consent_is_read_or_refused_in_words(text: str) -> None:
    for name in ("tenant", "consent"):
        try:
            parsed = read({**ASKED, name: text})
        except InvalidRequest as error:
            refused = error.detail
        else:
            refused = ""
            assert getattr(parsed, name) == text
        assert not refused or name in refused


def test_a_plain_request_has_the_usual_consent_and_no_demands() -> None:
    parsed = read(ASKED)
    assert (parsed.consent, parsed.claims, parsed.min_lifetime) == ("partner", None, 0)
    assert str(parsed.scope) == "https://graph.microsoft.com/.default"


def test_a_resource_keeps_the_slash_it_ends_in() -> None:
    assert str(read({**ASKED, "resource": "https://management.azure.com/"}).scope) == (
        "https://management.azure.com//.default"
    )


@pytest.mark.parametrize("seconds", [0, 1, MAX_MIN_LIFETIME])
def test_min_lifetime_goes_from_nothing_to_fifty_minutes(seconds: int) -> None:
    assert read({**ASKED, "min_lifetime": seconds}).min_lifetime == seconds


def test_the_most_that_can_be_asked_is_less_than_any_token_lives() -> None:
    assert timedelta(seconds=MAX_MIN_LIFETIME) < timedelta(minutes=60)


def test_claims_are_handed_on_as_they_were_meant_and_never_shown() -> None:
    parsed = read({**ASKED, "claims": CLAIMS})
    assert parsed.claims is not None
    assert json.loads(parsed.claims) == json.loads(CLAIMS)
    assert "acrs" not in repr(parsed)


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        (
            '{"access_token": {"xms_cc": {}}, "access_token": {"acrs": null}}',
            "claims has a field twice: 'access_token'.",
        ),
        ('{"access_token": {"acrs": NaN}}', "claims holds a number"),
        ('{"access_token": ' + '{"a": ' * 40 + "null" + "}" * 41, "claims is nested deeper than 32 levels."),
        ('{"access_token": {"acrs": null}', "claims is not JSON"),
    ],
)
def test_claims_that_the_authority_could_read_otherwise_are_refused(claims: str, says: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read({**ASKED, "claims": claims})
    assert refused.value.detail.startswith(says)


def issued(lifetime: timedelta) -> Issued:
    token = AccessToken(
        token="access-token",
        expires_on=NOON + lifetime,
        scope="https://graph.microsoft.com/Directory.Read.All",
        tenant_id=CONTOSO_ID,
    )
    return Issued(
        token=token,
        account="ada@fabrikam.example",
        is_home=False,
        resource="https://graph.microsoft.com",
        lineage="l1",
        permission="policy-1[0]",
        from_cache=False,
    )


def test_an_answer_has_the_words_of_oauth_and_of_azures_clients() -> None:
    assert render(issued(timedelta(seconds=3599.9)), now=NOON) == {
        "token_type": "Bearer",
        "access_token": "access-token",
        "expires_in": 3599,
        "expires_on": int(NOON.timestamp()) + 3599,
        "scope": "https://graph.microsoft.com/Directory.Read.All",
        "resource": "https://graph.microsoft.com",
        "tenant_id": CONTOSO_ID,
    }


def test_expires_in_is_never_negative() -> None:
    assert render(issued(timedelta(seconds=-5)), now=NOON)["expires_in"] == 0


def test_a_token_does_not_show_when_it_is_printed() -> None:
    assert "access-token" not in repr(issued(timedelta(hours=1)))
