"""Customers' tenants as the composition root puts them together, over a running stack, with hardly any waiting."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from customers_http.change import GRANTING, REMOVING, read_change
from customers_http.customers import Customers
from customers_http.granting import Granting
from customers_http.management_consent import ManagementConsent
from customers_http.offboarding import Offboarding
from customers_http.own_end import OwnEnd
from customers_http.removal_rights import RemovalRights
from customers_http.replacing import Replacing
from customers_http.role_granting import RoleGranting
from customers_http.seeing import Seeing
from local.policy import APPLICATION_GRANTS
from local.stack import host_environment
from local.state import StackState
from local.world import ADMIN, CONTOSO, DEFAULT_WORLD, MANAGEMENT_APPLICATION, PARTNER_APPLICATION, PARTNER_TENANT
from shared.application_stops import ApplicationStops
from shared.clock import utc_now
from shared.consents.applications import Application, Applications
from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.store import ConsentStore
from shared.customers.access import Actors
from shared.customers.exclusions import Exclusions
from shared.customers.graph import Graph
from shared.customers.partner_center import PartnerCenter
from shared.customers.replacements import Replacements
from shared.entra.authority import Authority
from shared.entra.authority_http import AuthorityHttp
from shared.entra.discovery import Discovery
from shared.outbound import Outbound
from shared.settings import read_settings
from tests.consent_http.rig import OPERATOR, old_token
from tests.fakes.fixed_credential import FixedCredential
from tests.fakes.memory_rows import MemoryRows
from tests.fakes.memory_vault import MemoryVault
from tests.local_control import Controls
from tests.shared.samples import AGES, consent, written_grants

SECRETS = {application.client_id: application.secrets[:1] for application in DEFAULT_WORLD.applications}


@dataclass(slots=True)
class Waits:
    """Time that passes only where somebody sleeps; `on_sleep` is what happens meanwhile."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    on_sleep: Any = None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        if self.on_sleep:
            self.on_sleep()


@dataclass(slots=True, kw_only=True, repr=False)
class Desk:
    """What a test works with: change customers, and look at and order what stands in their tenants."""

    state: StackState
    customers: Customers
    offboarding: Offboarding
    stops: ApplicationStops
    actors: Actors
    center: PartnerCenter
    graph: Graph
    policies: MemoryVault
    waits: Waits
    rows: MemoryRows

    def put(self, tenant: str = CONTOSO, **parameters: str) -> dict[str, Any]:
        """A dry run unless `dry_run="false"`."""
        return self.customers.grant(self._change(tenant, GRANTING, parameters))

    def apply(self, tenant: str = CONTOSO, **parameters: str) -> dict[str, Any]:
        return self.put(tenant, dry_run="false", **parameters)

    def remove(self, tenant: str = CONTOSO, **parameters: str) -> dict[str, Any]:
        return self.customers.remove(self._change(tenant, REMOVING, parameters))

    def offboard(self, tenant: str = CONTOSO, **parameters: str) -> dict[str, Any]:
        """A dry run unless `dry_run="false"`."""
        change = self.change(tenant, **parameters)
        self.offboarding.stop(change)
        return self.offboarding.remove(change)

    def change(self, tenant: str = CONTOSO, **parameters: str) -> Any:  # noqa: ANN401
        return self._change(tenant, REMOVING, parameters)

    def change_to_grant(self, tenant: str = CONTOSO, **parameters: str) -> Any:  # noqa: ANN401
        return self._change(tenant, GRANTING, parameters)

    def wants(self, *grants: Mapping[str, object], name: str = "application-grants", **more: object) -> None:
        """The grant set from now on."""
        self.policies.put(name, written_grants(*grants, **more), tags={})

    def order(self, door: str, content: Mapping[str, Any]) -> None:
        Controls(self.state, self.state.entra).post(door, dict(content))

    def grant(self, resource: str, *scopes: str, tenant: str = CONTOSO, client: str = PARTNER_APPLICATION) -> None:
        """What everybody of the tenant has consented to, of one API."""
        self.order("consents", {"tenant": tenant, "client": client, "resource": resource, "scopes": scopes})

    def ungrant(self, tenant: str = CONTOSO, resource: str | None = None) -> None:
        content = {"tenant": tenant, "client": PARTNER_APPLICATION, **({"resource": resource} if resource else {})}
        Controls(self.state, self.state.entra).remove("consents", content)

    def lack(self, resource: str, tenant: str = CONTOSO) -> None:
        """The tenant has not this API."""
        Controls(self.state, self.state.entra).remove("services", {"tenant": tenant, "resource": resource})

    def held(self, tenant: str = CONTOSO, client: str = PARTNER_APPLICATION) -> dict[str, list[str]]:
        return Controls(self.state, self.state.entra).consents(tenant=tenant, client=client)

    def fault(self, **fault: Any) -> None:  # noqa: ANN401 - a fault's fields
        """At Partner Center's consents."""
        order = {"path": ".*/applicationconsents.*", **fault}
        Controls(self.state, self.state.partner_center).post("faults", order)

    def asked(self) -> list[str]:
        """The methods of the changes that Partner Center got."""
        requests = Controls(self.state, self.state.partner_center).requests()
        return sorted(method for (method, _), count in requests.items() for _ in range(count) if method != "GET")

    def _change(self, tenant: str, known: tuple[str, ...], parameters: Mapping[str, str]) -> Any:  # noqa: ANN401
        return read_change(
            tenant, parameters, known, home_tenant=PARTNER_TENANT, operator=OPERATOR, correlation="correlation"
        )


@contextmanager
def open_desk(state: StackState, *, managed: bool) -> Iterator[Desk]:
    """With Ada's consent to the partner application, and to the management application too if `managed`."""
    environment = {**host_environment(state), **({} if managed else {"MANAGEMENT_CLIENT_ID": ""})}
    settings = read_settings(environment)
    outbound, waits = Outbound(trusted_ca_file=str(state.ca_file), threads=4), Waits()
    discovery = Discovery(outbound, authority_host=state.entra, home_tenant=PARTNER_TENANT, ages=AGES)
    http = AuthorityHttp(outbound, discovery, authority_host=state.entra)

    def application(client_id: str) -> Application:
        credential = FixedCredential(SECRETS[client_id])
        authority = Authority(http, client_id=client_id, credential=credential, clock=lambda: consent("x").consented_on)
        return Application(client_id=client_id, authority=authority)

    applications = Applications(
        partner=application(PARTNER_APPLICATION),
        management=application(MANAGEMENT_APPLICATION) if managed else None,
    )
    store, policies = ConsentStore(MemoryVault()), MemoryVault()
    for name, client in (("partner", PARTNER_APPLICATION), (MANAGEMENT_NAME, MANAGEMENT_APPLICATION)):
        token = old_token(state, ADMIN, client=client, scope=settings.consent_scope)
        store.store_consent(replace(consent(name), name=name, refresh_token=token))
    # The stand-in counts requests a second in real time, and has whoever goes too fast wait for one.
    center = PartnerCenter(outbound, url=state.partner_center, sleep=lambda seconds: time.sleep(min(seconds, 1.0)))
    graph = Graph(outbound, url=state.graph, sleep=lambda _seconds: None)
    seeing = Seeing(graph=graph, graph_scope=settings.cloud.graph_scope, client_id=PARTNER_APPLICATION)
    rows = MemoryRows()
    replacements = Replacements(rows, clock=utc_now)
    granting = Granting(center=center, graph=graph, monotonic=waits.monotonic, sleep=waits.sleep)
    actors = Actors(settings=settings, applications=applications, store=store)
    stops, scope = ApplicationStops(rows, clock=utc_now), settings.cloud.graph_scope
    management = ManagementConsent(center=center, graph=graph, graph_scope=scope, sleep=waits.sleep)
    customers = Customers(
        actors=actors,
        policy_vault=policies,
        exclusions=Exclusions(rows),
        stops=stops,
        clock=utc_now,
        seeing=seeing,
        granting=granting,
        replacing=Replacing(granting=granting, seeing=seeing, replacements=replacements),
        replacements=replacements,
        management=management,
        roles=RoleGranting(graph=graph, client_id=PARTNER_APPLICATION, monotonic=waits.monotonic, sleep=waits.sleep),
    )
    rights = RemovalRights(actors=actors, management=management, graph=graph, graph_scope=scope)
    offboarding = Offboarding(
        actors=actors,
        stops=stops,
        replacements=replacements,
        center=center,
        rights=rights,
        own_end=OwnEnd(rights=rights, sleep=waits.sleep),
    )
    made = Desk(
        state=state,
        customers=customers,
        offboarding=offboarding,
        stops=stops,
        actors=actors,
        center=center,
        graph=graph,
        policies=policies,
        waits=waits,
        rows=rows,
    )
    made.wants(*APPLICATION_GRANTS["grants"])
    try:
        yield made
    finally:
        outbound.close()
        for url, doors in {
            state.entra: ("consents", "errors", "faults"),
            state.partner_center: ("faults", "requests"),
            state.graph: ("faults", "requests", "relationships"),
        }.items():
            for door in doors:
                Controls(state, url).clear(door)


def rows(told: Mapping[str, Any], field_name: str = "outcome") -> dict[str, Any]:
    """Resource -> a field of its row."""
    return {row["resource"]: row[field_name] for row in told["grants"]}
