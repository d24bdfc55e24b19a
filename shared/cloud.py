"""The clouds Microsoft runs apart from each other: where each has its authority, issuer and resources.

Sources: learn, authentication-national-cloud and graph/deployments (hosts), answers/questions/1190472 (issuers of
version 1 tokens), workload-identity-federation-config-app-trust-managed-identity (audiences). An app registration
belongs to one cloud, and tokens of one mean nothing in another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One cloud; `resources` maps the short names people know to identifiers.

    `token_exchange` is the audience of a managed identity's token that serves as the partner application's credential.
    """

    name: str
    authority_host: str
    v1_issuer: str
    token_exchange: str
    resources: Mapping[str, str]

    def resource(self, name: str) -> str:
        """The identifier a short name stands for; any other name is its own."""
        return self.resources.get(name.lower(), name)

    def canonical(self, name: str) -> str:
        """A short name or identifier as policies compare it: lower case, without the trailing slash."""
        return self.resource(name).lower().rstrip("/")

    @property
    def partner_center_scope(self) -> str:
        """The delegated scope of Partner Center's API, whose tokens tell whether MFA was used."""
        return f"{self.resources['partnercenter']}/user_impersonation"


TEAMS = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
PUBLIC = Cloud(
    name="AzureCloud",
    authority_host="https://login.microsoftonline.com",
    v1_issuer="https://sts.windows.net",
    token_exchange="api://AzureADTokenExchange",  # noqa: S106 - an audience
    resources=MappingProxyType(
        {
            "graph": "https://graph.microsoft.com",
            "arm": "https://management.azure.com",
            "partnercenter": "https://api.partnercenter.microsoft.com",
            "exchange": "https://outlook.office365.com",
            "keyvault": "https://vault.azure.net",
            "aadgraph": "https://graph.windows.net",
            "teams": TEAMS,
        }
    ),
)
US_GOVERNMENT = Cloud(
    name="AzureUSGovernment",
    authority_host="https://login.microsoftonline.us",
    v1_issuer="https://sts.windows.net",
    token_exchange="api://AzureADTokenExchangeUSGov",  # noqa: S106 - an audience
    resources=MappingProxyType(
        {
            "graph": "https://graph.microsoft.us",
            "arm": "https://management.usgovcloudapi.net",
            # Partner Center serves US Government partners from its global address.
            "partnercenter": "https://api.partnercenter.microsoft.com",
            "exchange": "https://outlook.office365.us",
            "keyvault": "https://vault.usgovcloudapi.net",
            "aadgraph": "https://graph.microsoftazure.us",
            "teams": TEAMS,
        }
    ),
)
CHINA = Cloud(
    name="AzureChinaCloud",
    authority_host="https://login.partner.microsoftonline.cn",
    v1_issuer="https://sts.chinacloudapi.cn",
    token_exchange="api://AzureADTokenExchangeChina",  # noqa: S106 - an audience
    resources=MappingProxyType(
        {
            "graph": "https://microsoftgraph.chinacloudapi.cn",
            "arm": "https://management.chinacloudapi.cn",
            "partnercenter": "https://partner.partnercenterapi.microsoftonline.cn",
            "exchange": "https://partner.outlook.cn",
            "keyvault": "https://vault.azure.cn",
            "aadgraph": "https://graph.chinacloudapi.cn",
            "teams": TEAMS,
        }
    ),
)
# By the names that `az cloud list` uses.
CLOUDS: Mapping[str, Cloud] = MappingProxyType({cloud.name: cloud for cloud in (PUBLIC, US_GOVERNMENT, CHINA)})
