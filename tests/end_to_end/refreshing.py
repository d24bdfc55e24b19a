"""A stack whose consents are refreshed: what is done to it, and what an administrator sees of a run."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
from azure.core.credentials import AccessToken
from azure.keyvault.secrets import SecretClient

from local.clock import read_offset, write_offset
from local.demo import claims_of
from local.parts import Parts
from local.person import Person, usual_trust
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import ADMIN, CONTOSO, DEFAULT_WORLD, PARTNER_APPLICATION, User
from tests.end_to_end.hosts import Host
from tests.health import health_of
from tests.local_control import Controls
from tests.token_http.over_http import write_policy

SCOPE = "https://api.partnercenter.microsoft.com/user_impersonation"
PROOF_DAY, STORE_DAY = timedelta(days=1), timedelta(days=8)
TOKEN_ENDPOINT = "/.*/oauth2/v2.0/token"
ISSUED = "issued"
# What the run asks a vault to write: a new version, or the tags of one.
WRITES = "PUT|PATCH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run as an administrator sees it.

    `invocation` is Success or Failure, `report` the fields of `refresh.run` (none when it never got so far), `outcomes`
    and `codes` what `refresh.consent` says of each consent.
    """

    invocation: str
    report: Mapping[str, Any]
    outcomes: Mapping[str, str]
    codes: Mapping[str, str]

    def counts(self) -> dict[str, int]:
        """How many came to each outcome, as the report has it."""
        return {name.removeprefix("outcome_"): n for name, n in self.report.items() if name.startswith("outcome_")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A stack seen from one of its hosts, the people and workloads around it, and names that the policy knows."""

    parts: Parts
    state: StackState
    names: Iterator[str]

    @property
    def entra(self) -> Controls:
        return Controls(self.state, self.state.entra)

    @property
    def vault(self) -> Controls:
        return Controls(self.state, self.state.token_vault)

    @property
    def operator(self) -> Workload:
        return Workload(state=self.state, name="operator")

    def give(self, count: int, user: User = ADMIN) -> list[str]:
        """So many consents of this person, by import, which needs no browser."""
        names = [next(self.names) for _ in range(count)]
        for name in names:
            held = {"user": user.object_id, "client": PARTNER_APPLICATION, "scope": SCOPE}
            token = self.entra.post("refresh_tokens", held).json()["refresh_token"]
            answer = self.operator.call("POST", f"consents/{name}/import", {"refresh_token": token})
            assert answer.status_code == httpx.codes.CREATED, answer.text
        return names

    def at(self, host: Host) -> Self:
        """The same seen from another host."""
        return replace(self, state=host.state)

    def consent_anew(self, name: str, user: User = ADMIN, **fields: object) -> None:
        """A person opens a new link and signs in."""
        with Person() as person:
            assert "Your consent is stored" in person.consent(self.operator.link(name, **fields), user).text

    def pass_time(self, by: timedelta) -> None:
        move(self.state, by)

    def run(self) -> Run:
        """Fire the timer."""
        return run_of(self.state)

    def listed(self) -> dict[str, Any]:
        """GET /api/consents."""
        content: dict[str, Any] = self.operator.call("GET", "consents").raise_for_status().json()
        return content

    def shown(self, name: str) -> dict[str, Any]:
        """GET /api/consents/{name}."""
        content: dict[str, Any] = self.operator.call("GET", f"consents/{name}").raise_for_status().json()
        return content

    def statuses(self, names: Sequence[str]) -> list[str]:
        return [self.shown(name)["status"] for name in names]

    def token(self, name: str) -> httpx.Response:
        return Workload(state=self.state, name="reports").token(CONTOSO, "graph", consent=name)

    def tokens(self, names: Sequence[str]) -> dict[str, str]:
        """Ask for a token of each consent; ISSUED, or the code of the refusal."""
        return tokens_of(self.state, names)

    def issues(self, *names: str) -> bool:
        """Whether a token comes from each of them now."""
        return set(self.tokens(names).values()) == {ISSUED}

    def health(self) -> dict[str, Any]:
        """GET /api/health, later than what the host still remembers."""
        self.pass_time(timedelta(minutes=2))
        content: dict[str, Any] = health_of(self.state.host).json()
        return content

    @contextmanager
    def administered(self) -> Iterator[SecretClient]:
        """The token vault as somebody with every right in it sees it, by Azure's own library."""
        administrator = Workload(state=self.state, name="vault-administrator")
        with SecretClient(
            self.state.token_vault,
            _Identity(administrator),
            connection_verify=str(self.state.ca_file),
            verify_challenge_resource=False,
        ) as client:
            yield client

    @contextmanager
    def without(self, part: str) -> Iterator[None]:
        """One part of the stack is down."""
        self.parts.kill(part)
        try:
            yield
        finally:
            self.parts.start(part)

    def clear(self) -> None:
        """Take away every fault, and all that is stored."""
        for controls in (self.entra, self.vault):
            controls.clear("faults")
        for route in ("errors", "credentials"):
            self.entra.clear(route)
        with self.administered() as client:
            for secret in list(client.list_properties_of_secrets()):
                name = secret.name or ""
                if name.startswith(("consent-", "renewal-", "application-health")):
                    client.begin_delete_secret(name)
                    client.purge_deleted_secret(name)


class _Identity:
    """A managed identity as the SDK's credential."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload

    def get_token(self, *scopes: str, **_options: object) -> AccessToken:
        """A token for the first scope's resource."""
        token = self._workload.assertion(scopes[0].removesuffix("/.default"))
        return AccessToken(token, claims_of(token)["exp"])


def permit(state: StackState, names: Sequence[str]) -> None:
    """Let the workload `reports` use these consents."""
    permission = {
        "name": "reports on consents that are refreshed amid faults",
        "caller": DEFAULT_WORLD.identity("reports").object_id,
        "consents": list(names),
        "tenants": ["*"],
        "resources": ["graph"],
    }
    write_policy(state, "policy-2", {"permissions": [permission]})


def move(state: StackState, by: timedelta) -> None:
    """Move the clock that this stack, or this host, lives by."""
    write_offset(state.clock_file, read_offset(state.clock_file) + by)


def now(state: StackState) -> datetime:
    """The time by that clock."""
    return datetime.now(UTC) + read_offset(state.clock_file)


def run_of(state: StackState) -> Run:
    """Fire the timer of this state's host; nothing else may run at this host meanwhile."""
    log = state.log_file("host")
    begun = log.stat().st_size
    invocation = fire_timer(state)
    written = since(begun, log)
    consents = records(written, "refresh.consent")
    return Run(
        invocation=invocation,
        report=next(iter(records(written, "refresh.run")), {}),
        outcomes={record["consent"]: record["outcome"] for record in consents},
        codes={record["consent"]: record["code"] for record in consents},
    )


def since(place: int, log: Path) -> str:
    """What stands in a log from this place on."""
    with log.open() as kept:
        kept.seek(place)
        return kept.read()


def records(log: str, event: str) -> list[dict[str, Any]]:
    """The audit records of one event in a log of either host."""
    lines = [line[line.index("{") :] for line in log.splitlines() if f'"event": "{event}"' in line]
    found: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [record for record in found if record.pop("event") == event]


def tokens_of(state: StackState, names: Sequence[str]) -> dict[str, str]:
    """Ask for a token of each consent; ISSUED, or the code of the refusal."""
    assertion = Workload(state=state, name="reports").assertion()
    with httpx.Client(
        headers={"Authorization": f"Bearer {assertion}"}, trust_env=False, timeout=60, verify=usual_trust()
    ) as client:
        return {name: _token(client, state, name) for name in names}


def _token(client: httpx.Client, state: StackState, name: str) -> str:
    asked = {"tenant": CONTOSO, "resource": "graph", "consent": name}
    answer = client.post(f"{state.host}/api/token", json=asked)
    if not answer.is_success:
        return str(answer.json()["code"])
    assert claims_of(answer.json()["access_token"])["tid"] == CONTOSO
    return ISSUED
