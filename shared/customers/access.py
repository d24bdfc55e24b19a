"""The tokens of the broker's own acts: Partner Center at home, Graph at home and in customers' tenants."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.consents.applications import Application, Applications
from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.store import ConsentStore
from shared.consents.stored_consent import Served
from shared.customers.patience import NO_TIME, is_over
from shared.entra.place import Place
from shared.entra.tokens import AccessToken
from shared.errors import AuthorityUnavailable, InvalidRequest
from shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person who consented, and the application that the consent was given to."""

    application: Application
    served: Served
    store: ConsentStore
    # Raises where the work for the customer was ended meanwhile.
    require_customer: Callable[[], None] = lambda: None

    def require_in_force(self) -> None:
        """Raise unless the consent still is the one that was read: for whoever has waited, before the first change.

        Raises ConsentWithdrawn, or ConsentInMotion for another one, and what `require_customer` raises.
        """
        self.require_customer()
        self.store.require_in_force(self.served)

    def token(self, scope: str, tenant_id: str | None = None) -> AccessToken:
        """A token by a real exchange, of a customer's tenant or the person's own; may block."""
        if is_over():
            raise AuthorityUnavailable(NO_TIME)
        person = self.served.consent.person
        return self.application.authority.exchange(
            self.served.refresh_token,
            tenant_id=tenant_id or person.tenant_id,
            scope=scope,
            place=Place.of(tenant_id or person.tenant_id, home=person.tenant_id),
            person=person.object_id,
        ).access_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Actors:
    """Who acts: the partner application by a consent that an operator names, the management application by its own."""

    settings: Settings
    applications: Applications
    store: ConsentStore

    def partner(self, consent: str) -> Actor:
        """The consent in whose name it is done: of a person of the partner's own, whose customers they are."""
        if consent == MANAGEMENT_NAME:
            raise InvalidRequest("consent: one of the partner application, not the broker's own.")
        return self._of_home(consent, self.applications.partner)

    def management(self) -> Actor | None:
        """The management application; None where there is none. Raises why its consent cannot be used."""
        application = self.applications.management
        return self._of_home(MANAGEMENT_NAME, application) if application else None

    def _of_home(self, consent: str, application: Application) -> Actor:
        served = self.store.load(consent)
        if served.consent.person.tenant_id != self.settings.home_tenant:
            raise InvalidRequest("consent: one of a person of the partner's own tenant.")
        return Actor(application=application, served=served, store=self.store)
