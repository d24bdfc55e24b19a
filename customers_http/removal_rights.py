"""Who takes an application out of a tenant: the management application, with the scopes for it while it is needed."""

from dataclasses import dataclass

from customers_http.change import Change
from customers_http.management_consent import ManagementConsent, Manager
from customers_http.plan import CREATED
from shared.customers.access import Actor, Actors
from shared.customers.customer import EnterpriseGrant
from shared.customers.graph import Graph
from shared.customers.management import APP_ROLES, DIRECTORY_ROLES, GRANTS
from shared.entra.errors import ApplicationNotConsented
from shared.entra.place import Place
from shared.entra.tokens import AccessToken
from shared.errors import BrokerError

# To read, and to take away grants, app roles, directory roles and the object itself. Those that it does not have as a
# rule it gives itself in the leaving customer's tenant alone, and they go with it in the end.
WANTED = EnterpriseGrant(
    application_id=GRANTS.application_id,
    scopes=(*GRANTS.scopes, APP_ROLES, DIRECTORY_ROLES, "Application.ReadWrite.All"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """The management application as it stands there, and its token of that tenant where it has one."""

    manager: Manager
    token: AccessToken | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalRights:
    """May block, and raises only that a consent is no longer in force."""

    actors: Actors
    management: ManagementConsent
    graph: Graph
    graph_scope: str

    def ready(self, change: Change, partner: Actor | None) -> Rights:
        """Who acts; in a dry run nothing is made or added, and where nothing is there nothing is made either."""
        manager = self.management.looked(change, self.actors, WANTED)
        if manager.outcome == CREATED and (change.dry_run or not self.is_anything_there(change)):
            return Rights(manager=manager)
        if manager.actor is not None and not change.dry_run:
            # With less than it should have it goes as far as it comes: what is refused then says so.
            manager = self.management.ready(change, self.actors, partner=partner or manager.actor, wanted=WANTED)
        if manager.actor is None:
            return Rights(manager=manager)
        try:
            return Rights(manager=manager, token=manager.actor.token(self.graph_scope, change.tenant_id))
        except BrokerError as error:
            return Rights(manager=Manager(outcome=error.code, error=error))

    def is_anything_there(self, change: Change) -> bool:
        """Whether one of the applications is known in the tenant, or may be, as Entra ID says."""
        ours = (self.actors.applications.partner, self.actors.applications.management)
        return any(one is not None and self.is_known(change, one.client_id) is not False for one in ours)

    def is_known(self, change: Change, client_id: str) -> bool | None:
        """Whether the application has an object in the tenant: it gets a token of its own there; None: nobody knows."""
        settings, applications = self.actors.settings, self.actors.applications
        one = applications.partner if client_id == applications.partner.client_id else applications.management
        if one is None:
            return None
        place = Place.of(change.tenant_id, home=settings.home_tenant)
        try:
            one.authority.for_application(tenant_id=change.tenant_id, scope=self.graph_scope, place=place)
        except ApplicationNotConsented:
            return False
        except BrokerError:
            return None
        return True
