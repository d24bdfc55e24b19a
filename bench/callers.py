"""Callers with a row of the policy for each, and a thousand things that they ask for again and again."""

import itertools
import json
import random
from collections.abc import Sequence
from dataclasses import replace

from bench.load import message
from local.identities import ManagedIdentity
from local.managed_identity import FromWorld
from local.state import StackState
from local.world import BROKER_API, CONTOSO, DEFAULT_WORLD, NORTHWIND
from tests.token_http.over_http import write_policy

# Times two tenants and four resources: a thousand.
CALLERS = 125
# As many rows as one document has room for, and fewer.
ROWS = 50
TENANTS = {"contoso": CONTOSO, "northwind": NORTHWIND}
RESOURCES = ("graph", "arm", "exchange", "keyvault")
IDENTITIES = tuple(
    ManagedIdentity(
        name=f"caller-{number}",
        object_id=f"eeee0000-2222-4222-8333-{number:012}",
        client_id=f"ffff0000-2222-4222-8333-{number:012}",
        roles=("Token.Issue",),
    )
    for number in range(CALLERS)
)


def allow_all(state: StackState) -> None:
    """Let each of the callers have every tenant's tokens, by a row of its own; before the first token is asked for."""
    rows = [
        {
            "name": identity.name,
            "caller": identity.object_id,
            "consents": ["partner"],
            "tenants": list(TENANTS),
            "resources": list(RESOURCES),
        }
        for identity in IDENTITIES
    ]
    for number, some in enumerate(itertools.batched(rows, ROWS, strict=False), start=2):
        write_policy(state, f"policy-{number}", {"tenants": TENANTS, "permissions": some})


def messages(state: StackState, *functions: str) -> list[Sequence[bytes]]:
    """For each of the functions the same thousand requests in the same order, as they go over the wire."""
    source = FromWorld(state, replace(DEFAULT_WORLD, identities=IDENTITIES))
    assertions = [source.token(identity.name, f"api://{BROKER_API}", {}).token for identity in IDENTITIES]
    chosen = list(itertools.product(assertions, TENANTS, RESOURCES))
    random.Random(14).shuffle(chosen)  # noqa: S311 - the same order each time
    return [
        [
            message(
                f"{state.host}/api/{function}",
                headers={"Authorization": f"Bearer {assertion}", "Content-Type": "application/json"},
                body=json.dumps({"tenant": tenant, "resource": resource}).encode(),
            )
            for assertion, tenant, resource in chosen
        ]
        for function in functions
    ]
