"""What a sign-in must show before anything is stored: a verified identity, the right tenant and person, and MFA."""

import hashlib
import hmac
from dataclasses import dataclass

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
from shared.consents.consent import MANAGEMENT_NAME, Act, Consent, Person
from shared.entra.mfa import NO, UNKNOWN, mfa_of
from shared.entra.tokens import AccessToken, TokenSet
from shared.errors import ConsentRefused, NotAuthenticated
from shared.keys.errors import AssertionFromAnotherTenant
from shared.keys.signed_claims import verified_claims
from shared.keys.signing_keys import SigningKeys
from shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Who signed in, and whether with MFA ("yes", or "unknown" where a setting lets that pass)."""

    person: Person
    mfa: str


class Acceptance:
    """Checks a redeemed sign-in; MSAL verifies nothing of an id_token, so all of it is done here."""

    def __init__(self, settings: Settings, keys: SigningKeys) -> None:
        self._settings = settings
        self._keys = keys

    def check(self, redeemed: TokenSet, *, nonce: str | None, link: Link, in_force: Act | None) -> Accepted:
        """The person who signed in at the link's tenant; raises the refusal that says what to do.

        `nonce` is what the sign-in was begun with; None where a browser had no part in it.
        """
        if not redeemed.refresh_token:
            raise RefreshTokenMissing
        if not self._settings.may_consent_in(link.tenant_id):
            raise WrongTenant  # it was allowed when the link was made
        person = self._person(redeemed.unverified_id_token, link, nonce)
        try:
            return self._accepted(person, redeemed.access_token, link, in_force)
        except ConsentRefused as error:
            error.person = person.object_id
            raise

    def _accepted(self, person: Person, access_token: AccessToken, link: Link, in_force: Act | None) -> Accepted:
        if link.person and not _same(person.object_id, link.person):
            raise WrongPerson
        # A username guards against mistakes, not against people: it can be given to somebody else.
        if link.login_hint and not link.person and not _same(person.username.lower(), link.login_hint.lower()):
            raise WrongPerson
        if isinstance(in_force, Consent) and not in_force.person.is_same(person) and not link.new_person:
            raise AnotherPerson.than(in_force)
        return Accepted(person=person, mfa=self.mfa(access_token))

    def _person(self, unverified_id_token: str, link: Link, nonce: str | None) -> Person:
        try:
            claims = verified_claims(
                unverified_id_token,
                keys=self._keys,
                tenant_id=link.tenant_id,
                issuers=[f"{self._settings.authority_host}/{link.tenant_id}/v2.0"],
                audiences=[self._client_id(link)],
            )
        except AssertionFromAnotherTenant as error:
            raise WrongTenant from error
        except NotAuthenticated as error:
            raise IdTokenInvalid from error
        # MSAL sends the SHA-256 of the nonce it was given.
        expected = hashlib.sha256(nonce.encode("ascii")).hexdigest() if nonce is not None else ""
        if not _same(str(claims.get("nonce", "")), expected) or not isinstance(claims.get("oid"), str):
            raise IdTokenInvalid
        username = str(claims.get("preferred_username") or claims["oid"])
        return Person(tenant_id=claims["tid"], object_id=claims["oid"], username=username)

    def _client_id(self, link: Link) -> str:
        """Whom the id_token has to be for."""
        settings = self._settings
        return settings.management.client_id or "" if link.name == MANAGEMENT_NAME else settings.partner_client_id

    def mfa(self, access_token: AccessToken) -> str:
        """What the token tells of MFA, if the settings let that pass; raises MfaMissing or MfaUnknown."""
        told = mfa_of(access_token)
        if told == NO:
            raise MfaMissing
        if told == UNKNOWN and not self._settings.accept_unknown_mfa:
            raise MfaUnknown
        return told


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
