"""What the partner application proves itself with: its managed identity's assertion, a certificate, or a secret.

A certificate or secret is renewed by adding a version in Key Vault. The newest two are tried in order, so that it does
not matter whether the vault or the registration learns of the new one first.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from shared.audit import record
from shared.entra.certificate import CertificateUnusable, parse_certificate
from shared.entra.errors import CredentialMissing
from shared.entra.managed_identity import BrokerIdentity
from shared.errors import BrokerError, ConsentUnreadable, Unavailable
from shared.vault import Secret, SecretVault, SecretVersion

KEPT_SECONDS = 300.0
# When none was taken, an administrator is probably about to renew it: looked for again after so long.
REFUSED_SECONDS = 30.0
FAILURE_SECONDS = 5.0
NEWEST = 2
FEDERATED, CERTIFICATE, SECRET = "federated", "certificate", "secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One way to prove the application; `expires_on` is None where nobody says.

    `client_credential` is MSAL's name for what it takes: a text is a client secret, a mapping holds a key with its
    certificate, or a callable that makes an assertion.
    """

    client_credential: str | Mapping[str, Any] = field(repr=False)
    expires_on: datetime | None = None


class ApplicationCredential(Protocol):
    """Where the application's proofs come from; `kind` is one of federated, certificate and secret."""

    kind: str

    def proofs(self) -> Sequence[Proof]:
        """What to try, in this order; at least one. Raises CredentialMissing or Unavailable."""

    def in_use(self) -> Proof:
        """The one that the authority took last, or would be asked to take first; raises what `proofs` raises."""

    def accepted(self, proof: Proof) -> None:
        """The authority took this one: it is tried first from now on, until the vault is read again."""

    def refused(self) -> None:
        """The authority took none of them: a new one is looked for soon."""


class FederatedCredential:
    """The managed identity as federated credential: no secret at all. MSAL asks for an assertion at each request."""

    kind = FEDERATED

    def __init__(self, identity: BrokerIdentity, *, audience: str) -> None:
        assertion: Mapping[str, Any] = {"client_assertion": lambda: identity.federated_assertion(audience)}
        self._proofs = (Proof(client_credential=assertion),)

    def proofs(self) -> Sequence[Proof]:
        """See ApplicationCredential."""
        return self._proofs

    def in_use(self) -> Proof:
        """See ApplicationCredential."""
        return self._proofs[0]

    def accepted(self, proof: Proof) -> None:
        """See ApplicationCredential."""

    def refused(self) -> None:
        """See ApplicationCredential."""


class VaultCredential:
    """A certificate or secret in the vault, by name; read again every five minutes, kept through an outage."""

    def __init__(
        self, vault: SecretVault, name: str, *, kind: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.kind = kind
        self._vault = vault
        self._name = name
        self._monotonic = monotonic
        self._parse = _certificate_proof if kind == CERTIFICATE else _secret_proof
        self._known: dict[str, Proof] = {}  # by version; newest first
        self._order: tuple[Proof, ...] = ()
        self._read_on = self._failed_on = float("-inf")
        self._failed: BrokerError | None = None
        self._taken: Proof | None = None
        self._lock, self._reading = threading.Lock(), threading.Lock()

    def proofs(self) -> Sequence[Proof]:
        """See ApplicationCredential."""
        known = self._order
        if known and not self._is_due():
            return known
        with self._reading:
            if not known and self._order:
                return self._order  # another thread has read while this one waited
            # Those who waited for a failure share it; one by one they would wait for minutes.
            if self._failed is not None and self._monotonic() - self._failed_on < FAILURE_SECONDS:
                raise self._failed.afresh()
            try:
                return self._read(otherwise=known)
            except BrokerError as error:
                self._failed, self._failed_on = error.afresh(), self._monotonic()
                raise

    def in_use(self) -> Proof:
        """See ApplicationCredential."""
        proofs = self.proofs()
        return next((proof for proof in proofs if proof is self._taken), proofs[0])

    def accepted(self, proof: Proof) -> None:
        """See ApplicationCredential."""
        with self._lock:
            self._taken = proof
            # One that is not there any more was taken out of the vault while the authority was asked.
            if any(other is proof for other in self._order[1:]):
                self._order = (proof, *(other for other in self._order if other is not proof))

    def refused(self) -> None:
        """See ApplicationCredential."""
        with self._lock:
            soon = self._monotonic() - KEPT_SECONDS + REFUSED_SECONDS
            self._read_on = min(self._read_on, soon)

    def _is_due(self) -> bool:
        """Whether this thread is the one to read again; the others go on with what is known."""
        with self._lock:
            due = self._monotonic() - self._read_on >= KEPT_SECONDS
            self._read_on = self._monotonic() if due else self._read_on
            return due

    def _read(self, *, otherwise: tuple[Proof, ...]) -> tuple[Proof, ...]:
        try:
            known = self._newest()
        except Unavailable:
            if not otherwise:
                raise
            return otherwise
        with self._lock:
            self._known, self._order = known, tuple(known.values())
            self._read_on = self._monotonic()
        if not known:
            raise CredentialMissing(f"It is called {self._name}.").knowing(secret=self._name)
        return self._order

    def _newest(self) -> dict[str, Proof]:
        enabled = [version for version in self._vault.list_versions(self._name) if version.enabled]
        enabled.sort(key=lambda version: (version.created_on, version.version), reverse=True)
        # A version never changes, so its proof stays the same object: MSAL's applications are kept by it.
        proofs = ((each.version, self._known.get(each.version) or self._proof(each)) for each in enabled[:NEWEST])
        return {version: proof for version, proof in proofs if proof is not None}

    def _proof(self, version: SecretVersion) -> Proof | None:
        try:
            secret = self._vault.get(self._name, version.version)
        except ConsentUnreadable:  # disabled since it was listed
            return None
        try:
            return self._parse(secret) if secret else None
        except CertificateUnusable as problem:
            fields = {"credential": self.kind, "name": self._name, "version": version.version, "problem": str(problem)}
            record("credential.unusable", fields)
            return None


def _secret_proof(secret: Secret) -> Proof:
    return Proof(client_credential=secret.value, expires_on=secret.version.expires_on)


def _certificate_proof(secret: Secret) -> Proof:
    certificate = parse_certificate(secret.value)
    credential = {"private_key": certificate.private_key, "public_certificate": certificate.pem}
    return Proof(client_credential=credential, expires_on=certificate.expires_on)
