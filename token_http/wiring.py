"""How the token endpoint is put together: the issuer, which others tell of changes, and the routes."""

import azure.functions as func

import token_http
from shared.pool import Pool
from shared.services import Services
from token_http.availability import Probes
from token_http.issuer import AgeLimits, Issuer, Pools
from token_http.policy_source import PolicySource
from token_http.service import TokenService

# A vault that says "not found" is reached, and lets the broker's identity read.
NO_SUCH_SECRET = "availability-probe"  # noqa: S105 - a name
VAULT_THREADS, HEALTH_THREADS = 8, 3


def issuer(services: Services) -> Issuer:
    """The engine behind every dialect; it is told when a consent or a customer's tenant has changed."""
    settings = services.settings
    return Issuer(
        authority=services.authority,
        consents=services.store,
        policies=PolicySource(services.policy_vault, home_tenant=settings.home_tenant, cloud=settings.cloud),
        limits=AgeLimits(max_age=settings.memory_age, stale_limit=settings.stale_limit),
        cloud=settings.cloud,
        pools=Pools(vault=Pool("vault", threads=VAULT_THREADS), exchange=Pool("exchange", threads=settings.threads)),
        clock=services.clock,
    )


def wire(services: Services, issuer: Issuer) -> list[func.Blueprint]:
    """The routes of tokens, of the policy, and of health."""
    settings = services.settings
    dependencies = token_http.Dependencies(
        service=TokenService(verifier=services.verifier, issuer=issuer, pool=services.assertions, clock=services.clock),
        operator=services.operator,
        # One at a time: it is all work of the processor.
        lint_pool=Pool("lint", threads=1),
        probes=_probes(services),
        cloud=settings.cloud,
        home_tenant=settings.home_tenant,
        partner_client_id=settings.partner_client_id,
        clock=services.clock,
    )
    return [token_http.blueprint(dependencies)]


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
