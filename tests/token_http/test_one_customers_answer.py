"""Whatever one customer's tenant answers: no consent's state, no credential's state and nobody else's token changes."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from refresh_timer.outcome import PROVEN
from shared.application_stops import Stops
from shared.cloud import PUBLIC
from shared.consents.consent import Renewal
from shared.consents.health import Health
from shared.consents.store import ConsentStore
from shared.entra.aadsts import MEANINGS
from shared.entra.application_credential import KEPT_SECONDS, REFUSED_SECONDS, SECRET, VaultCredential
from shared.entra.authority import Authority
from shared.entra.authority_errors import ERRORS, OF_THE_REQUEST
from shared.entra.authority_http import AuthorityHttp
from shared.entra.discovery import Discovery
from shared.errors import BrokerError
from shared.pool import Pool
from tests.fakes.memory_vault import MemoryVault
from tests.fakes.scripted_entra import AUTHORITY_HOST, Answer, Posted, ScriptedEntra, tokens
from tests.refresh_timer.scene import refresh_run
from tests.shared.samples import AGES
from tests.token_http.samples import (
    CONTOSO_ID,
    HOME_ID,
    MAX_AGE,
    NO_DOMAINS,
    NOON,
    NORTHWIND_ID,
    STALE_LIMIT,
    HandClock,
    caller,
    consent,
    document,
    request,
    row,
)
from token_http.issuer import AgeLimits, Issuer, Pools
from token_http.one_look import all_issued
from token_http.policy_source import PolicySource
from token_http.wanted import Wanted

NEWEST, OLDER, NAME = "the-newest-secret", "the-older-secret", "partner-secret"
LONGEST_REMEMBERED = timedelta(minutes=6)
CLIENT = "ffff0000-0000-4000-8000-000000000009"
CUSTOMERS_OWN = f"token-of-{CONTOSO_ID}"

ERROR_NAMES = st.one_of(st.sampled_from([*ERRORS, *OF_THE_REQUEST, "server_error", "unheard_of"]), st.text(max_size=9))
NUMBERS = st.lists(st.one_of(st.sampled_from(sorted(MEANINGS)), st.integers(0, 10**9)), max_size=3)
JUNK = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists, max_leaves=4)
BODIES = st.one_of(
    st.fixed_dictionaries(
        {"error": ERROR_NAMES}, optional={"error_codes": NUMBERS, "suberror": st.text(max_size=9), "claims": JUNK}
    ),
    st.fixed_dictionaries({"error": JUNK, "error_codes": JUNK}),
    st.dictionaries(st.sampled_from(["note", "access_token", "expires_in", "scope"]), JUNK),
    JUNK,
    st.text(max_size=30),
    st.binary(max_size=30),
)
ANSWERS = st.builds(
    Answer,
    status=st.sampled_from([200, 302, 400, 401, 403, 404, 408, 429, 500, 502, 503]),
    body=BODIES,
    headers=st.dictionaries(
        st.just("Retry-After"), st.sampled_from(["0", "17", "99999", "soon", "Sun, 01 Mar 2026 12:00:30 GMT"])
    ),
)


@dataclass(slots=True)
class Scene:
    """An issuer and a timer over one vault and one scripted Entra ID; the application has two secrets."""

    clock: HandClock = field(default_factory=HandClock)
    moment: float = 1000.0
    vault: MemoryVault = field(default_factory=MemoryVault)
    entra: ScriptedEntra = field(default_factory=ScriptedEntra)
    credential: VaultCredential = field(init=False)
    authority: Authority = field(init=False)
    issuer: Issuer = field(init=False)

    def __post_init__(self) -> None:
        for made, secret in enumerate((OLDER, NEWEST)):
            self.vault.clock = partial(NOON.replace, second=made)
            self.vault.put(NAME, secret, tags={})
        self.vault.clock = self.clock
        policies = MemoryVault(clock=self.clock)
        policies.put("policy-1", document(row(tenants=["contoso", "northwind", "home"])), tags={})
        store = ConsentStore(self.vault)
        store.store_consent(consent())
        health = Health(lineage="l1", renewed_on=NOON, proven_on=NOON)
        store.store_renewal("partner", Renewal(lineage="l1", refresh_token="renewed"), health, over=None)
        self.credential = VaultCredential(self.vault, NAME, kind=SECRET, monotonic=lambda: self.moment)
        discovery = Discovery(self.entra, authority_host=AUTHORITY_HOST, home_tenant=HOME_ID, ages=AGES)
        http = AuthorityHttp(self.entra, discovery, authority_host=AUTHORITY_HOST, clock=self.clock)
        self.authority = Authority(
            http, client_id=caller().application_id, credential=self.credential, clock=self.clock
        )
        self.issuer = Issuer(
            authority=self.authority,
            consents=store,
            policies=PolicySource(policies, home_tenant=HOME_ID, cloud=PUBLIC),
            shows_secret=False,
            stops=Stops,
            limits=AgeLimits(max_age=MAX_AGE, stale_limit=STALE_LIMIT),
            pools=Pools(
                vault=Pool("vault", threads=1), exchange=Pool("exchange", threads=1), stops=Pool("stops", threads=1)
            ),
            clock=self.clock,
            domains=NO_DOMAINS,
        )

    async def token(self, tenant: str, claims: str | None = None) -> str:
        asked = request(tenant, claims=claims) if claims else request(tenant)
        (issued,) = await all_issued(self.issuer, [Wanted(principal=caller(), request=asked)], clock=self.clock)
        return issued.token.token

    def state(self) -> tuple[Any, ...]:
        """Everything stored of consents and application, and what is known of its secrets."""
        written = {name: [*versions] for name, versions in self.vault.written.items()}
        order = [proof.client_credential for proof in self.credential.proofs()]
        return written, order, self.credential.in_use().client_credential, self.credential._read_on


@settings(max_examples=150, deadline=None)
@given(st.lists(ANSWERS, min_size=1, max_size=3), st.booleans())
@example([Answer(status=401, body={"error": "invalid_client", "error_codes": [7000222]})], False)  # noqa: FBT003
@example([Answer(status=401, body={"error": "invalid_client", "error_codes": [1]})], True)  # noqa: FBT003
@example([Answer(status=400, body={"error": "invalid_grant", "error_codes": [50173]})], True)  # noqa: FBT003
def test_whatever_one_customer_answers_touches_nobody_else(answers: list[Answer], takes_older: bool) -> None:  # noqa: FBT001
    async def scenario() -> None:
        scene = Scene()
        assert await scene.token("home") == f"token-of-{HOME_ID}"
        before = scene.state()
        for answer in answers:
            scene.entra.answer = contoso_says(answer, takes_older=takes_older)
            with suppress(BrokerError):
                await scene.token("contoso")
            scene.moment += REFUSED_SECONDS
            assert scene.state() == before
            claims = json.dumps({"access_token": {"acrs": {"value": str(scene.moment)}}})
            scene.entra.posted.clear()
            assert await scene.token("northwind", claims) == f"token-of-{NORTHWIND_ID}"
            assert [posted.secret for posted in scene.entra.posted] == [NEWEST], "by the same proof as before"
            scene.clock.now += LONGEST_REMEMBERED
        scene.entra.answer = tokens
        scene.clock.now += timedelta(hours=2)
        assert await scene.token("contoso") == CUSTOMERS_OWN, "and that customer's comes as soon as it lets it"
        assert_calm(scene)

    asyncio.run(scenario())


def contoso_says(answer: Answer, *, takes_older: bool) -> Callable[[Posted], Answer]:
    """Contoso's word alone; perhaps it takes the older secret, after it has refused the newest."""

    def answered(posted: Posted) -> Answer:
        is_contoso = posted.tenant_id == CONTOSO_ID
        return answer if is_contoso and not (takes_older and posted.secret == OLDER) else tokens(posted)

    return answered


def assert_calm(scene: Scene) -> None:
    """The timer finds consent and application as well as ever."""
    scene.clock.now += timedelta(days=1)
    scene.moment += KEPT_SECONDS
    report = refresh_run(ConsentStore(scene.vault), scene.authority, scene.clock, credential=scene.credential).run()
    report.require_calm()
    assert report.outcomes == {PROVEN: 1}
    assert report.application.health.status == "ok"
