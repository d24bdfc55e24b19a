"""BrokerCredential with azure-core's own shapes: tokens, refusals, claims, threads, and the asynchronous twin."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Self

import httpx
import pytest
from azure.core.credentials import AccessToken, SupportsTokenInfo, TokenCredential
from azure.core.exceptions import ClientAuthenticationError

from local.person import Person
from local.stack import identity_environment, running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN, BROKER_API, CONTOSO, NORTHWIND, PARTNER_TENANT
from partner_token import ApplicationCredential, BrokerCredential, BrokerError
from partner_token.aio import ApplicationCredential as AsyncApplicationCredential
from partner_token.aio import BrokerCredential as AsyncBrokerCredential
from shared.keys.signed_claims import unverified_claims
from tests.local_control import Controls

GRAPH = "https://graph.microsoft.com/.default"
AUDIENCE = f"api://{BROKER_API}"


class OfTheStack:
    """Who asks: the managed identity `reports` of a stack."""

    def __init__(self, state: StackState) -> None:
        self._platform = identity_environment(state, "reports")
        self.asked = 0

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        self.asked += 1
        answer = httpx.get(
            self._platform["IDENTITY_ENDPOINT"],
            params={"api-version": "2019-08-01", "resource": scopes[0].removesuffix("/.default")},
            headers={"X-IDENTITY-HEADER": self._platform["IDENTITY_HEADER"]},
            trust_env=False,
        ).json()
        return AccessToken(answer["access_token"], int(answer["expires_on"]))


class Asynchronous:
    """The same as azure-core's AsyncTokenCredential."""

    def __init__(self, state: StackState) -> None:
        self._inner = OfTheStack(state)

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return self._inner.get_token(*scopes)

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    with running_stack(tmp_path_factory.mktemp("credential") / "state") as running, Person() as person:
        assert person.consent(Workload(state=running, name="operator").link(), ADMIN).is_success
        yield running


def credential(state: StackState, tenant: str = "contoso", url: str = "") -> BrokerCredential:
    return BrokerCredential(url or state.host, audience=AUDIENCE, tenant=tenant, credential=OfTheStack(state))


def test_it_is_a_credential_as_azure_core_has_them(state: StackState) -> None:
    with credential(state) as made:
        assert isinstance(made, TokenCredential)
        assert isinstance(made, SupportsTokenInfo)
        token, info = made.get_token(GRAPH, tenant_id="ignored", enable_cae=True), made.get_token_info(GRAPH)
        assert (token.token, token.expires_on) == (info.token, info.expires_on)
        assert unverified_claims(token.token)["tid"] == CONTOSO


def test_a_credential_of_the_application_gives_its_own_tokens_and_its_twin_too(state: StackState) -> None:
    with (
        ApplicationCredential(state.host, audience=AUDIENCE, tenant="contoso", credential=OfTheStack(state)) as made,
        credential(state) as persons,
    ):
        token = made.get_token(GRAPH).token
        claims = unverified_claims(token)
        assert (claims["tid"], claims["idtyp"], "scp" in claims) == (CONTOSO, "app", False)
        assert persons.get_token(GRAPH).token != token
        with pytest.raises(BrokerError) as refused:
            made.get_token("https://management.azure.com/.default")
        assert refused.value.code == "not_permitted"

    async def asked() -> str:
        twin = AsyncApplicationCredential(
            state.host, audience=AUDIENCE, tenant="contoso", credential=Asynchronous(state)
        )
        async with twin:
            return (await twin.get_token(GRAPH)).token

    assert asyncio.run(asked()) == token


def test_many_threads_that_begin_together_ask_once(state: StackState) -> None:
    own = OfTheStack(state)
    with closing(BrokerCredential(state.host, audience=AUDIENCE, tenant="northwind", credential=own)) as made:
        found: set[str] = set()
        threads = [threading.Thread(target=lambda: found.add(made.get_token(GRAPH).token)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(found), own.asked) == (1, 1)


def test_a_claims_challenge_is_answered_with_a_fresh_token(state: StackState) -> None:
    with credential(state) as made:
        before = made.get_token(GRAPH).token
        claims = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
        assert made.get_token(GRAPH, claims=claims).token != before
        assert made.get_token_info(GRAPH, options={"claims": claims}).token != before


def test_a_refusal_is_the_sdks_own_error_with_code_and_remedy(state: StackState) -> None:
    with credential(state, tenant="nowhere") as made, pytest.raises(ClientAuthenticationError) as refused:
        made.get_token(GRAPH)
    assert isinstance(refused.value, BrokerError)
    assert (refused.value.code, refused.value.status, refused.value.transient) == ("tenant_name_unknown", 403, False)
    assert refused.value.correlation_id in str(refused.value)


def test_what_passes_is_tried_again(state: StackState) -> None:
    entra = Controls(state, state.entra)
    entra.post(
        "faults", {"method": "POST", "path": ".*/token", "status": 503, "body": {}, "headers": {"Retry-After": "1"}}
    )
    with credential(state) as made:
        assert made.get_token("https://management.azure.com/.default").token


@pytest.mark.parametrize("url", ["http://broker.example", "ftp://broker.example", "broker.example", ""])
def test_a_token_is_never_sent_where_anybody_could_read_it(state: StackState, url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        BrokerCredential(url, audience=AUDIENCE, tenant="contoso", credential=OfTheStack(state))


def test_another_service_is_not_taken_for_the_broker(state: StackState) -> None:
    with credential(state, url=state.managed_identity) as made, pytest.raises(BrokerError, match="address"):
        made.get_token(GRAPH)


@pytest.mark.parametrize("scopes", [(), (GRAPH, "https://management.azure.com/.default")])
def test_a_token_is_for_one_scope(state: StackState, scopes: tuple[str, ...]) -> None:
    with credential(state) as made, pytest.raises(ValueError, match="one scope"):
        made.get_token(*scopes)


def test_the_asynchronous_twin_does_the_same(state: StackState) -> None:
    async def asked() -> tuple[str, str, str]:
        made = AsyncBrokerCredential(state.host, audience=AUDIENCE, tenant="contoso", credential=Asynchronous(state))
        async with made:
            tokens = await asyncio.gather(*(made.get_token(GRAPH) for _ in range(10)))
            assert len({token.token for token in tokens}) == 1
            info = await made.get_token_info(GRAPH)
        refusing = AsyncBrokerCredential(
            state.host, audience=AUDIENCE, tenant="nowhere", credential=Asynchronous(state)
        )
        async with refusing:
            with pytest.raises(BrokerError) as refused:
                await refusing.get_token(GRAPH)
        return tokens[0].token, info.token, refused.value.code

    token, info, code = asyncio.run(asked())
    assert (token, code) == (info, "tenant_name_unknown")
    assert unverified_claims(token)["tid"] == CONTOSO


def loop_of(state: StackState, own: OfTheStack) -> list[str]:
    """Graph's tenants, as a script that works through all of them gets tokens."""
    got = []
    with BrokerCredential(state.host, audience=AUDIENCE, tenant="home", credential=own) as broker:
        for tenant in broker.tenants():
            if "graph" in tenant.resources:
                try:
                    token = broker.for_tenant(tenant.tenant_id).get_token(GRAPH).token
                except BrokerError:
                    continue
                got.append(unverified_claims(token)["tid"])
    return got


class OfAMoment(OfTheStack):
    """The same, whose tokens are at their end as soon as they are there."""

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return super().get_token(*scopes)._replace(expires_on=0)


def test_a_loop_over_all_tenants_outlives_the_identitys_own_token(state: StackState) -> None:
    steady, ending = OfTheStack(state), OfAMoment(state)
    assert loop_of(state, steady) == loop_of(state, ending) == [CONTOSO, NORTHWIND]
    assert (steady.asked, ending.asked) == (1, 5), "once for the list, and once for each tenant"


def test_tenants_are_told_with_names_and_what_may_be_asked_for(state: StackState) -> None:
    with BrokerCredential(state.host, audience=AUDIENCE, tenant="home", credential=OfTheStack(state)) as broker:
        found = {tenant.tenant_id: tenant for tenant in broker.tenants()}
    assert (found[CONTOSO].name, list(found[CONTOSO].resources)) == ("contoso", ["arm", "graph"])
    assert found[PARTNER_TENANT].name == "home"

    async def asked() -> list[str]:
        own = Asynchronous(state)
        async with AsyncBrokerCredential(state.host, audience=AUDIENCE, tenant="home", credential=own) as broker:
            tenants = await broker.tenants()
            part = broker.for_tenant("contoso.example")
            assert unverified_claims((await part.get_token(GRAPH, fresh=True)).token)["tid"] == CONTOSO
            await part.close()
            assert (await broker.for_tenant("contoso").get_token(GRAPH)).token
        return [tenant.tenant_id for tenant in tenants]

    assert asyncio.run(asked()) == sorted(found)


def test_fresh_asks_for_another_one_than_the_credential_keeps(state: StackState) -> None:
    with BrokerCredential(
        state.host, audience=AUDIENCE, tenant="northwind", credential=OfTheStack(state)
    ) as credential:
        kept = credential.get_token(GRAPH)
        assert credential.get_token(GRAPH) == kept
        assert credential.get_token(GRAPH, fresh=True).token != kept.token
