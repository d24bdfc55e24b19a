"""Who consents, imports and restores in the interleavings: the product's own acts, by people whom everybody accepts."""

import json
import logging
from typing import cast

from consent_http.acceptance import Acceptance, Accepted
from consent_http.completion import BROWSER, Completion, Confirmation, Occasion
from consent_http.importing import Import
from consent_http.link import Link, requested
from consent_http.link_standing import Standings
from consent_http.restoring import Restoration
from shared.callers.assertion import Principal
from shared.clock import Clock
from shared.consents.applications import Application, Applications
from shared.consents.consent import Act, Person
from shared.consents.store import ConsentStore
from shared.entra.authority import Authority
from shared.entra.tokens import AccessToken, Exchanger, TokenSet
from shared.settings import read_settings
from tests.fakes.memory_vault import MemoryVault
from tests.refresh_timer.scene import DAY, PERSON_ID
from tests.shared.samples import ENVIRONMENT

NAME = "partner"
SETTINGS = read_settings(ENVIRONMENT)
OPERATOR = Principal(
    object_id=PERSON_ID,
    application_id=PERSON_ID,
    roles=frozenset({"Consent.Manage"}),
    scopes=frozenset(),
    is_application=True,
)


class Anybody:
    """An Acceptance that everybody passes: who they are has no part in what is stored when."""

    def check(self, _redeemed: TokenSet, *, nonce: str | None, link: Link, in_force: Act | None) -> Accepted:
        """See Acceptance."""
        del nonce, in_force
        person = Person(tenant_id=link.tenant_id, object_id=PERSON_ID, username="ada@partner.example")
        return Accepted(person=person, mfa="yes")

    def mfa(self, _access_token: AccessToken) -> str:
        """See Acceptance."""
        return "yes"


class People:
    """Their acts over one store, as the composition root makes them."""

    def __init__(self, store: ConsentStore, authority: Exchanger, clock: Clock) -> None:
        self._store, self._clock = store, clock
        # An Exchanger is all that these ask of an Authority.
        asked = Application(client_id="partner", authority=cast("Authority", authority))
        self._applications = Applications(partner=asked)
        self._acceptance = cast("Acceptance", Anybody())
        # Nobody revokes a link here, so the vault of revocations is an empty one.
        self._standings = Standings(MemoryVault(clock=clock), store, clock=clock)
        self._completion = Completion(
            applications=self._applications,
            store=store,
            standings=self._standings,
            acceptance=self._acceptance,
            clock=clock,
        )

    def consent(self, refresh_token: str) -> Confirmation:
        """A link, and the sign-in that it leads to."""
        standing = self._standings.now(NAME)
        link = requested(NAME, {}, standing=standing, settings=SETTINGS, operator=OPERATOR)
        token = AccessToken(token="x", expires_on=self._clock() + DAY, scope="s", tenant_id=link.tenant_id)
        return self._completion.complete(
            TokenSet(access_token=token, refresh_token=refresh_token, unverified_id_token=""),
            link=link,
            scope=SETTINGS.consent_scope,
            nonce="nonce",
            in_force=standing.act,
            occasion=Occasion(way=BROWSER, correlation="c"),
        )

    def import_token(self, refresh_token: str) -> Confirmation:
        """An operator's import of an old script's refresh token."""
        importing = Import(
            settings=SETTINGS,
            applications=self._applications,
            standings=self._standings,
            completion=self._completion,
        )
        return importing.run(NAME, {"refresh_token": refresh_token}, operator=OPERATOR, correlation="c")

    def restore(self) -> Confirmation:
        """An operator takes a withdrawal back."""
        restoring = Restoration(
            settings=SETTINGS,
            acceptance=self._acceptance,
            applications=self._applications,
            store=self._store,
            completion=self._completion,
        )
        return restoring.run(NAME, operator=OPERATOR, correlation="c")


class OnRecord(logging.Handler):
    """The lineages that the audit records call stored, until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: set[str] = set()
        self._log = logging.getLogger("broker.audit")
        self._level = self._log.level
        self._log.addHandler(self)
        self._log.setLevel(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        found = json.loads(record.getMessage())
        if found["event"] == "consent.stored":
            self.stored.add(found["lineage"])

    def close(self) -> None:
        """Listen no more."""
        self._log.setLevel(self._level)
        self._log.removeHandler(self)
        super().close()
