"""Client authentication at the token endpoint: a secret, or an assertion by a federated identity."""

import secrets
from typing import Any

import jwt

from local.entra.aadsts import EntraError
from local.entra.issuance import Client
from local.entra.parameters import Parameters
from local.ledger import Ledger
from local.signing import SigningKeys
from local.world import TOKEN_EXCHANGE, Application, World

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ClientAuthentication:
    """Decides whether a request comes from the application it names."""

    def __init__(self, *, entra: str, world: World, keys: SigningKeys, ledger: Ledger) -> None:
        self._entra = entra
        self._world = world
        self._keys = keys
        self._ledger = ledger

    def authenticate(self, application: Application, parameters: Parameters) -> Client:
        """The client, proven; raises AADSTS700025, 7000215, 7000218, or what is wrong with the assertion."""
        secret, assertion = parameters.get("client_secret"), parameters.get("client_assertion")
        self._ledger.record("client_secret", secret)
        self._ledger.record("client_assertion", assertion)
        if application.public:
            if secret or assertion:
                raise EntraError(700025)
            return Client(application=application, strength="0")
        if assertion and parameters.get("client_assertion_type") == ASSERTION_TYPE:
            self._check_assertion(assertion, application)
            return Client(application=application, strength="2")
        if not secret:
            raise EntraError(7000218)
        if not any(secrets.compare_digest(secret.encode(), known.encode()) for known in application.secrets):
            raise EntraError(7000215, client=application.client_id)
        return Client(application=application, strength="1")

    def _check_assertion(self, unverified_assertion: str, application: Application) -> None:
        try:
            unverified_claims = jwt.decode(unverified_assertion, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise EntraError(50027) from error
        # A client that signs for itself uses a certificate of its registration (RFC 7523); none is registered here.
        if unverified_claims.get("iss") == application.client_id:
            raise EntraError(700027)
        self._check_federation(unverified_claims, application)
        try:
            self._keys.verify(unverified_assertion, audience=TOKEN_EXCHANGE)
        except jwt.ExpiredSignatureError as error:
            raise EntraError(700024) from error
        except jwt.PyJWTError as error:
            raise EntraError(700027) from error

    def _check_federation(self, unverified_claims: dict[str, Any], application: Application) -> None:
        issuer, audience, subject = (str(unverified_claims.get(name)) for name in ("iss", "aud", "sub"))
        trusted = {self._world.identity(name).object_id for name in application.federated_identities}
        if issuer != f"{self._entra}/{application.home_tenant}/v2.0":
            raise EntraError(700211, issuer=issuer)
        if audience != TOKEN_EXCHANGE:
            raise EntraError(700212, audience=audience)
        if subject not in trusted:
            raise EntraError(700213, subject=subject)
