"""The token endpoint: a cached token beside functions that know its answer, what a miss asks of others, and memory."""

import asyncio
import itertools
import json
import statistics
import tempfile
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.callers import allow_all, messages
from bench.load import Load, load, message, percentile
from bench.sink import running_sink
from local import func
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN
from shared.entra.tokens import AccessToken
from tests.local_control import Controls
from token_http.token_cache import TokenCache, token_key

APP = Path(__file__).resolve().parent / "host_app"
TARGETS = ("token", "line", "nothing")
# Connections, and requests for each of the targets in a round; short rounds, since a machine's speed changes.
ROUNDS, SHAPES = 14, {1: 120, 16: 400}
WARM_UP = 2000
CACHED_TENANTS, CACHED_RESOURCES, TOKEN_LENGTH = 10_000, 3, 2200


def main() -> None:
    """Run all measurements and print them with their aims."""
    with tempfile.TemporaryDirectory() as folder:
        with stack(Path(folder) / "stand-in") as state:
            print("-- the stand-in of the host")
            headers = bearing(Workload(state=state, name="reports").assertion())
            requests_of_a_miss(state, headers)
            a_thousand_at_once(state, headers)
            cached(state)
        if absent := func.missing():
            print("-- the real host is left out:", *absent)
        else:
            on_the_real_host(Path(folder) / "func")
    memory()


@contextmanager
def stack(folder: Path, *, on_func: bool = False, telemetry: str = "") -> Iterator[StackState]:
    """A stack whose app has the yardsticks, with a consent and the policy of the thousand requests."""
    answer = folder.with_suffix(".answer")
    settings = {"BENCH_ANSWER": str(answer), "APPLICATIONINSIGHTS_CONNECTION_STRING": telemetry}
    with (
        running_stack(folder, app_folder=APP, on_func=on_func, settings=settings) as state,
        Person() as person,
    ):
        allow_all(state)
        person.consent(Workload(state=state, name="operator").link(), ADMIN)
        token = Workload(state=state, name="reports").token("contoso", "graph")
        answer.write_bytes(token.raise_for_status().content)
        yield state


def on_the_real_host(folder: Path) -> None:
    """The same on the real host, which delivers its telemetry meanwhile."""
    with running_sink() as sink, stack(folder, on_func=True, telemetry=sink.connection_string) as state:
        print("-- the real host")
        cached(state)
        if not sink.taken:
            raise SystemExit("the real host delivered no telemetry")


def cached(state: StackState) -> None:
    """Cached tokens beside the yardsticks, for each number of connections; rounds interleaved."""
    asked = {name: itertools.cycle(some) for name, some in zip(TARGETS, messages(state, *TARGETS), strict=True)}
    for name in TARGETS:
        round_of(state, name, asked[name], requests=WARM_UP, connections=4)
    for connections, requests in SHAPES.items():
        rounds: dict[str, list[Load]] = {name: [] for name in TARGETS}
        for _ in range(ROUNDS):
            for name, loads in rounds.items():
                loads.append(round_of(state, name, asked[name], requests=requests, connections=connections))
        tell(connections, rounds)


def round_of(state: StackState, name: str, asked: Iterator[bytes], *, requests: int, connections: int) -> Load:
    """One round of one target; SystemExit when an answer is another than 200."""
    some = list(itertools.islice(asked, requests))
    done = asyncio.run(load(state.host, some, connections=connections))
    if done.statuses != {200}:
        raise SystemExit(f"{name} answered {sorted(done.statuses)}")
    return done


def tell(connections: int, rounds: Mapping[str, Sequence[Load]]) -> None:
    """Print medians over the rounds, percentiles over all their requests, and the ratios beside the aims."""
    rate = {name: statistics.median(one.per_second for one in loads) for name, loads in rounds.items()}
    middle, late = ({name: percentile(loads, share) for name, loads in rounds.items()} for share in (0.5, 0.99))
    print(f"{connections} connection{'s' if connections > 1 else ''}")
    for name, loads in rounds.items():
        sizes = sorted(size for one in loads for size in one.sizes)
        print(
            f"   {name:<8} {rate[name]:7.0f} requests/s   p50 {middle[name]:6.2f} ms   p99 {late[name]:6.2f} ms"
            f"   {sizes[0]} to {sizes[-1]} bytes"
        )
    print(f"   token / line: {rate['token'] / rate['line']:.2f} (aim: at least 0.9)", end="")
    print(f", p99 {late['token'] / late['line']:.2f} (aim: at most 1.3)")
    print(f"   token / nothing: {rate['token'] / rate['nothing']:.2f} (aim: at least 0.8)")


def requests_of_a_miss(state: StackState, headers: Mapping[str, str]) -> None:
    """What one miss asks of Entra ID and Key Vault while consent and policy are remembered."""
    doors = {name: Controls(state, url) for name, url in (("Entra ID", state.entra), ("Key Vault", state.token_vault))}
    ask(state, headers, ("contoso", "graph"))
    for door in doors.values():
        door.clear("requests")
    ask(state, headers, ("northwind", "arm"))
    asked = {name: sum(door.requests().values()) for name, door in doors.items()}
    print(f"a miss asks: {asked} (aim: 1 and 0)")


def a_thousand_at_once(state: StackState, headers: Mapping[str, str]) -> None:
    """How many exchanges a thousand requests for one cold key cause."""
    entra = Controls(state, state.entra)
    entra.clear("requests")
    done = ask(state, headers, ("northwind", "graph"), at_once=1000)
    exchanges = sum(count for (method, _), count in entra.requests().items() if method == "POST")
    print(f"1,000 requests at once for one cold key: {exchanges} exchange (aim: 1), answers {sorted(done.statuses)}")


def ask(state: StackState, headers: Mapping[str, str], wanted: tuple[str, str], *, at_once: int = 1) -> Load:
    """So many requests for one token, all at once."""
    body = json.dumps(dict(zip(("tenant", "resource"), wanted, strict=True))).encode()
    one = message(f"{state.host}/api/token", headers=headers, body=body)
    return asyncio.run(load(state.host, [one] * at_once, connections=at_once))


def bearing(assertion: str) -> Mapping[str, str]:
    """The headers of a request by whoever has this assertion."""
    return {"Authorization": f"Bearer {assertion}", "Content-Type": "application/json"}


def memory() -> None:
    """What the cache holds for 10,000 tenants and three resources, in two halves."""
    cache = TokenCache(lambda: datetime.now(UTC))
    until = datetime.now(UTC) + timedelta(minutes=75)

    def fill(salt: str) -> None:
        for tenant in range(CACHED_TENANTS):
            for resource in range(CACHED_RESOURCES):
                token = AccessToken(
                    token=f"{salt}{tenant:>07}{resource}".ljust(TOKEN_LENGTH, "x"),
                    expires_on=until,
                    scope="https://graph.microsoft.com/.default",
                    tenant_id=f"{tenant:032}",
                )
                cache.keep(token_key(salt, token.tenant_id, str(resource)), token, owner="caller")

    tracemalloc.start()
    fill("first")
    first = tracemalloc.get_traced_memory()[0]
    fill("second")
    second = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    kept = CACHED_TENANTS * CACHED_RESOURCES
    print(f"cache of {kept:,} tokens: {first / 2**20:.0f} MiB; as many again: {second / 2**20:.0f} MiB")
    print(f"second half / first: {second / first:.2f} (aim: at most 1.05, the bound holds)")


if __name__ == "__main__":
    main()
