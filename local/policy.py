"""The access policy a new local stack begins with."""

import json
from typing import Any

from local.world import CONTOSO, DEFAULT_WORLD, NORTHWIND, TAILSPIN, WINGTIP

REPORTS_POLICY: dict[str, Any] = {
    "description": "The reports workload reads customers; every other caller gets nothing.",
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
    ],
}


def seeds() -> dict[str, dict[str, str]]:
    """What a new pair of vaults holds: a policy, and the partner application's secret for those who choose it."""
    partner = next(application for application in DEFAULT_WORLD.applications if application.federated_identities)
    return {
        "policy_vault": {"policy-1": json.dumps(REPORTS_POLICY, indent=2)},
        "token_vault": {"partner-client-secret": partner.secrets[0]},
    }
