"""The running broker as the token tests speak to it: bare requests, and the audit records that they left."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
from azure.core.credentials import AccessToken
from azure.keyvault.secrets import SecretClient

from local.demo import claims_of
from local.person import usual_trust
from local.state import StackState
from local.workload import Workload


def send(
    state: StackState, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> httpx.Response:
    return httpx.request(
        method,
        f"{state.host}/api/{path}",
        content=body,
        headers=dict(headers or {}),
        timeout=60,
        trust_env=False,
        verify=usual_trust(),
    )


def bearing(workload: Workload, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {workload.assertion()}", **more}


def records(state: StackState, answer: httpx.Response) -> list[dict[str, Any]]:
    """The audit records of the request that was answered so, as the host kept them."""
    correlation = answer.headers["x-ms-request-id"]
    lines = state.log_file("host").read_text().splitlines()
    found = [line[line.index("{") :] for line in lines if correlation in line and '"event"' in line]
    return [json.loads(line) for line in found]


def on_record(state: StackState, event: str, **fields: object) -> dict[str, Any]:
    """The last record of this event with these fields; of refusals that are alike, one stands for all of a minute."""
    lines = state.log_file("host").read_text().splitlines()
    found = [json.loads(line[line.index("{") :]) for line in lines if f'"event": "{event}"' in line]
    return next(one for one in reversed(found) if one.items() >= fields.items())


class _Identity:
    """A managed identity as the SDK's credential."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload

    def get_token(self, *scopes: str, **_options: object) -> AccessToken:
        """A token for the first scope's resource."""
        token = self._workload.assertion(scopes[0].removesuffix("/.default"))
        return AccessToken(token, claims_of(token)["exp"])


def write_policy(state: StackState, name: str, document: Mapping[str, object]) -> None:
    """Put a document into the policy vault as the identity that edits policies, with Azure's own library."""
    with SecretClient(
        state.policy_vault,
        _Identity(Workload(state=state, name="policy-editor")),
        connection_verify=str(state.ca_file),
        verify_challenge_resource=False,
    ) as client:
        client.set_secret(name, json.dumps(document), content_type="application/json")
