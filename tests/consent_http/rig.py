"""The consent flow in the test's own process: a vault in memory and a clock by hand, against the running Entra ID."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent_http.acceptance import Acceptance
from consent_http.completion import Completion
from consent_http.flow import ConsentFlow
from consent_http.link import Link, Links
from consent_http.operators import Operators
from consent_http.seal import Seals
from local.stack import host_environment
from local.state import StackState
from local.world import PARTNER_TENANT, User
from shared.assertion import Principal
from shared.authority import Authority
from shared.authority_http import AuthorityHttp
from shared.clock import utc_now
from shared.consent import new_lineage
from shared.consent_store import ConsentStore
from shared.outbound import Outbound
from shared.settings import Settings, read_settings
from shared.signing_keys import SigningKeys
from shared.tokens import Exchanged
from tests.consent_http.browser import Browser, query_of
from tests.fakes.fixed_credential import FixedCredential
from tests.fakes.memory_vault import MemoryVault

PARTNER_SECRET = "partner-application-secret-of-the-local-stack"
OPERATOR = Principal(
    object_id="eeee0000-1111-4222-8333-444444440005",
    application_id="ffff0000-1111-4222-8333-444444440005",
    roles=frozenset({"Consent.Manage", "Consent.Read"}),
    scopes=frozenset(),
    is_application=True,
)


@dataclass(slots=True)
class HandClock:
    """A clock that stands still until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        """What time it is."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.now += by


class InterruptedAuthority(Authority):
    """Entra ID as it runs, but that `before_exchange` happens before each exchange, and may raise."""

    before_exchange: Callable[[], object] | None = None

    def exchange(self, refresh_token: str, *, tenant_id: str, scope: str, claims: str | None = None) -> Exchanged:
        """See Authority."""
        if self.before_exchange is not None:
            self.before_exchange()
        return super().exchange(refresh_token, tenant_id=tenant_id, scope=scope, claims=claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """Everything of consent but HTTP; `settings` is what a real host would have read."""

    settings: Settings
    vault: MemoryVault
    clock: HandClock
    store: ConsentStore
    seals: Seals
    links: Links
    flow: ConsentFlow
    operators: Operators
    authority: InterruptedAuthority

    def link(self, name: str, **fields: object) -> str:
        """A sealed link, as an operator makes one."""
        made = self.operators.make_link(name, fields, operator=OPERATOR, correlation="made")
        return query_of(made["url"])["link"]


@contextmanager
def running_rig(state: StackState, **environment: str) -> Iterator[Rig]:
    """A rig that reaches the Entra ID of `state`; `environment` is put over the stack's own settings."""
    settings = read_settings({**host_environment(state), **environment})
    outbound = Outbound(trusted_ca_file=str(state.ca_file), threads=4)
    clock = HandClock(utc_now())
    vault = MemoryVault(clock=clock)
    http = AuthorityHttp(outbound, authority_host=settings.authority_host, home_tenant=settings.home_tenant)
    credential = FixedCredential([PARTNER_SECRET])
    authority = InterruptedAuthority(http, client_id=settings.partner_client_id, credential=credential, clock=clock)
    acceptance = Acceptance(settings, SigningKeys(outbound, authority_host=settings.authority_host))
    store, seals = ConsentStore(vault), Seals(vault, clock=clock)
    links = Links(seals, public_url=settings.public_url, clock=clock)
    completion = Completion(authority=authority, store=store, acceptance=acceptance, clock=clock)
    flow = ConsentFlow(
        settings=settings,
        authority=authority,
        store=store,
        links=links,
        seals=seals,
        completion=completion,
        clock=clock,
    )
    operators = Operators(settings=settings, store=store, links=links, credential=credential, clock=clock)
    try:
        yield Rig(
            settings=settings,
            vault=vault,
            clock=clock,
            store=store,
            seals=seals,
            links=links,
            flow=flow,
            operators=operators,
            authority=authority,
        )
    finally:
        outbound.close()


def a_link(**fields: object) -> Link:
    """A link of the home tenant for a consent that nobody has given yet."""
    given: Mapping[str, object] = {"id": new_lineage(), "name": "partner", "tenant_id": PARTNER_TENANT, "replaces": ""}
    return Link(**{**given, **fields})  # type: ignore[arg-type]  # the test says which


def signed_in(rig: Rig, sealed_link: str, user: User) -> tuple[Mapping[str, str], str]:
    """One person's sign-in up to the redirect: the response that came back, and the flow cookie."""
    begun = rig.flow.begin(sealed_link)
    with Browser() as browser:
        return query_of(browser.sign_in(begun.address, user)), begun.cookie
