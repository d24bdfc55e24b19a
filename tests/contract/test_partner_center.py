"""Partner Center on loopback, held to its documented shapes, with real tokens of the local Entra ID."""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import msal
import pytest
import requests

from local.entra.issuance import Issuance, Target, Workload
from local.ledger import Ledger
from local.partner_center import application
from local.partner_center.access import RateLimit
from local.signing import SigningKeys
from local.state import StackState
from local.world import (
    ADMIN,
    ARM,
    CONTOSO,
    DEFAULT_WORLD,
    EXCHANGE,
    GRAPH,
    NORTHWIND,
    PARTNER_APPLICATION,
    PARTNER_CENTER,
    PARTNER_TENANT,
    TAILSPIN,
    WINGTIP,
    WITHOUT_MFA,
    User,
)
from tests.local_control import Controls

SCOPE = "https://api.partnercenter.microsoft.com/user_impersonation"
SECRET = "partner-application-secret-of-the-local-stack"
CONSENT = {
    "applicationId": PARTNER_APPLICATION,
    "displayName": "Fabrikam partner application",
    "applicationGrants": [
        {"enterpriseApplicationId": GRAPH, "scope": "Directory.Read.All,Directory.AccessAsUser.All"},
        {"enterpriseApplicationId": ARM, "scope": "user_impersonation"},
    ],
}
UNKNOWN = "99990000-1111-4222-8333-444444440001"
type Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """One person of the partner as a script acts for her: requests to Partner Center, exchanges with MSAL."""

    state: StackState
    http: requests.Session

    def token(
        self, user: User = ADMIN, *, tenant: str = PARTNER_TENANT, scope: str = SCOPE, mfa: bool = True
    ) -> Answer:
        """What Entra ID answers to an exchange."""
        order = {"user": user.object_id, "client": PARTNER_APPLICATION, "scope": SCOPE, "mfa": mfa}
        minted = Controls(self.state, self.state.entra).post("refresh_tokens", order).json()
        app = msal.ConfidentialClientApplication(
            PARTNER_APPLICATION,
            client_credential=SECRET,
            authority=f"{self.state.entra}/{tenant}",
            instance_discovery=False,
            azure_region=False,
            http_client=self.http,
        )
        answer: Answer = app.acquire_token_by_refresh_token(minted["refresh_token"], [scope])
        return answer

    def bearer(self, **asked: Any) -> dict[str, str]:  # noqa: ANN401 - what token() takes
        return {"Authorization": f"Bearer {self.token(**asked)['access_token']}"}

    def call(
        self, method: str, path: str, content: object = None, *, headers: dict[str, str] | None = None
    ) -> requests.Response:
        url = f"{self.state.partner_center}/v1/{path}"
        return self.http.request(method, url, json=content, headers=self.bearer() | (headers or {}), timeout=20)

    def consent(self, customer: str, content: object = None, **headers: str) -> requests.Response:
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.call("POST", f"customers/{customer}/applicationconsents", content or CONSENT, headers=sent)

    def withdraw(self, customer: str, **headers: str) -> requests.Response:
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        path = f"customers/{customer}/applicationconsents/{PARTNER_APPLICATION}"
        return self.call("DELETE", path, headers=sent)

    def graph(self, tenant: str) -> str:
        """The scopes of a Graph token there, or the error."""
        answer = self.token(tenant=tenant, scope="https://graph.microsoft.com/.default")
        return str(answer.get("scope") or answer["suberror"])


@pytest.fixture
def partner(stack: StackState) -> Iterator[Partner]:
    with ExitStack() as cleaning, requests.Session() as http:
        http.verify, http.trust_env = str(stack.ca_file), False
        cleaning.callback(Controls(stack, stack.entra).clear, "consents")
        cleaning.callback(Controls(stack, stack.partner_center).clear, "faults")
        yield Partner(state=stack, http=http)


def refusal(response: requests.Response) -> tuple[int, int]:
    """Status and code, of the one shape that every refusal has."""
    content = response.json()
    assert set(content) == {"code", "description", "data", "source"}
    assert content["description"]
    return response.status_code, content["code"]


# Customers


def test_every_tenant_but_the_partners_own_is_a_customer(partner: Partner) -> None:
    content = partner.call("GET", "customers").json()
    assert [item["id"] for item in content["items"]] == [CONTOSO, NORTHWIND, TAILSPIN, WINGTIP]
    assert (content["totalCount"], content["attributes"]) == (4, {"objectType": "Collection"})
    assert "next" not in content["links"]


def test_a_customer_has_the_shape_of_the_documentation(partner: Partner) -> None:
    customer = partner.call("GET", f"customers/{CONTOSO}").json()
    assert customer == partner.call("GET", "customers?size=1").json()["items"][0]
    profile = customer["companyProfile"]
    told = (profile["tenantId"], profile["domain"], profile["companyName"])
    assert told == (CONTOSO, "contoso.onmicrosoft.com", "Contoso")
    assert profile["attributes"] == {"objectType": "CustomerCompanyProfile"}
    assert customer["relationshipToPartner"] == "reseller"
    assert customer["links"] == {"self": {"uri": f"/customers/{CONTOSO}", "method": "GET", "headers": []}}


@pytest.mark.parametrize(("size", "pages"), [(1, [1, 1, 1, 1]), (3, [3, 1]), (4, [4]), (500, [4])])
def test_pages_are_followed_by_their_links_alone(partner: Partner, size: int, pages: list[int]) -> None:
    link: Answer = {"uri": f"/customers?size={size}", "headers": []}
    found, counted = [], []
    while link:
        headers = {header["key"]: header["value"] for header in link["headers"]}
        content = partner.call("GET", link["uri"].removeprefix("/"), headers=headers).json()
        found += [item["id"] for item in content["items"]]
        counted.append(content["totalCount"])
        link = content["links"].get("next", {})
        assert not link or ("seekOperation=Next" in link["uri"] and set(headers) <= {"MS-ContinuationToken"})
    assert found == [CONTOSO, NORTHWIND, TAILSPIN, WINGTIP]
    assert counted == pages


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("size=0", {}),
        ("size=501", {}),
        ("size=all", {}),
        ("size=2&seekOperation=Next", {}),
        ("size=2&seekOperation=Next", {"MS-ContinuationToken": "made up"}),
        ("size=2&seekOperation=Last", {"MS-ContinuationToken": "Y3VzdG9tZXJzIGZyb20gMg=="}),
    ],
)
def test_a_malformed_page_is_refused(partner: Partner, query: str, headers: dict[str, str]) -> None:
    assert refusal(partner.call("GET", f"customers?{query}", headers=headers)) == (400, 400)


@pytest.mark.parametrize("customer", [UNKNOWN, PARTNER_TENANT, "contoso"])
def test_who_is_no_customer_is_not_found(partner: Partner, customer: str) -> None:
    assert refusal(partner.call("GET", f"customers/{customer}")) == (404, 404)
    assert refusal(partner.consent(customer)) == (404, 404)
    assert refusal(partner.withdraw(customer)) == (404, 404)


# Who may ask


def app_only(partner: Partner) -> dict[str, str]:
    """A token of the application alone, as Entra ID would sign it."""
    state = partner.state
    issuance = Issuance(entra=state.entra, keys=SigningKeys(state.signing_keys_folder), ledger=Ledger(state))
    tenant = next(tenant for tenant in DEFAULT_WORLD.tenants if tenant.id == PARTNER_TENANT)
    resource = next(resource for resource in DEFAULT_WORLD.resources if resource.app_id == PARTNER_CENTER)
    target = Target(tenant=tenant, resource=resource, audience=resource.identifiers[0])
    workload = Workload(object_id=ADMIN.object_id, client_id=PARTNER_APPLICATION, strength="1")
    return {"Authorization": f"Bearer {issuance.app_token(workload, target).token}"}


def of_customer(partner: Partner) -> dict[str, str]:
    """A token for Partner Center that a customer's tenant issued."""
    consent = {"tenant": CONTOSO, "client": PARTNER_APPLICATION, "resource": PARTNER_CENTER}
    Controls(partner.state, partner.state.entra).post("consents", consent | {"scopes": ["user_impersonation"]})
    return partner.bearer(tenant=CONTOSO)


def damaged(partner: Partner) -> dict[str, str]:
    whole = partner.bearer()["Authorization"]
    return {"Authorization": whole[:-8] + "AAAAAAAA"}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (lambda _partner: {"Authorization": ""}, 401),
        (lambda _partner: {"Authorization": "Bearer"}, 401),
        (lambda _partner: {"Authorization": "Bearer not-a-token"}, 401),
        (lambda _partner: {"Authorization": "Basic YTpi"}, 401),
        (damaged, 401),
        (lambda partner: partner.bearer(scope="https://graph.microsoft.com/.default"), 401),
        (of_customer, 401),
        (app_only, 401),
        (lambda partner: partner.bearer(mfa=False), 900421),
        (lambda partner: partner.bearer(user=WITHOUT_MFA, mfa=False), 900421),
    ],
)
def test_only_people_of_the_partner_with_mfa_are_let_in(
    partner: Partner, headers: Callable[[Partner], dict[str, str]], code: int
) -> None:
    presented = headers(partner)
    for method, path in (("GET", "customers"), ("POST", f"customers/{TAILSPIN}/applicationconsents")):
        answer = partner.call(method, path, CONSENT, headers=presented)
        assert refusal(answer) == (401, code)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_application_asks_fifty_times_a_second(stack: StackState, partner: Partner) -> None:
    now = [100.0]
    limited = application(stack, limit=RateLimit(monotonic=lambda: now[0]))
    headers = partner.bearer()

    async def ask(times: int) -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=limited)
        async with httpx.AsyncClient(transport=transport, base_url="https://localhost", headers=headers) as http:
            return [await http.get("/v1/customers") for _ in range(times)]

    answers = asyncio.run(ask(52))
    assert [answer.status_code for answer in answers] == [200] * 50 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "1"
    now[0] += 1
    assert asyncio.run(ask(1))[0].status_code == 200


# Applications' consents


def test_a_consent_is_true_in_the_customers_tenant_until_it_is_taken_back(partner: Partner) -> None:
    assert partner.graph(TAILSPIN) == "consent_required"
    answer = partner.consent(TAILSPIN)
    assert answer.status_code == 201
    assert answer.json() == CONSENT | {"attributes": {"objectType": "ApplicationConsent"}}
    granted = partner.graph(TAILSPIN).split()
    assert {scope.rpartition("/")[2] for scope in granted} >= {"Directory.Read.All", "Directory.AccessAsUser.All"}
    assert "access_token" in partner.token(tenant=TAILSPIN, scope="https://management.azure.com/.default")
    assert partner.withdraw(TAILSPIN).status_code == 204
    assert partner.graph(TAILSPIN) == "consent_required"
    assert refusal(partner.withdraw(TAILSPIN)) == (404, 404)


def test_a_consent_holds_what_was_asked_for_and_nothing_else(partner: Partner) -> None:
    grants = [{"enterpriseApplicationId": EXCHANGE.upper(), "scope": "Exchange.Manage"}]
    assert partner.consent(TAILSPIN, CONSENT | {"applicationGrants": grants}).status_code == 201
    held = Controls(partner.state, partner.state.entra)
    assert held.consents(tenant=TAILSPIN, client=PARTNER_APPLICATION) == {EXCHANGE: ["Exchange.Manage"]}


def test_a_consent_that_is_there_is_never_changed(partner: Partner) -> None:
    before = partner.graph(CONTOSO)
    answer = partner.consent(CONTOSO)
    assert refusal(answer) == (409, 409)
    assert answer.json()["description"] == "Permission entry already exists."
    assert partner.graph(CONTOSO) == before
    assert partner.withdraw(CONTOSO).status_code == 204
    assert partner.consent(CONTOSO).status_code == 201


def test_without_delegated_rights_nothing_is_changed(partner: Partner) -> None:
    assert refusal(partner.consent(WINGTIP)) == (403, 403)
    assert refusal(partner.withdraw(WINGTIP)) == (403, 403)


GRANT = {"enterpriseApplicationId": GRAPH, "scope": "User.Read"}


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"applicationId": PARTNER_APPLICATION},
        {"applicationGrants": [GRANT]},
        CONSENT | {"applicationId": UNKNOWN},
        CONSENT | {"applicationGrants": []},
        CONSENT | {"applicationGrants": [GRANT | {"enterpriseApplicationId": UNKNOWN}]},
        CONSENT | {"applicationGrants": [GRANT | {"scope": ""}]},
        CONSENT | {"applicationGrants": [GRANT | {"scope": "User.Read Mail.Read"}]},
        CONSENT | {"applicationGrants": [GRANT | {"scope": ["User.Read"]}]},
        CONSENT | {"applicationGrants": ["User.Read"]},
    ],
)
def test_a_malformed_consent_is_refused(partner: Partner, content: object) -> None:
    answer = partner.call("POST", f"customers/{TAILSPIN}/applicationconsents", content)
    assert refusal(answer) == (400, 400)
    assert partner.graph(TAILSPIN) == "consent_required"


# Repeats, and what every answer carries


def test_a_change_asked_for_again_under_its_request_id_is_answered_again(partner: Partner) -> None:
    made, taken = str(uuid.uuid4()), str(uuid.uuid4())
    assert [partner.consent(TAILSPIN, ms_requestid=made).status_code for _ in range(2)] == [201, 201]
    assert refusal(partner.consent(TAILSPIN, ms_requestid=str(uuid.uuid4()))) == (409, 409)
    other = CONSENT | {"displayName": "another body"}
    assert refusal(partner.consent(TAILSPIN, other, ms_requestid=made)) == (409, 409)
    assert refusal(partner.consent(NORTHWIND, ms_requestid=made)) == (409, 409)
    assert [partner.withdraw(TAILSPIN, ms_requestid=taken).status_code for _ in range(2)] == [204, 204]


def test_a_refusal_is_no_answer_to_remember(partner: Partner) -> None:
    same = str(uuid.uuid4())
    assert refusal(partner.consent(CONTOSO, ms_requestid=same)) == (409, 409)
    assert partner.withdraw(CONTOSO).status_code == 204
    assert partner.consent(CONTOSO, ms_requestid=same).status_code == 201


def test_a_lost_answer_can_be_asked_for_again(partner: Partner) -> None:
    same = str(uuid.uuid4())
    fault = {"method": "POST", "path": ".*/applicationconsents", "drop": "after"}
    Controls(partner.state, partner.state.partner_center).post("faults", fault)
    with pytest.raises(requests.ConnectionError):
        partner.consent(TAILSPIN, ms_requestid=same)
    assert partner.consent(TAILSPIN, ms_requestid=same).status_code == 201


def test_every_answer_repeats_the_ids_of_its_request_or_makes_some(partner: Partner) -> None:
    ids = {"ms-correlationid": str(uuid.uuid4()), "ms-requestid": str(uuid.uuid4())}
    for path in ("customers", f"customers/{UNKNOWN}"):
        answer = partner.call("GET", path, headers=ids)
        assert {name: answer.headers[name] for name in ids} == ids
    made = partner.call("GET", "customers").headers
    assert {uuid.UUID(made[name]).version for name in ids} == {4}


def test_requests_are_recorded_and_the_log_holds_no_token(partner: Partner) -> None:
    controls = Controls(partner.state, partner.state.partner_center)
    controls.clear("requests")
    bearer = partner.bearer()
    partner.call("GET", "customers?size=2", headers=bearer)
    partner.consent(TAILSPIN)
    asked = {("GET", "/v1/customers"): 1, ("POST", f"/v1/customers/{TAILSPIN}/applicationconsents"): 1}
    assert controls.requests() == asked
    log = partner.state.log_file("partner_center").read_text()
    assert bearer["Authorization"].removeprefix("Bearer ") not in log
