"""How the broker's two applications are made of the settings: which client id, and what proves it."""

from dataclasses import dataclass

from shared.clock import Clock
from shared.consents.applications import Application, Applications
from shared.entra.application_credential import (
    CERTIFICATE,
    SECRET,
    ApplicationCredential,
    FederatedCredential,
    VaultCredential,
)
from shared.entra.authority import Authority
from shared.entra.authority_http import AuthorityHttp
from shared.entra.managed_identity import BrokerIdentity
from shared.settings import Settings
from shared.vault import SecretVault


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrations:
    """What the applications of these settings have in common."""

    settings: Settings
    http: AuthorityHttp
    identity: BrokerIdentity
    vault: SecretVault
    clock: Clock

    def applications(self, proof: ApplicationCredential) -> Applications:
        """Both of them; `proof` is the partner application's."""
        partner = self.application(self.settings.partner_client_id, proof)
        return Applications(partner=partner, management=self.management())

    def application(self, client_id: str, credential: ApplicationCredential) -> Application:
        """One of them."""
        family = self.settings.cloud.family
        authority = Authority(self.http, client_id=client_id, credential=credential, clock=self.clock, family=family)
        return Application(client_id=client_id, authority=authority)

    def credential(self, *, certificate: str | None, secret: str | None) -> ApplicationCredential:
        """What proves it: a certificate or secret of the vault, or the managed identity."""
        if certificate:
            return VaultCredential(self.vault, certificate, kind=CERTIFICATE)
        if secret:
            return VaultCredential(self.vault, secret, kind=SECRET)
        return FederatedCredential(self.identity, audience=self.settings.cloud.token_exchange)

    def management(self) -> Application | None:
        """The broker's own application, if the settings name one."""
        given = self.settings.management
        if given.client_id is None:
            return None
        proof = self.credential(certificate=given.certificate_name, secret=given.secret_name)
        return self.application(given.client_id, proof)
