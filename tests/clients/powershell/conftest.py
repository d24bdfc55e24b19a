"""What the module is tested with: a stack whose policy gives whatever any PowerShell module needs, and a PowerShell."""

from collections.abc import Iterator

import pytest

from local.person import Person
from local.stack import running_stack
from local.state import StackState
from local.workload import Workload
from local.world import (
    AAD_GRAPH,
    ADMIN,
    CONTOSO,
    DEFAULT_WORLD,
    EXCHANGE,
    PARTNER_APPLICATION,
    PARTNER_TENANT,
    POWER_BI,
    SHAREPOINT,
    TEAMS,
)
from tests.clients.powershell.pwsh import Session, session
from tests.local_control import Controls
from tests.token_http.over_http import write_policy

POLICY = {
    "description": "Reports may have whatever a module needs.",
    "schema": 2,
    "tenants": {"contoso": CONTOSO, "contoso.onmicrosoft.com": CONTOSO},
    "permissions": [
        {
            "name": "all modules",
            "caller": DEFAULT_WORLD.identity("reports").object_id,
            "consents": ["partner", "spare"],
            "tenants": ["contoso", "contoso.onmicrosoft.com", "home"],
            "resources": [
                *("arm", "graph", "aadgraph", "exchange", "partnercenter", "keyvault", "teams", "powerbi"),
                *("compliance", "https://*.sharepoint.com"),
            ],
        },
        {
            "name": "as the application",
            "caller": DEFAULT_WORLD.identity("reports").object_id,
            "as": "application",
            "tenants": ["contoso"],
            "resources": ["graph", "exchange"],
        },
        {
            "name": "every customer is checked",
            "caller": DEFAULT_WORLD.identity("provisioning").object_id,
            "consents": ["partner"],
            "tenants": ["*"],
            "resources": ["graph"],
        },
    ],
}


# What the stand-in's world has not by itself.
GRANTS = (
    (PARTNER_TENANT, EXCHANGE, "Exchange.Manage"),
    (PARTNER_TENANT, AAD_GRAPH, "Directory.Read.All"),
    (CONTOSO, TEAMS, "user_impersonation"),
    (CONTOSO, POWER_BI, "Tenant.Read.All"),
    (CONTOSO, SHAREPOINT, "AllSites.FullControl"),
)


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackState]:
    """A stack with a consent and a policy for every module; whoever plants a fault here takes it away again."""
    quiet = {"AzureWebJobs.refresh.Disabled": "true"}
    folder = tmp_path_factory.mktemp("powershell") / "state"
    with running_stack(folder, keeps_ledger=True, settings=quiet) as started:
        write_policy(started, "policy-1", POLICY)
        entra = Controls(started, started.entra)
        for tenant, resource, scope in GRANTS:
            grant = {"client": PARTNER_APPLICATION, "resource": resource, "scopes": [scope]}
            entra.post("consents", {"tenant": tenant, **grant})
        with Person() as person:
            assert person.consent(Workload(state=started, name="operator").link(), ADMIN).is_success
        yield started


@pytest.fixture(scope="session")
def shell(state: StackState) -> Iterator[Session]:
    """One PowerShell for all, since it takes a second to start; .NET reads whom to trust once."""
    with session({"SSL_CERT_FILE": str(state.ca_file)}) as running:
        yield running
