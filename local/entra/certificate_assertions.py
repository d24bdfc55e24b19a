"""Assertions that a client signs with its own certificate (RFC 7523; learn: certificate-credentials)."""

from typing import Any

import jwt

from local.entra.aadsts import EntraError
from local.entra.credentials import ClientCertificate, Credentials
from local.world import Application

ALGORITHMS = ["PS256", "RS256"]
# What the real service allows between its clock and the client's.
SKEW_SECONDS = 300
REQUIRED = ["iss", "sub", "aud", "exp", "jti"]


class CertificateAssertions:
    """Verifies them against the certificates that are registered for the application."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def check(self, unverified_assertion: str, application: Application, *, audiences: list[str]) -> None:
        """Return when the application made it; raises AADSTS700027, 700024, 700023 or 50027.

        `audiences` are the spellings of the token endpoint that was asked.
        """
        certificate = self._certificate(jwt.get_unverified_header(unverified_assertion), application)
        try:
            claims = jwt.decode(
                unverified_assertion,
                certificate.key,
                algorithms=ALGORITHMS,
                audience=audiences,
                leeway=SKEW_SECONDS,
                options={"require": REQUIRED},
            )
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
            raise EntraError(700024) from error
        except jwt.InvalidAudienceError as error:
            raise EntraError(700023) from error
        except jwt.MissingRequiredClaimError as error:
            raise EntraError(50027) from error
        except jwt.PyJWTError as error:
            raise EntraError(700027, reason="The key was found, but it did not make the signature.") from error
        if {claims["iss"], claims["sub"]} != {application.client_id}:
            raise EntraError(50027)

    def _certificate(self, unverified_header: dict[str, Any], application: Application) -> ClientCertificate:
        named = unverified_header.get("x5t#S256") or unverified_header.get("x5t") or ""
        certificate = self._credentials.certificate(application, str(named).rstrip("="))
        if certificate is None:
            raise EntraError(700027, reason="The key was not found.")
        if not certificate.is_in_force:
            raise EntraError(700027, reason="The key used is expired.")
        return certificate
