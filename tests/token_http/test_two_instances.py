"""Two instances on one vault, in any order of events: no token goes out that a person or the policy had taken back.

What the test orders is when each reading and each exchange goes on, who asks, consents and withdraws where, how the
policy changes, and how time passes.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.application_stops import Stops
from shared.cloud import PUBLIC
from shared.consents.consent import Consent
from shared.consents.store import ConsentStore
from shared.errors import BrokerError
from shared.pool import Pool
from tests.fakes.memory_vault import MemoryVault
from tests.fakes.scripted_authority import ScriptedAuthority
from tests.token_http.samples import (
    CALLER_ID,
    HOME_ID,
    MAX_AGE,
    NO_DOMAINS,
    OTHER_ID,
    STALE_LIMIT,
    HandClock,
    caller,
    consent,
    document,
    request,
    row,
)
from token_http.issuer import AgeLimits, Issuer, Pools
from token_http.message import Issued
from token_http.one_look import all_issued
from token_http.policy_source import PolicySource
from token_http.wanted import Wanted

CALLERS, TENANTS = (CALLER_ID, OTHER_ID), ("contoso", "northwind")
SLOTS = 2


class HeldPool(Pool):
    """Work that goes on when the test says so: before it is done, and once more before its outcome is told."""

    def __init__(self, kind: str, *, threads: int) -> None:
        super().__init__(kind, threads=threads)
        self.held: list[asyncio.Future[None]] = []
        self.untold = 0

    async def run[T](self, work: Callable[[], T]) -> T:
        await self._held()
        self.untold += 1
        try:
            return work()
        finally:
            await self._held()
            self.untold -= 1

    async def _held(self) -> None:
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.held.append(gate)
        await gate


@dataclass(slots=True)
class World:
    """What both instances share, what was in force when, and who waits for what."""

    clock: HandClock = field(default_factory=HandClock)
    tokens: MemoryVault = field(default_factory=MemoryVault)
    policies: MemoryVault = field(default_factory=MemoryVault)
    authority: ScriptedAuthority = field(default_factory=ScriptedAuthority)
    instances: list[Issuer] = field(default_factory=list)
    # When, by whom (None for an editor of the policy), and what was in force from then on.
    acts: list[tuple[Any, int | None, str]] = field(default_factory=list)
    rules: list[tuple[Any, frozenset[str]]] = field(default_factory=list)
    waiting: list[tuple[int, str, asyncio.Task[list[Issued]]]] = field(default_factory=list)
    issued: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        self.tokens.clock = self.policies.clock = self.authority.clock = self.clock
        self.authority.text = lambda number: self.authority.asked[number - 1].refresh_token
        self.permit(CALLERS)
        self.consent(None)
        for _ in range(2):
            pools = Pools(
                vault=HeldPool("vault", threads=4),
                exchange=HeldPool("exchange", threads=SLOTS),
                stops=HeldPool("stops", threads=1),
            )
            self.instances.append(
                Issuer(
                    authority=self.authority,
                    consents=self.store,
                    policies=PolicySource(self.policies, home_tenant=HOME_ID, cloud=PUBLIC),
                    shows_secret=False,
                    stops=Stops,
                    limits=AgeLimits(max_age=MAX_AGE, stale_limit=STALE_LIMIT),
                    pools=pools,
                    clock=self.clock,
                    domains=NO_DOMAINS,
                )
            )

    @property
    def store(self) -> ConsentStore:
        return ConsentStore(self.tokens)

    def permit(self, callers: tuple[str, ...]) -> None:
        rows = [row(caller=one, tenants=list(TENANTS)) for one in callers]
        self.policies.put("policy-1", document(*rows), tags={})
        self.rules.append((self.clock(), frozenset(callers)))

    def consent(self, by: int | None) -> None:
        lineage = f"lineage-{len(self.acts)}"
        self.store.store_consent(consent(lineage, lineage))
        self._changed(by, lineage)

    def withdraw(self, by: int) -> None:
        if isinstance(self.store.newest_act("partner"), Consent):
            self.store.withdraw("partner", by=OTHER_ID, on=self.clock())
            self._changed(by, "")

    def _changed(self, by: int | None, lineage: str) -> None:
        self.acts.append((self.clock(), by, lineage))
        if by is not None:
            self.instances[by].forget("partner")

    def ask(self, instance: int, who: str, tenants: tuple[str, ...]) -> None:
        wanted = [Wanted(principal=caller(who), request=request(tenant)) for tenant in tenants]
        asked = all_issued(self.instances[instance], wanted, clock=self.clock)
        self.waiting.append((instance, who, asyncio.ensure_future(asked)))

    def held(self) -> list[tuple[HeldPool, asyncio.Future[None]]]:
        pools = [pool for one in self.instances for pool in (one.pools.vault, one.pools.exchange)]
        return [(pool, gate) for pool in pools if isinstance(pool, HeldPool) for gate in pool.held]

    async def let_one_go_on(self, number: int) -> bool:
        await self.settle()
        held = self.held()
        if held:
            pool, gate = held[number % len(held)]
            pool.held.remove(gate)
            gate.set_result(None)
        await self.settle()
        return bool(held)

    async def let_all_go_on(self) -> None:
        for number in range(2000):
            if not await self.let_one_go_on(number):
                return
        raise AssertionError("it never ends")

    def wait(self, seconds: int) -> None:
        """Time passes, except between what a vault has answered and its arrival: the wire bounds that by itself."""
        if not any(pool.untold for one in self.instances if isinstance(pool := one.pools.vault, HeldPool)):
            self.clock.move(seconds=seconds)

    async def settle(self) -> None:
        """Let everybody come to where they wait, and judge what was answered, before anything else happens."""
        for _ in range(12):
            await asyncio.sleep(0)
        for instance, who, task in [one for one in self.waiting if one[2].done()]:
            self.waiting.remove((instance, who, task))
            if isinstance(task.exception(), BrokerError):
                self.refused += 1
                continue
            lineages, callers = self.in_force_for(instance), self.allowed()
            for issued in task.result():
                self.issued += 1
                assert issued.token.token == issued.lineage, "the token is of the consent that was judged"
                assert issued.lineage in lineages, "a consent that was withdrawn or replaced was served"
                assert who in callers, "a permission that was removed was served"

    def in_force_for(self, instance: int) -> set[str]:
        """The lineages that this instance may serve now: in force within its memory's age, its own acts at once."""
        since = self.clock() - MAX_AGE
        begun = max((index for index, act in enumerate(self.acts) if act[0] <= since), default=0)
        own = max((index for index, act in enumerate(self.acts) if act[1] == instance), default=0)
        return {lineage for _, _, lineage in self.acts[max(begun, own) :]} - {""}

    def allowed(self) -> set[str]:
        since = self.clock() - MAX_AGE
        begun = max((index for index, rule in enumerate(self.rules) if rule[0] <= since), default=0)
        return {who for _, callers in self.rules[begun:] for who in callers}


INSTANCE = st.integers(0, 1)
STEPS = st.one_of(
    st.tuples(
        st.just("ask"), INSTANCE, st.sampled_from(CALLERS), st.sampled_from([("contoso",), ("northwind",), TENANTS])
    ),
    st.tuples(st.just("go on"), st.integers(0, 20)),
    st.tuples(st.just("go on"), st.integers(0, 20)),
    st.just(("all go on",)),
    st.tuples(st.just("withdraw"), INSTANCE),
    st.tuples(st.just("consent"), INSTANCE),
    st.tuples(st.just("permit"), st.sampled_from([CALLERS, CALLERS[:1], CALLERS[1:], ()])),
    st.tuples(st.just("wait"), st.sampled_from([1, 14, 16, 29, 30, 31, 45, 600])),
)


@settings(deadline=None, max_examples=250)
@given(st.lists(STEPS, min_size=30, max_size=60))
def test_no_instance_serves_what_was_taken_back(steps: list[tuple[Any, ...]]) -> None:
    async def scenario() -> None:
        world = World()
        for act, *given_ in steps:
            if act == "ask":
                world.ask(*given_)
            elif act == "go on":
                await world.let_one_go_on(*given_)
            elif act == "all go on":
                await world.let_all_go_on()
            elif act == "withdraw":
                world.withdraw(*given_)
            elif act == "consent":
                world.consent(*given_)
            elif act == "permit":
                world.permit(*given_)
            else:
                world.wait(*given_)
            await world.settle()
        await world.let_all_go_on()
        assert not world.waiting, "everybody got an answer"

    asyncio.run(scenario())


def test_the_world_of_these_tests_issues_and_refuses() -> None:
    """Lest the test above hold because nothing ever happens in it."""

    async def scenario() -> None:
        world = World()
        world.ask(0, CALLER_ID, TENANTS)
        world.ask(1, OTHER_ID, ("contoso",))
        await world.let_all_go_on()
        assert (world.issued, world.refused) == (3, 0)
        world.ask(0, CALLER_ID, ("contoso",))
        world.clock.move(seconds=600)
        world.withdraw(1)
        world.ask(0, CALLER_ID, ("contoso",))
        await world.let_all_go_on()
        assert world.refused >= 1

    asyncio.run(scenario())
