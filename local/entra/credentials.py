"""The credentials of confidential clients: secrets and certificates, those of the world and those registered since."""

import base64
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from local.entra.aadsts import EntraError
from local.world import Application, World


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """One client secret; without `expires_on` it is good for ever."""

    text: str = field(repr=False)
    expires_on: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """One certificate with its RSA key; `thumbprints` are what an assertion's header may name it by."""

    certificate: x509.Certificate
    key: RSAPublicKey
    thumbprints: frozenset[str]

    @property
    def is_in_force(self) -> bool:
        """Whether the stack's time lies between the certificate's two ends."""
        return self.certificate.not_valid_before_utc <= datetime.now(UTC) <= self.certificate.not_valid_after_utc


class Credentials:
    """What each application can prove itself with, besides its federated identities."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._secrets: dict[tuple[str, str], ClientSecret] = {}
        self._certificates: dict[tuple[str, str], ClientCertificate] = {}
        self.reset()

    def add_secret(self, client: str, secret: ClientSecret) -> None:
        """Register a secret, or give it another end."""
        self._secrets[client, secret.text] = secret

    def remove_secret(self, client: str, text: str) -> None:
        """Remove one, as it is called; nothing happens when there is none."""
        self._secrets.pop((client, text), None)

    def add_certificate(self, client: str, pem: str) -> None:
        """Register a certificate; raises ValueError unless it is one with an RSA key."""
        known = _read(pem)
        self._certificates[client, known.certificate.fingerprint(hashes.SHA256()).hex()] = known

    def remove_certificate(self, client: str, pem: str) -> None:
        """Remove one; nothing happens when there is none."""
        self._certificates.pop((client, _read(pem).certificate.fingerprint(hashes.SHA256()).hex()), None)

    def reset(self) -> None:
        """Return to what the world began with."""
        self._certificates.clear()
        self._secrets = {
            (application.client_id, text): ClientSecret(text=text)
            for application in self._world.applications
            for text in application.secrets
        }

    def check_secret(self, application: Application, presented: str) -> None:
        """Return when it is one of the application's; raises AADSTS7000215, or 7000222 when it has ended."""
        for (client, text), known in self._secrets.items():
            if client == application.client_id and secrets.compare_digest(presented.encode(), text.encode()):
                if known.expires_on is not None and known.expires_on <= datetime.now(UTC):
                    raise EntraError(7000222, client=client)
                return
        raise EntraError(7000215, client=application.client_id)

    def certificate(self, application: Application, thumbprint: str) -> ClientCertificate | None:
        """The application's certificate that an assertion's header names."""
        for (client, _), known in self._certificates.items():
            if client == application.client_id and thumbprint in known.thumbprints:
                return known
        return None


def _read(pem: str) -> ClientCertificate:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise ValueError("Entra ID takes certificates with an RSA key.")  # noqa: TRY004 - the content, not the type
    # `x5t` is the SHA-1 thumbprint, `x5t#S256` the other (RFC 7515 sections 4.1.7 and 4.1.8).
    digests = (certificate.fingerprint(hashes.SHA1()), certificate.fingerprint(hashes.SHA256()))  # noqa: S303
    thumbprints = frozenset(base64.urlsafe_b64encode(digest).decode().rstrip("=") for digest in digests)
    return ClientCertificate(certificate=certificate, key=key, thumbprints=thumbprints)
