"""What a sign-in must show, with tokens that the running Entra ID's own keys signed."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from consent_http.acceptance import Acceptance, Accepted
from consent_http.link import Link
from consent_http.sign_in_refusals import (
    AnotherPerson,
    IdTokenInvalid,
    MfaMissing,
    MfaUnknown,
    RefreshTokenMissing,
    WrongPerson,
    WrongTenant,
)
from local.signing import SigningKeys as EntraKeys
from local.stack import host_environment
from local.state import StackState
from local.world import (
    ADMIN,
    BROKER_API,
    CONTOSO,
    OTHER_APPLICATION,
    PARTNER_APPLICATION,
    PARTNER_TENANT,
    SECOND_ADMIN,
)
from shared.consents.consent import Consent, Person, Withdrawal
from shared.entra.tokens import AccessToken, SignIn, TokenSet
from shared.errors import ConsentRefused
from shared.keys.signing_keys import SigningKeys
from shared.outbound import Outbound
from shared.settings import read_settings
from tests.consent_http.rig import a_link
from tests.shared.samples import AGES

NONCE = "nonce-of-this-sign-in"
SIGN_IN = SignIn(
    tenant_id=PARTNER_TENANT,
    scope="https://api.partnercenter.microsoft.com/user_impersonation",
    redirect_uri="https://broker.example/api/consent/redirect",
    state="state",
    nonce=NONCE,
    code_verifier="verifier",
)
PERSON = Person(tenant_id=PARTNER_TENANT, object_id=ADMIN.object_id, username=ADMIN.username)
type Claims = dict[str, Any]


class Absent(Enum):
    """Where a claim has no value at all; a plain object's text, and so the test's name, differs from run to run."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


def now() -> int:
    return int(datetime.now(UTC).timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Checks sign-ins against a stack's keys; `id_claims` is what a good id_token says."""

    state: StackState
    keys: EntraKeys
    strict: Acceptance
    lenient: Acceptance

    @property
    def id_claims(self) -> Claims:
        return {
            "aud": PARTNER_APPLICATION,
            "iss": f"{self.state.entra}/{PARTNER_TENANT}/v2.0",
            "iat": now() - 300,
            "nbf": now() - 300,
            "exp": now() + 3600,
            "nonce": hashlib.sha256(NONCE.encode()).hexdigest(),
            "oid": ADMIN.object_id,
            "preferred_username": ADMIN.username,
            "sub": "pairwise",
            "tid": PARTNER_TENANT,
            "ver": "2.0",
        }

    def redeemed(self, claims: Claims | None = None, *, amr: object = ("pwd", "mfa")) -> TokenSet:
        changed = {**self.id_claims, **(claims or {})}
        id_token = self.keys.sign({name: value for name, value in changed.items() if value is not ABSENT})
        access: Claims = {"amr": list(amr) if isinstance(amr, tuple) else amr} if amr is not ABSENT else {}
        return answered(id_token, access_token=self.keys.sign({"aud": "https://api.example", **access}))

    def check(self, redeemed: TokenSet, *, link: Link | None = None, in_force: Any = None) -> Accepted:  # noqa: ANN401
        return self.strict.check(redeemed, nonce=NONCE, link=link or a_link(), in_force=in_force)


def answered(id_token: str, *, access_token: str, refresh_token: str = "refresh-token") -> TokenSet:
    token = AccessToken(
        token=access_token, expires_on=datetime.now(UTC) + timedelta(hours=1), scope="", tenant_id=PARTNER_TENANT
    )
    return TokenSet(access_token=token, refresh_token=refresh_token, unverified_id_token=id_token)


@pytest.fixture(scope="module")
def signed(stack: StackState) -> Iterator[Signed]:
    outbound = Outbound(trusted_ca_file=str(stack.ca_file), threads=2)
    keys = SigningKeys(outbound, authority_host=stack.entra, ages=AGES)
    environment = host_environment(stack)
    yield Signed(
        state=stack,
        keys=EntraKeys(stack.signing_keys_folder),
        strict=Acceptance(read_settings(environment), keys),
        lenient=Acceptance(read_settings({**environment, "CONSENT_UNKNOWN_MFA": "accept"}), keys),
    )
    outbound.close()


def consent_of(object_id: str, *, tenant_id: str = PARTNER_TENANT) -> Consent:
    return Consent(
        name="partner",
        lineage="first",
        refresh_token="refresh-token",
        person=Person(tenant_id=tenant_id, object_id=object_id, username="somebody@fabrikam.example"),
        scope=SIGN_IN.scope,
        mfa="yes",
        link_id="another link",
        consented_on=datetime.now(UTC),
    )


def test_a_good_sign_in_says_who_it_was(signed: Signed) -> None:
    assert signed.check(signed.redeemed()) == Accepted(person=PERSON, mfa="yes")


BAD_CLAIMS: list[tuple[Claims, type[ConsentRefused]]] = [
    ({"nonce": NONCE}, IdTokenInvalid),  # MSAL sends its hash; the bare nonce is somebody else's
    ({"nonce": "another"}, IdTokenInvalid),
    ({"nonce": ""}, IdTokenInvalid),
    ({"nonce": ABSENT}, IdTokenInvalid),
    ({"nonce": None}, IdTokenInvalid),
    ({"nonce": "ä"}, IdTokenInvalid),
    ({"aud": OTHER_APPLICATION}, IdTokenInvalid),
    ({"aud": BROKER_API}, IdTokenInvalid),
    ({"aud": f"api://{PARTNER_APPLICATION}"}, IdTokenInvalid),
    ({"aud": ABSENT}, IdTokenInvalid),
    ({"exp": 1}, IdTokenInvalid),
    ({"exp": ABSENT}, IdTokenInvalid),
    ({"exp": "never"}, IdTokenInvalid),
    ({"nbf": 2**33}, IdTokenInvalid),
    ({"iat": ABSENT}, IdTokenInvalid),
    ({"oid": ABSENT}, IdTokenInvalid),
    ({"oid": 7}, IdTokenInvalid),
    ({"iss": ABSENT}, IdTokenInvalid),
    ({"iss": f"https://sts.windows.net/{PARTNER_TENANT}/"}, WrongTenant),
    ({"iss": "https://login.microsoftonline.com/common/v2.0"}, WrongTenant),
    ({"tid": ABSENT}, IdTokenInvalid),
    ({"tid": CONTOSO}, WrongTenant),
    ({"tid": None}, IdTokenInvalid),
    ({"tid": [PARTNER_TENANT]}, WrongTenant),
]


@pytest.mark.parametrize(("claims", "refusal"), BAD_CLAIMS, ids=str)
def test_an_id_token_that_says_something_else_is_refused(
    signed: Signed, claims: Claims, refusal: type[ConsentRefused]
) -> None:
    with pytest.raises(refusal):
        signed.check(signed.redeemed(claims))


def test_an_id_token_of_another_tenant_is_refused_though_the_same_keys_signed_it(signed: Signed) -> None:
    with pytest.raises(WrongTenant):
        signed.check(signed.redeemed({"iss": f"{signed.state.entra}/{CONTOSO}/v2.0", "tid": CONTOSO}))


def test_an_id_token_signed_by_somebody_else_is_refused(signed: Signed, tmp_path: Path) -> None:
    foreign = EntraKeys(tmp_path / "keys")
    foreign.rotate()
    with pytest.raises(IdTokenInvalid):
        signed.check(answered(foreign.sign(signed.id_claims), access_token=""))


def test_a_foreign_signature_under_entras_own_key_id_is_refused(signed: Signed) -> None:
    key_id = signed.keys.key_set()["keys"][-1]["kid"]
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode(signed.id_claims, foreign, algorithm="RS256", headers={"kid": key_id})
    with pytest.raises(IdTokenInvalid):
        signed.check(answered(forged, access_token=""))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512"])
def test_an_id_token_under_another_algorithm_is_refused(signed: Signed, algorithm: str) -> None:
    key_id = signed.keys.key_set()["keys"][-1]["kid"]
    key: Any = {
        "none": None,
        "HS256": signed.keys.key_set()["keys"][-1]["n"],  # the public key taken for a shared secret
        "RS512": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    }[algorithm]
    forged = jwt.encode(signed.id_claims, key, algorithm=algorithm, headers={"kid": key_id})
    with pytest.raises(IdTokenInvalid):
        signed.check(answered(forged, access_token=""))


@pytest.mark.parametrize("text", ["", ".", "a.b.c", "ä", "A" * 20_000])
def test_what_is_no_token_is_refused(signed: Signed, text: str) -> None:
    with pytest.raises(IdTokenInvalid):
        signed.check(answered(text, access_token=""))


def test_a_changed_claim_breaks_the_signature(signed: Signed) -> None:
    header, _, signature = signed.redeemed().unverified_id_token.split(".")
    _, other_claims, _ = signed.redeemed({"oid": SECOND_ADMIN.object_id}).unverified_id_token.split(".")
    with pytest.raises(IdTokenInvalid):
        signed.check(answered(f"{header}.{other_claims}.{signature}", access_token=""))


def test_a_sign_in_without_a_refresh_token_is_refused(signed: Signed) -> None:
    good = signed.redeemed()
    with pytest.raises(RefreshTokenMissing):
        signed.check(answered(good.unverified_id_token, access_token=good.access_token.token, refresh_token=""))


def test_the_person_whom_the_link_names_is_accepted_and_nobody_else(signed: Signed) -> None:
    link = a_link(person=ADMIN.object_id)
    assert signed.check(signed.redeemed(), link=link).person == PERSON
    with pytest.raises(WrongPerson):
        signed.check(signed.redeemed({"oid": SECOND_ADMIN.object_id}), link=link)


def test_a_login_hint_guards_against_the_wrong_account(signed: Signed) -> None:
    assert signed.check(signed.redeemed(), link=a_link(login_hint=ADMIN.username.upper())).person == PERSON
    with pytest.raises(WrongPerson):
        signed.check(signed.redeemed(), link=a_link(login_hint=SECOND_ADMIN.username))


def test_the_object_id_decides_whatever_the_login_hint_says(signed: Signed) -> None:
    link = a_link(person=ADMIN.object_id, login_hint="former-name@fabrikam.example")
    assert signed.check(signed.redeemed(), link=link).person == PERSON
    claims = {"oid": SECOND_ADMIN.object_id, "preferred_username": "former-name@fabrikam.example"}
    with pytest.raises(WrongPerson):
        signed.check(signed.redeemed(claims), link=link)


def test_a_username_is_no_identity(signed: Signed) -> None:
    """It can be given to somebody else; the object id cannot."""
    claims = {"oid": SECOND_ADMIN.object_id, "preferred_username": ADMIN.username}
    with pytest.raises(AnotherPerson, match="In force is the consent of "):
        signed.check(signed.redeemed(claims), in_force=consent_of(ADMIN.object_id))


def test_the_same_person_may_consent_again_under_another_username(signed: Signed) -> None:
    accepted = signed.check(
        signed.redeemed({"preferred_username": "married@fabrikam.example"}), in_force=consent_of(ADMIN.object_id)
    )
    assert accepted.person.username == "married@fabrikam.example"


@pytest.mark.parametrize(
    "known", [consent_of(SECOND_ADMIN.object_id), consent_of(ADMIN.object_id, tenant_id=CONTOSO)], ids=["oid", "tid"]
)
def test_another_person_takes_over_only_by_a_link_that_says_so(signed: Signed, known: Consent) -> None:
    with pytest.raises(AnotherPerson):
        signed.check(signed.redeemed(), in_force=known)
    assert signed.check(signed.redeemed(), link=a_link(new_person=True), in_force=known).person == PERSON


def test_a_new_person_must_still_be_the_one_the_link_names(signed: Signed) -> None:
    link = a_link(new_person=True, person=SECOND_ADMIN.object_id)
    with pytest.raises(WrongPerson):
        signed.check(signed.redeemed(), link=link, in_force=consent_of(SECOND_ADMIN.object_id))


def test_after_a_withdrawal_anybody_of_the_tenant_may_consent(signed: Signed) -> None:
    tombstone = Withdrawal(
        name="partner",
        lineage="tombstone",
        withdraws="first",
        restores="v1",
        withdrawn_on=datetime.now(UTC),
        withdrawn_by="operator",
    )
    assert signed.check(signed.redeemed(), in_force=tombstone).person == PERSON


@pytest.mark.parametrize("amr", [("pwd",), (), ("pwd", "MFA"), ("ngcmfa",), ([],)])
def test_a_sign_in_without_mfa_is_refused_whatever_the_settings_say(signed: Signed, amr: tuple[object, ...]) -> None:
    for acceptance in (signed.strict, signed.lenient):
        with pytest.raises(MfaMissing):
            acceptance.check(signed.redeemed(amr=amr), nonce=NONCE, link=a_link(), in_force=None)


@pytest.mark.parametrize("amr", [ABSENT, "mfa", None, {"mfa": True}], ids=["absent", "text", "null", "object"])
def test_where_the_token_does_not_tell_the_sign_in_is_refused_unless_a_setting_accepts_it(
    signed: Signed, amr: object
) -> None:
    redeemed = signed.redeemed(amr=amr)
    with pytest.raises(MfaUnknown):
        signed.check(redeemed)
    accepted = signed.lenient.check(redeemed, nonce=NONCE, link=a_link(), in_force=None)
    assert accepted == Accepted(person=PERSON, mfa="unknown")


def test_an_access_token_that_cannot_be_read_does_not_tell(signed: Signed) -> None:
    redeemed = answered(signed.redeemed().unverified_id_token, access_token="opaque")
    with pytest.raises(MfaUnknown):
        signed.check(redeemed)


def test_mfa_in_the_id_token_counts_for_nothing(signed: Signed) -> None:
    with pytest.raises(MfaMissing):
        signed.check(signed.redeemed({"amr": ["mfa"]}, amr=("pwd",)))


def test_who_has_no_username_is_shown_by_object_id(signed: Signed) -> None:
    accepted = signed.check(signed.redeemed({"preferred_username": ABSENT}))
    assert accepted.person.username == ADMIN.object_id


def test_a_tenant_that_may_not_consent_any_more_is_refused_whatever_the_link_says(signed: Signed) -> None:
    """It was on CONSENT_TENANTS when the link was made, and is not when it is used; all else is in order."""
    of_contoso = signed.redeemed({"iss": f"{signed.state.entra}/{CONTOSO}/v2.0", "tid": CONTOSO})
    with pytest.raises(WrongTenant):
        signed.check(of_contoso, link=a_link(tenant_id=CONTOSO))
