"""Who asks: workloads ask for tokens, operators manage consents, and nobody is taken for the other."""

import time
from typing import Any

import jwt
import pytest
import requests

from local.world import AZURE_POWERSHELL, BROKER_API, CONTOSO, PARTNER_APPLICATION, PARTNER_TENANT
from shared.callers.assertion import CONSENT_MANAGE, CONSENT_READ, AssertionVerifier, Principal, bearer
from shared.callers.errors import AssertionOfAnotherKind, RoleMissing
from shared.errors import AssertionMissing, AuthorityUnavailable, NotAuthenticated
from shared.keys.errors import (
    AssertionExpired,
    AssertionForAnotherAudience,
    AssertionFromAnotherTenant,
    AssertionInvalid,
)
from shared.settings import read_settings
from tests.shared.samples import AGES, ENVIRONMENT, PERSON, WORKLOAD, WORKLOAD_CLIENT, HomeTenant


def verifier_of(home: HomeTenant, **changes: str) -> AssertionVerifier:
    return AssertionVerifier(read_settings({**ENVIRONMENT, **changes}), home.keys)


@pytest.fixture
def verifier(home: HomeTenant) -> AssertionVerifier:
    return verifier_of(home)


def caller(verifier: AssertionVerifier, token: str) -> Principal:
    return verifier.caller(verifier.verify(token))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"idtyp": "app"},
        {"azp": None, "appid": WORKLOAD_CLIENT, "ver": "1.0"},
        {"iss": f"https://sts.windows.net/{PARTNER_TENANT}/", "aud": f"api://{BROKER_API}"},
        {"aud": f"api://{BROKER_API}/"},
        {"aud": f"{BROKER_API}/"},
        {"roles": ["Consent.Read", "Token.Issue"]},
    ],
)
def test_a_workload_with_the_role_may_ask_for_tokens(
    home: HomeTenant, verifier: AssertionVerifier, changes: dict[str, Any]
) -> None:
    """The optional claim `idtyp` says so, or: no scopes, and the subject is the object itself."""
    found = caller(verifier, home.token(**changes))
    assert (found.object_id, found.application_id, found.is_application) == (WORKLOAD, WORKLOAD_CLIENT, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"idtyp": "user"},
        {"idtyp": "user", "scp": "Broker.Operate"},
        {"idtyp": "device"},
        {"idtyp": ["app"]},
        {"idtyp": "App"},
        {"scp": "Broker.Operate"},
        # An app-only token has no scopes: one that has both is nobody's.
        {"idtyp": "app", "scp": "Broker.Operate"},
        {"idtyp": "app", "scp": ["Broker.Operate"]},
        {"sub": "pairwise-subject"},
        {"sub": None},
    ],
)
def test_a_persons_token_asks_for_no_tokens(
    home: HomeTenant, verifier: AssertionVerifier, changes: dict[str, Any]
) -> None:
    with pytest.raises(AssertionOfAnotherKind):
        caller(verifier, home.token(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"oid": None},
        {"oid": ""},
        {"oid": 7},
        {"oid": [WORKLOAD]},
        {"azp": None},
        {"azp": ""},
        {"azp": 7},
        # A text would be searched for a role letter by letter.
        {"roles": "Token.Issue"},
        {"roles": "x Token.Issue x"},
        {"roles": {"Token.Issue": True}},
        {"roles": 1},
    ],
)
def test_a_token_that_does_not_say_who_it_is_for_is_refused(
    home: HomeTenant, verifier: AssertionVerifier, changes: dict[str, Any]
) -> None:
    with pytest.raises(AssertionInvalid):
        caller(verifier, home.token(**changes))


@pytest.mark.parametrize(
    "roles", [None, [], ["token.issue"], ["Token.Issue "], ["Token.IssueAll"], [["Token.Issue"]], ["Consent.Manage"]]
)
def test_a_workload_without_the_role_is_told_its_name(
    home: HomeTenant, verifier: AssertionVerifier, roles: list[Any] | None
) -> None:
    with pytest.raises(RoleMissing, match=r"Token\.Issue"):
        caller(verifier, home.token(roles=roles))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"aud": "https://management.azure.com/"}, AssertionForAnotherAudience),
        ({"aud": PARTNER_APPLICATION}, AssertionForAnotherAudience),
        ({"tid": CONTOSO}, AssertionFromAnotherTenant),
        ({"exp": 1}, AssertionExpired),
    ],
)
def test_callers_and_operators_pass_the_same_checks(
    home: HomeTenant, verifier: AssertionVerifier, changes: dict[str, Any], error: type[NotAuthenticated]
) -> None:
    with pytest.raises(error):
        verifier.verify(home.token(**changes))
    with pytest.raises(error):
        verifier.operator(home.of_a_person(**changes), CONSENT_READ)


def test_the_audiences_are_those_of_the_settings_and_the_client_id(home: HomeTenant) -> None:
    verifier = verifier_of(home, BROKER_AUDIENCES="https://broker.example,api://other")
    for audience in ("https://broker.example", "https://broker.example/", "api://other", BROKER_API):
        assert verifier.verify(home.token(aud=audience)).object_id == WORKLOAD
    with pytest.raises(AssertionForAnotherAudience, match=r"api://other or .*https://broker\.example"):
        verifier.verify(home.token(aud=f"api://{BROKER_API}"))


def test_an_operator_is_a_person_through_an_allowed_client(home: HomeTenant, verifier: AssertionVerifier) -> None:
    found = verifier.operator(home.of_a_person(), CONSENT_MANAGE)
    assert (found.object_id, found.username, found.is_application) == (PERSON, "ada@fabrikam.example", False)
    assert verifier.operator(home.of_a_person(azp=AZURE_POWERSHELL), CONSENT_READ).object_id == PERSON
    more = home.of_a_person(scp="openid Broker.Operate", azp=None, appid=AZURE_POWERSHELL)
    assert verifier.operator(more, CONSENT_READ).object_id == PERSON


def test_an_operator_may_be_a_workload_with_the_role(home: HomeTenant, verifier: AssertionVerifier) -> None:
    found = verifier.operator(home.token(roles=["Consent.Manage"]), CONSENT_MANAGE)
    assert (found.object_id, found.is_application) == (WORKLOAD, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"azp": WORKLOAD_CLIENT},
        {"azp": BROKER_API},
        {"scp": None},
        {"scp": "openid profile"},
        {"scp": "broker.operate"},
        {"scp": "Broker.OperateX"},
        {"scp": ["Broker.Operate"]},
    ],
)
def test_a_person_through_another_client_or_scope_is_no_operator(
    home: HomeTenant, verifier: AssertionVerifier, changes: dict[str, Any]
) -> None:
    with pytest.raises(AssertionOfAnotherKind, match="Azure CLI"):
        verifier.operator(home.of_a_person(**changes), CONSENT_READ)


def test_no_client_at_all_may_be_allowed_to_people(home: HomeTenant) -> None:
    with pytest.raises(AssertionOfAnotherKind):
        verifier_of(home, OPERATOR_CLIENT_IDS=",").operator(home.of_a_person(), CONSENT_READ)


@pytest.mark.parametrize("roles", [None, [], ["Consent.Read"], ["Token.Issue"], ["consent.manage"]])
def test_an_operator_without_the_role_of_the_route_is_told_its_name(
    home: HomeTenant, verifier: AssertionVerifier, roles: list[str] | None
) -> None:
    for token in (home.of_a_person(roles=roles), home.token(roles=roles)):
        with pytest.raises(RoleMissing, match=r"Consent\.Manage"):
            verifier.operator(token, CONSENT_MANAGE)


def test_a_verified_assertion_is_remembered_and_another_is_not(home: HomeTenant, verifier: AssertionVerifier) -> None:
    token = home.token()
    assert verifier.remembered(token) is None
    found = verifier.verify(token)
    assert verifier.remembered(token) == found
    header, payload, signature = token.split(".")
    for other in (
        home.token(oid="other"),
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"{header}.{payload}.",
        token + " ",
    ):
        assert verifier.remembered(other) is None


def test_a_refused_assertion_is_never_remembered(home: HomeTenant, verifier: AssertionVerifier) -> None:
    refused = [home.token(tid=CONTOSO), home.token(aud="x"), home.token(oid=None), home.token(exp=1), "junk", "\ud800"]
    for token in refused:
        with pytest.raises(NotAuthenticated):
            verifier.verify(token)
        assert verifier.remembered(token) is None


def test_what_is_remembered_decides_nothing_about_roles(home: HomeTenant, verifier: AssertionVerifier) -> None:
    token = home.token(roles=["Consent.Read"])
    verifier.operator(token, CONSENT_READ)
    with pytest.raises(RoleMissing):
        caller(verifier, token)


def test_a_remembered_assertion_ends_with_the_token(home: HomeTenant, verifier: AssertionVerifier) -> None:
    """The allowance for clocks that differ verifies a token anew; it lengthens no memory."""
    soon = home.token(exp=int(time.time()) + 1)
    already = home.token(exp=int(time.time()) - 100)
    for token in (soon, already):
        verifier.verify(token)
    assert verifier.remembered(already) is None
    time.sleep(max(0.0, int(jwt.decode(soon, options={"verify_signature": False})["exp"]) - time.time()) + 0.01)
    assert verifier.remembered(soon) is None


def test_a_remembered_assertion_is_dropped_when_the_keys_change(home: HomeTenant, verifier: AssertionVerifier) -> None:
    token = home.token()
    verifier.verify(token)
    home.stack_keys.rotate()
    home.monotonic += AGES.again
    verifier.verify(home.token(uti="another"))
    assert verifier.remembered(token) is None
    assert verifier.verify(token).object_id == WORKLOAD, "its key is still published"
    home.outbound.answer = lambda: {"keys": home.stack_keys.key_set()["keys"][1:]}
    home.monotonic += AGES.fresh
    verifier.verify(home.token(uti="third"))
    assert verifier.remembered(token) is None
    with pytest.raises(AssertionInvalid):
        verifier.verify(token)


def test_an_outage_before_any_key_was_seen_says_so_and_blames_nobody(
    home: HomeTenant, verifier: AssertionVerifier
) -> None:
    def down() -> object:
        raise requests.ConnectionError

    home.outbound.answer = down
    with pytest.raises(AuthorityUnavailable):
        verifier.verify(home.token())


@pytest.mark.parametrize(
    ("authorization", "token"),
    [("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER  abc ", "abc"), (" Bearer a.b.c", "a.b.c")],
)
def test_a_bearer_token_is_taken_from_its_header(authorization: str, token: str) -> None:
    assert bearer(authorization) == token


@pytest.mark.parametrize(
    "authorization",
    [None, "", " ", "Bearer", "Bearer ", "abc", "Basic abc", "Bearerabc", "Digest Bearer abc", "Béarer x"],
)
def test_anything_else_is_no_bearer_token(authorization: str | None) -> None:
    with pytest.raises(AssertionMissing):
        bearer(authorization)
