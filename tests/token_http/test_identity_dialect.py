"""The managed-identity dialect in its words alone: what it reads, refuses and answers; the clients have their own."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from shared.cloud import PUBLIC, US_GOVERNMENT
from shared.entra.tokens import AccessToken
from shared.errors import AssertionMissing, BrokerError, InvalidRequest
from shared.keys.errors import AssertionInvalid
from tests.token_http.samples import CALLER_ID, CONTOSO_ID, NOON, OTHER_ID, caller
from token_http.identity_dialect import assertion_of, parse, render, render_error
from token_http.message import Issued, TokenRequest
from token_http.refusals import NotPermitted

ASKED = {"resource": "https://graph.microsoft.com", "api-version": "2019-08-01"}
APPLICATION_ID = caller().application_id


def read(query: Mapping[str, str], *, consent: str = "partner", tenant: str = "contoso") -> TokenRequest:
    return parse(consent, tenant, query, caller=caller(), cloud=PUBLIC)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-IDENTITY-HEADER": "the-token"},
        {"X-IDENTITY-HEADER": "  the-token "},
        {"Authorization": "Bearer the-token"},
        {"Authorization": "bearer  the-token"},
        {"X-IDENTITY-HEADER": "", "Authorization": "Bearer the-token"},
        {"X-IDENTITY-HEADER": "the-token", "Authorization": "Bearer the-token"},
    ],
    ids=str,
)
def test_the_callers_token_stands_in_either_header(headers: dict[str, str]) -> None:
    assert assertion_of(headers) == "the-token"


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({}, AssertionMissing),
        ({"X-IDENTITY-HEADER": " "}, AssertionMissing),
        ({"Authorization": "Basic the-token"}, AssertionMissing),
        ({"X-IDENTITY-HEADER": "the-token", "Authorization": "Bearer another"}, InvalidRequest),
        ({"X-IDENTITY-HEADER": "the-token", "Authorization": "Bearer THE-TOKEN"}, InvalidRequest),
        ({"X-IDENTITY-HEADER": "the-token", "Authorization": "Basic the-token"}, AssertionMissing),
    ],
    ids=str,
)
def test_no_token_or_two_that_differ_are_refused(headers: dict[str, str], refusal: type[BrokerError]) -> None:
    """Which of two was meant is not for the broker to guess."""
    with pytest.raises(refusal) as raised:
        assertion_of(headers)
    assert "the-token" not in raised.value.description


@pytest.mark.parametrize("selector", ["client_id", "object_id", "principal_id"])
@pytest.mark.parametrize("own", [CALLER_ID, CALLER_ID.upper(), APPLICATION_ID, APPLICATION_ID.upper()])
def test_a_client_may_name_its_own_identity(selector: str, own: str) -> None:
    assert read({**ASKED, selector: own}) == read(ASKED)


WRONG = [
    ({"resource": ""}, "resource"),
    ({"resource": "nonsense"}, "resource"),
    ({"resource": "https://graph.microsoft.com/.default,https://vault.azure.net"}, "resource"),
    ({"api-version": ""}, "api-version"),
    ({"api-version": "2018-02-01"}, "api-version"),
    ({"Api-Version": "2019-08-01"}, "Unknown parameter"),
    ({"mi_res_id": "/subscriptions/x"}, "Unknown parameter"),
    ({"claims": "{}"}, "Unknown parameter"),
    ({"client_id": OTHER_ID}, "client_id"),
    ({"client_id": ""}, "client_id"),
    ({"object_id": OTHER_ID}, "object_id"),
    ({"principal_id": "the caller"}, "principal_id"),
]


@pytest.mark.parametrize(("changed", "named"), WRONG, ids=[str(changed) for changed, _ in WRONG])
def test_what_is_wrong_is_named(changed: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        read({**ASKED, **changed})


@pytest.mark.parametrize("missing", ASKED)
def test_resource_and_version_are_both_needed(missing: str) -> None:
    with pytest.raises(InvalidRequest, match=missing):
        read({name: value for name, value in ASKED.items() if name != missing})


@pytest.mark.parametrize("consent", ["", "Partner", "a" * 61, "../policy-1"])
def test_a_consent_that_nobody_can_have_is_refused(consent: str) -> None:
    with pytest.raises(InvalidRequest, match="consent"):
        read(ASKED, consent=consent)


def test_the_path_says_which_consent_and_tenant_and_the_policy_has_yet_to_resolve_them() -> None:
    asked = read(ASKED, consent="backup", tenant="Contoso")
    assert (asked.consent, asked.tenant, asked.claims, asked.min_lifetime) == ("backup", "Contoso", None, 0)
    assert str(asked.scope) == "https://graph.microsoft.com/.default"


def test_a_short_name_means_the_resource_of_the_brokers_own_cloud() -> None:
    asked = parse("partner", "contoso", {**ASKED, "resource": "graph"}, caller=caller(), cloud=US_GOVERNMENT)
    assert asked.scope.resource == "https://graph.microsoft.us"


def test_an_answer_has_the_words_of_app_service_and_all_of_them_are_texts() -> None:
    token = AccessToken(token="access-token", expires_on=NOON + timedelta(seconds=0.9), scope="x", tenant_id=CONTOSO_ID)
    issued = Issued(
        token=token,
        account="ada@fabrikam.example",
        is_home=False,
        resource="https://graph.microsoft.com",
        lineage="l1",
        permission="policy-1[0]",
        from_cache=False,
    )
    assert render(issued, client_id=APPLICATION_ID, now=NOON - timedelta(hours=1)) == {
        "access_token": "access-token",
        "client_id": APPLICATION_ID,
        "expires_in": "3600",
        "expires_on": str(int(NOON.timestamp())),
        "resource": "https://graph.microsoft.com",
        "token_type": "Bearer",
    }


@pytest.mark.parametrize("error", [NotPermitted("The caller is somebody."), AssertionMissing(), AssertionInvalid()])
def test_an_error_says_in_one_text_what_happened_what_helps_and_how_it_can_be_found(error: BrokerError) -> None:
    """SDKs show people this text and nothing else of the answer."""
    content = render_error(error, "correlation-1")
    assert content["statusCode"] == error.status
    assert set(content) == {"statusCode", "message"}
    for part in (f"{error.code}:", error.says, error.detail, error.remedy, "Correlation id: correlation-1"):
        assert part in str(content["message"])


def test_a_missing_token_is_asked_for_in_the_header_that_clients_of_this_dialect_use() -> None:
    assert "X-IDENTITY-HEADER" in str(render_error(AssertionMissing(), "c")["message"])
    assert "X-IDENTITY-HEADER" not in str(render_error(NotPermitted(), "c")["message"])
