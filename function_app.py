"""Composition root: settings in, blueprints out; nothing else reads the environment."""

import logging
import os
import warnings
from dataclasses import dataclass

import azure.functions as func

import consent_http
import refresh_timer
import token_http
from consent_http.acceptance import Acceptance
from consent_http.check import Check
from consent_http.completion import Completion
from consent_http.customers import Customers
from consent_http.device import DeviceFlow
from consent_http.flow import ConsentFlow
from consent_http.importing import Import
from consent_http.link import Links
from consent_http.operators import Operators
from consent_http.restoring import Restoration
from consent_http.seal import Seals
from refresh_timer.application import ApplicationWatch
from refresh_timer.budgeted_vault import WINDOW_SECONDS, BudgetedVault
from refresh_timer.due import Ages
from refresh_timer.renewal import Renewals
from refresh_timer.run import RefreshRun
from shared.budget import Budget
from shared.callers.assertion import AssertionVerifier
from shared.clock import Clock, utc_now
from shared.consents.store import ConsentStore
from shared.customers.partner_center import PartnerCenter
from shared.entra.application_credential import (
    CERTIFICATE,
    SECRET,
    ApplicationCredential,
    FederatedCredential,
    VaultCredential,
)
from shared.entra.authority import Authority
from shared.entra.authority_http import AuthorityHttp
from shared.entra.managed_identity import BrokerIdentity
from shared.keys.signing_keys import SigningKeys
from shared.outbound import Outbound
from shared.pool import Pool
from shared.settings import Settings, read_settings
from shared.vault import KeyVault
from token_http.availability import Probes
from token_http.issuer import Issuer, MemoryLimits, Pools
from token_http.policy_source import PolicySource
from token_http.service import TokenService

# A vault that says "not found" is reached, and lets the broker's identity read.
NO_SUCH_SECRET = "availability-probe"  # noqa: S105 - a name
# Beside the exchanges' own threads (a setting): none of these waits for a customer's tenant.
VAULT_THREADS, ASSERTION_THREADS, CONSENT_THREADS = 8, 4, 4
ACTS_THREADS, CHECK_THREADS, CUSTOMERS_THREADS = 8, 8, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What all three functions stand on; made once, connected to nothing until first used."""

    settings: Settings
    clock: Clock
    outbound: Outbound
    pools: Pools
    assertions: Pool
    token_vault: KeyVault
    policy_vault: KeyVault
    authority_http: AuthorityHttp
    credential: ApplicationCredential
    authority: Authority
    keys: SigningKeys
    verifier: AssertionVerifier
    store: ConsentStore


def compose(settings: Settings, *, clock: Clock = utc_now) -> func.FunctionApp:
    """The whole app for these settings; touches no network."""
    # The SDKs tell secret names and addresses at INFO and more at DEBUG; MSAL tells, at ERROR, the whole of an answer
    # that is not quite JSON, tokens and all. What went wrong reaches our own log as an error of the tree.
    for library, level in (("azure", logging.WARNING), ("urllib3", logging.WARNING), ("msal", logging.CRITICAL + 1)):
        logging.getLogger(library).setLevel(level)
    # MSAL would rather have form_post, whose cross-site POST brings no SameSite=Lax cookie (docs/decisions/).
    warnings.filterwarnings("ignore", message="response_mode=", category=UserWarning)
    services = _services(settings, clock)
    issuer = _issuer(services)
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for part in consent_http.blueprints(_consent(services, issuer)):
        app.register_functions(part)
    app.register_functions(refresh_timer.blueprint(_refresh(services)))
    app.register_functions(token_http.blueprint(_token(services, issuer)))
    return app


def _services(settings: Settings, clock: Clock) -> Services:
    identity = BrokerIdentity(settings.managed_identity_client_id)
    outbound = Outbound(trusted_ca_file=settings.trusted_ca_file, threads=settings.threads)
    token_vault, policy_vault = (
        KeyVault(url, identity, trusted_ca_file=settings.trusted_ca_file)
        for url in (settings.token_vault_url, settings.policy_vault_url)
    )
    credential = _credential(settings, identity, token_vault)
    authority_http = AuthorityHttp(outbound, authority_host=settings.authority_host, home_tenant=settings.home_tenant)
    keys = SigningKeys(outbound, authority_host=settings.authority_host)
    return Services(
        settings=settings,
        clock=clock,
        outbound=outbound,
        pools=Pools(vault=Pool("vault", threads=VAULT_THREADS), exchange=Pool("exchange", threads=settings.threads)),
        assertions=Pool("assertions", threads=ASSERTION_THREADS),
        token_vault=token_vault,
        policy_vault=policy_vault,
        authority_http=authority_http,
        credential=credential,
        authority=Authority(authority_http, client_id=settings.partner_client_id, credential=credential, clock=clock),
        keys=keys,
        verifier=AssertionVerifier(settings, keys),
        store=ConsentStore(token_vault),
    )


def _credential(settings: Settings, identity: BrokerIdentity, vault: KeyVault) -> ApplicationCredential:
    if settings.partner_certificate_name:
        return VaultCredential(vault, settings.partner_certificate_name, kind=CERTIFICATE)
    if settings.partner_client_secret_name:
        return VaultCredential(vault, settings.partner_client_secret_name, kind=SECRET)
    return FederatedCredential(identity, audience=settings.cloud.token_exchange)


def _consent(services: Services, issuer: Issuer) -> consent_http.Dependencies:
    settings, authority, store, clock = services.settings, services.authority, services.store, services.clock
    seals = Seals(services.token_vault, clock=clock)
    links = Links(seals, public_url=settings.public_url, clock=clock)
    acceptance = Acceptance(settings, services.keys)
    completion = Completion(authority=authority, store=store, acceptance=acceptance, clock=clock)
    restoration = Restoration(
        settings=settings, acceptance=acceptance, authority=authority, store=store, completion=completion
    )
    return consent_http.Dependencies(
        settings=settings,
        verifier=services.verifier,
        flow=ConsentFlow(
            settings=settings,
            authority=authority,
            store=store,
            links=links,
            seals=seals,
            completion=completion,
            clock=clock,
        ),
        device=DeviceFlow(settings=settings, authority=authority, store=store, seals=seals, completion=completion),
        imports=Import(settings=settings, authority=authority, store=store, completion=completion),
        operators=Operators(settings=settings, store=store, links=links, credential=services.credential, clock=clock),
        restoration=restoration,
        check=Check(settings=settings, authority=authority, store=store, pool=Pool("check", threads=CHECK_THREADS)),
        customers=_customers(services),
        on_change=issuer.forget,
        on_customer_change=issuer.forget_refusals,
        pool=Pool("consent", threads=CONSENT_THREADS),
        acts_pool=Pool("acts", threads=ACTS_THREADS),
        assertions=services.assertions,
        customers_pool=Pool("customers", threads=CUSTOMERS_THREADS),
    )


def _customers(services: Services) -> Customers:
    return Customers(
        settings=services.settings,
        authority=services.authority,
        store=services.store,
        policy_vault=services.policy_vault,
        partner_center=PartnerCenter(services.outbound, url=services.settings.partner_center_url),
    )


def _refresh(services: Services) -> refresh_timer.Dependencies:
    settings, clock = services.settings.refresh, services.clock
    vault = BudgetedVault(
        services.token_vault,
        creates=Budget(settings.vault_creates, seconds=WINDOW_SECONDS),
        operations=Budget(settings.vault_operations, seconds=WINDOW_SECONDS),
    )
    store = ConsentStore(vault)
    renewals = Renewals(
        store=store,
        authority=services.authority,
        ages=Ages(proof=settings.proof_age, store=settings.store_age),
        clock=clock,
    )
    watch = ApplicationWatch(credential=services.credential, store=store, clock=clock)
    return refresh_timer.Dependencies(
        refresh=RefreshRun(renewals=renewals, watch=watch, concurrency=settings.concurrency, clock=clock)
    )


def _issuer(services: Services) -> Issuer:
    settings = services.settings
    return Issuer(
        authority=services.authority,
        consents=services.store,
        policies=PolicySource(services.policy_vault, home_tenant=settings.home_tenant, cloud=settings.cloud),
        limits=MemoryLimits(max_age=settings.memory_age, stale_limit=settings.stale_limit),
        cloud=settings.cloud,
        pools=services.pools,
        clock=services.clock,
    )


def _token(services: Services, issuer: Issuer) -> token_http.Dependencies:
    probes = Probes(
        {
            "authority": services.authority_http.require_available,
            "token_vault": lambda: services.token_vault.get(NO_SUCH_SECRET),
            "policy_vault": lambda: services.policy_vault.get(NO_SUCH_SECRET),
        },
        pool=services.pools.vault,
        clock=services.clock,
    )
    return token_http.Dependencies(
        service=TokenService(verifier=services.verifier, issuer=issuer, pool=services.assertions),
        probes=probes,
        cloud=services.settings.cloud,
        home_tenant=services.settings.home_tenant,
        partner_client_id=services.settings.partner_client_id,
        clock=services.clock,
    )


app = compose(read_settings(os.environ))
