"""A verified domain stands for its tenant, on the asker's own share, and never for one that its rows do not allow."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.customers.known import KnownCustomers
from shared.errors import AuthorityUnavailable, BrokerError
from tests.token_http.samples import (
    CONTOSO_ID,
    HOME_ID,
    NORTHWIND_ID,
    OTHER_ID,
    Scene,
    caller,
    document,
    request,
    row,
)
from token_http.refusals import NotPermitted, TenantNameUnknown

DOMAIN = "contoso.example"
type Scenario = Callable[[Scene], Awaitable[None]]


def play(scenario: Scenario) -> None:
    async def all_of_it() -> None:
        scene = Scene()
        scene.owners = {DOMAIN: CONTOSO_ID, "northwind.example": NORTHWIND_ID, "partner.example": HOME_ID}
        await scenario(scene)
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)

    asyncio.run(all_of_it())


async def refusal(scene: Scene, tenant: str, who: str | None = None) -> BrokerError:
    with pytest.raises(BrokerError) as refused:
        await scene.ask(request(tenant), caller(who) if who else None)
    return refused.value


def test_a_domain_is_looked_up_once_and_its_tenant_decides() -> None:
    async def scenario(scene: Scene) -> None:
        for tenant in (DOMAIN, " Contoso.Example ", CONTOSO_ID):
            assert (await scene.ask(request(tenant))).token.tenant_id == CONTOSO_ID
        assert (scene.looked_up, len(scene.authority.asked)) == ([DOMAIN], 1)

    play(scenario)


@pytest.mark.parametrize("tenants", [["contoso"], ["*"], ["home"]])
def test_a_domain_of_a_tenant_that_no_row_allows_leads_nowhere(tenants: list[str]) -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=tenants))
        for domain, allowed in (
            (DOMAIN, {"contoso", "*"}),
            ("northwind.example", {"*"}),
            ("partner.example", {"home"}),
        ):
            if tenants[0] in allowed:
                await scene.ask(request(domain))
            else:
                assert isinstance(await refusal(scene, domain), NotPermitted)

    play(scenario)


def test_for_whom_no_row_permits_anything_of_it_nothing_is_looked_up() -> None:
    async def scenario(scene: Scene) -> None:
        assert (await refusal(scene, DOMAIN, OTHER_ID)).code == "not_permitted"
        with pytest.raises(NotPermitted):
            await scene.ask(request(DOMAIN, "arm"))
        assert scene.looked_up == []

    play(scenario)


@pytest.mark.parametrize(
    "tenant",
    ["contoso", "nobody", "a..example", "-a.example", "a_b.example", "a.1", "example.", "a/b.example", "é.example"],
)
def test_what_is_no_domain_is_not_looked_up(tenant: str) -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=["northwind"]))
        assert isinstance(await refusal(scene, tenant), TenantNameUnknown)
        assert scene.looked_up == []

    play(scenario)


def test_a_domain_that_is_nobodys_is_remembered_for_minutes_and_a_tenants_for_an_hour() -> None:
    async def scenario(scene: Scene) -> None:
        for minutes, looked_up in ((0, 1), (4, 1), (2, 2)):
            scene.clock.move(minutes=minutes)
            assert isinstance(await refusal(scene, "nobodys.example"), TenantNameUnknown)
            assert len(scene.looked_up) == looked_up
        scene.looked_up.clear()
        for minutes, looked_up in ((0, 1), (59, 1), (2, 2)):
            scene.clock.move(minutes=minutes)
            await scene.ask(request(DOMAIN))
            assert len(scene.looked_up) == looked_up

    play(scenario)


def test_while_it_cannot_be_found_out_the_answer_is_to_come_again() -> None:
    async def scenario(scene: Scene) -> None:
        scene.owners[DOMAIN] = AuthorityUnavailable()
        assert (await refusal(scene, DOMAIN)).transient
        scene.owners[DOMAIN] = CONTOSO_ID
        await scene.ask(request(DOMAIN))

    play(scenario)


def test_the_application_knows_the_customers_of_the_partners_consent() -> None:
    async def scenario(scene: Scene) -> None:
        scene.known = KnownCustomers(domains={"contoso.onmicrosoft.com": CONTOSO_ID})
        own = row(**{"as": "application", "consents": None})
        scene.policies.put("policy-1", json.dumps({"schema": 2, **json.loads(document(own))}), tags={})
        asked = request("contoso.onmicrosoft.com", **{"as": "application"})
        assert (await scene.ask(asked)).token.tenant_id == CONTOSO_ID
        assert scene.looked_up == []

    play(scenario)


def test_a_domain_of_a_known_customer_is_asked_of_nobody() -> None:
    async def scenario(scene: Scene) -> None:
        scene.known = KnownCustomers(domains={"contoso.onmicrosoft.com": CONTOSO_ID})
        await scene.ask(request("contoso.onmicrosoft.com"))
        assert scene.looked_up == []

    play(scenario)


def test_a_name_of_the_policy_that_looks_like_a_domain_is_the_policys_alone() -> None:
    async def scenario(scene: Scene) -> None:
        scene.policies.put("policy-1", document(row(tenants=["*"]), tenants={DOMAIN: NORTHWIND_ID}), tags={})
        assert (await scene.ask(request(DOMAIN))).token.tenant_id == NORTHWIND_ID
        scene.policies.put("policy-2", document(tenants={DOMAIN: CONTOSO_ID}), tags={})
        scene.clock.move(minutes=2)
        assert isinstance(await refusal(scene, DOMAIN), TenantNameUnknown)
        assert scene.looked_up == []

    play(scenario)


def test_look_ups_wait_in_the_askers_own_queue() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(), row(caller=OTHER_ID))
        domains = [f"d{number}.example" for number in range(40)]
        loop = [asyncio.ensure_future(refusal(scene, domain)) for domain in domains]
        await asyncio.sleep(0)
        other = asyncio.ensure_future(scene.ask(request(), caller(OTHER_ID)))
        await asyncio.gather(*loop, other)
        assert sorted(scene.looked_up) == sorted(domains)

    play(scenario)


def test_a_check_of_the_policy_understands_domains_too() -> None:
    async def scenario(scene: Scene) -> None:
        decision = await scene.issuer.decide(caller(), request(DOMAIN))
        assert decision.tenant_id == CONTOSO_ID
        with pytest.raises(TenantNameUnknown):
            await scene.issuer.decide(caller(), request("nobodys.example"))

    play(scenario)


def test_what_an_operator_asks_about_a_caller_waits_in_the_operators_queue() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.issuer.policy()
        await scene.issuer.domains.known("partner")
        asked = [
            asyncio.ensure_future(scene.issuer.decide(caller(), request(f"d{number}.example"), asker="operator"))
            for number in range(40)
        ]
        await asyncio.sleep(0)
        await refusal(scene, "own.example")
        await asyncio.gather(*asked, return_exceptions=True)
        assert scene.looked_up.index("own.example") < len(asked) / 2

    play(scenario)


NAMES = ["contoso", "northwind", "a.example", "b.example"]
IDS = [CONTOSO_ID, NORTHWIND_ID, HOME_ID]


@settings(deadline=None, max_examples=40)
@given(
    names=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(IDS), max_size=4),
    owners=st.dictionaries(st.sampled_from(NAMES[2:]), st.sampled_from(IDS), max_size=2),
    tenants=st.lists(st.sampled_from([CONTOSO_ID, NORTHWIND_ID, "*", "home"]), min_size=1, max_size=2),
    asked=st.sampled_from([*NAMES, *IDS, "home"]),
)
def test_no_name_and_no_domain_leads_to_a_tenant_that_the_rows_do_not_allow(
    names: dict[str, str], owners: dict[str, str], tenants: list[str], asked: str
) -> None:
    async def scenario(scene: Scene) -> None:
        scene.owners = {**owners}
        scene.policies.put("policy-1", document(row(tenants=tenants), tenants=names), tags={})
        allowed = {HOME_ID} if "home" in tenants else set()
        allowed |= {CONTOSO_ID, NORTHWIND_ID} if "*" in tenants else set(tenants) & set(IDS)
        meant = names.get(asked, owners.get(asked, HOME_ID if asked == "home" else asked))
        try:
            issued = await scene.ask(request(asked))
        except NotPermitted:
            assert meant not in allowed
        else:
            assert issued.token.tenant_id == meant
            assert meant in allowed

    play(scenario)
