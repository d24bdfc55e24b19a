"""The parts that say by themselves whether they are there, and what settings an operator compares."""

from collections.abc import Mapping
from typing import Any

from shared.entra.discovery import Discovery
from shared.entra.managed_identity import BrokerIdentity
from shared.keys.signed_claims import unverified_claims
from shared.marks import FORGET_TENANT
from shared.marks import TABLE as MARKS
from shared.rows import Rows
from shared.settings import Settings
from shared.vault import SecretVault
from token_http.finding import Finding, Look

# A vault that says "not found" is reached, and lets the broker's identity read.
NO_SUCH_SECRET = "availability-probe"  # noqa: S105 - a name


def looks(
    settings: Settings,
    *,
    identity: BrokerIdentity,
    discovery: Discovery,
    token_vault: SecretVault,
    policy_vault: SecretVault,
    rows: Rows,
) -> Mapping[str, Look]:
    """A look at each part; it may block, and raises what the part raises."""

    def vault(vault: SecretVault, url: str) -> Look:
        def look() -> Finding:
            vault.get(NO_SUCH_SECRET)
            return Finding(facts={"url": url})

        return look

    def told_identity() -> Finding:
        told = unverified_claims(identity.federated_assertion(settings.cloud.token_exchange))
        return Finding(facts={"object_id": told.get("oid")})

    def authority() -> Finding:
        discovery.require_available()
        return Finding(facts={"host": settings.authority_host, "tenant": settings.home_tenant})

    def results() -> Finding:
        rows.get(MARKS, FORGET_TENANT, NO_SUCH_SECRET)
        says = "" if rows.is_shared else "Each instance keeps its own: RESULTS_URL names no table."
        return Finding(says=says, facts={"url": settings.results_url, "shared": rows.is_shared})

    return {
        "settings": lambda: Finding(facts=_shown(settings)),
        "identity": told_identity,
        "token_vault": vault(token_vault, settings.token_vault_url),
        "policy_vault": vault(policy_vault, settings.policy_vault_url),
        "results": results,
        "authority": authority,
    }


def _shown(settings: Settings) -> dict[str, Any]:
    """What an operator compares with the registrations; no setting holds a secret."""
    return {
        "public_url": settings.public_url,
        "cloud": settings.cloud.name,
        "home_tenant": settings.home_tenant,
        "partner_client_id": settings.partner_client_id,
        "broker_client_id": settings.broker_client_id,
        "audiences": sorted(settings.broker_audiences),
        "token_vault": settings.token_vault_url,
        "policy_vault": settings.policy_vault_url,
        "identity_client_id": settings.managed_identity_client_id,
        "consent_scope": settings.consent_scope,
        "consent_tenants": sorted(settings.consent_tenants),
    }
