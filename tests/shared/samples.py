"""What the tests of the shared modules start from: settings, moments, a key server in memory, tokens really signed."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from local.person import Person
from local.signing import SigningKeys as StackKeys
from local.state import StackState
from local.world import ADMIN, AZURE_CLI, BROKER_API, DEFAULT_WORLD, PARTNER_APPLICATION, PARTNER_TENANT
from shared.clock import Clock, utc_now
from shared.consents import consent as consents
from shared.consents.consent import Consent
from shared.entra.application_credential import ApplicationCredential
from shared.entra.authority import Authority
from shared.entra.authority_http import AuthorityHttp
from shared.entra.discovery import Discovery
from shared.entra.tokens import SignIn
from shared.kept_document import Ages
from shared.keys.signing_keys import SigningKeys
from shared.outbound import Outbound
from tests.fakes.fixed_credential import FixedCredential

ENVIRONMENT = {
    "PUBLIC_URL": "https://broker.example",
    "PARTNER_TENANT_ID": PARTNER_TENANT,
    "PARTNER_CLIENT_ID": PARTNER_APPLICATION,
    "BROKER_CLIENT_ID": BROKER_API,
    "TOKEN_VAULT_URL": "https://tokens.vault.example",
    "POLICY_VAULT_URL": "https://policy.vault.example",
    "REFRESH_SCHEDULE": "0 17 * * * *",
    "CHECK_SCHEDULE": "0 47 * * * *",
}
AUTHORITY = "https://login.microsoftonline.com"
PARTNER_CENTER_SCOPE = "https://api.partnercenter.microsoft.com/user_impersonation"
(PARTNER_SECRET,) = (
    secret
    for application in DEFAULT_WORLD.applications
    if application.client_id == PARTNER_APPLICATION
    for secret in application.secrets
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORKLOAD = "eeee0000-1111-4222-8333-444444440002"
WORKLOAD_CLIENT = "ffff0000-1111-4222-8333-444444440002"
PERSON = "dddd0000-1111-4222-8333-444444440001"
AGES = Ages(last_good=72 * 3600.0)


def consent(lineage: str, **changes: Any) -> Consent:  # noqa: ANN401 - fields of a consent
    """A consent of one person, otherwise as said."""
    usual: dict[str, Any] = {
        "name": "partner",
        "lineage": lineage,
        "refresh_token": f"refresh-token-of-{lineage}",
        "person": consents.Person(tenant_id=PARTNER_TENANT, object_id=PERSON, username="ada@fabrikam.example"),
        "scope": "https://api.partnercenter.microsoft.com/user_impersonation",
        "mfa": "yes",
        "link_id": f"link-of-{lineage}",
        "consented_on": NOON,
    }
    return Consent(**{**usual, **changes})


def written_grants(*grants: object, **more: object) -> str:
    """A grant set as it is written."""
    return json.dumps({"display_name": "Partner", "grants": grants, **more})


class ScriptedOutbound(Outbound):
    """An HTTP client that reaches nobody: `answer` gives JSON or raises; `urls` keeps what was asked for."""

    def __init__(self, answer: Callable[[], object], *, status: int = 200) -> None:
        super().__init__(trusted_ca_file=None, threads=1)
        self.answer = answer
        self.status = status
        self.urls: list[str] = []

    def get(self, url: str, **_arguments: Any) -> requests.Response:  # noqa: ANN401 - as its parent
        """The scripted answer, whatever is asked."""
        self.urls.append(url)
        response = requests.Response()
        response.status_code, response.encoding = self.status, "utf-8"
        content = self.answer()
        response._content = content if isinstance(content, bytes) else json.dumps(content).encode()
        return response


class HomeTenant:
    """A tenant that signs: real RSA keys, tokens with whatever claims, and the broker's view of its key set."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds the tenant's signing keys, at least one."""
        self.stack_keys = StackKeys(folder)
        self.outbound = ScriptedOutbound(self.stack_keys.key_set)
        self.monotonic = 1000.0
        self.keys = SigningKeys(
            self.outbound,
            authority_host=AUTHORITY,
            ages=AGES,
            monotonic=lambda: self.monotonic,
            start=lambda work: work(),
        )

    def token(self, **changes: Any) -> str:  # noqa: ANN401 - claims
        """A workload's token for the broker as a managed identity gets it; a claim of None is left out."""
        now = int(time.time())
        usual = {
            "aud": BROKER_API,
            "iss": f"{AUTHORITY}/{PARTNER_TENANT}/v2.0",
            "iat": now - 300,
            "nbf": now - 300,
            "exp": now + 3600,
            "tid": PARTNER_TENANT,
            "oid": WORKLOAD,
            "sub": WORKLOAD,
            "azp": WORKLOAD_CLIENT,
            "roles": ["Token.Issue"],
            "ver": "2.0",
        }
        return self.stack_keys.sign({name: said for name, said in {**usual, **changes}.items() if said is not None})

    def of_a_person(self, **changes: Any) -> str:  # noqa: ANN401 - claims
        """A person's token for the broker, got through Azure CLI."""
        usual = {
            "oid": PERSON,
            "sub": "pairwise-subject",
            "azp": AZURE_CLI,
            "scp": "Broker.Operate",
            "roles": ["Consent.Manage", "Consent.Read"],
            "idtyp": "user",
            "preferred_username": "ada@fabrikam.example",
        }
        return self.token(**{**usual, **changes})


def authority_of(
    state: StackState, credential: ApplicationCredential | None = None, clock: Clock = utc_now, ages: Ages = AGES
) -> Authority:
    """The running stack's Entra ID as the partner application uses it, with a client of its own."""
    outbound = Outbound(trusted_ca_file=str(state.ca_file), threads=4)
    discovery = Discovery(outbound, authority_host=state.entra, home_tenant=PARTNER_TENANT, ages=ages)
    http = AuthorityHttp(outbound, discovery, authority_host=state.entra)
    return Authority(
        http, client_id=PARTNER_APPLICATION, credential=credential or FixedCredential([PARTNER_SECRET]), clock=clock
    )


def sign_in(state: StackState, authority: Authority) -> tuple[SignIn, str]:
    """Ada signs in through a browser; what was begun, and the code she brought back (the app itself refuses it)."""
    address, begun = authority.begin_sign_in(
        tenant_id=PARTNER_TENANT,
        scope=PARTNER_CENTER_SCOPE,
        redirect_uri=f"{state.host}/api/consent/redirect",
        state="the-state",
        login_hint=None,
    )
    with Person() as person:
        brought = dict(person.consent(address, ADMIN).url.params)
    return begun, brought["code"]
