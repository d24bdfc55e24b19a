"""A workload that calls the broker as its managed identity, with Azure's own library and plain HTTP."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

from local.func.log import end_of_run
from local.person import Seen, usual_trust
from local.stack import identity_environment
from local.state import StackState
from local.world import BROKER_API


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The managed identity `name` of a stack, and what it asks of the broker; `seen` is told every answer."""

    state: StackState
    name: str
    seen: Seen = lambda _response: None

    def assertion(self, resource: str = f"api://{BROKER_API}") -> str:
        """A token of this identity for `resource`, by the App Service protocol."""
        platform = identity_environment(self.state, self.name)
        answer = httpx.get(
            platform["IDENTITY_ENDPOINT"],
            params={"api-version": "2019-08-01", "resource": resource},
            headers={"X-IDENTITY-HEADER": platform["IDENTITY_HEADER"]},
            trust_env=False,
            verify=usual_trust(),
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token

    def call(self, method: str, path: str, content: Any = None) -> httpx.Response:  # noqa: ANN401 - JSON
        """One request to the broker with this identity's token."""
        answer = httpx.request(
            method,
            f"{self.state.host}/api/{path}",
            content=None if content is None else json.dumps(content),
            headers={"Authorization": f"Bearer {self.assertion()}", "Content-Type": "application/json"},
            timeout=60,
            trust_env=False,
            verify=usual_trust(),
        )
        self.seen(answer)
        return answer

    def token(self, tenant: str, resource: str, **more: object) -> httpx.Response:
        """Ask for an access token."""
        return self.call("POST", "token", {"tenant": tenant, "resource": resource, **more})

    def link(self, consent: str = "partner", **fields: object) -> str:
        """Make a consent link, as an operator."""
        answer = self.call("POST", f"consents/{consent}/link", fields)
        url: str = answer.raise_for_status().json()["url"]
        return url


def fire_timer(state: StackState, *, function: str = "refresh", wait_seconds: int = 120) -> str:
    """Run a timer function now through the host's admin door; returns Success or Failure.

    Raises StackFailed when it has not ended in time. The real host never waits: there its log tells how the run ended.
    """
    log = state.log_file("host")
    written = log.stat().st_size
    answer = httpx.post(
        f"{state.host}/admin/functions/{function}",
        json={"input": ""},
        headers={"x-functions-key": state.control_secret, "Prefer": f"wait={wait_seconds}"},
        timeout=wait_seconds + 10,
        trust_env=False,
        verify=usual_trust(),
    )
    if answer.raise_for_status().status_code == httpx.codes.ACCEPTED:
        return end_of_run(log, since=written, function=function, seconds=wait_seconds)
    status: str = answer.json()["status"]
    return status
