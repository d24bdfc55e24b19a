"""The token endpoint: a cached token beside a function that does nothing, what a miss asks of others, and memory."""

import asyncio
import json
import statistics
import tempfile
import tracemalloc
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.load import Load, load
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import ADMIN
from shared.entra.tokens import AccessToken
from tests.local_control import Controls
from token_http.token_cache import TokenCache, token_key

APP = Path(__file__).resolve().parent / "host_app"
ROUNDS, REQUESTS, CONNECTIONS = 5, 2000, 16
TENANTS, RESOURCES, TOKEN_LENGTH = 10_000, 3, 2200


def main() -> None:
    """Run all four measurements and print them with their aims."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder) / "state", app_folder=APP) as state,
        Person() as person,
    ):
        person.consent(Workload(state=state, name="operator").link(), ADMIN)
        headers = {
            "Authorization": f"Bearer {Workload(state=state, name='reports').assertion()}",
            "Content-Type": "application/json",
        }
        cached_beside_nothing(state, headers)
        requests_of_a_miss(state, headers)
        a_thousand_at_once(state, headers)
    memory()


def cached_beside_nothing(state: StackState, headers: Mapping[str, str]) -> None:
    """Requests a second and percentiles of a cached token, as ratios to a no-op function; rounds interleaved."""
    body = json.dumps({"tenant": "contoso", "resource": "graph"}).encode()
    rounds: dict[str, list[Load]] = {"token": [], "nothing": []}
    for _ in range(ROUNDS + 1):
        for name, loads in rounds.items():
            done = asyncio.run(
                load(
                    f"{state.host}/api/{name}",
                    headers=dict(headers),
                    body=body,
                    requests=REQUESTS,
                    connections=CONNECTIONS,
                )
            )
            if done.statuses != {200}:
                raise SystemExit(f"{name} answered {sorted(done.statuses)}")
            loads.append(done)
    middle = {name: statistics.median(one.per_second for one in loads[1:]) for name, loads in rounds.items()}
    late = {name: statistics.median(one.percentile(0.99) for one in loads[1:]) for name, loads in rounds.items()}
    for name in rounds:
        print(f"{name:<10} {middle[name]:8.0f} requests/s   p99 {late[name]:6.1f} ms")
    print(f"cached token / no-op: requests/s {middle['token'] / middle['nothing']:.2f} (aim: at least 0.8)")
    print(f"cached token / no-op: p99 {late['token'] / late['nothing']:.2f} (aim: at most 2)")


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
    url = f"{state.host}/api/token"
    return asyncio.run(load(url, headers=dict(headers), body=body, requests=at_once, connections=at_once))


def memory() -> None:
    """What the cache holds for 10,000 tenants and three resources, in two halves."""
    cache = TokenCache(lambda: datetime.now(UTC))
    until = datetime.now(UTC) + timedelta(minutes=75)

    def fill(salt: str) -> None:
        for tenant in range(TENANTS):
            for resource in range(RESOURCES):
                token = AccessToken(
                    token=f"{salt}{tenant:>07}{resource}".ljust(TOKEN_LENGTH, "x"),
                    expires_on=until,
                    scope="https://graph.microsoft.com/.default",
                    tenant_id=f"{tenant:032}",
                )
                cache.keep(token_key(salt, token.tenant_id, str(resource), None), token)

    tracemalloc.start()
    fill("first")
    first = tracemalloc.get_traced_memory()[0]
    fill("second")
    second = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"cache of {TENANTS * RESOURCES:,} tokens: {first / 2**20:.0f} MiB; as many again: {second / 2**20:.0f} MiB")
    print(f"second half / first: {second / first:.2f} (aim: at most 1.05, the bound holds)")


if __name__ == "__main__":
    main()
