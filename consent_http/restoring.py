"""Restore: a withdrawal is taken back, once the refresh token that it ended has proven that it still works."""

from dataclasses import dataclass, replace

from consent_http.acceptance import Acceptance
from consent_http.completion import RESTORE, Completion, Confirmation, Occasion
from consent_http.refusals import ConsentChanged
from shared.callers.assertion import Principal
from shared.consents.applications import Applications
from shared.consents.consent import Consent, Withdrawal, checked_name, new_lineage
from shared.consents.errors import ConsentNotFound, NothingToRestore
from shared.consents.store import ConsentStore
from shared.entra.place import Place
from shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """Takes withdrawals back; may block."""

    settings: Settings
    acceptance: Acceptance
    applications: Applications
    store: ConsentStore
    completion: Completion

    def run(self, unverified_name: str, *, operator: Principal, correlation: str) -> Confirmation:
        """The consent in force again, as an act of its own with a lineage of its own; one in force already stays so.

        Raises ConsentNotFound, NothingToRestore, ConsentChanged, or what the authority refuses the refresh token with.
        """
        name = checked_name(unverified_name)
        found = self.store.newest_act(name)
        if found is None:
            raise ConsentNotFound(f"Its name is {name}.")
        if isinstance(found, Consent):
            return Confirmation(consent=found, in_force=found, was_stored=False)
        ended = self.store.ended_by(found)
        if not self.settings.may_consent_in(ended.person.tenant_id):
            raise NothingToRestore("CONSENT_TENANTS does not list the tenant of its person any more.")
        proof = self.applications.of(name).authority.exchange(
            ended.refresh_token,
            tenant_id=ended.person.tenant_id,
            scope=ended.scope,
            place=Place.HOME,
            person=ended.person.object_id,
        )
        restored = replace(
            ended, lineage=new_lineage(), refresh_token=proof.refresh_token, mfa=self.acceptance.mfa(proof.access_token)
        )
        # Again, and just before storing: nobody's newer act is undone.
        newest = self.store.newest_act(name)
        if not isinstance(newest, Withdrawal) or newest.lineage != found.lineage:
            raise ConsentChanged
        return self.completion.store(
            restored, proof, Occasion(way=RESTORE, operator=operator.object_id, correlation=correlation)
        )
