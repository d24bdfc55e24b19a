"""The PowerShell modules over real HTTP: the exact parameters of each Connect command, and whose tokens they hold."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from local.demo import claims_of
from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload, fire_timer
from local.world import (
    AAD_GRAPH,
    ADMIN,
    CONTOSO,
    DEFAULT_WORLD,
    EXCHANGE,
    KEY_VAULT,
    NORTHWIND,
    PARTNER_APPLICATION,
    PARTNER_TENANT,
    POWER_BI,
    SHAREPOINT,
    TAILSPIN,
    TEAMS,
)
from shared.cloud import CHINA, PUBLIC, US_GOVERNMENT, Cloud
from shared.entra.tokens import AccessToken
from shared.errors import InvalidRequest
from tests.local_control import Controls
from tests.token_http.over_http import bearing, on_record, records, send, write_policy
from token_http.message import Issued
from token_http.module import Module
from token_http.module_table import MODULES
from token_http.modules import requests

CODES = httpx.codes
# Azure Resource Manager's own audience ends in a slash.
ARM, MS_GRAPH, AD_GRAPH = "https://management.azure.com/", "https://graph.microsoft.com", "https://graph.windows.net"
OUTLOOK, PARTNER_CENTER = "https://outlook.office365.com", "https://api.partnercenter.microsoft.com"
VAULT, TEAMS_API = "https://vault.azure.net", "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
POWER_BI_API = "https://analysis.windows.net/powerbi/api"
COMPLIANCE, SITE = "https://ps.compliance.protection.outlook.com", "https://contoso.sharepoint.com"
URL = f"{SITE}/sites/Marketing"
SIGN_IN = {"AzureADAuthorizationEndpointUri": "https://login.microsoftonline.com/organizations"}
REPORTS, INTRUDER = (DEFAULT_WORLD.identity(name).object_id for name in ("reports", "intruder"))
UNKNOWN = "bbbb0000-1111-4222-8333-444444440099"
POLICY = {
    "description": "Reports may connect every module; the intruder may reach Azure Resource Manager alone.",
    "schema": 2,
    "tenants": {"contoso": CONTOSO, "northwind.onmicrosoft.com": NORTHWIND, "unknown": UNKNOWN},
    "permissions": [
        {
            "name": "all modules",
            "caller": REPORTS,
            "consents": ["partner"],
            "tenants": ["contoso", "northwind.onmicrosoft.com", "unknown", "home"],
            "resources": [
                *("arm", "graph", "aadgraph", "exchange", "partnercenter", "keyvault", "teams", "powerbi"),
                *("compliance", "https://*.sharepoint.com"),
            ],
        },
        {
            "name": "half of Az",
            "caller": INTRUDER,
            "consents": ["partner"],
            "tenants": ["contoso"],
            "resources": ["arm"],
        },
        {
            "name": "modules as the application",
            "caller": REPORTS,
            "as": "application",
            "tenants": ["contoso"],
            "resources": ["arm", "graph", "exchange", "keyvault", "teams", "powerbi"],
        },
    ],
}
# The audiences of each module's tokens, by the parameter that takes them.
TOKENS: Mapping[str, Mapping[str, str | list[str]]] = {
    "Az": {"AccessToken": ARM, "MicrosoftGraphAccessToken": MS_GRAPH},
    "AzKeyVault": {"AccessToken": ARM, "KeyVaultAccessToken": VAULT},
    "AzureRM": {"AccessToken": ARM, "GraphAccessToken": AD_GRAPH},
    "AzureAD": {"AadAccessToken": AD_GRAPH, "MsAccessToken": MS_GRAPH},
    "MSOnline": {"AdGraphAccessToken": AD_GRAPH, "MsGraphAccessToken": MS_GRAPH},
    "PartnerCenter": {"AccessToken": PARTNER_CENTER},
    "ExchangeOnline": {"AccessToken": OUTLOOK},
    "Graph": {"AccessToken": MS_GRAPH},
    "Entra": {"AccessToken": MS_GRAPH},
    # Microsoft Graph first.
    "Teams": {"AccessTokens": [MS_GRAPH, TEAMS_API]},
    "Compliance": {"AccessToken": COMPLIANCE},
    "PnP": {"AccessToken": SITE},
    "PowerBI": {"Token": POWER_BI_API},
}
OTHERS: Mapping[str, Mapping[str, str]] = {
    "Az": {"AccountId": ADMIN.username, "Tenant": CONTOSO},
    "AzKeyVault": {"AccountId": ADMIN.username, "Tenant": CONTOSO},
    "AzureRM": {"AccountId": ADMIN.username, "TenantId": CONTOSO},
    "AzureAD": {"AccountId": ADMIN.username, "TenantId": CONTOSO},
    "MSOnline": {},
    "ExchangeOnline": {"DelegatedOrganization": "contoso.onmicrosoft.com"},
    "Compliance": {"DelegatedOrganization": "contoso.onmicrosoft.com", **SIGN_IN},
    "PnP": {"Url": URL},
    "Graph": {},
    "Entra": {},
    "Teams": {},
    "PowerBI": {},
}
OTHERS_AT_HOME: Mapping[str, Mapping[str, str]] = {
    "Az": {"AccountId": ADMIN.username, "Tenant": PARTNER_TENANT},
    "AzKeyVault": {"AccountId": ADMIN.username, "Tenant": PARTNER_TENANT},
    "AzureRM": {"AccountId": ADMIN.username, "TenantId": PARTNER_TENANT},
    "AzureAD": {"AccountId": ADMIN.username, "TenantId": PARTNER_TENANT},
    "MSOnline": {},
    "PartnerCenter": {"Tenant": PARTNER_TENANT},
    "ExchangeOnline": {"UserPrincipalName": ADMIN.username},
    "Compliance": {"UserPrincipalName": ADMIN.username, **SIGN_IN},
    "Graph": {},
    "Entra": {},
    "Teams": {},
    "PowerBI": {},
}
# What the stand-in's world has not by itself.
GRANTS = (
    (PARTNER_TENANT, EXCHANGE, "Exchange.Manage"),
    (PARTNER_TENANT, AAD_GRAPH, "Directory.Read.All"),
    (PARTNER_TENANT, KEY_VAULT, "user_impersonation"),
    *((tenant, TEAMS, "user_impersonation") for tenant in (PARTNER_TENANT, CONTOSO)),
    *((tenant, POWER_BI, "Tenant.Read.All") for tenant in (PARTNER_TENANT, CONTOSO)),
    (CONTOSO, SHAREPOINT, "AllSites.FullControl"),
)
REPLACEMENTS = {"AzureRM": "use Az", "AzureAD": "Connect-MgGraph", "MSOnline": "Connect-MgGraph"}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack with a consent and a policy for every module, written before the broker has read any."""
    quiet = {f"AzureWebJobs.{timer}.Disabled": "true" for timer in ("refresh", "check_customers")}
    with running_stack(tmp_path_factory.mktemp("modules") / "state", settings=quiet) as started:
        write_policy(started, "policy-1", POLICY)
        entra = Controls(started, started.entra)
        for tenant, resource, scope in GRANTS:
            grant = {"client": PARTNER_APPLICATION, "resource": resource, "scopes": [scope]}
            entra.post("consents", {"tenant": tenant, **grant})
        with Person() as person:
            page = person.consent(Workload(state=started, name="operator").link(), ADMIN)
        assert "Your consent is stored" in page.text
        # It keeps what Partner Center calls the customers.
        assert fire_timer(started, function="check_customers") == "Success"
        yield started


@pytest.fixture
def reports(state: StackState) -> Workload:
    return Workload(state=state, name="reports")


def connect(workload: Workload, module: str, query: str = "tenant=contoso") -> httpx.Response:
    query += f"&url={URL}" if module == "PnP" and "url=" not in query else ""
    return send(workload.state, "GET", f"connect/{module}?{query}", headers=bearing(workload))


def several(one: str | list[str]) -> list[str]:
    return one if isinstance(one, list) else [one]


def check_parameters(content: dict[str, Any], module: str, others: Mapping[str, str], tenant_id: str) -> None:
    """The body is what the command is splatted with: one parameter too many would make it fail."""
    assert set(content) == set(TOKENS[module]) | set(others)
    for parameter, audience in TOKENS[module].items():
        given = content.pop(parameter)
        assert isinstance(given, list) == isinstance(audience, list), "a list where the command wants one, in its order"
        claims = [claims_of(token) for token in several(given)]
        assert [one["aud"] for one in claims] == several(audience), parameter
        assert {(one["tid"], one["oid"]) for one in claims} == {(tenant_id, ADMIN.object_id_in(tenant_id))}
    assert content == others


def test_every_module_is_tried_here() -> None:
    """SharePoint at the partner itself has another host."""
    assert {module.name for module in MODULES.values()} == set(TOKENS) == {*OTHERS_AT_HOME, "PnP"}


# What a module takes beside tokens of the application itself.
OTHERS_OF_APPLICATION: Mapping[str, Mapping[str, str]] = {
    "Az": {"AccountId": PARTNER_APPLICATION, "Tenant": CONTOSO},
    "AzKeyVault": {"AccountId": PARTNER_APPLICATION, "Tenant": CONTOSO},
    "ExchangeOnline": {"Organization": "contoso.onmicrosoft.com"},
    **{name: {} for name in ("Graph", "Entra", "Teams", "PowerBI")},
}


@pytest.mark.parametrize("module", OTHERS_OF_APPLICATION)
def test_a_module_connects_as_the_application_too(reports: Workload, module: str) -> None:
    answer = reports.call("GET", f"connect/{module}?tenant=contoso&as=application")
    assert answer.status_code == CODES.OK, answer.text
    content = answer.json()
    for parameter, audience in TOKENS[module].items():
        claims = [claims_of(token) for token in several(content.pop(parameter))]
        assert [one["aud"] for one in claims] == several(audience)
        assert {(one["tid"], one["appid"], one["idtyp"]) for one in claims} == {(CONTOSO, PARTNER_APPLICATION, "app")}
    assert content == OTHERS_OF_APPLICATION[module]


@pytest.mark.parametrize("module", sorted({*TOKENS} - {*OTHERS_OF_APPLICATION, "PnP"}))
def test_a_module_that_takes_people_alone_says_so(reports: Workload, module: str) -> None:
    answer = reports.call("GET", f"connect/{module}?as=application")
    assert answer.status_code == CODES.BAD_REQUEST
    assert f"{module} connects as a person alone" in answer.json()["error_description"]


@pytest.mark.parametrize("module", OTHERS)
def test_a_module_gets_exactly_its_parameters_for_a_customer(reports: Workload, module: str) -> None:
    answer = connect(reports, module)
    assert answer.status_code == CODES.OK, answer.text
    assert answer.headers["cache-control"] == "no-store"
    check_parameters(answer.json(), module, OTHERS[module], CONTOSO)


@pytest.mark.parametrize("module", OTHERS_AT_HOME)
def test_a_module_gets_exactly_its_parameters_for_the_partners_own_tenant(reports: Workload, module: str) -> None:
    answer = connect(reports, module, "tenant=home")
    assert answer.status_code == CODES.OK, answer.text
    check_parameters(answer.json(), module, OTHERS_AT_HOME[module], PARTNER_TENANT)


def test_home_is_home_by_its_id_too_where_the_policy_lets_it(reports: Workload) -> None:
    """Exchange Online takes the delegated organization of a customer alone."""
    content = connect(reports, "ExchangeOnline", f"tenant={PARTNER_TENANT}").json()
    check_parameters(content, "ExchangeOnline", OTHERS_AT_HOME["ExchangeOnline"], PARTNER_TENANT)


def test_partner_center_needs_no_tenant_and_takes_no_customers(reports: Workload) -> None:
    check_parameters(
        connect(reports, "PartnerCenter", "").json(), "PartnerCenter", OTHERS_AT_HOME["PartnerCenter"], PARTNER_TENANT
    )
    for tenant in ("contoso", CONTOSO, "HOME", PARTNER_TENANT):
        answer = connect(reports, "PartnerCenter", f"tenant={tenant}")
        assert (answer.status_code, answer.json()["code"]) == (CODES.BAD_REQUEST, "invalid_request")
        assert "partner's own tenant" in answer.json()["error_description"]


@pytest.mark.parametrize("module", OTHERS_AT_HOME)
def test_a_retired_module_says_what_replaces_it_and_every_other_is_silent(reports: Workload, module: str) -> None:
    warning = connect(reports, module, "tenant=home").headers.get("warning", "")
    told = [part for part in warning.split(", 299 - ") if part]
    if module in REPLACEMENTS:
        assert warning.startswith(f'299 - "{module} is retired')
        assert REPLACEMENTS[module] in warning
        assert len(told) == 2, "the module, and Azure AD Graph, once"
        assert "Azure AD Graph is retired" in told[1]
    else:
        assert warning == ""


@pytest.mark.parametrize("module", ["ExchangeOnline", "Compliance"])
def test_a_tenant_that_was_asked_for_by_its_initial_domain_is_known_by_it(reports: Workload, module: str) -> None:
    content = connect(reports, module, "tenant=Northwind.onmicrosoft.com").json()
    assert content["DelegatedOrganization"] == "northwind.onmicrosoft.com"
    assert claims_of(content["AccessToken"])["tid"] == NORTHWIND


def test_a_command_that_takes_the_initial_domain_alone_is_refused_where_it_is_not_known(reports: Workload) -> None:
    """Before any token is asked for: the tenant is not even there."""
    answer = connect(reports, "Compliance", "tenant=unknown")
    assert (answer.status_code, answer.json()["code"]) == (CODES.BAD_REQUEST, "invalid_request")
    told = answer.json()["error_description"]
    assert "tenant: Connect-IPPSSession knows a tenant by its initial domain alone (.onmicrosoft.com)" in told
    (record,) = records(reports.state, answer)
    assert (record["event"], record["outcome"], record["resource"]) == ("token.refused", "invalid_request", COMPLIANCE)


def test_whoever_may_not_have_the_token_learns_nothing_of_a_domain(state: StackState) -> None:
    answer = connect(Workload(state=state, name="intruder"), "Compliance")
    assert (answer.status_code, answer.json()["code"]) == (CODES.FORBIDDEN, "not_permitted")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "contoso.sharepoint.com",
        "http://contoso.sharepoint.com",
        "https://contoso.sharepoint.com.evil.example",
        "https://evil.example/contoso.sharepoint.com",
        "https://a.contoso.sharepoint.com",
        "https://ada@contoso.sharepoint.com",
        "https://contoso.sharepoint.com:8443",
        "https://contoso.sharepoint.com/?a",
        "https://contoso.sharepoint.com/#a",
        "https://contoso.sharepoint.us",
        "https://*.sharepoint.com",
        "https://sharepoint.com",
        f"{SITE}/{'a' * 500}",
    ],
)
def test_an_address_that_is_no_site_of_this_clouds_sharepoint_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest, match=r"url: the address of a site, such as https://contoso\.sharepoint\.com/"):
        requests("PnP", {"tenant": "contoso", "url": url}, PUBLIC)


def test_a_host_that_the_tenant_has_not_gets_no_token(reports: Workload) -> None:
    answer = connect(reports, "PnP", "tenant=contoso&url=https://northwind.sharepoint.com")
    assert (answer.status_code, answer.json()["code"]) == (CODES.BAD_REQUEST, "service_missing")


def test_the_policy_has_to_name_the_host(state: StackState) -> None:
    answer = connect(Workload(state=state, name="intruder"), "PnP")
    assert (answer.status_code, answer.json()["code"]) == (CODES.FORBIDDEN, "not_permitted")


def test_a_module_is_named_in_any_case(reports: Workload) -> None:
    assert set(connect(reports, "exchangeonline").json()) == set(connect(reports, "EXCHANGEONLINE").json())


@pytest.mark.parametrize(
    ("module", "query", "named"),
    [
        ("Skype", "tenant=contoso", "module: one of Az, AzKeyVault, AzureRM, AzureAD, MSOnline, PartnerCenter, Exchan"),
        ("SPO", "tenant=contoso", "module: Connect-SPOService takes no access token: use PnP, with the same address"),
        ("Graph", f"tenant=contoso&url={SITE}", "Unknown parameter: 'url'"),
        ("AzureDevOps", "tenant=contoso", "module: Azure DevOps has no Connect command: ask for a token of devops."),
        ("Az%20", "tenant=contoso", "module: one of"),
        ("..%2Ftoken", "tenant=contoso", "module: one of"),
        ("Graph", "", "tenant:"),
        ("Graph", "tenant=", "tenant:"),
        ("Graph", "tenant=contoso&resource=arm", "Unknown parameter"),
        ("Graph", "tenant=contoso&claims=%7B%7D", "Unknown parameter"),
        ("Graph", "tenant=contoso&consent=Partner", "consent:"),
        # The Functions host joins what is there twice, in any case, with a comma.
        ("Graph", "tenant=contoso&tenant=northwind", "tenant: it is there twice"),
        ("Graph", "tenant=contoso&Tenant=contoso", "Unknown parameter: 'Tenant'"),
    ],
)
def test_what_is_wrong_is_named(reports: Workload, module: str, query: str, named: str) -> None:
    answer = connect(reports, module, query)
    assert (answer.status_code, answer.json()["code"]) == (CODES.BAD_REQUEST, "invalid_request")
    assert named in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("tenant=contoso&consent=never-given", "not_permitted"),
        (f"tenant={TAILSPIN}", "not_permitted"),
        ("tenant=unheard-of", "tenant_name_unknown"),
    ],
)
def test_a_module_is_subject_to_the_policy(reports: Workload, query: str, code: str) -> None:
    answer = connect(reports, "Graph", query)
    assert (answer.status_code, answer.json()["code"]) == (CODES.FORBIDDEN, code)


@pytest.mark.parametrize("headers", [{}, {"X-IDENTITY-HEADER": "something"}], ids=["none", "another"])
def test_without_a_token_a_module_gets_nothing(state: StackState, headers: dict[str, str]) -> None:
    answer = send(state, "GET", "connect/Graph?tenant=contoso", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (CODES.UNAUTHORIZED, "assertion_missing")


def test_a_module_whose_second_token_is_not_permitted_is_refused_as_a_whole(state: StackState) -> None:
    intruder = Workload(state=state, name="intruder")
    assert intruder.token("contoso", "arm").is_success, "the first of the two it may have"
    answer = connect(intruder, "Az")
    assert (answer.status_code, answer.json()["code"]) == (CODES.FORBIDDEN, "not_permitted")
    assert set(answer.json()) == {"error", "error_description", "code", "says", "remedy", "act", "correlation_id"}
    assert on_record(state, "token.refused", resource=MS_GRAPH, dialect="module", outcome="not_permitted")


def test_each_token_of_a_module_is_in_the_audit_trail(reports: Workload) -> None:
    found = records(reports.state, connect(reports, "Az"))
    assert [(one["event"], one["dialect"], one["resource"], one["permission"]) for one in found] == [
        ("token.issued", "module", audience, "policy-1[0] all modules") for audience in (ARM.rstrip("/"), MS_GRAPH)
    ]


@pytest.mark.parametrize(
    ("module", "query", "named"),
    [
        ("PartnerCenter", {"tenant": ""}, "tenant"),
        ("Graph", {"tenant": ""}, "tenant"),
        ("Graph", {"tenant": "contoso", "consent": ""}, "consent"),
        ("Graph", {"tenant": "contoso", "Tenant": "contoso"}, "Unknown parameter"),
        ("", {"tenant": "contoso"}, "module"),
    ],
)
def test_what_another_host_may_hand_through_is_refused_too(module: str, query: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        requests(module, query, PUBLIC)


@pytest.mark.parametrize("cloud", [PUBLIC, US_GOVERNMENT, CHINA], ids=lambda cloud: cloud.name)
@pytest.mark.parametrize("module", OTHERS_AT_HOME)
def test_in_every_cloud_a_module_asks_for_that_clouds_own_resources(module: str, cloud: Cloud) -> None:
    short = {
        ARM: "arm",
        MS_GRAPH: "graph",
        AD_GRAPH: "aadgraph",
        OUTLOOK: "exchange",
        PARTNER_CENTER: "partnercenter",
        VAULT: "keyvault",
        TEAMS_API: "teams",
        POWER_BI_API: "powerbi",
        COMPLIANCE: "compliance",
    }
    asked = requests(module, {} if module == "PartnerCenter" else {"tenant": "contoso"}, cloud)
    audiences = [audience for given in TOKENS[module].values() for audience in several(given)]
    assert [request.scope.resource for request in asked] == [
        cloud.resources[short[audience]] + ("/" if audience == ARM else "") for audience in audiences
    ]
    assert {request.scope.names for request in asked} == {(".default",)}


@pytest.mark.parametrize(
    ("module", "parameter", "us_government", "china"),
    [
        ("Az", "Environment", "AzureUSGovernment", "AzureChinaCloud"),
        ("AzKeyVault", "Environment", "AzureUSGovernment", "AzureChinaCloud"),
        ("Graph", "Environment", "USGov", "China"),
        ("Entra", "Environment", "USGov", "China"),
        ("ExchangeOnline", "ExchangeEnvironmentName", "O365USGovGCCHigh", "O365China"),
        ("PowerBI", "Environment", "USGovHigh", "China"),
        ("PnP", "AzureEnvironment", "USGovernmentHigh", "China"),
        (
            *("Compliance", "ConnectionUri", "https://ps.compliance.protection.office365.us/powershell-liveid/"),
            "https://ps.compliance.protection.partner.outlook.cn/powershell-liveid",
        ),
    ],
)
def test_a_command_is_told_which_national_cloud_it_connects_to(
    module: str, parameter: str, us_government: str, china: str
) -> None:
    """Without it, the command would send the token to the public cloud's addresses."""
    found = MODULES[module.lower()]
    told = [found.parameters(issued_for(found), cloud).get(parameter) for cloud in (PUBLIC, US_GOVERNMENT, CHINA)]
    assert told == [None, us_government, china]


def issued_for(module: Module) -> list[Issued]:
    token = AccessToken(token="t", expires_on=datetime.now(UTC), scope="s", tenant_id=CONTOSO)
    one = Issued(token=token, account="ada", is_home=False, resource="r", lineage="l", permission="p", from_cache=False)
    return [one for _ in module.tokens]
