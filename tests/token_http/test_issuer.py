"""The engine: policy each time, one exchange for all who want the same, fresh where asked, and what outages leave."""

import asyncio
import json
import threading
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.cloud import PUBLIC
from shared.consents.errors import ConsentAbsent, ConsentWithdrawn
from shared.entra.errors import AccountRefused, CustomerTenantRefused, NewConsentNeeded
from shared.errors import SHORT_RETRY_SECONDS, AuthorityUnavailable, BrokerError
from shared.vault_errors import VaultUnavailable
from tests.fakes.scripted_authority import Asked, says
from tests.token_http.samples import (
    CONTOSO_ID,
    MAX_AGE,
    NOON,
    NORTHWIND_ID,
    OTHER_ID,
    Scene,
    caller,
    consent,
    request,
    row,
)
from token_http.message import MAX_MIN_LIFETIME, parse
from token_http.notice import AAD_GRAPH_RETIRED, STALE
from token_http.refusals import NotPermitted

CLAIMS = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
TENANTS = [f"cccc0000-0000-4000-8000-00000000000{number}" for number in range(4)]
OTHER_CLAIMS = '{"access_token": {"acrs": {"essential": true, "value": "c2"}}}'
CONDITIONAL_ACCESS, MFA_WANTED, LOCKED, REVOKED = 53003, 50076, 50053, 50173
type Scenario = Callable[[Scene], Awaitable[None]]


def play(scenario: Scenario, make: Callable[[], Scene] = Scene) -> None:
    """Run a scenario on an event loop of its own."""

    async def all_of_it() -> None:
        scene = make()
        await scenario(scene)
        await settle()

    asyncio.run(all_of_it())


async def settle() -> None:
    """Let whatever runs beside the test come to its end."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


def no_answer(_asked: Asked) -> BrokerError | None:
    return AuthorityUnavailable()


def answers(_asked: Asked) -> BrokerError | None:
    return None


def test_a_token_comes_from_an_exchange_in_the_tenant_and_scope_that_were_decided() -> None:
    async def scenario(scene: Scene) -> None:
        issued = await scene.ask()
        (asked,) = scene.authority.asked
        assert (asked.tenant_id, asked.scope) == (CONTOSO_ID, "https://graph.microsoft.com/.default")
        assert (asked.refresh_token, asked.claims) == ("refresh-token-1", None)
        assert (issued.token.token, issued.from_cache, issued.warnings) == ("access-token-1", False, ())
        assert (issued.lineage, issued.permission) == ("l1", "policy-1[0]")

    play(scenario)


def test_the_newest_renewal_of_the_lineage_is_exchanged() -> None:
    async def scenario(scene: Scene) -> None:
        scene.renew("l1", "refresh-token-2")
        await scene.ask()
        assert scene.authority.asked[0].refresh_token == "refresh-token-2"

    play(scenario)


def test_a_renewal_of_an_older_lineage_is_never_exchanged() -> None:
    async def scenario(scene: Scene) -> None:
        scene.renew("l0", "refresh-token-0")
        await scene.ask()
        assert scene.authority.asked[0].refresh_token == "refresh-token-1"

    play(scenario)


def test_a_hundred_who_miss_at_once_cause_one_exchange() -> None:
    async def scenario(scene: Scene) -> None:
        issued = await asyncio.gather(*(scene.ask() for _ in range(100)))
        assert {found.token.token for found in issued} == {"access-token-1"}
        assert len(scene.authority.asked) == 1

    play(scenario)


def test_a_hundred_who_fail_at_once_cause_one_exchange_and_the_failure_is_remembered_briefly() -> None:
    async def scenario(scene: Scene) -> None:
        scene.authority.refuse = lambda _asked: CustomerTenantRefused(authority_code=65001)
        outcomes = await asyncio.gather(*(scene.ask() for _ in range(100)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {CustomerTenantRefused}
        with pytest.raises(CustomerTenantRefused) as raised:
            await scene.ask()
        assert raised.value.authority_code == 65001
        assert len(scene.authority.asked) == 1
        scene.authority.refuse = answers
        scene.clock.move(seconds=30)
        assert (await scene.ask()).token.token == "access-token-2"

    play(scenario)


def test_a_refusal_in_one_tenant_says_nothing_about_another() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=["contoso", "northwind"]))
        scene.authority.refuse = lambda asked: CustomerTenantRefused() if asked.tenant_id == CONTOSO_ID else None
        with pytest.raises(CustomerTenantRefused):
            await scene.ask()
        assert (await scene.ask(request("northwind"))).token.tenant_id == NORTHWIND_ID

    play(scenario)


def test_a_cached_token_is_still_subject_to_the_policy() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        with pytest.raises(NotPermitted):
            await scene.ask(principal=caller(OTHER_ID))
        scene.write_policy()
        scene.clock.move(seconds=MAX_AGE.total_seconds())
        with pytest.raises(NotPermitted):
            await scene.ask()
        assert len(scene.authority.asked) == 1

    play(scenario)


def test_a_token_is_shared_by_all_callers_whom_the_policy_allows_it() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(), row(caller=OTHER_ID))
        first, second = await scene.ask(), await scene.ask(principal=caller(OTHER_ID))
        assert first.token == second.token
        assert second.from_cache
        assert (first.permission, second.permission) == ("policy-1[0]", "policy-1[1]")

    play(scenario)


def test_a_withdrawn_consent_is_never_served_once_it_was_forgotten_or_has_grown_old() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        scene.store.withdraw("partner", by=OTHER_ID, on=NOON)
        scene.issuer.forget("partner")
        with pytest.raises(ConsentWithdrawn):
            await scene.ask()
        with pytest.raises(ConsentWithdrawn):
            await scene.ask(request(claims=CLAIMS))

    async def elsewhere(scene: Scene) -> None:
        await scene.ask()
        scene.store.withdraw("partner", by=OTHER_ID, on=NOON)
        scene.clock.move(seconds=MAX_AGE.total_seconds())
        with pytest.raises(ConsentWithdrawn):
            await scene.ask()
        assert len(scene.authority.asked) == 1

    play(scenario)
    play(elsewhere)


def test_a_withdrawal_is_not_undone_by_an_outage() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        scene.store.withdraw("partner", by=OTHER_ID, on=NOON)
        scene.issuer.forget("partner")
        with pytest.raises(ConsentWithdrawn):
            await scene.ask()
        away(scene)
        scene.clock.move(minutes=30)
        with pytest.raises(ConsentWithdrawn):
            await scene.ask()

    play(scenario)


def test_a_consent_that_was_never_given_is_absent() -> None:
    async def scenario(scene: Scene) -> None:
        scene.tokens.written.clear()
        with pytest.raises(ConsentAbsent):
            await scene.ask()
        assert scene.authority.asked == []

    play(scenario)


def test_a_new_lineage_never_meets_the_tokens_and_refusals_of_the_old() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        scene.authority.refuse = lambda _asked: NewConsentNeeded()
        with pytest.raises(NewConsentNeeded):
            await scene.ask(request(min_lifetime=MAX_MIN_LIFETIME, resource="https://graph.microsoft.com/"))
        scene.authority.refuse = answers
        scene.store.store_consent(consent("l2", "refresh-token-of-another-person"))
        scene.issuer.forget("partner")
        issued = await scene.ask()
        assert (issued.lineage, issued.from_cache) == ("l2", False)
        assert scene.authority.asked[-1].refresh_token == "refresh-token-of-another-person"
        assert not (await scene.ask(request(resource="https://graph.microsoft.com/"))).from_cache

    play(scenario)


def test_a_token_near_its_end_is_served_and_the_next_one_is_fetched_meanwhile() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        scene.clock.move(minutes=66)
        assert (await scene.ask()).token.token == "access-token-1"
        await settle()
        assert len(scene.authority.asked) == 2
        assert (await scene.ask()).token.token == "access-token-2"

    play(scenario)


def test_a_fetch_ahead_that_fails_harms_nobody_and_is_not_repeated_at_once() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        scene.authority.refuse = no_answer
        scene.clock.move(minutes=66)
        for _ in range(5):
            issued = await scene.ask()
            assert (issued.token.token, issued.warnings) == ("access-token-1", ())
            await settle()
        assert len(scene.authority.asked) == 2

    play(scenario)


def test_while_the_authority_is_away_a_token_is_served_to_its_last_minute_with_a_warning() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        scene.authority.refuse = no_answer
        scene.clock.move(minutes=73)
        for _ in range(3):
            issued = await scene.ask()
            assert (issued.token.token, issued.from_cache, issued.warnings) == ("access-token-1", True, (STALE,))
        assert len(scene.authority.asked) == 2
        scene.clock.move(minutes=1, seconds=1)
        with pytest.raises(AuthorityUnavailable):
            await scene.ask()

    play(scenario)


@pytest.mark.parametrize("refusal", [NewConsentNeeded, CustomerTenantRefused])
def test_a_token_near_its_end_is_no_answer_to_a_refusal(refusal: type[BrokerError]) -> None:
    """The authority has spoken: only its silence is bridged."""

    async def scenario(scene: Scene) -> None:
        await scene.ask()
        scene.authority.refuse = lambda _asked: refusal()
        scene.clock.move(minutes=73)
        with pytest.raises(refusal):
            await scene.ask()

    play(scenario)


def test_min_lifetime_forces_one_fresh_exchange_and_takes_what_comes() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        scene.clock.move(minutes=40)
        assert (await scene.ask(request(min_lifetime=34 * 60))).from_cache
        issued = await scene.ask(request(min_lifetime=36 * 60))
        assert (issued.token.token, issued.from_cache) == ("access-token-2", False)
        assert (await scene.ask()).token.token == "access-token-2", "the fresher one is everybody's"
        scene.authority.lifetime = timedelta(minutes=20)
        scene.clock.move(minutes=60)
        short = await scene.ask(request(min_lifetime=MAX_MIN_LIFETIME))
        assert (short.token.token, short.warnings) == ("access-token-3", ())

    play(scenario)


def test_claims_are_always_a_fresh_exchange_and_their_token_is_that_callers_from_then_on() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        for number in (2, 3):
            issued = await scene.ask(request(claims=CLAIMS))
            assert (issued.token.token, issued.from_cache) == (f"access-token-{number}", False)
            assert json.loads(scene.authority.asked[-1].claims or "") == json.loads(CLAIMS)
        issued = await scene.ask()
        assert (issued.token.token, issued.from_cache) == ("access-token-3", True)

    play(scenario)


@pytest.mark.parametrize(
    "more", [{"claims": CLAIMS}, {"claims": OTHER_CLAIMS}, {"claims": "{}"}, {"fresh": True}], ids=str
)
def test_neither_claims_nor_the_wish_for_a_fresh_token_cost_anybody_else_a_token(more: dict[str, Any]) -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=["contoso", "northwind"]), row(caller=OTHER_ID))
        shared, elsewhere = await scene.ask(), await scene.ask(request("northwind"))
        for _ in range(5):
            await scene.ask(request(**more))
            assert (await scene.ask(principal=caller(OTHER_ID))).token == shared.token
        assert (await scene.ask(request("northwind"))).token == elsewhere.token, "the challenge was not about this one"
        own = await scene.ask()
        assert (own.token == shared.token) == (more.get("claims") == "{}"), "its own, once it has one"

    play(scenario)


@pytest.mark.parametrize("empty", ["{}", '{"access_token": {}}', "", "  ", ' { "access_token" : { } } '])
def test_empty_claims_are_none(empty: str) -> None:
    async def scenario(scene: Scene) -> None:
        first = await scene.ask()
        assert (await scene.ask(request(claims=empty))).token == first.token
        assert len(scene.authority.asked) == 1

    play(scenario)


def test_a_fresh_token_costs_one_exchange_a_minute_at_most() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        for _ in range(5):
            assert (await scene.ask(request(fresh=True))).token.token == "access-token-2"
        scene.clock.move(seconds=59)
        assert (await scene.ask(request(fresh=True))).from_cache
        scene.clock.move(seconds=1)
        assert (await scene.ask(request(fresh=True))).token.token == "access-token-3"
        assert (await scene.ask()).token.token == "access-token-3"

    play(scenario)


def test_ones_own_token_near_its_end_gives_way_to_the_one_that_all_share() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(), row(caller=OTHER_ID))
        await scene.ask(request(fresh=True))
        scene.clock.move(minutes=40)
        shared = await scene.ask(principal=caller(OTHER_ID))
        scene.clock.move(minutes=31)
        assert (await scene.ask()).token == shared.token

    play(scenario)


def test_a_challenge_that_was_refused_takes_no_token_away() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        scene.authority.refuse = lambda asked: NewConsentNeeded() if asked.claims else None
        with pytest.raises(NewConsentNeeded):
            await scene.ask(request(claims=CLAIMS))
        assert (await scene.ask()).token.token == "access-token-1"

    play(scenario)


def test_a_refused_claims_challenge_is_remembered_for_itself_alone() -> None:
    """A caller in a loop over its challenge must not get the broker throttled, and nobody else pays for it."""

    async def scenario(scene: Scene) -> None:
        scene.authority.refuse = lambda asked: NewConsentNeeded() if "c1" in (asked.claims or "") else None
        for _ in range(2):
            with pytest.raises(NewConsentNeeded):
                await scene.ask(request(claims=CLAIMS))
        assert len(scene.authority.asked) == 1
        assert (await scene.ask()).token.token == "access-token-2"
        assert (await scene.ask(request(claims=OTHER_CLAIMS))).token.token == "access-token-3"
        scene.clock.move(seconds=30)
        with pytest.raises(NewConsentNeeded):
            await scene.ask(request(claims=CLAIMS))
        assert len(scene.authority.asked) == 4

    play(scenario)


def test_claims_get_no_older_token_while_the_authority_is_away() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        scene.authority.refuse = no_answer
        with pytest.raises(AuthorityUnavailable):
            await scene.ask(request(claims=CLAIMS))

    play(scenario)


def test_a_cached_answer_is_given_while_a_slow_exchange_is_under_way() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=["contoso", "northwind"]))
        await scene.ask()
        reached, released = threading.Event(), threading.Event()

        def slow(_asked: Asked) -> None:
            reached.set()
            assert released.wait(20)

        scene.authority.refuse = slow
        slow_one = asyncio.create_task(scene.ask(request("northwind")))
        assert await asyncio.to_thread(reached.wait, 20)
        assert (await scene.ask()).from_cache
        assert not slow_one.done()
        released.set()
        assert (await slow_one).token.tenant_id == NORTHWIND_ID

    play(scenario)


def test_a_cached_token_is_given_while_every_exchange_thread_waits_for_a_customers_tenant() -> None:
    """And while its policy and consent have to be read anew: Key Vault's threads are others."""

    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=["contoso", *TENANTS]))
        await scene.ask()
        reached, released = threading.Semaphore(0), threading.Event()

        def slow(_asked: Asked) -> None:
            reached.release()
            assert released.wait(20)

        scene.authority.refuse = slow
        waiting = [asyncio.create_task(scene.ask(request(tenant))) for tenant in TENANTS]
        for _ in range(2):
            assert await asyncio.to_thread(reached.acquire, timeout=20)
        scene.clock.move(seconds=MAX_AGE.total_seconds())
        assert (await asyncio.wait_for(scene.ask(), 20)).from_cache
        assert not any(task.done() for task in waiting)
        released.set()
        assert {found.token.tenant_id for found in await asyncio.gather(*waiting)} == set(TENANTS)

    play(scenario, lambda: Scene(exchange_threads=2))


def test_a_token_is_exchanged_while_every_vault_thread_waits_for_another_consent() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(consents=["partner", "slow"], resources=["graph", "arm"]))
        await scene.ask()
        reached, released = threading.Event(), threading.Event()

        def slow(_operation: str, name: str) -> None:
            if name == "consent-slow":
                reached.set()
                assert released.wait(20)

        scene.tokens.before = slow
        waiting = asyncio.create_task(scene.ask(request(consent="slow")))
        assert await asyncio.to_thread(reached.wait, 20)
        issued = await asyncio.wait_for(scene.ask(request(resource="arm")), 20)
        assert not issued.from_cache
        released.set()
        with pytest.raises(ConsentAbsent):
            await waiting

    play(scenario, lambda: Scene(vault_threads=1))


@pytest.mark.parametrize("minutes", [10, 20, 60])
def test_a_token_that_is_made_to_live_shortly_costs_no_exchange_for_each_request(minutes: int) -> None:
    """Ten minutes are the least that an administrator can set for access tokens."""

    async def scenario(scene: Scene) -> None:
        scene.authority.lifetime = timedelta(minutes=minutes)
        for _ in range(20):
            assert (await scene.ask()).token.token == "access-token-1"
            scene.clock.move(seconds=minutes * 60 / 2 / 20 - 0.01)
        await settle()
        assert len(scene.authority.asked) == 1

    play(scenario)


def test_an_outage_is_asked_about_again_when_the_time_in_retry_after_is_over() -> None:
    async def scenario(scene: Scene) -> None:
        scene.authority.refuse = no_answer
        for _ in range(3):
            with pytest.raises(AuthorityUnavailable):
                await scene.ask()
        assert len(scene.authority.asked) == 1
        scene.authority.refuse = answers
        scene.clock.move(seconds=SHORT_RETRY_SECONDS - 0.1)
        with pytest.raises(AuthorityUnavailable):
            await scene.ask()
        scene.clock.move(seconds=0.1)
        assert (await scene.ask()).token.token == "access-token-2"

    play(scenario)


@pytest.mark.parametrize("code", [CONDITIONAL_ACCESS, MFA_WANTED])
def test_a_condition_of_a_customers_tenant_is_that_customers_and_asks_nobody_for_a_new_consent(code: int) -> None:
    async def scenario(scene: Scene) -> None:
        scene.authority.refuse = says("invalid_grant", code)
        for _ in range(2):
            with pytest.raises(CustomerTenantRefused) as raised:
                await scene.ask()
            assert raised.value.authority_code == code
            assert "Conditional Access" in raised.value.description
            assert CONTOSO_ID in raised.value.description
        assert len(scene.authority.asked) == 1, "what is remembered means the same"

    play(scenario)


@pytest.mark.parametrize("code", [CONDITIONAL_ACCESS, MFA_WANTED])
def test_the_same_condition_of_the_persons_own_tenant_needs_a_new_sign_in(code: int) -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=["home"]))
        scene.authority.refuse = says("invalid_grant", code)
        for _ in range(2):
            with pytest.raises(NewConsentNeeded) as raised:
                await scene.ask(request("home"))
            assert raised.value.authority_code == code

    play(scenario)


@pytest.mark.parametrize("tenant", ["contoso", "home"])
def test_a_locked_account_is_the_persons_own_wherever_that_is_said(tenant: str) -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=["contoso", "home"]))
        scene.authority.refuse = says("invalid_grant", LOCKED)
        with pytest.raises(AccountRefused):
            await scene.ask(request(tenant))

    play(scenario)


def test_a_dead_refresh_token_is_dead_in_a_customers_tenant_too() -> None:
    async def scenario(scene: Scene) -> None:
        scene.authority.refuse = lambda _asked: NewConsentNeeded(authority_code=REVOKED)
        with pytest.raises(NewConsentNeeded):
            await scene.ask()

    play(scenario)


def test_an_issued_token_names_the_account_that_it_is_of() -> None:
    async def scenario(scene: Scene) -> None:
        assert (await scene.ask()).account == "ada@partner.example"
        assert (await scene.ask()).account == "ada@partner.example"

    play(scenario)


def test_a_token_of_a_retired_api_comes_with_a_notice_and_an_outage_adds_its_own() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(resources=["aadgraph"]))
        asked = request(resource="https://graph.windows.net/")
        assert (await scene.ask(asked)).warnings == (AAD_GRAPH_RETIRED,)
        scene.authority.refuse = no_answer
        scene.clock.move(minutes=73)
        assert (await scene.ask(asked)).warnings == (STALE, AAD_GRAPH_RETIRED)

    play(scenario)


def away(scene: Scene) -> None:
    """Both vaults stop answering."""

    def nothing(_operation: str, _name: str) -> None:
        raise VaultUnavailable

    scene.tokens.before = scene.policies.before = nothing


def test_both_vaults_may_be_away_for_an_hour() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=["contoso", "northwind"]))
        await scene.ask()
        away(scene)
        scene.clock.move(minutes=59)
        assert (await scene.ask()).token.tenant_id == CONTOSO_ID
        assert (await scene.ask(request("northwind"))).token.tenant_id == NORTHWIND_ID, "new tokens as well"
        scene.clock.move(minutes=1)
        with pytest.raises(VaultUnavailable):
            await scene.ask()

    play(scenario)


def test_a_broker_that_starts_in_an_outage_issues_nothing() -> None:
    async def scenario(scene: Scene) -> None:
        away(scene)
        with pytest.raises(VaultUnavailable):
            await scene.ask()
        assert scene.authority.asked == []

    play(scenario)


def test_an_authority_that_asks_to_wait_is_not_asked_again_by_another_spelling() -> None:
    async def scenario(scene: Scene) -> None:
        scene.authority.refuse = lambda _asked: AuthorityUnavailable(retry_after=60)
        for number in range(20):
            with pytest.raises(AuthorityUnavailable):
                await scene.ask(parse({"tenant": "contoso", "scope": f"https://graph.microsoft.com/s{number}"}, PUBLIC))
        assert len(scene.authority.asked) == 1
        scene.authority.refuse = answers
        scene.clock.move(seconds=60)
        await scene.ask()

    play(scenario)


def test_a_fresh_token_is_fresh_or_none() -> None:
    async def scenario(scene: Scene) -> None:
        await scene.ask()
        scene.authority.refuse = no_answer
        scene.clock.move(minutes=40)
        with pytest.raises(AuthorityUnavailable):
            await scene.ask(request(fresh=True))

    play(scenario)


def test_one_caller_with_min_lifetime_takes_no_token_of_anothers_over() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(), row(caller=OTHER_ID))
        await scene.ask()
        scene.clock.move(minutes=30)
        await scene.ask(request(min_lifetime=MAX_MIN_LIFETIME), principal=caller(OTHER_ID))
        assert scene.issuer._tokens._cache._tokens.held_by(OTHER_ID) == 0

    play(scenario)


def test_what_waits_for_the_vault_holds_no_turn() -> None:
    """Of one caller's exchanges the vault hangs; another's, whose consent is at hand, goes on."""

    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=["contoso", *TENANTS]), row(caller=OTHER_ID, consents=["other"]))
        scene.store.store_consent(consent("l-other", "refresh-token-other", name="other"))
        await scene.ask()
        await scene.ask(request(consent="other"), principal=caller(OTHER_ID))
        reached, released = threading.Event(), threading.Event()

        def slow(asked: Asked) -> None:
            if asked.tenant_id == TENANTS[0]:
                scene.issuer.forget("partner")
                scene.tokens.before = hangs

        def hangs(_operation: str, name: str) -> None:
            if name == "consent-partner":
                reached.set()
                assert released.wait(20)

        scene.authority.refuse = slow
        waiting = [asyncio.create_task(scene.ask(request(tenant))) for tenant in TENANTS]
        assert await asyncio.to_thread(reached.wait, 20)
        other = scene.ask(request(consent="other", fresh=True), principal=caller(OTHER_ID))
        assert not (await asyncio.wait_for(other, 10)).from_cache
        assert not all(task.done() for task in waiting)
        released.set()
        await asyncio.gather(*waiting)

    play(scenario, lambda: Scene(exchange_threads=1))


def test_no_token_and_no_consent_lies_in_memory_for_good() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=["contoso", "northwind"], consents=["partner", "other"]))
        scene.store.store_consent(consent("l-other", "refresh-token-other", name="other"))
        await scene.ask()
        scene.clock.move(hours=3)
        await scene.ask(request("northwind", consent="other"))
        assert len(scene.issuer._tokens._cache._tokens) == 1
        assert scene.issuer._consents.remembered("partner") is None

    play(scenario)


def test_a_tenant_that_was_forgotten_is_asked_anew_and_the_others_are_not() -> None:
    async def scenario(scene: Scene) -> None:
        scene.write_policy(row(tenants=["contoso", "northwind"]))
        before = await scene.ask()
        await scene.ask(request("northwind"))
        scene.issuer.forget_tenants({CONTOSO_ID})
        after = await scene.ask()
        assert after.token != before.token
        assert (await scene.ask(request("northwind"))).from_cache

    play(scenario)


def test_what_was_refused_in_a_tenant_that_was_forgotten_is_asked_anew() -> None:
    async def scenario(scene: Scene) -> None:
        scene.authority.refuse = says("access_denied", CONDITIONAL_ACCESS)
        with pytest.raises(CustomerTenantRefused):
            await scene.ask()
        scene.authority.refuse = lambda _asked: None
        scene.issuer.forget_tenants({CONTOSO_ID})
        assert (await scene.ask()).token

    play(scenario)


def test_nothing_is_remembered_of_tenants_that_were_forgotten() -> None:
    """An operator may name any, over and over."""

    async def scenario(scene: Scene) -> None:
        await scene.ask()
        tracemalloc.start()
        try:
            for number in range(20_000):
                scene.issuer.forget_tenants({f"99990000-1111-4222-8333-{number:012}"})
            left, _peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert left < 100_000

    play(scenario)


@pytest.mark.parametrize("refusal", [None, says("access_denied", CONDITIONAL_ACCESS)])
def test_what_was_under_way_when_its_tenant_was_forgotten_serves_nobody_else(
    refusal: Callable[[Asked], BrokerError] | None,
) -> None:
    async def scenario(scene: Scene) -> None:
        reached, gate = threading.Event(), threading.Event()

        def slow(asked: Asked) -> BrokerError | None:
            reached.set()
            assert gate.wait(20)
            return refusal(asked) if refusal else None

        scene.authority.refuse = slow
        early = asyncio.create_task(scene.ask())
        assert await asyncio.to_thread(reached.wait, 20)
        scene.issuer.forget_tenants({CONTOSO_ID})
        scene.authority.refuse = lambda _asked: None
        late = await scene.ask()
        gate.set()
        told = (await asyncio.gather(early, return_exceptions=True))[0]
        assert isinstance(told, CustomerTenantRefused) == bool(refusal)
        assert (await scene.ask()).token == late.token

    play(scenario)
