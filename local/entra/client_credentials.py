"""Client authentication at the token endpoint: a secret, a certificate's assertion, or a federated identity's."""

from typing import Any

import jwt

from local.entra.aadsts import EntraError
from local.entra.certificate_assertions import CertificateAssertions
from local.entra.credentials import Credentials
from local.entra.issuance import Client
from local.entra.parameters import Parameters
from local.ledger import Ledger
from local.signing import SigningKeys
from local.world import TOKEN_EXCHANGE, Application, World

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ClientAuthentication:
    """Decides whether a request comes from the application it names."""

    def __init__(
        self, *, entra: str, world: World, keys: SigningKeys, credentials: Credentials, ledger: Ledger
    ) -> None:
        self._entra = entra
        self._world = world
        self._keys = keys
        self._credentials = credentials
        self._certificates = CertificateAssertions(credentials)
        self._ledger = ledger

    def authenticate(
        self, application: Application, parameters: Parameters, *, tenants: set[str], is_page: bool
    ) -> Client:
        """The client, proven; raises AADSTS700025, 7000215, 7000222, 7000218, or what is wrong with the assertion.

        `tenants` are the names of the tenant in the path that was asked. A page (`is_page`, by its Origin) of a
        single-page application proves nothing, whatever else the registration is for.
        """
        secret, assertion = parameters.get("client_secret"), parameters.get("client_assertion")
        self._ledger.record("client_secret", secret)
        self._ledger.record("client_assertion", assertion)
        if application.public:
            if secret or assertion:
                raise EntraError(700025)
            return Client(application=application, strength="0")
        if is_page and application.single_page_redirect_uris and not (secret or assertion):
            return Client(application=application, strength="0")
        if assertion and parameters.get("client_assertion_type") == ASSERTION_TYPE:
            self._check_assertion(assertion, application, tenants)
            return Client(application=application, strength="2")
        if not secret:
            raise EntraError(7000218)
        self._credentials.check_secret(application, secret)
        return Client(application=application, strength="1")

    def _check_assertion(self, unverified_assertion: str, application: Application, tenants: set[str]) -> None:
        try:
            unverified_claims = jwt.decode(unverified_assertion, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise EntraError(50027) from error
        # A client that signs for itself uses a certificate of its registration; a federated identity is its own issuer.
        if unverified_claims.get("iss") == application.client_id:
            audiences = [f"{self._entra}/{tenant}/oauth2/v2.0/token" for tenant in tenants]
            self._certificates.check(unverified_assertion, application, audiences=audiences)
            return
        self._check_federation(unverified_claims, application)
        try:
            self._keys.verify(unverified_assertion, audience=TOKEN_EXCHANGE)
        except jwt.ExpiredSignatureError as error:
            raise EntraError(700024) from error
        except jwt.PyJWTError as error:
            raise EntraError(700027, reason="The key was not found.") from error

    def _check_federation(self, unverified_claims: dict[str, Any], application: Application) -> None:
        issuer, audience, subject = (str(unverified_claims.get(name)) for name in ("iss", "aud", "sub"))
        trusted = {self._world.identity(name).object_id for name in application.federated_identities}
        if issuer != f"{self._entra}/{application.home_tenant}/v2.0":
            raise EntraError(700211, issuer=issuer)
        if audience != TOKEN_EXCHANGE:
            raise EntraError(700212, audience=audience)
        if subject not in trusted:
            raise EntraError(700213, subject=subject)
