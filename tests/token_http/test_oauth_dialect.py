"""The OAuth dialect in its words alone: whose token proves what, what a form asks for, what is ignored and answered."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from shared.cloud import PUBLIC
from shared.entra.tokens import AccessToken
from shared.errors import AssertionMissing, BrokerError, InvalidRequest
from shared.subject import APPLICATION
from tests.token_http.samples import CONTOSO_ID, NOON
from token_http import oauth_dialect
from token_http.message import Issued, TokenRequest
from token_http.oauth_dialect import (
    ACCESS_TOKEN,
    CLIENT_CREDENTIALS,
    EXCHANGE,
    JWT,
    JWT_BEARER,
    REFRESH,
    Version,
    assertion_of,
)
from token_http.refusals import GrantTypeUnsupported, TargetInvalid

GRAPH = "https://graph.microsoft.com"
ASKED = {"grant_type": REFRESH, "scope": f"{GRAPH}/.default"}
EXCHANGED = {"grant_type": EXCHANGE, "subject_token": "mine", "subject_token_type": JWT, "resource": GRAPH}
OWN = {**ASKED, "grant_type": CLIENT_CREDENTIALS}
PROVED = {"client_assertion": "mine", "client_assertion_type": JWT_BEARER}


def read(form: Mapping[str, str], *, tenant: str = "contoso", version: Version = Version.V2) -> TokenRequest:
    return oauth_dialect.parse(form, tenant, version=version, cloud=PUBLIC)


def issued(scope: str = f"{GRAPH}/User.Read {GRAPH}/Mail.Read", resource: str = GRAPH) -> Issued:
    expires_on = NOON + timedelta(hours=1)
    return Issued(
        token=AccessToken(token="access-token", expires_on=expires_on, scope=scope, tenant_id=CONTOSO_ID),
        account="ada@fabrikam.example",
        is_home=False,
        resource=resource,
        lineage="l1",
        permission="policy-1[0]",
        from_cache=False,
    )


@pytest.mark.parametrize(
    ("form", "authorization"),
    [
        (ASKED, "Bearer mine"),
        (ASKED, "bearer  mine "),
        ({**ASKED, **PROVED, "client_assertion": "the-old-applications"}, "Bearer mine"),
        ({**ASKED, **PROVED}, None),
        (OWN, "Bearer mine"),
        ({**OWN, **PROVED}, None),
        (EXCHANGED, None),
        ({**EXCHANGED, "subject_token_type": ACCESS_TOKEN, "requested_token_type": ACCESS_TOKEN}, None),
        (EXCHANGED, "Bearer mine"),
        (EXCHANGED, "Basic b2xkOnNlY3JldA=="),
        ({**EXCHANGED, "client_assertion": "the-old-applications"}, None),
    ],
)
def test_the_callers_token_is_found_wherever_clients_put_it(form: dict[str, str], authorization: str | None) -> None:
    assert assertion_of(form, authorization) == "mine"


@pytest.mark.parametrize(
    ("form", "authorization", "refusal", "named"),
    [
        (ASKED, None, AssertionMissing, ""),
        (ASKED, "Basic b2xkOnNlY3JldA==", AssertionMissing, ""),
        ({**ASKED, **PROVED}, "", AssertionMissing, ""),
        ({**ASKED, "client_assertion": "mine"}, None, InvalidRequest, "client_assertion_type"),
        ({**ASKED, **PROVED, "client_assertion_type": "saml2"}, None, InvalidRequest, "client_assertion_type"),
        ({**ASKED, "subject_token": "mine", "subject_token_type": JWT}, None, AssertionMissing, ""),
        ({**EXCHANGED, "actor_token": "x"}, None, InvalidRequest, "actor_token"),
        ({**EXCHANGED, "requested_token_type": JWT}, None, InvalidRequest, "requested_token_type"),
        ({**EXCHANGED, "subject_token_type": "saml2"}, None, InvalidRequest, "subject_token_type"),
        (EXCHANGED, "Bearer another", InvalidRequest, "differ"),
        ({"grant_type": EXCHANGE, "subject_token_type": JWT}, "Bearer mine", InvalidRequest, "subject_token"),
    ],
)
def test_a_token_that_is_missing_or_unclear_is_refused_and_not_repeated(
    form: dict[str, str], authorization: str | None, refusal: type[BrokerError], named: str
) -> None:
    with pytest.raises(refusal) as raised:
        assertion_of(form, authorization)
    assert named in raised.value.description
    assert "mine" not in raised.value.description
    assert "b2xk" not in raised.value.description


@pytest.mark.parametrize(
    "scope",
    [
        f"{GRAPH}/.default",
        f"openid profile {GRAPH}/.default offline_access",
        f"OpenID {GRAPH}/.default email",
    ],
)
def test_scopes_of_the_sign_in_itself_are_dropped(scope: str) -> None:
    assert str(read({**ASKED, "scope": scope}).scope) == f"{GRAPH}/.default"


def test_a_form_asks_as_the_plain_dialect_does() -> None:
    asked = read({**ASKED, "consent": "backup", "claims": '{"access_token":{"acrs":null}}', "redirect_uri": "x"})
    assert (asked.tenant, asked.consent, asked.claims) == ("contoso", "backup", '{"access_token":{"acrs":null}}')
    assert read(ASKED).consent == "partner"


@pytest.mark.parametrize("tenant", ["common", "organizations", "Common"])
def test_where_a_refresh_token_leads_home_the_request_is_for_home(tenant: str) -> None:
    assert read(ASKED, tenant=tenant).tenant == "home"


def test_version_1_is_asked_for_a_resource_and_an_exchange_for_either() -> None:
    first = read({"grant_type": REFRESH, "resource": GRAPH, "scope": "openid"}, version=Version.V1)
    by_resource, by_scope = read(EXCHANGED), read({**ASKED, "grant_type": EXCHANGE})
    assert first.scope == by_resource.scope == read(ASKED).scope
    assert by_scope.scope == by_resource.scope


WRONG_TARGETS: list[tuple[dict[str, str], Version, str]] = [
    ({"grant_type": REFRESH}, Version.V2, "scope"),
    ({"grant_type": REFRESH, "resource": GRAPH}, Version.V2, "scope"),
    ({**ASKED, "scope": "openid offline_access"}, Version.V2, "scope"),
    ({**ASKED, "scope": f"{GRAPH}/.default https://vault.azure.net/.default"}, Version.V2, "graph.*vault"),
    ({**ASKED, "scope": "User.Read"}, Version.V2, "scope"),
    (ASKED, Version.V1, "resource"),
    ({**ASKED, "resource": "nonsense"}, Version.V1, "resource"),
    ({**EXCHANGED, "audience": GRAPH}, Version.V2, "audience"),
    ({**EXCHANGED, "scope": ASKED["scope"]}, Version.V2, "exactly one"),
    ({name: text for name, text in EXCHANGED.items() if name != "resource"}, Version.V2, "resource or scope"),
]


@pytest.mark.parametrize(("form", "version", "named"), WRONG_TARGETS)
def test_a_target_that_is_none_or_two_is_refused_by_name(form: dict[str, str], version: Version, named: str) -> None:
    with pytest.raises(TargetInvalid, match=named):
        read(form, version=version)


@pytest.mark.parametrize("grant", ["CLIENT_CREDENTIALS", "authorization_code", "password", "REFRESH_TOKEN", "x"])
def test_another_grant_is_refused_with_those_there_are(grant: str) -> None:
    with pytest.raises(GrantTypeUnsupported, match=f"{REFRESH} and {CLIENT_CREDENTIALS} and {EXCHANGE}"):
        read({**ASKED, "grant_type": grant})


@pytest.mark.parametrize(("version", "target"), [(Version.V2, {}), (Version.V1, {"resource": GRAPH})], ids=str)
def test_client_credentials_ask_for_a_token_of_the_application(version: Version, target: dict[str, str]) -> None:
    asked = read({**OWN, **target}, version=version)
    assert (asked.consent, str(asked.scope), asked.tenant) == (APPLICATION, f"{GRAPH}/.default", "contoso")
    assert read(ASKED).consent == "partner"


@pytest.mark.parametrize(
    ("form", "tenant", "refusal", "named"),
    [
        ({**OWN, "consent": "partner"}, "contoso", InvalidRequest, "consent"),
        ({**OWN, "scope": f"{GRAPH}/User.Read"}, "contoso", TargetInvalid, r"\.default"),
        (OWN, "common", InvalidRequest, "tenant"),
        (OWN, "Organizations", InvalidRequest, "tenant"),
    ],
)
def test_client_credentials_that_contradict_themselves_are_refused(
    form: dict[str, str], tenant: str, refusal: type[BrokerError], named: str
) -> None:
    with pytest.raises(refusal, match=named):
        read(form, tenant=tenant)


def test_a_form_without_a_grant_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match="grant_type"):
        read({"scope": ASKED["scope"]})


OLD = {"client_id": "old", "client_secret": "old-secret", "refresh_token": "old-token", "password": "old-password"}


@pytest.mark.parametrize(
    ("form", "authorization", "names"),
    [
        (ASKED, "Bearer mine", []),
        ({**OWN, **PROVED}, None, []),
        ({**OWN, **OLD}, "Bearer mine", ["client_id", "client_secret", "refresh_token", "password"]),
        ({**ASKED, **PROVED}, None, []),
        (EXCHANGED, None, []),
        ({**ASKED, **OLD}, "Bearer mine", ["client_id", "client_secret", "refresh_token", "password"]),
        ({**ASKED, **PROVED}, "Bearer mine", ["client_assertion"]),
        ({**EXCHANGED, **PROVED}, None, ["client_assertion"]),
    ],
)
def test_a_warning_names_what_was_for_nothing_and_never_its_value(
    form: dict[str, str], authorization: str | None, names: list[str]
) -> None:
    told = oauth_dialect.with_notices(issued(), form, authorization).warnings
    assert [notice.text.partition(".")[0] for notice in told] == ([f"Ignored: {', '.join(names)}"] if names else [])
    assert "old-" not in repr(told)


def test_the_answer_has_what_an_oauth_client_reads_and_no_refresh_token() -> None:
    assert oauth_dialect.render(issued(), grant_type=REFRESH, version=Version.V2, now=NOON) == {
        "token_type": "Bearer",
        "access_token": "access-token",
        "expires_in": 3600,
        "expires_on": int(NOON.timestamp()) + 3600,
        "scope": f"{GRAPH}/User.Read {GRAPH}/Mail.Read",
        "resource": GRAPH,
        "tenant_id": CONTOSO_ID,
    }


def test_an_exchange_is_told_which_kind_of_token_it_got() -> None:
    content = oauth_dialect.render(issued(), grant_type=EXCHANGE, version=Version.V2, now=NOON)
    assert content["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"


@pytest.mark.parametrize("resource", [GRAPH, f"{GRAPH}/"])
def test_version_1_says_numbers_as_texts_and_scopes_by_their_names(resource: str) -> None:
    scope = f"{resource}/User.Read {resource}/Mail.Read"
    content = oauth_dialect.render(issued(scope, resource), grant_type=REFRESH, version=Version.V1, now=NOON)
    told = {name: content[name] for name in ("expires_in", "ext_expires_in", "expires_on", "scope", "resource")}
    assert told == {
        "expires_in": "3600",
        "ext_expires_in": "3600",
        "expires_on": str(int(NOON.timestamp()) + 3600),
        "scope": "User.Read Mail.Read",
        "resource": resource,
    }
