"""One look at the person of a consent: Partner Center's word on MFA, and the customers where no group gives a role."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.clock import Clock
from shared.customers.access import Actor, Actors
from shared.customers.delegation import Delegation
from shared.customers.errors import PartnerCenterMfaMissing
from shared.customers.membership import Membership
from shared.customers.partner_center import PartnerCenter
from shared.customers.relationships import RelationshipReader
from shared.customers.roles import CONSENTING
from shared.customers.sources import GDAP
from shared.customers.worries import PersonSeen
from shared.errors import BrokerError

YES, NO, MISSING, UNKNOWN = "yes", "no", "missing", "unknown"
WORDS = {True: YES, False: NO, None: UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLook:
    """May block; raises nothing of the tree: what cannot be seen is unknown, and named."""

    actors: Actors
    center: PartnerCenter
    reader: RelationshipReader
    membership: Membership
    clock: Clock

    def look(
        self, actor: Actor, delegations: Mapping[str, Delegation], silent: Mapping[str, str], *, correlation: str
    ) -> PersonSeen:
        """What is seen now; `silent` has the code of why relationships, or Partner Center's list, cannot be read."""
        mfa = self._mfa(actor, correlation)
        roleless, unseen = dict[str, str](), silent.get(GDAP, "")
        if not unseen:
            try:
                roleless = self._roleless(actor, delegations, correlation)
            except BrokerError as error:
                unseen = error.code
        return PersonSeen(
            consent=actor.served.consent.name,
            looked_on=self.clock(),
            mfa=mfa,
            unseen=unseen,
            roleless=roleless,
            roleless_count=len(roleless),
        )

    def _mfa(self, actor: Actor, correlation: str) -> str:
        try:
            token = actor.token(self.actors.settings.cloud.partner_center_scope)
            return WORDS[self.center.is_mfa_compliant(token, correlation=correlation)]
        except PartnerCenterMfaMissing:
            return MISSING
        except BrokerError:
            return UNKNOWN

    def _roleless(self, actor: Actor, delegations: Mapping[str, Delegation], correlation: str) -> dict[str, str]:
        """The customers, by tenant, whose active relationships give this person nothing; where one is unread, none."""
        active = {
            tenant: [one for one in delegation.needed if one.is_active] for tenant, delegation in delegations.items()
        }
        held = self.membership.roles_of(
            actor.served.consent.person,
            [one for several in active.values() for one in several],
            self.reader.token(actor, self._management()),
            home_tenant=self.actors.settings.home_tenant,
            correlation=correlation,
        )
        if held is None:
            return {}
        found: dict[str, str] = {}
        for tenant, several in active.items():
            roles = [held.get(one.id) for one in several]
            needs_consenting = any(one.lets_consent for one in several)
            is_held = any(bool(one & CONSENTING) if needs_consenting else bool(one) for one in roles if one is not None)
            if several and None not in roles and not is_held:
                found[tenant] = delegations[tenant].name
        return found

    def _management(self) -> Actor | None:
        try:
            return self.actors.management()
        except BrokerError:
            return None
