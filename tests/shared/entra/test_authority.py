"""Entra ID through MSAL: real tokens from the running stand-in, and every way to fail told by the error tree."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from local.state import StackState
from local.world import (
    ADMIN,
    CONTOSO,
    DEFAULT_WORLD,
    GRAPH,
    NORTHWIND,
    PARTNER_APPLICATION,
    PARTNER_TENANT,
    TAILSPIN,
)
from shared.entra.application_credential import (
    FAILURE_SECONDS,
    KEPT_SECONDS,
    SECRET,
    FederatedCredential,
    VaultCredential,
)
from shared.entra.authority import Authority
from shared.entra.errors import (
    ApplicationMisconfigured,
    ApplicationNotConsented,
    BlockedByTenantPolicy,
    CustomerTenantRefused,
    NewConsentNeeded,
    ServiceMissing,
    SignInMismatched,
    TenantUnknown,
)
from shared.entra.managed_identity import BrokerIdentity
from shared.entra.place import Place
from shared.entra.sign_in_refusals import SignInFailed
from shared.errors import AuthorityUnavailable, BrokerError, IdentityUnavailable
from shared.keys.signed_claims import unverified_claims
from shared.retry_after import LONGEST_SECONDS
from shared.vault_errors import VaultUnavailable
from tests.fakes.memory_vault import MemoryVault
from tests.local_control import Controls
from tests.shared.samples import AGES, NOON, PARTNER_CENTER_SCOPE, PARTNER_SECRET, authority_of, sign_in

GRAPH_DEFAULT = "https://graph.microsoft.com/.default"
ARM_DEFAULT = "https://management.azure.com/.default"
TOKEN_PATH = f"/{CONTOSO}/oauth2/v2.0/token"
DISCOVERY_PATH = "/{}/v2.0/.well-known/openid-configuration"


def token_requests(controls: Controls) -> int:
    return sum(times for (method, _), times in controls.requests().items() if method == "POST")


def test_a_sign_in_is_begun_with_pkce_state_and_nonce_at_one_tenant(authority: Authority, stack: StackState) -> None:
    """And afresh: a refresh token carries the sign-in it came from."""
    address, begun = authority.begin_sign_in(
        tenant_id=PARTNER_TENANT,
        scope=PARTNER_CENTER_SCOPE,
        redirect_uri=f"{stack.host}/api/consent/redirect",
        state="the-state",
        login_hint="ada@fabrikam.example",
    )
    parts = urlsplit(address)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.path == f"/{PARTNER_TENANT}/oauth2/v2.0/authorize"
    assert (asked["state"], asked["code_challenge_method"], asked["prompt"]) == ("the-state", "S256", "login")
    assert asked["login_hint"] == "ada@fabrikam.example"
    assert asked["client_id"] == PARTNER_APPLICATION
    assert {PARTNER_CENTER_SCOPE, "offline_access", "openid"} <= set(asked["scope"].split())
    assert begun.code_verifier not in address
    assert begun.nonce not in address, "only its digest goes through the browser"
    assert begun.code_verifier not in repr(begun)
    assert begun.nonce not in repr(begun)


def test_a_code_is_redeemed_once(authority: Authority, stack: StackState) -> None:
    begun, code = sign_in(stack, authority)
    redeemed = authority.redeem(begun, code)
    claims = unverified_claims(redeemed.access_token.token)
    assert (claims["oid"], claims["tid"], "mfa" in claims["amr"]) == (ADMIN.object_id, PARTNER_TENANT, True)
    assert unverified_claims(redeemed.unverified_id_token)["aud"] == PARTNER_APPLICATION
    assert redeemed.refresh_token
    assert redeemed.refresh_token not in repr(redeemed)
    assert redeemed.access_token.token not in repr(redeemed)
    with pytest.raises(SignInFailed) as again:
        authority.redeem(begun, code)
    assert again.value.authority_code == 54005


def test_a_code_is_worth_nothing_without_its_verifier(authority: Authority, stack: StackState) -> None:
    begun, code = sign_in(stack, authority)
    with pytest.raises(SignInFailed) as refused:
        authority.redeem(replace(begun, code_verifier="x" * 43), code)
    assert refused.value.authority_code == 501481


def test_an_answer_for_another_sign_in_is_refused(authority: Authority, stack: StackState) -> None:
    begun, code = sign_in(stack, authority)
    with pytest.raises(SignInMismatched):
        authority.redeem(replace(begun, nonce="of-another-sign-in"), code)


def test_one_refresh_token_serves_every_customer_and_resource(authority: Authority, refresh_token: str) -> None:
    for tenant, scope, resource in (
        (CONTOSO, GRAPH_DEFAULT, "https://graph.microsoft.com"),
        (NORTHWIND, ARM_DEFAULT, "https://management.azure.com"),
        (CONTOSO, "https://management.azure.com//.default", "https://management.azure.com/"),
        (PARTNER_TENANT, PARTNER_CENTER_SCOPE, "https://api.partnercenter.microsoft.com"),
    ):
        place = Place.of(tenant, home=PARTNER_TENANT)
        exchanged = authority.exchange(refresh_token, tenant_id=tenant, scope=scope, place=place)
        claims = unverified_claims(exchanged.access_token.token)
        assert (claims["tid"], claims["aud"], claims["oid"]) == (tenant, resource, ADMIN.object_id_in(tenant))
        assert exchanged.access_token.tenant_id == tenant
        assert exchanged.refresh_token not in {"", refresh_token}
        assert exchanged.refresh_token not in repr(exchanged)
        assert exchanged.access_token.token not in repr(exchanged)


def test_what_was_really_granted_is_told(authority: Authority, refresh_token: str) -> None:
    """Every scope consented to, whatever was asked for."""
    exchanged = authority.exchange(
        refresh_token, tenant_id=CONTOSO, scope="https://graph.microsoft.com/Directory.Read.All", place=Place.CUSTOMER
    )
    assert "https://graph.microsoft.com/Directory.AccessAsUser.All" in exchanged.access_token.scope.split()


def test_the_end_of_a_token_is_reckoned_by_the_brokers_clock(stack: StackState, refresh_token: str) -> None:
    exchanged = authority_of(stack, clock=lambda: NOON).exchange(
        refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    )
    assert timedelta(minutes=59) < exchanged.access_token.expires_on - NOON < timedelta(minutes=91)


def test_each_exchange_is_a_request_and_its_claims_go_along(
    authority: Authority, refresh_token: str, entra_controls: Controls
) -> None:
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1700000000"}}})
    tokens = {
        authority.exchange(
            refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER, claims=more
        ).access_token.token
        for more in (None, None, claims)
    }
    assert len(tokens) == 3
    assert entra_controls.requests()["POST", TOKEN_PATH] == 3


def test_a_new_tenant_costs_one_request(authority: Authority, refresh_token: str, entra_controls: Controls) -> None:
    """Discovery is read once, at home; every other tenant's differs in its id alone."""
    for tenant in (CONTOSO, NORTHWIND, CONTOSO):
        authority.exchange(refresh_token, tenant_id=tenant, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    assert dict(entra_controls.requests()) == {
        ("GET", DISCOVERY_PATH.format(PARTNER_TENANT)): 1,
        ("POST", TOKEN_PATH): 2,
        ("POST", TOKEN_PATH.replace(CONTOSO, NORTHWIND)): 1,
    }


@pytest.mark.parametrize(
    "refusal",
    [
        (50173, NewConsentNeeded),
        (50076, BlockedByTenantPolicy),
        (65001, ApplicationNotConsented),
        (90099, ApplicationNotConsented),
        (7000222, ApplicationMisconfigured),
        (500011, ServiceMissing),
        (90055, AuthorityUnavailable),
        (50196, AuthorityUnavailable),
        (90033, AuthorityUnavailable),
        (50033, AuthorityUnavailable),
    ],
    ids=str,
)
def test_a_refusal_of_the_authority_is_one_error_of_the_tree(
    authority: Authority, refresh_token: str, entra_controls: Controls, refusal: tuple[int, type[BrokerError]]
) -> None:
    code, error = refusal
    entra_controls.post("errors", {"code": code})
    with pytest.raises(error) as refused:
        authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    assert type(refused.value) is error
    assert "Trace ID" not in refused.value.description
    assert refresh_token not in repr(refused.value)
    # MSAL swallows the body of a 5xx, number and all.
    assert refused.value.authority_code == (None if code in {90033, 50033} else code)


def test_a_tenant_nobody_knows_is_that_tenants_own_trouble(authority: Authority, refresh_token: str) -> None:
    nobody = "99990000-1111-4222-8333-444444440001"
    with pytest.raises(TenantUnknown) as refused:
        authority.exchange(refresh_token, tenant_id=nobody, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    assert refused.value.authority_code == 90002


def test_a_tenant_without_consent_is_refused_and_served_the_moment_it_is_given(
    authority: Authority, refresh_token: str, entra_controls: Controls
) -> None:
    """MSAL would repeat its refusal for a minute, with the administrator watching."""
    with pytest.raises(ApplicationNotConsented):
        authority.exchange(refresh_token, tenant_id=TAILSPIN, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    entra_controls.post(
        "consents",
        {"tenant": TAILSPIN, "client": PARTNER_APPLICATION, "resource": GRAPH, "scopes": ["Directory.Read.All"]},
    )
    assert authority.exchange(
        refresh_token, tenant_id=TAILSPIN, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    ).access_token.token


def test_a_refused_exchange_is_asked_again_each_time(
    authority: Authority, refresh_token: str, entra_controls: Controls
) -> None:
    for code in (50173, 90055, 90033):
        entra_controls.post("errors", {"code": code, "tenant": CONTOSO})
        with pytest.raises(BrokerError):
            authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
        assert authority.exchange(
            refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
        ).access_token.token
    assert token_requests(entra_controls) == 6


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize(
    "body",
    [
        {"error": "temporarily_unavailable", "error_codes": [90055]},
        {"error": "invalid_grant", "error_codes": [50173]},
        {"note": "no error"},
        {"access_token": "x", "expires_in": 3600},
        [],
        None,
        "<html>",
    ],
)
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("99999", LONGEST_SECONDS),
        ("Fri, 01 Jan 2100 00:00:00 GMT", LONGEST_SECONDS),
        ("-1", None),
        (None, None),
    ],
)
def test_how_long_the_authority_asks_to_wait_is_kept(  # noqa: PLR0917 - a table of five columns
    authority: Authority,
    entra_controls: Controls,
    status: int,
    body: object,
    header: str | None,
    seconds: int | None,
) -> None:
    headers = {"Retry-After": header} if header else {}
    entra_controls.post("faults", {"path": TOKEN_PATH, "status": status, "body": body, "headers": headers})
    with pytest.raises(AuthorityUnavailable) as asked_to_wait:
        authority.exchange("any", tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    assert asked_to_wait.value.retry_after == seconds


def test_the_wait_of_one_request_is_not_told_to_the_next(
    authority: Authority, refresh_token: str, entra_controls: Controls
) -> None:
    entra_controls.post("faults", {"path": TOKEN_PATH, "status": 429, "body": None, "headers": {"Retry-After": "7"}})
    with pytest.raises(AuthorityUnavailable):
        authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    entra_controls.post("faults", {"path": TOKEN_PATH, "drop": "before", "times": 2})
    with pytest.raises(AuthorityUnavailable) as dropped:
        authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    assert dropped.value.retry_after is None


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "before", "times": 2},
        {"drop": "after", "times": 2},
        {"status": 302, "headers": {"Location": "https://127.0.0.1:9/"}},
        {"status": 200, "body": None},
        {"status": 200, "body": "text"},
        {"status": 200, "body": []},
        {"status": 200, "body": 5},
        {"status": 200, "body": {}},
        {"status": 200, "body": {"access_token": "x"}},
        {"status": 200, "body": {"access_token": "x", "expires_in": None}},
        {"status": 200, "body": {"access_token": "\u00e9", "expires_in": 60}},
        {"status": 200, "body": {"access_token": "a\r\nX-Header: b", "expires_in": 60}},
        {"status": 200, "body": {"access_token": "x", "expires_in": "soon"}},
        {"status": 200, "body": {"access_token": "x", "expires_in": 60, "id_token": "junk"}},
        {"status": 404, "body": "text"},
        {"status": 400, "body": {"error": "unheard_of", "error_codes": 5}},
    ],
    ids=str,
)
def test_an_answer_that_is_nobodys_word_is_worth_another_try(
    authority: Authority, refresh_token: str, entra_controls: Controls, fault: dict[str, Any]
) -> None:
    """And it leaves nothing behind in MSAL's object that would spoil the answers that follow."""
    entra_controls.post("faults", {"path": TOKEN_PATH, **fault})
    with pytest.raises(AuthorityUnavailable):
        authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    entra_controls.clear("faults")
    assert authority.exchange(
        refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    ).access_token.token


@pytest.mark.parametrize("error", [None, 5, ["invalid_grant"], {}, "é", "a\r\nb: c", "\u20ac", ""], ids=ascii)
def test_an_error_that_is_no_word_does_not_spoil_the_next_request(
    authority: Authority, refresh_token: str, entra_controls: Controls, error: object
) -> None:
    """MSAL's telemetry joins the last error to the next request's headers, and would fail there for ever."""
    entra_controls.post("faults", {"path": TOKEN_PATH, "status": 400, "body": {"error": error}})
    with pytest.raises(AuthorityUnavailable):
        authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    again = authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    assert again.access_token.token


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "before", "times": 2},
        {"status": 503, "body": None},
        {"status": 404, "body": None},
        {"status": 200, "body": None},
        {"status": 200, "body": {"issuer": PARTNER_TENANT}},
        {"status": 200, "body": PARTNER_TENANT},
    ],
    ids=str,
)
def test_a_discovery_that_fails_is_tried_again_a_moment_later(
    stack: StackState, refresh_token: str, entra_controls: Controls, fault: dict[str, Any]
) -> None:
    authority = authority_of(stack, ages=replace(AGES, failed=0.0))
    entra_controls.post("faults", {"path": DISCOVERY_PATH.format(PARTNER_TENANT), **fault})
    with pytest.raises(AuthorityUnavailable):
        authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    entra_controls.clear("faults")
    assert authority.exchange(
        refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    ).access_token.token


def test_an_exchange_whose_connection_was_forgotten_is_sent_once_more(
    authority: Authority, refresh_token: str, entra_controls: Controls
) -> None:
    """A refresh token survives its use."""
    authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    entra_controls.clear("requests")
    entra_controls.post("faults", {"path": TOKEN_PATH, "drop": "after"})
    assert authority.exchange(
        refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    ).access_token.token
    assert token_requests(entra_controls) == 2
    entra_controls.post("faults", {"path": TOKEN_PATH, "drop": "after", "times": 2})
    with pytest.raises(AuthorityUnavailable):
        authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    assert token_requests(entra_controls) == 4, "and not a third time"


def test_no_dead_token_is_taken_for_a_live_one(authority: Authority) -> None:
    """Home alone says that a person has to consent anew."""
    for dead in ("1.Ajunk", "junk", "é", "x" * 5000):
        with pytest.raises(NewConsentNeeded):
            authority.exchange(dead, tenant_id=PARTNER_TENANT, scope=PARTNER_CENTER_SCOPE, place=Place.HOME)
        with pytest.raises(CustomerTenantRefused, match=CONTOSO):
            authority.exchange(dead, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)


def test_an_answer_without_a_new_refresh_token_keeps_the_one_used(
    authority: Authority, entra_controls: Controls
) -> None:
    for body in ({}, {"refresh_token": None}, {"refresh_token": ""}):
        answer = {"access_token": "x", "expires_in": 3600, "token_type": "Bearer", **body}
        entra_controls.post("faults", {"path": TOKEN_PATH, "status": 200, "body": answer})
        assert (
            authority.exchange("used", tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER).refresh_token
            == "used"
        )


@pytest.mark.usefixtures("as_broker")
def test_the_managed_identity_is_credential_enough(stack: StackState, refresh_token: str) -> None:
    identity = BrokerIdentity(DEFAULT_WORLD.identity("broker").client_id)
    authority = authority_of(stack, FederatedCredential(identity, audience="api://AzureADTokenExchange"))
    token = authority.exchange(
        refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    ).access_token.token
    assert unverified_claims(token)["appidacr"] == "2"


@pytest.mark.usefixtures("as_broker")
def test_an_identity_that_is_down_is_not_taken_for_the_authority(stack: StackState, refresh_token: str) -> None:
    nobody = BrokerIdentity("ffff0000-1111-4222-8333-444444449999")
    authority = authority_of(stack, FederatedCredential(nobody, audience="api://AzureADTokenExchange"))
    with pytest.raises(IdentityUnavailable):
        authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)


def test_a_renewed_client_secret_takes_effect_without_a_restart(stack: StackState, refresh_token: str) -> None:
    moment, vault = [1000.0], MemoryVault()
    vault.put("secret", "expired", tags={})
    credential = VaultCredential(vault, "secret", kind=SECRET, monotonic=lambda: moment[0])
    authority = authority_of(stack, credential)
    with pytest.raises(ApplicationMisconfigured) as refused:
        authority.exchange(refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER)
    assert refused.value.authority_code == 7000215
    vault.put("secret", PARTNER_SECRET, tags={})
    moment[0] += KEPT_SECONDS
    assert authority.exchange(
        refresh_token, tenant_id=CONTOSO, scope=GRAPH_DEFAULT, place=Place.CUSTOMER
    ).access_token.token


def test_a_client_secret_outlives_an_outage_of_its_vault() -> None:
    moment, vault = [1000.0], MemoryVault()
    reads: list[str] = []

    def down(_operation: str, name: str) -> None:
        reads.append(name)
        raise VaultUnavailable

    credential = VaultCredential(vault, "secret", kind=SECRET, monotonic=lambda: moment[0])
    with pytest.raises(ApplicationMisconfigured, match="It is called secret"):
        credential.proofs()
    vault.before = down
    moment[0] += FAILURE_SECONDS
    with pytest.raises(VaultUnavailable):
        credential.proofs()
    vault.before = lambda _operation, _name: None
    vault.put("secret", "s", tags={})
    moment[0] += FAILURE_SECONDS
    assert credential.proofs()[0].client_credential == "s"
    vault.before = down
    moment[0] += KEPT_SECONDS
    assert [credential.proofs()[0].client_credential for _ in range(3)] == ["s"] * 3
    assert len(reads) == 2, "an outage is not made worse by asking each time"
