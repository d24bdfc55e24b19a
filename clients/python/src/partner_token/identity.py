"""Who a command runs as: what this machine has, or what it is told. Nothing of Azure is imported before it is asked."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from partner_token.exit_codes import NOT_ALLOWED
from partner_token.failures import Failed, Failure

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

AZ, MANAGED, WORKLOAD, GITHUB, PIPELINES, AUTOMATIC = "az", "managed", "workload", "github", "pipelines", "auto"
KINDS = (AUTOMATIC, AZ, MANAGED, WORKLOAD, GITHUB, PIPELINES)
# App Service, Functions, Automation and Arc say that there is a managed identity; a plain virtual machine does not.
ENDPOINTS = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT")
# What each federated identity is set up by; who sets it, for the sentence that says what is missing.
NEEDED: Mapping[str, tuple[str, ...]] = {
    WORKLOAD: ("AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID", "AZURE_CLIENT_ID"),
    GITHUB: (
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
    ),
    PIPELINES: (
        "SYSTEM_OIDCREQUESTURI",
        "SYSTEM_ACCESSTOKEN",
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
        "AZURESUBSCRIPTION_TENANT_ID",
        "AZURESUBSCRIPTION_CLIENT_ID",
    ),
}
ADVICE: Mapping[str, str] = {
    WORKLOAD: "Kubernetes sets them by its workload identity webhook; or say --identity for another identity.",
    GITHUB: "The job needs `permissions: id-token: write`, and AZURE_TENANT_ID and AZURE_CLIENT_ID in its environment.",
    PIPELINES: "Run in a task that has a service connection with workload identity federation, and map "
    "SYSTEM_ACCESSTOKEN from $(System.AccessToken).",
}


def own_identity(kind: str, environment: Mapping[str, str] = os.environ) -> "TokenCredential":
    """The credential of this kind; `auto` is whichever is set up here. Raises Failed for one that is not."""
    kind = kind_here(environment) if kind == AUTOMATIC else kind
    missing = [name for name in NEEDED.get(kind, ()) if not environment.get(name)]
    if missing:
        says = f"The identity {kind} is not set up here: {', '.join(missing)} missing."
        raise Failed(Failure(exit_code=NOT_ALLOWED, says=says, to_do=ADVICE[kind]))
    return _credential(kind, environment)


def kind_here(environment: Mapping[str, str] = os.environ) -> str:
    """The kind that is set up here: federated identities say so wholly, then managed identity, then az."""
    for kind in (WORKLOAD, GITHUB, PIPELINES):
        if all(environment.get(name) for name in NEEDED[kind]):
            return kind
    # Half set up, it is meant all the same: saying what is missing helps more than asking az.
    if environment.get("AZURE_FEDERATED_TOKEN_FILE"):
        return WORKLOAD
    return MANAGED if any(environment.get(name) for name in ENDPOINTS) else AZ


def _credential(kind: str, environment: Mapping[str, str]) -> "TokenCredential":
    import azure.identity as azure

    if kind == MANAGED:
        return azure.ManagedIdentityCredential(client_id=environment.get("AZURE_CLIENT_ID") or None)
    if kind == WORKLOAD:
        return azure.WorkloadIdentityCredential()
    if kind == GITHUB:
        from partner_token.github import GitHubCredential

        return GitHubCredential(environment)
    if kind == PIPELINES:
        return azure.AzurePipelinesCredential(
            system_access_token=environment["SYSTEM_ACCESSTOKEN"],
            service_connection_id=environment["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"],
            tenant_id=environment["AZURESUBSCRIPTION_TENANT_ID"],
            client_id=environment["AZURESUBSCRIPTION_CLIENT_ID"],
            disable_instance_discovery=bool(environment.get("AZURE_AUTHORITY_HOST")),
        )
    return azure.AzureCliCredential(process_timeout=60)
