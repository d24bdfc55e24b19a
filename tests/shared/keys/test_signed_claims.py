"""What a token has to be before anybody believes it: each forgery is refused, and each refusal says why."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.signing import SigningKeys as StackKeys
from local.world import BROKER_API, CONTOSO, PARTNER_TENANT
from shared.errors import BrokerError, NotAuthenticated
from shared.keys.errors import (
    AssertionExpired,
    AssertionForAnotherAudience,
    AssertionFromAnotherTenant,
    AssertionInvalid,
)
from shared.keys.signed_claims import MAX_LENGTH, unverified_claims, verified_claims
from tests.shared.samples import AUTHORITY, WORKLOAD, HomeTenant

AUDIENCES = (BROKER_API, f"api://{BROKER_API}")
ISSUERS = (f"https://sts.windows.net/{PARTNER_TENANT}/", f"{AUTHORITY}/{PARTNER_TENANT}/v2.0")


def verify(home: HomeTenant, token: str) -> Mapping[str, Any]:
    return verified_claims(token, keys=home.keys, tenant_id=PARTNER_TENANT, issuers=ISSUERS, audiences=AUDIENCES)


def key_id(home: HomeTenant) -> str:
    return str(jwt.get_unverified_header(home.token())["kid"])


def private_key(home: HomeTenant) -> bytes:
    return next(home.stack_keys._folder.glob("*.pem")).read_bytes()


def public_pem(home: HomeTenant) -> bytes:
    loaded = serialization.load_pem_private_key(private_key(home), None)
    return loaded.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def segment(content: object) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def with_header(home: HomeTenant, **header: object) -> str:
    """A good token whose header was changed after it was signed."""
    _, payload, signature = home.token().split(".")
    return ".".join([segment({"typ": "JWT", "alg": "RS256", "kid": key_id(home), **header}), payload, signature])


def signed_otherwise(home: HomeTenant, algorithm: str, key: object, **header: object) -> str:
    claims = unverified_claims(home.token())
    return jwt.encode(dict(claims), key, algorithm=algorithm, headers={"kid": key_id(home), **header})  # type: ignore[arg-type]


def test_a_token_that_the_tenant_signed_for_us_is_believed(home: HomeTenant) -> None:
    assert verify(home, home.token())["oid"] == WORKLOAD


@pytest.mark.parametrize("issuer", ISSUERS)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_both_versions_of_tokens_are_believed(home: HomeTenant, issuer: str, audience: str) -> None:
    assert verify(home, home.token(iss=issuer, aud=audience))["aud"] == audience


@pytest.mark.parametrize(
    "audience",
    [
        "https://management.azure.com/",  # what Logic Apps send unless they are told otherwise
        "https://graph.microsoft.com",
        "api://AzureADTokenExchange",
        CONTOSO,
        f"api://{BROKER_API}/extra",
        BROKER_API.upper(),
        ["https://management.azure.com/"],
    ],
)
def test_a_token_for_another_audience_is_refused_with_the_one_expected(home: HomeTenant, audience: object) -> None:
    with pytest.raises(AssertionForAnotherAudience) as refused:
        verify(home, home.token(aud=audience))
    assert refused.value.detail == f"Expected: api://{BROKER_API} or {BROKER_API}."
    assert "`audience`" in refused.value.remedy


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": f"{AUTHORITY}/{CONTOSO}/v2.0", "tid": CONTOSO},
        {"iss": f"https://sts.windows.net/{CONTOSO}/", "tid": CONTOSO},
        {"iss": f"{AUTHORITY}/{CONTOSO}/v2.0"},
        {"tid": CONTOSO},
        {"tid": PARTNER_TENANT.upper()},
        {"tid": [PARTNER_TENANT]},
        {"iss": f"https://evil.example/{PARTNER_TENANT}/v2.0"},
        {"iss": f"{AUTHORITY}/{PARTNER_TENANT}/v2.0/"},
        {"iss": ""},
    ],
)
def test_a_token_of_another_tenant_is_refused(home: HomeTenant, changes: dict[str, Any]) -> None:
    """Even when our own tenant's keys signed it: every tenant of Entra ID signs with the same keys."""
    with pytest.raises(AssertionFromAnotherTenant):
        verify(home, home.token(**changes))


@pytest.mark.parametrize(
    ("claim", "seconds", "good"),
    [
        ("exp", -290, True),
        ("exp", -310, False),
        ("exp", -86_400, False),
        ("nbf", 290, True),
        ("nbf", 310, False),
        ("iat", 290, True),
        ("iat", 310, False),
    ],
)
def test_clocks_may_differ_by_five_minutes(home: HomeTenant, claim: str, seconds: int, good: bool) -> None:  # noqa: FBT001 - a column of the table
    token = home.token(**{claim: int(time.time()) + seconds})
    if good:
        assert verify(home, token)["oid"] == WORKLOAD
    else:
        with pytest.raises(AssertionExpired):
            verify(home, token)


@pytest.mark.parametrize("claim", ["aud", "iss", "exp", "iat", "tid"])
def test_a_token_without_a_claim_that_all_have_is_refused(home: HomeTenant, claim: str) -> None:
    with pytest.raises(NotAuthenticated):
        verify(home, home.token(**{claim: None}))


@pytest.mark.parametrize(
    "changes",
    [{"exp": "soon"}, {"exp": []}, {"nbf": "x"}, {"iat": {}}, {"aud": 5}, {"aud": ""}, {"aud": []}, {"aud": [5]}],
)
def test_a_claim_of_the_wrong_type_is_refused(home: HomeTenant, changes: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated):
        verify(home, home.token(**changes))


def _unsigned(home: HomeTenant) -> str:
    return with_header(home, alg="none").rpartition(".")[0] + "."


def _hs256_with_the_public_key(home: HomeTenant) -> str:
    signed = f"{segment({'alg': 'HS256', 'typ': 'JWT', 'kid': key_id(home)})}.{home.token().split('.')[1]}"
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = algorithm.sign(signed.encode(), public_pem(home))
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def _by_a_stranger(home: HomeTenant, **header: object) -> str:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return signed_otherwise(home, "RS256", stranger, **header)


def _with_a_key_of_its_own(home: HomeTenant) -> str:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(stranger.public_key()))
    return signed_otherwise(home, "RS256", stranger, jwk={**own, "kid": key_id(home)})


def _changed_after_signing(home: HomeTenant) -> str:
    header, payload, signature = home.token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return ".".join([header, segment({**claims, "roles": ["Consent.Manage"]}), signature])


FORGERIES: dict[str, Callable[[HomeTenant], str]] = {
    "alg none": _unsigned,
    "alg None in a good token": lambda home: with_header(home, alg="None"),
    "alg absent": lambda home: with_header(home, alg=None),
    "alg a list": lambda home: with_header(home, alg=["RS256"]),
    "HS256 with the RSA public key": _hs256_with_the_public_key,
    "RS512 by the right key": lambda home: signed_otherwise(home, "RS512", private_key(home)),
    "PS256 by the right key": lambda home: signed_otherwise(home, "PS256", private_key(home)),
    "by a stranger": _by_a_stranger,
    "by a stranger who brings a jwk": _with_a_key_of_its_own,
    "by a stranger who names a jku": lambda home: _by_a_stranger(home, jku="https://evil.example/keys"),
    "by a stranger who names an x5u": lambda home: _by_a_stranger(home, x5u="https://evil.example/chain"),
    "a critical extension": lambda home: signed_otherwise(home, "RS256", private_key(home), crit=["x"], x=1),
    "unknown kid": lambda home: with_header(home, kid="unknown"),
    "no kid": lambda home: with_header(home, kid=None),
    "kid not a text": lambda home: with_header(home, kid=["k"]),
    "kid a path": lambda home: with_header(home, kid="../../../dev/null"),
    "claims changed": _changed_after_signing,
    "signature gone": lambda home: home.token().rpartition(".")[0] + ".",
    "signature cut": lambda home: home.token()[:-8],
    "signature of another token": lambda home: ".".join(
        [*home.token().split(".")[:2], home.token(oid="x").split(".")[2]]
    ),
    "two parts": lambda home: home.token().rpartition(".")[0],
    "four parts": lambda home: home.token() + ".e30",
    "duplicate dots": lambda home: home.token().replace(".", ".."),
    "encrypted form": lambda _: f"{segment({'alg': 'RSA-OAEP', 'enc': 'A256GCM'})}.a.b.c.d",
    "oversized": lambda home: home.token(more="x" * MAX_LENGTH),
    "line feed inside": lambda home: home.token().replace(".", "\n.", 1),
    "not ASCII": lambda home: home.token() + "é",
    "digits of another script": lambda home: home.token().replace(".", "\u0660.", 1),
    "half a surrogate pair": lambda home: home.token() + "\ud800",
    "zero byte": lambda home: home.token() + "\0",
    "header not an object": lambda _: f"{segment([])}.{segment({})}.eA",
    "header nested without end": lambda _: f"{segment('[' * 12_000)}.{segment({})}.eA",
    "empty": lambda _: "",
    "dots": lambda _: "..",
    "junk": lambda _: "junk",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_or_broken_token_is_refused(home: HomeTenant, forgery: str) -> None:
    token = FORGERIES[forgery](home)
    with pytest.raises(AssertionInvalid) as refused:
        verify(home, token)
    assert not token or len(token) < 5 or token not in refused.value.description


@pytest.mark.parametrize(
    "forgery", ["alg none", "HS256 with the RSA public key", "oversized", "junk", "encrypted form", "empty"]
)
def test_what_no_key_could_verify_makes_no_request(home: HomeTenant, forgery: str) -> None:
    with pytest.raises(AssertionInvalid):
        verify(home, FORGERIES[forgery](home))
    assert home.outbound.urls == []


def test_nobody_but_the_authority_is_asked_for_keys(home: HomeTenant) -> None:
    for forgery in FORGERIES.values():
        with pytest.raises(AssertionInvalid):
            verify(home, forgery(home))
    assert set(home.outbound.urls) == {f"{AUTHORITY}/{PARTNER_TENANT}/discovery/v2.0/keys"}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80) | st.lists(st.sampled_from(["e30", "eyJhbGciOiJSUzI1NiJ9", "", "é", "="])).map(".".join))
def test_any_text_is_refused_and_nothing_else_happens(home: HomeTenant, text: str) -> None:
    with pytest.raises(BrokerError) as refused:
        verify(home, text)
    assert isinstance(refused.value, AssertionInvalid)


def test_the_keys_of_another_folder_verify_nothing(home: HomeTenant, tmp_path: Path) -> None:
    """The same claims under a key set of one's own, with the key id of the right one in the file's name."""
    other = StackKeys(tmp_path / "other")
    other.rotate()
    with pytest.raises(AssertionInvalid):
        verify(home, other.sign(unverified_claims(home.token())))


def test_unproven_claims_of_something_that_is_no_token_are_none(home: HomeTenant) -> None:
    assert unverified_claims("opaque") == unverified_claims("\ud800.half.character") == {}
    assert unverified_claims(home.token())["oid"] == WORKLOAD
