"""The app roles that the made-up world's APIs define: a few of the real ones, by their real ids.

Sources: learn, graph/permissions-reference; exchange/client-developer, exchange/app-only-auth-powershell-v2.
"""

from collections.abc import Mapping
from types import MappingProxyType

from local.world import EXCHANGE, GRAPH, SHAREPOINT

# Application id of the API -> value of the role -> its id.
APP_ROLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        GRAPH: {
            "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
            "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
            "Mail.Read": "810c84a8-4a9e-49e6-bf7d-12d183f40d01",
            "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
            "Reports.Read.All": "230c1aed-a721-4c5d-9cb4-a90514e508ef",
            "RoleManagement.ReadWrite.Directory": "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
            "Sites.Selected": "883ea226-0bf2-4a8f-9f9d-92c9162a727d",
            "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
        },
        EXCHANGE: {
            "Exchange.ManageAsApp": "dc50a0fb-09a3-484d-be87-e023b12c6440",
            "full_access_as_app": "dc890d15-9560-4a4c-9b7f-a736ec74ec40",
        },
        SHAREPOINT: {
            "Sites.FullControl.All": "678536fe-1083-478a-9c59-b99265e6b0d3",
            "Sites.Selected": "20d37865-089c-4dee-8c41-6967602d4ac8",
        },
    }
)


def value_of(resource: str, role: str) -> str | None:
    """What a token names an app role by; None for one that the API does not define."""
    return next((value for value, known in APP_ROLES.get(resource, {}).items() if known == role), None)
