"""Two instances on one vault, in any order of events: no token goes out that a person or the policy had taken back.

What the test orders is when each reading and each exchange goes on, who asks, consents, withdraws and stops where, for
tokens of a person or of the application, how the policy changes, which instance begins anew, and how time passes.
"""

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.application_stops import Stops
from shared.cloud import PUBLIC
from shared.consents.consent import Consent
from shared.consents.store import ConsentStore
from shared.errors import BrokerError
from shared.pool import Pool
from shared.subject import As
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
# Who may have tokens of which kind.
type Permitted = frozenset[tuple[str, As]]
POSSIBLE = [(one, kind) for one in CALLERS for kind in As]
# The text of a token of the application; one of a person's is the lineage of the consent that it came from.
OF_THE_APPLICATION = "of the application"


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


class PromptPool(Pool):
    """Work that is done at once: whoever reads what stops the application waits no longer than two seconds for it."""

    async def run[T](self, work: Callable[[], T]) -> T:
        return work()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Who waits for an answer of which instance."""

    instance: int
    who: str
    kind: As
    task: asyncio.Task[list[Issued]]


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
    rules: list[tuple[Any, Permitted]] = field(default_factory=list)
    stops: list[tuple[Any, int | None, bool]] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    pools: list[HeldPool] = field(default_factory=list)
    gone: list[Waiting] = field(default_factory=list)
    issued: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        self.tokens.clock = self.policies.clock = self.authority.clock = self.clock
        self.authority.text = lambda number: self.authority.asked[number - 1].refresh_token or OF_THE_APPLICATION
        self.permit(frozenset(POSSIBLE))
        self.consent(None)
        self.stop(None, is_stopped=False)
        self.instances += [self.instance() for _ in range(2)]

    def instance(self) -> Issuer:
        """One that has just started and remembers nothing."""
        vault, exchange = HeldPool("vault", threads=4), HeldPool("exchange", threads=SLOTS)
        self.pools += [vault, exchange]
        return Issuer(
            authority=self.authority,
            consents=self.store,
            policies=PolicySource(self.policies, home_tenant=HOME_ID, cloud=PUBLIC),
            shows_secret=False,
            stops=lambda: Stops(is_stopped=self.stops[-1][2]),
            limits=AgeLimits(max_age=MAX_AGE, stale_limit=STALE_LIMIT),
            pools=Pools(vault=vault, exchange=exchange, stops=PromptPool("stops", threads=1)),
            clock=self.clock,
            domains=NO_DOMAINS,
        )

    @property
    def store(self) -> ConsentStore:
        return ConsentStore(self.tokens)

    def permit(self, permitted: Permitted) -> None:
        rows = [
            row(caller=one, tenants=list(TENANTS), **({} if kind is As.USER else {"as": kind.value, "consents": None}))
            for one, kind in POSSIBLE
            if (one, kind) in permitted
        ]
        self.policies.put("policy-1", json.dumps({"schema": 2, **json.loads(document(*rows))}), tags={})
        self.rules.append((self.clock(), permitted))

    def stop(self, by: int | None, *, is_stopped: bool) -> None:
        self.stops.append((self.clock(), by, is_stopped))
        if by is not None:
            self.instances[by].forget_stops()

    def restart(self, instance: int) -> None:
        """Whoever waits gets no answer; what was under way goes on to its end, as at a slow authority."""
        self.gone += [one for one in self.waiting if one.instance == instance]
        self.waiting = [one for one in self.waiting if one.instance != instance]
        self.instances[instance] = self.instance()

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

    def ask(self, instance: int, who: str, kind: As, tenants: tuple[str, ...]) -> None:
        asked = [request(tenant, **{"as": kind.value}) for tenant in tenants]
        wanted = [Wanted(principal=caller(who), request=one) for one in asked]
        answer = asyncio.ensure_future(all_issued(self.instances[instance], wanted, clock=self.clock))
        self.waiting.append(Waiting(instance=instance, who=who, kind=kind, task=answer))

    def held(self) -> list[tuple[HeldPool, asyncio.Future[None]]]:
        return [(pool, gate) for pool in self.pools for gate in pool.held]

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
        for one in [one for one in self.waiting if one.task.done()]:
            self.waiting.remove(one)
            if isinstance(one.task.exception(), BrokerError):
                self.refused += 1
                continue
            assert (one.who, one.kind) in self.allowed(), "a permission that was removed was served"
            for issued in one.task.result():
                self.issued += 1
                self.judge(one, issued)
        self.gone = [one for one in self.gone if not one.task.done()]

    def judge(self, waited: Waiting, issued: Issued) -> None:
        if waited.kind is As.APPLICATION:
            assert (issued.token.token, issued.lineage, issued.account) == (OF_THE_APPLICATION, "", "")
            assert self.may_be_free(waited.instance), "the application was stopped, and its token was served"
            return
        assert issued.token.token == issued.lineage, "the token is of the consent that was judged"
        assert issued.lineage in self.in_force_for(waited.instance), "a consent that was taken back was served"

    def in_force_for(self, instance: int) -> set[str]:
        """The lineages that this instance may serve now: in force within its memory's age, its own acts at once."""
        since = self.clock() - MAX_AGE
        begun = max((index for index, act in enumerate(self.acts) if act[0] <= since), default=0)
        own = max((index for index, act in enumerate(self.acts) if act[1] == instance), default=0)
        return {lineage for _, _, lineage in self.acts[max(begun, own) :]} - {""}

    def may_be_free(self, instance: int) -> bool:
        """Whether this instance may go by a reading that nothing was stopped: within its memory's age, or its own."""
        since = self.clock() - MAX_AGE
        begun = max((index for index, stop in enumerate(self.stops) if stop[0] <= since), default=0)
        own = max((index for index, stop in enumerate(self.stops) if stop[1] == instance), default=0)
        return not all(is_stopped for _, _, is_stopped in self.stops[max(begun, own) :])

    def allowed(self) -> Permitted:
        since = self.clock() - MAX_AGE
        begun = max((index for index, rule in enumerate(self.rules) if rule[0] <= since), default=0)
        return frozenset(one for _, permitted in self.rules[begun:] for one in permitted)


INSTANCE = st.integers(0, 1)
ASKING = st.tuples(
    *(st.just("ask"), INSTANCE, st.sampled_from(CALLERS), st.sampled_from(As)),
    st.sampled_from([("contoso",), ("northwind",), TENANTS]),
)
STEPS = st.one_of(
    ASKING,
    ASKING,
    st.tuples(st.just("go on"), st.integers(0, 20)),
    st.tuples(st.just("go on"), st.integers(0, 20)),
    st.just(("all go on",)),
    st.tuples(st.just("withdraw"), INSTANCE),
    st.tuples(st.just("consent"), INSTANCE),
    st.tuples(st.just("permit"), st.frozensets(st.sampled_from(POSSIBLE))),
    st.tuples(st.sampled_from(["stop", "resume"]), INSTANCE),
    st.tuples(st.just("restart"), INSTANCE),
    st.tuples(st.just("wait"), st.sampled_from([1, 14, 16, 29, 30, 31, 45, 600])),
)


@settings(deadline=None, max_examples=250)
@given(st.lists(STEPS, min_size=30, max_size=60))
def test_no_instance_serves_what_was_taken_back(steps: list[tuple[Any, ...]]) -> None:
    async def scenario() -> None:
        world = World()
        acts: Mapping[str, Callable[..., object]] = {
            "ask": world.ask,
            "go on": world.let_one_go_on,
            "all go on": world.let_all_go_on,
            "withdraw": world.withdraw,
            "consent": world.consent,
            "permit": world.permit,
            "stop": partial(world.stop, is_stopped=True),
            "resume": partial(world.stop, is_stopped=False),
            "restart": world.restart,
            "wait": world.wait,
        }
        for act, *given_ in steps:
            done = acts[act](*given_)
            if inspect.isawaitable(done):
                await done
            await world.settle()
        await world.let_all_go_on()
        assert not world.waiting, "everybody got an answer"

    asyncio.run(scenario())


def test_the_world_of_these_tests_issues_and_refuses() -> None:
    """Lest the test above hold because nothing ever happens in it."""

    async def scenario() -> None:
        world = World()
        for kind in As:
            world.ask(0, CALLER_ID, kind, TENANTS)
            world.ask(1, OTHER_ID, kind, ("contoso",))
        await world.let_all_go_on()
        assert (world.issued, world.refused) == (6, 0)
        world.ask(0, CALLER_ID, As.USER, ("contoso",))
        world.clock.move(seconds=600)
        world.withdraw(1)
        world.stop(1, is_stopped=True)
        for kind in As:
            world.ask(0, CALLER_ID, kind, ("contoso",))
        await world.let_all_go_on()
        assert world.refused >= 2

    asyncio.run(scenario())
