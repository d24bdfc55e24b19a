"""The consent flow in the test's own process: a vault in memory and a clock by hand, against the running Entra ID."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent_http.acceptance import Acceptance
from consent_http.completion import Completion, Confirmation
from consent_http.device import DeviceFlow, Waiting
from consent_http.flow import ConsentFlow
from consent_http.importing import Import
from consent_http.link import Link, Links
from consent_http.link_standing import Standings
from consent_http.operators import Operators
from consent_http.restoring import Restoration
from local.person import Person
from local.stack import host_environment
from local.state import StackState
from local.world import PARTNER_APPLICATION, PARTNER_TENANT, User
from shared.callers.assertion import Principal
from shared.clock import utc_now
from shared.consents.applications import Application, Applications
from shared.consents.consent import new_lineage
from shared.consents.store import ConsentStore
from shared.entra.authority import Authority
from shared.entra.authority_http import AuthorityHttp
from shared.entra.discovery import Discovery
from shared.entra.place import Place
from shared.entra.tokens import DeviceAnswer, DeviceSignIn, SignIn, TokenSet
from shared.keys.signing_keys import SigningKeys
from shared.outbound import Outbound
from shared.seal import Seals
from shared.settings import Settings, read_settings
from tests.consent_http.browser import Browser, query_of
from tests.fakes.fixed_credential import FixedCredential
from tests.fakes.memory_vault import MemoryVault
from tests.local_control import Controls
from tests.shared.samples import AGES

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
    """Entra ID as it runs, but that something happens before each exchange or poll, and may raise.

    `as_redeemed` and `as_exchanged` change what a device's sign-in, or an exchange, yields on its way here.
    """

    before_exchange: Callable[[], object] | None = None
    before_poll: Callable[[], object] | None = None
    before_redeem: Callable[[], object] | None = None
    as_redeemed: Callable[[TokenSet], TokenSet] | None = None
    as_exchanged: Callable[[TokenSet], TokenSet] | None = None

    def redeem(self, sign_in: SignIn, code: str) -> TokenSet:
        """See Authority."""
        if self.before_redeem is not None:
            self.before_redeem()
        return super().redeem(sign_in, code)

    def poll_device(self, sign_in: DeviceSignIn) -> TokenSet | DeviceAnswer:
        """See Authority."""
        if self.before_poll is not None:
            self.before_poll()
        answer = super().poll_device(sign_in)
        return self.as_redeemed(answer) if self.as_redeemed and isinstance(answer, TokenSet) else answer

    def exchange(
        self,
        refresh_token: str,
        *,
        tenant_id: str,
        scope: str,
        place: Place,
        person: str | None = None,
        claims: str | None = None,
    ) -> TokenSet:
        """See Authority."""
        if self.before_exchange is not None:
            self.before_exchange()
        exchanged = super().exchange(
            refresh_token, tenant_id=tenant_id, scope=scope, place=place, person=person, claims=claims
        )
        return self.as_exchanged(exchanged) if self.as_exchanged else exchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """Everything of consent but HTTP; `settings` is what a real host would have read."""

    settings: Settings
    vault: MemoryVault
    clock: HandClock
    store: ConsentStore
    standings: Standings
    seals: Seals
    links: Links
    flow: ConsentFlow
    device: DeviceFlow
    imports: Import
    restoration: Restoration
    operators: Operators
    authority: InterruptedAuthority

    def link(self, name: str, **fields: object) -> str:
        """A sealed link, as an operator makes one."""
        made = self.operators.make_link(name, fields, operator=OPERATOR, correlation="made")
        return query_of(made["url"])["link"]

    def poll(self, name: str, device: object) -> Confirmation | Waiting:
        """One poll of an operator's."""
        return self.device.poll(name, {"device": device}, operator=OPERATOR, correlation="polled")

    def imported(self, name: str, refresh_token: str, **fields: object) -> Confirmation:
        """An operator's import of a refresh token."""
        return self.imports.run(
            name, {"refresh_token": refresh_token, **fields}, operator=OPERATOR, correlation="imported"
        )

    def restored(self, name: str) -> Confirmation:
        """An operator takes a withdrawal back."""
        return self.restoration.run(name, operator=OPERATOR, correlation="restored")

    def revoke_links(self, name: str) -> None:
        """An operator revokes what links there are."""
        self.operators.revoke_links(name, operator=OPERATOR, correlation="revoked")

    def withdraw(self, name: str) -> None:
        """An operator withdraws."""
        self.operators.withdraw(name, operator=OPERATOR, correlation="withdrawn")


@contextmanager
def running_rig(
    state: StackState, *, vault: MemoryVault | None = None, clock: HandClock | None = None, **environment: str
) -> Iterator[Rig]:
    """A rig that reaches the Entra ID of `state`; `environment` is put over the stack's own settings.

    With another rig's vault and clock it is the same broker after a restart.
    """
    settings = read_settings({**host_environment(state), **environment})
    outbound = Outbound(trusted_ca_file=str(state.ca_file), threads=4)
    clock = clock or HandClock(utc_now())
    vault = vault or MemoryVault(clock=clock)
    discovery = Discovery(outbound, authority_host=settings.authority_host, home_tenant=settings.home_tenant, ages=AGES)
    http = AuthorityHttp(outbound, discovery, authority_host=settings.authority_host)
    credential = FixedCredential([PARTNER_SECRET])
    authority = InterruptedAuthority(http, client_id=settings.partner_client_id, credential=credential, clock=clock)
    applications = Applications(partner=Application(client_id=settings.partner_client_id, authority=authority))
    acceptance = Acceptance(settings, SigningKeys(outbound, authority_host=settings.authority_host, ages=AGES))
    store, seals = ConsentStore(vault), Seals(vault, clock=clock)
    standings = Standings(vault, store, clock=clock)
    links = Links(seals, public_url=settings.public_url, clock=clock)
    completion = Completion(
        applications=applications, store=store, standings=standings, acceptance=acceptance, clock=clock
    )
    flow = ConsentFlow(
        settings=settings,
        applications=applications,
        standings=standings,
        links=links,
        seals=seals,
        completion=completion,
        clock=clock,
    )
    device = DeviceFlow(
        settings=settings, applications=applications, standings=standings, seals=seals, completion=completion
    )
    imports = Import(settings=settings, applications=applications, standings=standings, completion=completion)
    restoration = Restoration(
        settings=settings, acceptance=acceptance, applications=applications, store=store, completion=completion
    )
    operators = Operators(
        settings=settings, store=store, standings=standings, links=links, credential=credential, clock=clock
    )
    try:
        yield Rig(
            settings=settings,
            vault=vault,
            clock=clock,
            store=store,
            standings=standings,
            seals=seals,
            links=links,
            flow=flow,
            device=device,
            imports=imports,
            restoration=restoration,
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


def consented(rig: Rig, name: str, user: User) -> Confirmation:
    """A person's consent by a link, from the link to the end."""
    response, cookie = signed_in(rig, rig.link(name), user)
    return rig.flow.complete(response, cookie, correlation="confirmation")


def old_token(state: StackState, user: User, *, client: str = PARTNER_APPLICATION, **more: object) -> str:
    """A refresh token as an old script holds it: `scope`, `spa`, `mfa` and `age_days` may be named."""
    asked = {"user": user.object_id, "client": client, "scope": "openid profile offline_access", **more}
    minted: str = Controls(state, state.entra).post("refresh_tokens", asked).json()["refresh_token"]
    return minted


def typed_in(started: Mapping[str, str], user: User) -> None:
    """What a person does with a device code: open the page, type the code, sign in, approve."""
    with Person() as person:
        page = person.submit(person.open(started["verification_uri"]), {"user_code": started["user_code"]})
        page = person.submit(page, {"username": user.username, "password": user.password})
        assert (person.submit(page) if user.mfa else page).is_success


def declined(started: Mapping[str, str]) -> None:
    """What a person does who thinks better of it."""
    with Person() as person:
        page = person.submit(person.open(started["verification_uri"]), {"user_code": started["user_code"]})
        person.submit(page, {"cancel": "1"})
