"""A certificate with its private key, as Key Vault keeps it behind the secret of the same name."""

import base64
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs12

PEM = "-----BEGIN"


class CertificateUnusable(ValueError):
    """It is no certificate with an RSA key of its own; nothing of it is quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What proves the application: the key, loaded once, and the certificate (PEM) that the registration knows.

    Loading a key costs forty times what signing with it does, so it is kept loaded and never handed on as text.
    """

    private_key: RSAPrivateKey = field(repr=False)
    pem: str = field(repr=False)
    expires_on: datetime


def parse_certificate(stored: str) -> Certificate:
    """The certificate in a Key Vault secret: PKCS#12 in base64 without a password, or PEM; CertificateUnusable else.

    Both are what Key Vault gives for its certificates, by the content type they were made with
    (learn: key-vault/certificates/about-certificates, "composition of a certificate").
    """
    try:
        key, certificate = _of_pem(stored) if PEM in stored else _of_pkcs12(stored)
        is_rsa = certificate is not None and isinstance(certificate.public_key(), RSAPublicKey)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # `from None`: the parser's text may quote what it could not read.
        raise CertificateUnusable("not a certificate in PEM or PKCS#12") from None
    if not is_rsa or not isinstance(key, RSAPrivateKey) or certificate is None:
        raise CertificateUnusable("not an RSA key together with its certificate")
    if key.public_key() != certificate.public_key():
        raise CertificateUnusable("the key is another certificate's")
    return Certificate(
        private_key=key,
        pem=certificate.public_bytes(Encoding.PEM).decode(),
        expires_on=certificate.not_valid_after_utc,
    )


def _of_pem(stored: str) -> tuple[object, x509.Certificate | None]:
    content = stored.encode()
    # The first certificate is the application's own; those that follow are its issuers'.
    return load_pem_private_key(content, password=None), x509.load_pem_x509_certificates(content)[0]


def _of_pkcs12(stored: str) -> tuple[object, x509.Certificate | None]:
    # Whoever sets the secret from a file brings the line breaks of base64 along.
    content = base64.b64decode("".join(stored.split()), validate=True)
    key, certificate, _ = pkcs12.load_key_and_certificates(content, None)
    return key, certificate
