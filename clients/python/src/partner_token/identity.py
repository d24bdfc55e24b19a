"""Who a command runs as: what this machine has, or what it is told."""

import os
from collections.abc import Mapping

from azure.core.credentials import TokenCredential
from azure.identity import AzureCliCredential, ManagedIdentityCredential, WorkloadIdentityCredential

CLI, MANAGED, WORKLOAD, AUTOMATIC = "az", "managed", "workload", "auto"
KINDS = (AUTOMATIC, MANAGED, WORKLOAD, CLI)
# App Service, Functions, Automation and Arc say that there is a managed identity; a plain virtual machine does not.
ENDPOINTS = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT")


def own_identity(kind: str, environment: Mapping[str, str] = os.environ) -> TokenCredential:
    """The credential of this kind; `auto` is workload identity, managed identity or az, whichever is set up here."""
    if kind == AUTOMATIC:
        kind = _found(environment)
    if kind == MANAGED:
        return ManagedIdentityCredential(client_id=environment.get("AZURE_CLIENT_ID") or None)
    return WorkloadIdentityCredential() if kind == WORKLOAD else AzureCliCredential(process_timeout=60)


def _found(environment: Mapping[str, str]) -> str:
    if environment.get("AZURE_FEDERATED_TOKEN_FILE"):
        return WORKLOAD
    return MANAGED if any(environment.get(name) for name in ENDPOINTS) else CLI
