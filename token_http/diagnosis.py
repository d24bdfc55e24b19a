"""The diagnosis for operators: what the broker sees of its settings, identity, vaults, credential, consents and more.

Beyond the looks at each part, one real exchange is made at home, by the stored consent that is named: it alone tells
whether the authority takes the application's credential and the refresh token.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from shared import acts
from shared.clock import Clock, to_text
from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.errors import ConsentAbsent, ConsentWithdrawn
from shared.consents.health import LOST, Health
from shared.consents.store import ConsentStore
from shared.customers.partner_center import PartnerCenter
from shared.entra.application_credential import ApplicationCredential
from shared.entra.authority import Authority
from shared.entra.errors import ApplicationMisconfigured, ApplicationRefused
from shared.entra.place import Place
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError, ConsentUnusable, InvalidRequest, kind_of
from shared.pool import Pool
from shared.settings import Settings
from shared.vault import SecretVault
from shared.vault_errors import VaultRefused
from token_http import policy_lint
from token_http.finding import BAD, NOT_TRIED, Finding, Look, not_tried, seen
from token_http.policy_document import DOCUMENT

# What the exchange says of the application, and of nothing else.
OF_APPLICATION = (ApplicationMisconfigured, ApplicationRefused)
# Of these nothing is in use, so that another consent that works is enough.
OVER = frozenset({"withdrawn", LOST})

type Proof = AccessToken | BrokerError


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Looks at every part at once, in a pool of its own; `looks` are those that need nothing of this module."""

    settings: Settings
    looks: Mapping[str, Look]
    store: ConsentStore
    authority: Authority
    credential: ApplicationCredential
    policy_vault: SecretVault
    partner_center: PartnerCenter
    pool: Pool
    clock: Clock

    async def run(self, consent: str, *, correlation: str) -> dict[str, Any]:
        """Every part in the order of what stands on what; raises InvalidRequest for the broker's own consent."""
        if consent == MANAGEMENT_NAME:
            raise InvalidRequest("consent: one of the partner application; POST /api/consents/{name}/check tries this.")
        proving = asyncio.ensure_future(self.pool.run(partial(self._proof, consent)))
        found = await self._seen(self.looks)
        proof = await proving
        later: Mapping[str, Look] = {
            "credential": lambda: self._credential(proof),
            "policy": self._policy,
            "consents": lambda: self._consents(consent, proof),
            "partner_center": lambda: self._partner_center(proof, correlation),
        }
        found |= await self._seen(later)
        parts = [one.fields(part) for part, one in found.items()]
        return {"consent": consent, "good": all(one.state != BAD for one in found.values()), "parts": parts}

    async def _seen(self, looks: Mapping[str, Look]) -> dict[str, Finding]:
        found = await asyncio.gather(*(self.pool.run(partial(seen, look)) for look in looks.values()))
        return dict(zip(looks, found, strict=True))

    def _proof(self, consent: str) -> Proof:
        """A token of Partner Center at home, out of the stored consent; or why there is none."""
        try:
            served = self.store.load(consent)
            person = served.consent.person
            return self.authority.exchange(
                served.refresh_token,
                tenant_id=person.tenant_id,
                scope=self.settings.cloud.partner_center_scope,
                place=Place.HOME,
                person=person.object_id,
            ).access_token
        except BrokerError as error:
            return error.knowing(consent=consent)

    def _credential(self, proof: Proof) -> Finding:
        """What the application proves itself with, and whether the authority takes it."""
        ends = self.credential.in_use().expires_on
        facts = {"kind": self.credential.kind, "expires_on": to_text(ends) if ends else None}
        if isinstance(proof, OF_APPLICATION):
            return Finding(state=BAD, error=proof, facts=facts)
        if isinstance(proof, BrokerError) and (_is_on_the_way(proof) or not proof.authority_code):
            says = "It is there; whether the authority takes it could not be tried."
            return Finding(state=NOT_TRIED, says=says, facts=facts)
        return Finding(says="The authority takes it.", facts=facts)

    def _policy(self) -> Finding:
        """The documents of the policy vault, by the lint."""
        names = [one.name for one in self.policy_vault.list_latest() if DOCUMENT.fullmatch(one.name) and one.enabled]
        read = {name: self.policy_vault.get(name) for name in sorted(names)}
        documents = {name: secret.value for name, secret in read.items() if secret is not None}
        home, cloud = self.settings.home_tenant, self.settings.cloud
        found = policy_lint.lint(documents, home_tenant=home, cloud=cloud)
        facts = {"documents": sorted(documents), "findings": [str(one) for one in found]}
        if not documents:
            return Finding(state=BAD, says="There is no document: no token is issued.", act=acts.ADD_PERMISSION)
        if any(one.kind == policy_lint.INVALID for one in found):
            return Finding(state=BAD, says=str(found[0]), facts=facts, act=acts.CORRECT_POLICY)
        return Finding(says=str(found[0]) if found else "", facts=facts)

    def _consents(self, consent: str, proof: Proof) -> Finding:
        """Every stored consent by its tags, and the one that was tried."""
        listing = self.store.all()
        statuses = {one.name: "withdrawn" if one.withdrawn else _status(one.health) for one in listing.entries}
        facts = {**statuses, **dict.fromkeys(listing.damaged, "damaged")}
        if isinstance(proof, BrokerError) and not isinstance(proof, OF_APPLICATION) and not _is_on_the_way(proof):
            another = isinstance(proof, ConsentAbsent | ConsentWithdrawn) and not OVER.issuperset(statuses.values())
            return Finding(state=NOT_TRIED if another else BAD, error=proof, facts=facts)
        for one in listing.entries:
            kind = kind_of(one.health.error) if one.health and one.health.status == LOST else None
            if kind is not None and one.health is not None and not one.withdrawn:
                lost = kind(authority_code=one.health.authority_code).knowing(consent=one.name)
                return Finding(state=BAD, error=lost, facts=facts)
        if listing.damaged:
            return Finding(state=BAD, error=ConsentUnusable(f"Damaged: {listing.damaged[0]}."), facts=facts)
        if isinstance(proof, BrokerError):
            return Finding(state=NOT_TRIED, says=f"{consent} could not be tried.", facts=facts)
        return Finding(says=f"{consent} works at home.", facts=facts)

    def _partner_center(self, proof: Proof, correlation: str) -> Finding:
        if isinstance(proof, BrokerError):
            return not_tried("There is no token for it.")
        self.partner_center.require_available(proof, correlation=correlation)
        return Finding(says="It answers in the name of the person who consented.")


def _is_on_the_way(error: BrokerError) -> bool:
    """Whether it says nothing of consent or credential: the way there is not free."""
    return error.transient or isinstance(error, VaultRefused)


def _status(health: Health | None) -> str:
    return health.status if health else "unproven"
