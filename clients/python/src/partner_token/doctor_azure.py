"""The doctor's third part: what Graph and ARM tell of registrations and roles, for an operator who may ask them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from partner_token.azure_reader import AzureReader, NotSeen
from partner_token.failures import reason
from partner_token.identity import own_identity
from partner_token.options import Asker
from partner_token.registrations import of_broker, of_partner
from partner_token.seen import Seen, not_seen
from partner_token.vault_roles import of_vaults

GRAPH, ARM = "graph", "arm"
CLOUDS: Mapping[str, tuple[str, str]] = {
    "AzureCloud": ("https://graph.microsoft.com", "https://management.azure.com"),
    "AzureUSGovernment": ("https://graph.microsoft.us", "https://management.usgovcloudapi.net"),
    "AzureChinaCloud": ("https://microsoftgraph.chinacloudapi.cn", "https://management.chinacloudapi.cn"),
}


def seen_in_azure(
    asker: Asker, diagnosis: Mapping[str, Any], *, graph_url: str | None, arm_url: str | None
) -> Iterator[Seen]:
    """Registrations and vault roles against what the broker says of itself; "not seen" where nobody lets you look."""
    facts = {part["part"]: part["facts"] for part in diagnosis["parts"]}
    settings, identity = facts["settings"], facts["identity"].get("object_id")
    graph_usual, arm_usual = CLOUDS.get(settings["cloud"], CLOUDS["AzureCloud"])
    credential = own_identity(asker.identity)
    graph = AzureReader(graph_url or graph_usual, credential, audience=graph_usual)
    arm = AzureReader(arm_url or arm_usual, credential, audience=arm_usual)
    federated = facts["credential"].get("kind") == "federated"
    looks: tuple[tuple[str, str, Callable[[], Iterator[Seen]]], ...] = (
        (GRAPH, "partner application", lambda: of_partner(graph, settings, identity if federated else None)),
        (GRAPH, "broker registration", lambda: of_broker(graph, settings)),
        (ARM, "vault roles", lambda: of_vaults(arm, settings, identity)),
    )
    for where, what, look in looks:
        try:
            yield from look()
        except NotSeen as error:
            yield not_seen(where, what, str(error))
        except Exception as error:  # noqa: BLE001 - not signed in there, no network there, an answer of another form
            yield not_seen(where, what, reason(error))
