"""Certificates as Key Vault keeps them: what is taken, and that nothing of what is refused is told."""

import base64
import textwrap

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization import pkcs12 as forms
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.entra.certificate import CertificateUnusable, parse_certificate
from tests.shared.certificates import made_certificate

MADE = made_certificate()


def test_the_applications_own_certificate_is_the_first_of_a_chain() -> None:
    issuer = made_certificate(name="an authority")
    parsed = parse_certificate(MADE.pem + issuer.certificate_pem)
    assert parsed.pem == MADE.certificate_pem


def test_order_of_key_and_certificate_does_not_matter() -> None:
    assert parse_certificate(MADE.certificate_pem + MADE.key_pem).expires_on == MADE.expires_on


@pytest.mark.parametrize("text", [MADE.pem, "\n".join(textwrap.wrap(MADE.pkcs12, 64)) + "\n", f" {MADE.pkcs12}\r\n"])
def test_line_breaks_that_a_file_brings_do_not_matter(text: str) -> None:
    """`az keyvault secret set --file` keeps them."""
    assert parse_certificate(text).pem == MADE.certificate_pem


def test_nothing_secret_shows_in_a_repr() -> None:
    assert "PRIVATE" not in repr(parse_certificate(MADE.pem))
    assert "private_key" not in repr(parse_certificate(MADE.pkcs12))


def test_a_key_that_is_no_rsa_key_is_refused_by_name() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(CertificateUnusable, match="RSA"):
        parse_certificate(text + MADE.certificate_pem)


def test_a_key_of_another_certificate_is_refused() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(CertificateUnusable, match="another"):
        parse_certificate(text + MADE.certificate_pem)


def test_one_behind_a_password_is_refused() -> None:
    """Key Vault never gives one; somebody has put it there by hand."""
    stored = forms.serialize_key_and_certificates(
        b"x", MADE.private_key, MADE.certificate, None, BestAvailableEncryption(b"password")
    )
    with pytest.raises(CertificateUnusable):
        parse_certificate(base64.b64encode(stored).decode())


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode()))
def test_whatever_else_is_stored_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(CertificateUnusable) as refused:
        parse_certificate(text)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert len(text) < 8 or text not in str(refused.value)


def test_a_key_of_a_kind_that_nobody_here_knows_is_refused_like_any_other() -> None:
    """An SM2 key, for one: what cannot be read must not take the good version before it along."""
    known = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    p256, sm2 = bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a811ccf5501822d")
    assert p256 in known
    body = base64.encodebytes(known.replace(p256, sm2)).decode()
    with pytest.raises(CertificateUnusable):
        parse_certificate(f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n{MADE.certificate_pem}")
