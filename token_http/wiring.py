"""How the token endpoint is put together: the issuer, which others tell of changes, and the routes."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import azure.functions as func

import token_http
from shared.customers.partner_center import PartnerCenter
from shared.customers.reach import Reach
from shared.customers.results import Results
from shared.entra.application_credential import SECRET
from shared.entra.domains import DomainDirectory
from shared.forgetting import Forgetting
from shared.marks import Marks
from shared.pool import Pool
from shared.services import Services
from shared.subject import Subject
from token_http.availability import Probes
from token_http.dependencies import Dependencies
from token_http.diagnosis import Diagnosis
from token_http.domains import DomainSources
from token_http.initial_domains import InitialDomains
from token_http.issuer import AgeLimits, Issuer, Pools
from token_http.looks import NO_SUCH_SECRET, looks
from token_http.policy_source import PolicySource
from token_http.policy_view import PolicyView
from token_http.row_facts import rows_of_consent
from token_http.service import TokenService

VAULT_THREADS, HEALTH_THREADS, DIAGNOSIS_THREADS, MARKS_THREADS, DOMAINS_THREADS = 8, 3, 6, 2, 4


def issuer(services: Services) -> Issuer:
    """The engine behind every dialect; it is told when a consent or a customer's tenant has changed."""
    settings = services.settings
    return Issuer(
        authority=services.applications.partner.authority,
        consents=services.store,
        policies=_policies(services),
        stops=services.stops.read,
        limits=AgeLimits(max_age=settings.memory_age, stale_limit=settings.stale_limit),
        pools=Pools(
            vault=Pool("vault", threads=VAULT_THREADS),
            exchange=Pool("exchange", threads=settings.threads),
            stops=Pool("stops", threads=MARKS_THREADS),
        ),
        clock=services.clock,
        shows_secret=services.credential.kind == SECRET,
        domains=DomainSources(
            known=Results(services.rows).known,
            owner=DomainDirectory(services.outbound, authority_host=settings.authority_host).owner,
        ),
    )


def forgetting(services: Services, issuer: Issuer) -> Forgetting:
    """What has a customer's tenant forgotten, here and by every instance."""
    # Read twice in the time that the setting promises: the last reading may have begun a moment before the mark.
    every = services.settings.memory_age / 2
    return Forgetting(
        Marks(services.rows, max_age=every, clock=services.clock),
        forget=issuer.forget_tenants,
        every=every,
        pool=Pool("marks", threads=MARKS_THREADS),
        clock=services.clock,
    )


def reach(services: Services) -> Callable[[], Callable[[Subject], Reach]]:
    """Reads the policy, and says then of each consent how far it reaches; may block, and raises what the vault does."""
    policies = _policies(services)

    def read() -> Callable[[Subject], Reach]:
        policy = policies.read()
        policies.tell()
        return policy.reach

    return read


def consents_rows(issuer: Issuer) -> Callable[[str], Awaitable[Mapping[str, Any]]]:
    """Tells by which rows of the policy in force a consent is used; raises what the policy vault raises."""

    async def rows(consent: str) -> Mapping[str, Any]:
        return rows_of_consent(await issuer.policy(), consent)

    return rows


def policy_of(services: Services, issuer: Issuer) -> PolicyView:
    """What tells who may get what, for pages that people look at."""
    store = services.store

    def consents() -> frozenset[str]:
        listed = store.all()
        return frozenset({*(entry.name for entry in listed.entries), *listed.damaged})

    return PolicyView(issuer=issuer, cloud=services.settings.cloud, consents=consents)


def _policies(services: Services) -> PolicySource:
    settings = services.settings
    return PolicySource(
        services.policy_vault,
        home_tenant=settings.home_tenant,
        cloud=settings.cloud,
        consent_tenants=settings.consent_tenants,
        clock=services.clock,
    )


def wire(services: Services, issuer: Issuer, *, watch: Callable[[], None]) -> list[func.Blueprint]:
    """The routes of tokens, of the policy, and of health."""
    settings = services.settings
    dependencies = Dependencies(
        service=TokenService(
            verifier=services.verifier, issuer=issuer, pool=services.assertions, clock=services.clock, watch=watch
        ),
        operator=services.operator,
        # One at a time: it is all work of the processor.
        lint_pool=Pool("lint", threads=1),
        stops=services.stops,
        stops_pool=Pool("stop", threads=MARKS_THREADS),
        stops_within=round(settings.memory_age.total_seconds()),
        probes=_probes(services),
        diagnosis=_diagnosis(services),
        domains=InitialDomains(
            Results(services.rows), cloud=settings.cloud, pool=Pool("domains", threads=DOMAINS_THREADS)
        ),
        cloud=settings.cloud,
        home_tenant=settings.home_tenant,
        partner_client_id=settings.partner_client_id,
        public_url=settings.public_url,
        clock=services.clock,
    )
    return [token_http.blueprint(dependencies)]


def _diagnosis(services: Services) -> Diagnosis:
    settings = services.settings
    return Diagnosis(
        settings=settings,
        looks=looks(
            settings,
            identity=services.identity,
            discovery=services.discovery,
            token_vault=services.token_vault,
            policy_vault=services.policy_vault,
            rows=services.rows,
        ),
        store=services.store,
        authority=services.applications.partner.authority,
        credential=services.credential,
        policy_vault=services.policy_vault,
        partner_center=PartnerCenter(services.outbound, url=settings.partner_center_url, page_size=1),
        pool=Pool("diagnosis", threads=DIAGNOSIS_THREADS),
        clock=services.clock,
    )


def _probes(services: Services) -> Probes:
    return Probes(
        {
            "authority": services.discovery.require_available,
            "token_vault": lambda: services.token_vault.get(NO_SUCH_SECRET),
            "policy_vault": lambda: services.policy_vault.get(NO_SUCH_SECRET),
        },
        pool=Pool("health", threads=HEALTH_THREADS),
        clock=services.clock,
    )
