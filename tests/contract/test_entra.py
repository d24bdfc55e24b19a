"""Entra ID on loopback, held to what MSAL does with it and to the documented shapes of the real service."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import msal
import pytest

from local.managed_identity import FromWorld
from local.world import (
    ADMIN,
    AZURE_CLI,
    BROKER_API,
    CONTOSO,
    CUSTOMER_ADMIN,
    DEFAULT_WORLD,
    GRAPH,
    NORTHWIND,
    OTHER_APPLICATION,
    PARTNER_APPLICATION,
    PARTNER_TENANT,
    SECOND_ADMIN,
    TAILSPIN,
    TEAMS,
    TOKEN_EXCHANGE,
    WINGTIP,
    WITHOUT_MFA,
)
from tests.contract.conftest_entra import (
    ARM_DEFAULT,
    GRAPH_DEFAULT,
    PARTNER_CENTER_SCOPE,
    REDIRECT,
    SECRET,
    Answer,
    Credential,
    Stack,
    begin,
    consented,
    redirected,
    running_entra,
    serving,
    sign_in,
    submit,
)

OTHER_SECRET = "other-application-secret-of-the-local-stack"


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_entra(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def stack(shared_stack: Stack) -> Iterator[Stack]:
    yield shared_stack
    shared_stack.reset()


@pytest.fixture(scope="module")
def consent(shared_stack: Stack) -> Answer:
    return consented(shared_stack, ADMIN)


@pytest.fixture(scope="module")
def refresh_token(consent: Answer) -> str:
    token: str = consent["refresh_token"]
    return token


# Discovery


def test_discovery_advertises_tls_for_machines_and_plain_http_for_people(stack: Stack) -> None:
    entra = stack.state.entra
    response = stack.http.get(f"{entra}/fabrikam.example/v2.0/.well-known/openid-configuration")
    document = response.json()
    assert document["issuer"] == f"{entra}/{PARTNER_TENANT}/v2.0"
    assert document["token_endpoint"] == f"{entra}/{PARTNER_TENANT}/oauth2/v2.0/token"
    assert document["jwks_uri"] == f"{entra}/{PARTNER_TENANT}/discovery/v2.0/keys"
    browser = f"{stack.state.entra_browser}/{PARTNER_TENANT}"
    assert document["authorization_endpoint"] == f"{browser}/oauth2/v2.0/authorize"
    assert response.headers["cache-control"] == "max-age=86400, private"


def test_the_issuer_of_common_is_the_literal_template(stack: Stack) -> None:
    document = stack.http.get(f"{stack.state.entra}/common/v2.0/.well-known/openid-configuration").json()
    assert document["issuer"] == f"{stack.state.entra}/{{tenantid}}/v2.0"
    assert document["tenant_region_scope"] is None


def test_version_1_discovery_names_the_issuer_of_version_1_tokens_and_its_keys(stack: Stack) -> None:
    document = stack.http.get(f"{stack.state.entra}/{CONTOSO}/.well-known/openid-configuration").json()
    assert document["issuer"] == f"https://sts.windows.net/{CONTOSO}/"
    assert stack.http.get(document["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"


def test_instance_discovery_leads_back_to_this_stack(stack: Stack) -> None:
    query = {"api-version": "1.1", "authorization_endpoint": f"https://localhost/{CONTOSO}/oauth2/v2.0/authorize"}
    document = stack.http.get(f"{stack.state.entra}/common/discovery/instance", params=query).json()
    expected = f"{stack.state.entra}/{CONTOSO}/v2.0/.well-known/openid-configuration"
    assert document["tenant_discovery_endpoint"] == expected


def test_an_unknown_tenant_is_invalid_tenant_in_discovery_and_invalid_request_at_the_token_endpoint(
    stack: Stack,
) -> None:
    unknown = "99990000-1111-4222-8333-444444440001"
    with pytest.raises(ValueError, match="Unable to get authority configuration"):
        stack.app(unknown)
    discovery = stack.http.get(f"{stack.state.entra}/{unknown}/v2.0/.well-known/openid-configuration")
    assert (discovery.status_code, discovery.json()["error"]) == (400, "invalid_tenant")
    token = stack.token(unknown, grant_type="refresh_token", refresh_token="any")
    assert (token.status_code, token.json()["error"]) == (400, "invalid_request")
    assert token.json()["error_codes"] == discovery.json()["error_codes"] == [90002]


# Signing in


def test_msal_completes_the_code_flow_through_the_real_pages(stack: Stack, consent: Answer) -> None:
    id_token = stack.claims(consent["id_token"])
    assert id_token["iss"] == f"{stack.state.entra}/{PARTNER_TENANT}/v2.0"
    assert id_token["aud"] == PARTNER_APPLICATION
    assert (id_token["oid"], id_token["tid"]) == (ADMIN.object_id, PARTNER_TENANT)
    assert id_token["preferred_username"] == ADMIN.username
    assert PARTNER_CENTER_SCOPE in consent["scope"].split()
    assert 3600 <= consent["expires_in"] <= 5400


def test_a_version_1_access_token_says_how_the_person_signed_in(stack: Stack, consent: Answer) -> None:
    claims = stack.claims(consent["access_token"])
    assert claims["iss"] == f"https://sts.windows.net/{PARTNER_TENANT}/"
    assert claims["aud"] == "https://api.partnercenter.microsoft.com"
    assert claims["amr"] == ["pwd", "mfa"]
    assert claims["appid"] == PARTNER_APPLICATION
    assert (claims["scp"], claims["ver"], claims["idtyp"]) == ("user_impersonation", "1.0", "user")
    assert claims["upn"] == claims["unique_name"] == ADMIN.username


def test_a_person_without_a_second_factor_has_the_password_alone_in_amr_even_after_a_refresh(stack: Stack) -> None:
    result = consented(stack, WITHOUT_MFA)
    assert stack.claims(result["access_token"])["amr"] == ["pwd"]
    renewed = stack.exchange(result["refresh_token"], PARTNER_TENANT, PARTNER_CENTER_SCOPE)
    assert stack.claims(renewed["access_token"])["amr"] == ["pwd"]


def test_the_code_comes_back_with_state_and_session_state_and_nothing_else(stack: Stack) -> None:
    answer = redirected(sign_in(stack.http, stack.authorize(), ADMIN))
    assert set(answer) == {"code", "state", "session_state"}
    assert answer["state"] == "the-state"


def test_the_redirect_uri_keeps_its_port_though_the_registration_has_none(stack: Stack) -> None:
    page = stack.authorize(redirect_uri="http://localhost:8555/api/consent/redirect")
    location = sign_in(stack.http, page, ADMIN).headers["location"]
    assert location.startswith("http://localhost:8555/api/consent/redirect?code=")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"redirect_uri": "http://localhost:8400/api/consent/elsewhere"}, 50011),
        ({"redirect_uri": "http://127.0.0.1:8400/api/consent/redirect"}, 50011),
        ({"redirect_uri": "https://localhost:8400/api/consent/redirect"}, 50011),
        ({"redirect_uri": ""}, 900971),
        ({"client_id": "99990000-1111-4222-8333-444444440001"}, 700016),
        ({"client_id": ""}, 900144),
        ({"tenant": "nobody.example"}, 90002),
    ],
)
def test_a_request_that_cannot_be_trusted_is_answered_on_a_page_and_not_redirected(
    stack: Stack, changed: dict[str, str], code: int
) -> None:
    response = stack.authorize(**changed)
    assert response.status_code == 400
    assert f"AADSTS{code}" in response.text
    assert "location" not in response.headers


@pytest.mark.parametrize(
    ("changed", "error", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type", 70005),
        ({"scope": ""}, "invalid_request", 900144),
        ({"scope": f"{GRAPH_DEFAULT} {ARM_DEFAULT}"}, "invalid_scope", 28000),
        ({"scope": "https://nothing.example/.default"}, "invalid_resource", 500011),
        ({"code_challenge": "a" * 43, "code_challenge_method": "plain"}, "invalid_request", 50147),
        ({"prompt": "none"}, "login_required", 50058),
    ],
)
def test_other_mistakes_are_told_to_the_client_with_its_state(
    stack: Stack, changed: dict[str, str], error: str, code: int
) -> None:
    answer = redirected(stack.authorize(**changed))
    assert (answer["error"], answer["state"]) == (error, "the-state")
    assert answer["error_description"].startswith(f"AADSTS{code}: ")


def test_the_login_hint_is_filled_in_and_cannot_break_out_of_the_page(stack: Stack) -> None:
    page = stack.authorize(login_hint='"><script>alert(1)</script>')
    assert 'value="&quot;&gt;&lt;script&gt;' in page.text
    assert "<script>" not in page.text


def test_a_wrong_password_is_told_on_the_page_which_can_be_tried_again(stack: Stack) -> None:
    page = submit(stack.http, stack.authorize(), username=ADMIN.username, password="wrong")
    assert "AADSTS50126" in page.text
    assert "code" in redirected(sign_in(stack.http, page, ADMIN))


def test_an_unknown_user_is_told_on_the_page(stack: Stack) -> None:
    page = submit(stack.http, stack.authorize(), username="nobody@fabrikam.example", password="any")
    assert "AADSTS50034" in page.text


def test_cancel_sends_access_denied_from_either_page(stack: Stack) -> None:
    first = redirected(submit(stack.http, stack.authorize(), cancel="1"))
    approval = submit(stack.http, stack.authorize(), username=ADMIN.username, password=ADMIN.password)
    second = redirected(submit(stack.http, approval, cancel="1"))
    assert first["error"] == second["error"] == "access_denied"
    assert first["error_description"].startswith("AADSTS65004")


def test_a_user_of_another_tenant_gets_a_page(stack: Stack) -> None:
    page = submit(stack.http, stack.authorize(), username=CUSTOMER_ADMIN.username, password=CUSTOMER_ADMIN.password)
    assert "AADSTS50020" in page.text


def test_a_client_without_consent_in_the_tenant_is_told_consent_required(stack: Stack) -> None:
    stack.control("DELETE", "consents", {"tenant": PARTNER_TENANT, "client": PARTNER_APPLICATION})
    answer = redirected(sign_in(stack.http, stack.authorize(), ADMIN))
    assert answer["error"] == "consent_required"
    assert answer["error_description"].startswith("AADSTS65001")


def test_a_browser_session_signs_in_silently_unless_the_client_asks_for_login(stack: Stack) -> None:
    redirected(sign_in(stack.http, stack.authorize(), ADMIN))
    assert "code" in redirected(stack.authorize())
    assert "password" in stack.authorize(prompt="login").text


# Redeeming codes


def code_for(stack: Stack, tenant: str = PARTNER_TENANT, **changed: str) -> dict[str, str]:
    answer = redirected(sign_in(stack.http, stack.authorize(tenant, prompt="login", **changed), ADMIN))
    return {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": REDIRECT}


def test_a_code_is_redeemed_once(stack: Stack) -> None:
    form = code_for(stack)
    assert stack.token(**form).status_code == 200
    second = stack.token(**form)
    assert (second.json()["error"], second.json()["error_codes"]) == ("invalid_grant", [54005])


def test_a_code_lives_ten_minutes(stack: Stack) -> None:
    form = code_for(stack)
    stack.move_clock(timedelta(minutes=10, seconds=5))
    assert stack.token(**form).json()["error_codes"] == [70008]


def test_a_code_is_redeemed_at_the_tenant_path_it_came_from(stack: Stack) -> None:
    assert stack.token(CONTOSO, **code_for(stack)).json()["error_codes"] == [700005]
    assert stack.token("common", **code_for(stack)).json()["error_codes"] == [700005]
    assert stack.token("fabrikam.example", **code_for(stack)).status_code == 200
    assert stack.token("common", **code_for(stack, "common")).status_code == 200


def test_a_code_is_redeemed_with_the_redirect_uri_it_was_sent_to(stack: Stack) -> None:
    form = code_for(stack) | {"redirect_uri": REDIRECT.replace("8400", "8401")}
    assert stack.token(**form).json()["error_codes"] == [500112]


def test_a_code_is_redeemed_by_the_client_it_was_made_for(stack: Stack) -> None:
    other = {"client_id": OTHER_APPLICATION, "client_secret": OTHER_SECRET}
    assert stack.token(**code_for(stack), **other).json()["error_codes"] == [70000]
    assert stack.token(**(code_for(stack) | {"code": "made-up"})).json()["error"] == "invalid_grant"


def test_msal_with_another_code_verifier_is_refused(stack: Stack) -> None:
    app = stack.app()
    flow = begin(app, PARTNER_CENTER_SCOPE)
    answer = redirected(sign_in(stack.http, stack.http.get(flow["auth_uri"]), ADMIN))
    result = app.acquire_token_by_auth_code_flow(flow | {"code_verifier": "x" * 43}, answer)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [501481])


def test_a_code_verifier_nobody_announced_is_refused(stack: Stack) -> None:
    assert stack.token(**code_for(stack), code_verifier="x" * 43).json()["error_codes"] == [501481]


# Exchanging refresh tokens


@pytest.mark.parametrize("tenant", [CONTOSO, NORTHWIND])
@pytest.mark.parametrize(
    ("scope", "audience", "scopes"),
    [
        (GRAPH_DEFAULT, "https://graph.microsoft.com", "Directory.Read.All Directory.AccessAsUser.All"),
        (ARM_DEFAULT, "https://management.azure.com", "user_impersonation"),
        ("https://management.azure.com//.default", "https://management.azure.com/", "user_impersonation"),
        (f"{GRAPH}/.default", GRAPH, "Directory.Read.All Directory.AccessAsUser.All"),
        ("Directory.Read.All", GRAPH, "Directory.Read.All Directory.AccessAsUser.All"),
    ],
)
def test_one_refresh_token_reaches_every_delegating_customer(
    stack: Stack, refresh_token: str, *, tenant: str, scope: str, audience: str, scopes: str
) -> None:
    result = stack.exchange(refresh_token, tenant, scope)
    claims = stack.claims(result["access_token"])
    assert (claims["tid"], claims["aud"], claims["scp"]) == (tenant, audience, scopes)
    assert (claims["iss"], claims["oid"]) == (f"https://sts.windows.net/{tenant}/", ADMIN.object_id_in(tenant))
    assert claims["amr"] == ["pwd", "mfa"]
    assert result["id_token_claims"]["tid"] == tenant


def test_a_delegate_has_another_object_id_in_every_tenant_and_the_same_one_each_time(
    stack: Stack, refresh_token: str
) -> None:
    def told(tenant: str) -> set[str]:
        answers = [stack.exchange(refresh_token, tenant, GRAPH_DEFAULT) for _ in range(2)]
        access = {stack.claims(answer["access_token"])["oid"] for answer in answers}
        return access | {answer["id_token_claims"]["oid"] for answer in answers}

    assert told(PARTNER_TENANT) == {ADMIN.object_id}
    (in_contoso,), (in_northwind,) = told(CONTOSO), told(NORTHWIND)
    assert len({ADMIN.object_id, in_contoso, in_northwind}) == 3


def test_every_consented_scope_is_granted_whatever_was_asked_and_written_in_full(
    stack: Stack, refresh_token: str
) -> None:
    result = stack.exchange(refresh_token, CONTOSO, "https://graph.microsoft.com/Directory.Read.All")
    assert set(result["scope"].split()) == {
        "https://graph.microsoft.com/Directory.Read.All",
        "https://graph.microsoft.com/Directory.AccessAsUser.All",
        "openid",
        "profile",
    }


def test_the_double_slash_stays_in_the_scope_of_the_response(stack: Stack, refresh_token: str) -> None:
    result = stack.exchange(refresh_token, CONTOSO, "https://management.azure.com//.default")
    assert "https://management.azure.com//user_impersonation" in result["scope"].split()


def test_each_use_returns_a_new_refresh_token_and_the_old_one_stays_valid(stack: Stack, refresh_token: str) -> None:
    renewed = stack.exchange(refresh_token, CONTOSO, GRAPH_DEFAULT)["refresh_token"]
    assert renewed != refresh_token
    for token in (refresh_token, renewed):
        assert "access_token" in stack.exchange(token, NORTHWIND, ARM_DEFAULT)


def test_the_common_path_means_the_home_of_the_person(stack: Stack, refresh_token: str) -> None:
    result = stack.exchange(refresh_token, "organizations", PARTNER_CENTER_SCOPE)
    assert stack.claims(result["access_token"])["tid"] == PARTNER_TENANT


def test_without_offline_access_and_openid_there_is_only_an_access_token(stack: Stack, refresh_token: str) -> None:
    body = stack.token(grant_type="refresh_token", refresh_token=refresh_token, scope=GRAPH_DEFAULT).json()
    assert set(body) == {"token_type", "scope", "expires_in", "ext_expires_in", "access_token"}


def test_expires_in_agrees_with_the_token(stack: Stack, refresh_token: str) -> None:
    result = stack.exchange(refresh_token, CONTOSO, GRAPH_DEFAULT)
    expires = datetime.now(UTC).timestamp() + result["expires_in"]
    assert abs(stack.claims(result["access_token"])["exp"] - expires) < 3


@pytest.mark.parametrize(
    ("tenant", "scope", "error", "code"),
    [
        (TAILSPIN, GRAPH_DEFAULT, "invalid_grant", 65001),
        (WINGTIP, GRAPH_DEFAULT, "invalid_grant", 50020),
        (CONTOSO, PARTNER_CENTER_SCOPE, "invalid_grant", 65001),
        (CONTOSO, "https://graph.microsoft.com/Mail.Read", "invalid_grant", 65001),
        (CONTOSO, f"{TEAMS}/.default", "invalid_grant", 65001),
        (CONTOSO, "https://nothing.example/.default", "invalid_resource", 500011),
    ],
)
def test_what_a_customer_does_not_allow_is_refused(
    stack: Stack, refresh_token: str, *, tenant: str, scope: str, error: str, code: int
) -> None:
    result = stack.exchange(refresh_token, tenant, scope)
    assert (result["error"], result["error_codes"]) == (error, [code])
    assert result.get("suberror") == ("consent_required" if code == 65001 else None)


def test_a_consent_given_later_is_in_force_at_once(stack: Stack, refresh_token: str) -> None:
    given = {"tenant": TAILSPIN, "client": PARTNER_APPLICATION, "resource": GRAPH, "scopes": ["User.Read"]}
    stack.control("POST", "consents", given)
    result = stack.exchange(refresh_token, TAILSPIN, GRAPH_DEFAULT)
    assert stack.claims(result["access_token"])["scp"] == "User.Read"


def test_one_request_names_one_resource(stack: Stack, refresh_token: str) -> None:
    result = stack.app(CONTOSO).acquire_token_by_refresh_token(refresh_token, [GRAPH_DEFAULT, ARM_DEFAULT])
    assert (result["error"], result["error_codes"]) == ("invalid_scope", [28000])


def test_default_is_not_combined_with_named_scopes(stack: Stack, refresh_token: str) -> None:
    scopes = [GRAPH_DEFAULT, "https://graph.microsoft.com/User.Read"]
    result = stack.app(CONTOSO).acquire_token_by_refresh_token(refresh_token, scopes)
    assert (result["error"], result["error_codes"]) == ("invalid_scope", [70011])


def test_ninety_idle_days_end_a_refresh_token_and_eighty_nine_do_not(stack: Stack, refresh_token: str) -> None:
    stack.move_clock(timedelta(days=89, hours=23))
    renewed = stack.exchange(refresh_token, CONTOSO, GRAPH_DEFAULT)["refresh_token"]
    stack.move_clock(timedelta(days=90, hours=1))
    result = stack.exchange(refresh_token, CONTOSO, GRAPH_DEFAULT)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [700082])
    assert "inactive for 90.00:00:00" in result["error_description"]
    assert "access_token" in stack.exchange(renewed, CONTOSO, GRAPH_DEFAULT)


def test_revoking_ends_the_tokens_a_person_has_and_not_those_to_come(stack: Stack) -> None:
    before = consented(stack, SECOND_ADMIN)["refresh_token"]
    stack.control("POST", "revoke", {"user": SECOND_ADMIN.object_id})
    result = stack.exchange(before, PARTNER_TENANT, PARTNER_CENTER_SCOPE)
    assert (result["error"], result["suberror"], result["error_codes"]) == ("invalid_grant", "bad_token", [50173])
    after = consented(stack, SECOND_ADMIN)["refresh_token"]
    assert "access_token" in stack.exchange(after, PARTNER_TENANT, PARTNER_CENTER_SCOPE)


def test_the_refresh_token_of_another_client_is_refused(stack: Stack, refresh_token: str) -> None:
    result = stack.exchange(
        refresh_token, PARTNER_TENANT, GRAPH_DEFAULT, client=OTHER_APPLICATION, credential=OTHER_SECRET
    )
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [700007])


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda _token: "garbage", 9002313),
        (lambda token: token[:-12] + "AAAAAAAAAAAA", 70000),
        (lambda token: token + "\N{SNOWMAN}", 70000),
    ],
)
def test_a_damaged_refresh_token_is_refused(
    stack: Stack, refresh_token: str, damage: Callable[[str], str], code: int
) -> None:
    result = stack.exchange(damage(refresh_token), PARTNER_TENANT, GRAPH_DEFAULT)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [code])


def test_a_refresh_token_outlives_the_process_that_issued_it(stack: Stack, refresh_token: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_server(("127.0.0.1", 0)) as browser,
    ):
        state = replace(stack.state, entra=f"https://localhost:{listening.getsockname()[1]}")
        with serving(state, listening, browser) as restarted:
            assert "access_token" in restarted.exchange(refresh_token, CONTOSO, GRAPH_DEFAULT)


# Client authentication


def exchange_with(stack: Stack, refresh_token: str, credential: Credential) -> Answer:
    return stack.exchange(refresh_token, PARTNER_TENANT, GRAPH_DEFAULT, credential=credential)


def federated(stack: Stack, identity: str = "broker", resource: str = TOKEN_EXCHANGE) -> str:
    return FromWorld(stack.state).token(identity, resource, {}).token


def test_the_managed_identity_is_the_credential_of_the_application(stack: Stack, refresh_token: str) -> None:
    result = exchange_with(stack, refresh_token, {"client_assertion": lambda: federated(stack)})
    assert stack.claims(result["access_token"])["appidacr"] == "2"


@pytest.mark.parametrize(
    ("assertion", "code"),
    [
        (lambda stack: federated(stack, "reports"), 700213),
        (lambda stack: federated(stack, resource="https://vault.azure.net"), 700211),
        (lambda stack: federated(stack, resource=f"api://{BROKER_API}"), 700212),
        (lambda stack: federated(stack)[:-8] + "AAAAAAAA", 700027),
        (lambda _stack: "not-a-jwt", 50027),
        (lambda _stack: jwt.encode({"iss": PARTNER_APPLICATION}, "k" * 32, algorithm="HS256"), 700027),
    ],
)
def test_another_assertion_is_refused(
    stack: Stack, refresh_token: str, assertion: Callable[[Stack], str], code: int
) -> None:
    result = exchange_with(stack, refresh_token, {"client_assertion": lambda: assertion(stack)})
    assert (result["error"], result["error_codes"]) == ("invalid_client", [code])


def test_an_assertion_ends_with_its_day(stack: Stack, refresh_token: str) -> None:
    assertion = federated(stack)
    stack.move_clock(timedelta(hours=25))
    result = exchange_with(stack, refresh_token, {"client_assertion": lambda: assertion})
    assert (result["error"], result["error_codes"]) == ("invalid_client", [700024])


def test_a_wrong_secret_and_a_missing_one_are_told_apart(stack: Stack, refresh_token: str) -> None:
    wrong = exchange_with(stack, refresh_token, "wrong")
    missing = exchange_with(stack, refresh_token, None)
    assert (wrong["error"], wrong["error_codes"]) == ("invalid_client", [7000215])
    assert (missing["error"], missing["error_codes"]) == ("invalid_client", [7000218])


def test_the_secret_may_travel_as_http_basic(stack: Stack, refresh_token: str) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "scope": GRAPH_DEFAULT}
    url = f"{stack.state.entra}/{PARTNER_TENANT}/oauth2/v2.0/token"
    assert stack.http.post(url, data=form, auth=(PARTNER_APPLICATION, SECRET)).status_code == 200
    refused = stack.http.post(url, data=form, auth=(PARTNER_APPLICATION, "wrong"))
    assert (refused.status_code, refused.json()["error_codes"]) == (401, [7000215])


def test_a_public_client_shall_not_present_a_credential(stack: Stack) -> None:
    result = stack.token(client_id=AZURE_CLI, grant_type="refresh_token", refresh_token="any")
    assert (result.status_code, result.json()["error_codes"]) == (401, [700025])


@pytest.mark.parametrize(
    ("form", "error", "code"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type", 70003),
        ({"grant_type": ""}, "invalid_request", 900144),
        ({"grant_type": "refresh_token", "client_id": ""}, "invalid_request", 900144),
        ({"grant_type": "refresh_token", "client_id": "nobody"}, "unauthorized_client", 700016),
        ({"grant_type": "refresh_token"}, "invalid_request", 900144),
    ],
)
def test_a_malformed_token_request_is_refused(stack: Stack, form: dict[str, str], error: str, code: int) -> None:
    response = stack.token(**form)
    assert (response.json()["error"], response.json()["error_codes"]) == (error, [code])


# App-only tokens


def test_client_credentials_yield_an_app_only_token(stack: Stack) -> None:
    result = stack.app(CONTOSO).acquire_token_for_client([GRAPH_DEFAULT])
    claims = stack.claims(result["access_token"])
    assert (claims["tid"], claims["idtyp"], claims["sub"]) == (CONTOSO, "app", claims["oid"])
    assert "scp" not in claims
    assert "scope" not in stack.token(grant_type="client_credentials", scope=GRAPH_DEFAULT).json()


def test_client_credentials_want_default_and_a_tenant_that_knows_the_application(stack: Stack) -> None:
    named = stack.app().acquire_token_for_client([PARTNER_CENTER_SCOPE])
    unknown = stack.app(TAILSPIN).acquire_token_for_client([GRAPH_DEFAULT])
    assert (named["error"], named["error_codes"]) == ("invalid_scope", [1002012])
    assert (unknown["error"], unknown["error_codes"]) == ("unauthorized_client", [700016])


# Device code


def device_app(stack: Stack) -> msal.PublicClientApplication:
    return msal.PublicClientApplication(
        AZURE_CLI,
        authority=f"{stack.state.entra}/{PARTNER_TENANT}",
        instance_discovery=False,
        http_client=stack.session,
    )


def test_a_person_reaches_the_broker_api_by_device_code_with_her_roles(stack: Stack) -> None:
    app = device_app(stack)
    flow = app.initiate_device_flow([f"api://{BROKER_API}/Broker.Operate"])
    assert flow["verification_uri"].startswith(stack.state.entra_browser)
    page = submit(stack.http, stack.http.get(flow["verification_uri"]), user_code=flow["user_code"])
    assert "Signed in" in sign_in(stack.http, page, ADMIN).text
    claims = stack.claims(app.acquire_token_by_device_flow(flow)["access_token"])
    assert (claims["iss"], claims["aud"]) == (f"{stack.state.entra}/{PARTNER_TENANT}/v2.0", BROKER_API)
    assert (claims["azp"], claims["azpacr"], claims["scp"]) == (AZURE_CLI, "0", "Broker.Operate")
    assert claims["roles"] == ["Consent.Manage", "Consent.Read", "Customers.Manage", "Policy.Read"]
    assert (claims["ver"], claims["idtyp"]) == ("2.0", "user")
    assert "amr" not in claims


def test_a_device_waits_until_the_person_has_decided_and_not_for_ever(stack: Stack) -> None:
    app = device_app(stack)
    flow, declined = (app.initiate_device_flow([f"api://{BROKER_API}/.default"]) for _ in range(2))

    def poll(flow: Answer) -> str:
        form = {
            "client_id": AZURE_CLI,
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": flow["device_code"],
        }
        url = f"{stack.state.entra}/{PARTNER_TENANT}/oauth2/v2.0/token"
        return str(stack.http.post(url, data=form).json()["error"])

    assert poll(flow) == "authorization_pending"
    assert poll({"device_code": "made-up"}) == "bad_verification_code"
    page = submit(stack.http, stack.http.get(declined["verification_uri"]), user_code=declined["user_code"])
    assert "AADSTS65004" in submit(stack.http, page, cancel="1").text
    assert poll(declined) == "authorization_declined"
    stack.move_clock(timedelta(minutes=16))
    assert poll(flow) == "expired_token"
    page = submit(stack.http, stack.http.get(flow["verification_uri"]), user_code=flow["user_code"])
    assert "AADSTS70018" in page.text


# Refusals to order, keys, and what is kept


def test_an_ordered_refusal_has_the_true_shape_and_comes_as_often_as_ordered(stack: Stack, refresh_token: str) -> None:
    stack.control("POST", "errors", {"tenant": CONTOSO, "code": 50076, "resource": GRAPH, "times": 1})
    assert "access_token" in stack.exchange(refresh_token, CONTOSO, ARM_DEFAULT)
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "scope": GRAPH_DEFAULT}
    url = f"{stack.state.entra}/{CONTOSO}/oauth2/v2.0/token"
    correlation_id = "0f0f0f0f-1111-4222-8333-444444440001"
    credentials = {"client_id": PARTNER_APPLICATION, "client_secret": SECRET}
    response = stack.http.post(url, data=form | credentials, headers={"client-request-id": correlation_id})
    body = response.json()
    assert response.status_code == 400
    assert response.headers["cache-control"] == "no-store, no-cache"
    assert response.headers["x-ms-clitelem"] == "1,50076,0,,"
    assert (body["error"], body["suberror"], body["error_codes"]) == ("invalid_grant", "basic_action", [50076])
    assert body["correlation_id"] == correlation_id
    end = f" Trace ID: {body['trace_id']} Correlation ID: {correlation_id} Timestamp: {body['timestamp']}"
    assert body["error_description"].startswith("AADSTS50076: ")
    assert body["error_description"].endswith(end)
    assert "capolids" in json.loads(body["claims"])["access_token"]
    assert "access_token" in stack.exchange(refresh_token, CONTOSO, GRAPH_DEFAULT)


@pytest.mark.parametrize(
    ("order", "status", "error"),
    [
        ({"code": 90033}, 503, "temporarily_unavailable"),
        ({"code": 7000222}, 401, "invalid_client"),
        ({"code": 50079, "error": "interaction_required"}, 400, "interaction_required"),
        ({"code": 530034, "user": ADMIN.object_id}, 400, "invalid_grant"),
        ({"code": 90099, "client": PARTNER_APPLICATION, "times": -1}, 400, "invalid_grant"),
        ({"code": 12345678}, 400, "invalid_grant"),
    ],
)
def test_any_code_can_be_ordered(stack: Stack, refresh_token: str, *, order: Answer, status: int, error: str) -> None:
    stack.control("POST", "errors", order)
    response = stack.token(CONTOSO, grant_type="refresh_token", refresh_token=refresh_token, scope=GRAPH_DEFAULT)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response.json()["error_codes"] == [order["code"]]


def test_a_rolled_over_key_signs_while_the_old_one_is_still_published(stack: Stack, refresh_token: str) -> None:
    before = stack.exchange(refresh_token, CONTOSO, GRAPH_DEFAULT)["access_token"]
    key_id = stack.control("POST", "keys/rotate").json()["kid"]
    after = stack.exchange(refresh_token, NORTHWIND, GRAPH_DEFAULT)["access_token"]
    assert jwt.get_unverified_header(after)["kid"] == key_id != jwt.get_unverified_header(before)["kid"]
    assert stack.claims(before)["tid"] == CONTOSO
    assert stack.claims(after)["tid"] == NORTHWIND


def test_control_routes_want_the_control_secret(stack: Stack) -> None:
    for path in ("errors", "consents", "revoke", "keys/rotate"):
        assert stack.http.post(f"{stack.state.entra}/_local/{path}", json={}).status_code == 403


def test_the_ledger_holds_every_secret_and_the_log_none(stack: Stack, consent: Answer) -> None:
    ledger = stack.state.ledger_file.read_text().splitlines()
    assert f"refresh_token {consent['refresh_token']}" in ledger
    assert f"access_token {consent['access_token']}" in ledger
    assert f"id_token {consent['id_token']}" in ledger
    assert f"password {ADMIN.password}" in ledger
    assert {"code", "code_verifier", "client_secret"} <= {line.partition(" ")[0] for line in ledger}
    log = stack.state.log_file("entra").read_text()
    assert not [line for line in ledger if line.partition(" ")[2] in log]


def test_only_this_user_can_read_the_key_of_refresh_tokens(stack: Stack, refresh_token: str) -> None:
    assert refresh_token.startswith("1.A")
    assert (stack.state.folder / "entra-seal.key").stat().st_mode & 0o077 == 0


def test_every_world_user_can_sign_in_at_home(stack: Stack) -> None:
    stack.control(
        "POST",
        "consents",
        {"tenant": CONTOSO, "client": PARTNER_APPLICATION, "resource": GRAPH, "scopes": ["User.Read"]},
    )
    for user in DEFAULT_WORLD.users:
        page = stack.authorize("common", prompt="login", scope="User.Read")
        assert "code" in redirected(sign_in(stack.http, page, user))
