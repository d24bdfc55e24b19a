"""The application's credentials at the local Entra ID: certificates as MSAL presents them, secrets that end."""

import base64
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from local.world import ADMIN, CONTOSO, OTHER_APPLICATION, PARTNER_APPLICATION, PARTNER_TENANT, TAILSPIN
from tests.contract.conftest_entra import (
    GRAPH_DEFAULT,
    PARTNER_CENTER_SCOPE,
    SECRET,
    Answer,
    Credential,
    Stack,
    begin,
    redirected,
    running_entra,
    sign_in,
)
from tests.shared.certificates import Made, made_certificate

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_entra(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture
def stack(shared_stack: Stack) -> Iterator[Stack]:
    yield shared_stack
    shared_stack.reset()


@pytest.fixture(scope="module")
def made() -> Made:
    return made_certificate()


def register(stack: Stack, made: Made, client: str = PARTNER_APPLICATION) -> None:
    stack.control("POST", "credentials", {"client": client, "certificate": made.certificate_pem})


def of_msal(made: Made) -> dict[str, object]:
    """PS256 with x5t#S256 and x5c, as MSAL makes it of a key and its certificate."""
    return {"private_key": made.private_key, "public_certificate": made.certificate_pem}


def exchanged(stack: Stack, credential: Credential, tenant: str = PARTNER_TENANT) -> Answer:
    return stack.exchange(stack.mint(), tenant, GRAPH_DEFAULT, credential=credential)


def codes(answer: Answer) -> tuple[str, list[int]]:
    return answer["error"], answer["error_codes"]


@pytest.mark.parametrize("tenant", [PARTNER_TENANT, CONTOSO])
def test_a_registered_certificate_exchanges_a_refresh_token_at_any_tenant(
    stack: Stack, made: Made, tenant: str
) -> None:
    register(stack, made)
    token = exchanged(stack, of_msal(made), tenant)["access_token"]
    assert (stack.claims(token)["appidacr"], stack.claims(token)["tid"]) == ("2", tenant)


def test_the_older_way_of_sha_1_thumbprint_and_rs256_works_too(stack: Stack, made: Made) -> None:
    register(stack, made)
    thumbprint = made.certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - MSAL's older way
    credential = {"private_key": made.key_pem, "thumbprint": thumbprint}
    assert "access_token" in exchanged(stack, credential)


def test_a_certificate_redeems_a_code(stack: Stack, made: Made) -> None:
    register(stack, made)
    app = stack.app(credential=of_msal(made))
    flow = begin(app, PARTNER_CENTER_SCOPE)
    answer = redirected(sign_in(stack.http, stack.http.get(flow["auth_uri"]), ADMIN))
    assert "refresh_token" in app.acquire_token_by_auth_code_flow(flow, answer)


def test_a_certificate_redeems_a_device_code(stack: Stack, made: Made) -> None:
    register(stack, made)
    client = stack.app(credential=of_msal(made)).client
    flow = client.initiate_device_flow(scope=[PARTNER_CENTER_SCOPE])
    answer = client.obtain_token_by_device_flow(flow, exit_condition=lambda _flow: True)
    assert codes(answer) == ("authorization_pending", [70016])


def test_a_certificate_proves_the_application_it_is_registered_for_alone(stack: Stack, made: Made) -> None:
    register(stack, made, OTHER_APPLICATION)
    assert codes(exchanged(stack, of_msal(made))) == ("invalid_client", [700027])


def test_two_certificates_are_good_until_one_is_removed(stack: Stack, made: Made) -> None:
    newer = made_certificate()
    register(stack, made)
    register(stack, newer)
    for known in (made, newer):
        assert "access_token" in exchanged(stack, of_msal(known))
    stack.control("DELETE", "credentials", {"client": PARTNER_APPLICATION, "certificate": made.certificate_pem})
    assert codes(exchanged(stack, of_msal(made))) == ("invalid_client", [700027])
    assert "access_token" in exchanged(stack, of_msal(newer))


def test_an_expired_certificate_is_refused_with_the_reason(stack: Stack) -> None:
    expired = made_certificate(days=0)
    register(stack, expired)
    answer = exchanged(stack, of_msal(expired))
    assert codes(answer) == ("invalid_client", [700027])
    assert "[Reason - The key used is expired.]" in answer["error_description"]


def test_a_certificate_with_another_kind_of_key_is_not_registered(stack: Stack) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([])
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + timedelta(days=1))
    pem = certificate.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    for text in (pem, "no certificate"):
        response = stack.http.post(
            f"{stack.state.entra}/_local/credentials",
            json={"client": PARTNER_APPLICATION, "certificate": text},
            headers={"x-local-control": stack.state.control_secret},
        )
        assert response.status_code == 400


# Assertions by hand: what MSAL would never send


def presented(stack: Stack, made: Made, changed: Answer, tenant: str = PARTNER_TENANT) -> tuple[int, list[int]]:
    now = time.time()
    claims = {
        "iss": PARTNER_APPLICATION,
        "sub": PARTNER_APPLICATION,
        "aud": f"{stack.state.entra}/{tenant}/oauth2/v2.0/token",
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "exp": now + 600,
    } | changed
    digest = made.certificate.fingerprint(hashes.SHA256())
    headers = {"x5t#S256": base64.urlsafe_b64encode(digest).decode().rstrip("=")}
    form = {
        "client_id": PARTNER_APPLICATION,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": jwt.encode(
            {name: claim for name, claim in claims.items() if claim is not None},
            made.private_key,
            algorithm="PS256",
            headers=headers,
        ),
        "grant_type": "refresh_token",
        "refresh_token": stack.mint(),
        "scope": GRAPH_DEFAULT,
    }
    answer = stack.http.post(f"{stack.state.entra}/{tenant}/oauth2/v2.0/token", data=form)
    return answer.status_code, answer.json().get("error_codes", [])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"exp": 1_000_000_000}, 700024),
        ({"nbf": 9_000_000_000}, 700024),
        ({"aud": "https://login.microsoftonline.com/common/oauth2/v2.0/token"}, 700023),
        ({"aud": None}, 50027),
        ({"exp": None}, 50027),
        ({"jti": None}, 50027),
        ({"sub": OTHER_APPLICATION}, 50027),
        ({"iss": OTHER_APPLICATION}, 700211),
    ],
)
def test_an_assertion_has_every_claim_as_documented(stack: Stack, made: Made, changed: Answer, code: int) -> None:
    register(stack, made)
    assert presented(stack, made, {}) == (200, [])
    assert presented(stack, made, changed) == (401, [code])


def test_an_assertion_for_one_tenant_is_none_for_another(stack: Stack, made: Made) -> None:
    register(stack, made)
    other = {"aud": f"{stack.state.entra}/{TAILSPIN}/oauth2/v2.0/token"}
    assert presented(stack, made, other, tenant=CONTOSO) == (401, [700023])


def test_an_assertion_signed_with_another_key_under_a_known_thumbprint_is_refused(stack: Stack, made: Made) -> None:
    register(stack, made)
    forged = Made(private_key=made_certificate().private_key, certificate=made.certificate)
    assert presented(stack, forged, {}) == (401, [700027])


def test_an_assertion_may_be_used_again_while_it_lives_and_ends_with_its_ten_minutes(stack: Stack, made: Made) -> None:
    register(stack, made)
    same = {"jti": "once"}
    assert [presented(stack, made, same)[0] for _ in range(2)] == [200, 200]
    stack.move_clock(timedelta(minutes=16))
    assert presented(stack, made, same) == (401, [700024])


# Secrets


def test_an_added_secret_is_good_beside_the_old_one_until_that_is_removed(stack: Stack) -> None:
    stack.control("POST", "credentials", {"client": PARTNER_APPLICATION, "secret": "a-newer-secret"})
    for secret in (SECRET, "a-newer-secret"):
        assert "access_token" in exchanged(stack, secret)
    stack.control("DELETE", "credentials", {"client": PARTNER_APPLICATION, "secret": SECRET})
    assert codes(exchanged(stack, SECRET)) == ("invalid_client", [7000215])
    assert "access_token" in exchanged(stack, "a-newer-secret")
    stack.control("DELETE", "credentials")
    assert "access_token" in exchanged(stack, SECRET)
    assert codes(exchanged(stack, "a-newer-secret")) == ("invalid_client", [7000215])


def test_a_secret_ends_when_its_registration_says_so(stack: Stack) -> None:
    ends = (datetime.now(UTC) + timedelta(days=1)).timestamp()
    stack.control("POST", "credentials", {"client": PARTNER_APPLICATION, "secret": "short", "expires_on": ends})
    assert "access_token" in exchanged(stack, "short")
    stack.move_clock(timedelta(days=2))
    assert codes(exchanged(stack, "short")) == ("invalid_client", [7000222])


def test_a_registered_secret_is_in_the_ledger_before_anybody_uses_it(stack: Stack) -> None:
    stack.control("POST", "credentials", {"client": PARTNER_APPLICATION, "secret": "never-used"})
    assert "client_secret never-used" in stack.state.ledger_file.read_text().splitlines()
