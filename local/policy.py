"""What the vaults of a new local stack begin with: the access policy, the grant set, the application's secret."""

import json
from typing import Any

from local.world import CONTOSO, DEFAULT_WORLD, NORTHWIND, TAILSPIN, WINGTIP

REPORTS_POLICY: dict[str, Any] = {
    "description": "The reports workload reads customers; every other caller gets nothing.",
    "schema": 2,
    "tenants": {"contoso": CONTOSO, "northwind": NORTHWIND, "tailspin": TAILSPIN, "wingtip": WINGTIP},
    "permissions": [
        {
            "name": "reports on customers",
            "caller": DEFAULT_WORLD.identity("reports").object_id,
            "consents": ["partner"],
            "tenants": ["contoso", "northwind", "tailspin", "wingtip"],
            "resources": ["graph", "arm"],
        },
        {
            "name": "reports on the partner itself",
            "caller": DEFAULT_WORLD.identity("reports").object_id,
            "consents": ["partner"],
            "tenants": ["home"],
            "resources": ["partnercenter"],
        },
        {
            "name": "reports as the application",
            "caller": DEFAULT_WORLD.identity("reports").object_id,
            "as": "application",
            "tenants": ["contoso", "northwind", "tailspin"],
            "resources": ["graph", "exchange"],
        },
    ],
}

APPLICATION_GRANTS: dict[str, Any] = {
    "display_name": "Fabrikam partner application",
    "grants": [
        {"resource": "graph", "scopes": ["Directory.Read.All", "Directory.AccessAsUser.All"]},
        {"resource": "arm", "scopes": ["user_impersonation"]},
        {"resource": "exchange", "scopes": ["Exchange.Manage"]},
    ],
}


def seeds() -> dict[str, dict[str, str]]:
    """What a new pair of vaults holds; the application's secret is for those who choose it as credential."""
    partner = next(application for application in DEFAULT_WORLD.applications if application.federated_identities)
    return {
        "policy_vault": {
            "policy-1": json.dumps(REPORTS_POLICY, indent=2),
            "application-grants": json.dumps(APPLICATION_GRANTS, indent=2),
        },
        "token_vault": {"partner-client-secret": partner.secrets[0]},
    }
