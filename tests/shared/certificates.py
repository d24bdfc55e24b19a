"""Throw-away certificates in the forms Key Vault keeps them."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A certificate that signs for itself, with its key."""

    private_key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def expires_on(self) -> datetime:
        return self.certificate.not_valid_after_utc

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def pem(self) -> str:
        return self.key_pem + self.certificate_pem

    @property
    def pkcs12(self) -> str:
        stored = pkcs12.serialize_key_and_certificates(
            b"partner", self.private_key, self.certificate, None, NoEncryption()
        )
        return base64.b64encode(stored).decode()


def made_certificate(*, days: int = 180, name: str = "partner application") -> Made:
    """A new certificate, good from yesterday on for `days` from now."""
    key = _keys()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return Made(private_key=key, certificate=certificate)


def _keys() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
