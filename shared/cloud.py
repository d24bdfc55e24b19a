"""The clouds Microsoft runs apart from each other: where each has its authority, issuer and resources.

An API has many spellings. Its *family* is what policies, shares and records compare: GUID, short name and URL are one.
Its *exact audience* is what is asked of the authority, since a token's `aud` echoes it and some APIs mind a slash.

Sources: learn, authentication-national-cloud and graph/deployments (hosts), answers/questions/1190472 (issuers of
version 1 tokens), workload-identity-federation-config-app-trust-managed-identity (audiences), connect-ippssession
(compliance), power-bi/developer/embedded/embed-sample-for-customers-national-clouds (Power BI; US Government is GCC
High), azure/devops/integrate/get-started/authentication/entra-oauth (Azure DevOps, which no national cloud has). An
app registration belongs to one cloud, and tokens of one mean nothing in another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One cloud; `resources` maps the short names people know to identifiers, `other_forms` identifiers to short names.

    `token_exchange` is the audience of a managed identity's token that serves as the partner application's credential.
    `sharepoint` is what every host of SharePoint ends in, after one label; `initial_domain` what every tenant's first
    domain ends in, which has the same label.
    """

    name: str
    authority_host: str
    v1_issuer: str
    token_exchange: str
    sharepoint: str
    initial_domain: str
    resources: Mapping[str, str]
    other_forms: Mapping[str, str]
    _names: Mapping[str, str] = field(init=False, repr=False, compare=False)
    _known: Mapping[str, tuple[str, str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Write the table of known forms, without a slash, and the short name each belongs to."""
        ids = {identifier: name for name, identifier in APPLICATION_IDS.items() if name in self.resources}
        urls = {identifier.lower(): name for name, identifier in self.resources.items()}
        names = {**self.other_forms, **ids, **urls}
        object.__setattr__(self, "_names", names)
        forms = [*names, *self.resources, *(f"{form}/" for form in names if "://" in form)]
        known = {form: (self.audience(form), self.canonical(form)) for form in forms}
        object.__setattr__(self, "_known", known)

    def known(self, name: str) -> tuple[str, str] | None:
        """The exact audience and the family that a name from the finite table means, in any case; None for another."""
        return self._known.get(name.lower()) if name.isascii() else None

    def resource(self, name: str) -> str:
        """The identifier a short name stands for; any other name is its own."""
        # ASCII alone: lower-casing makes a Kelvin sign a "k".
        return self.resources.get(name.lower(), name) if name.isascii() else name

    def audience(self, name: str) -> str:
        """The exact audience that a short name or identifier means: in lower case, and one slash at its end if any."""
        identifier = self.resource(name).lower()
        bare = identifier.rstrip("/")
        return bare if bare == identifier else f"{bare}/"

    def canonical(self, name: str) -> str:
        """The family of a short name, identifier or application id, by the identifier that its short name has."""
        bare = self.resource(name).lower().rstrip("/")
        family = self._names.get(bare)
        return self.resources[family].lower() if family else bare

    def family(self, identifier: str) -> str | None:
        """The short name of the API that an identifier URI or application id belongs to; None for one nobody lists."""
        return self._names.get(identifier.lower().rstrip("/"))

    @property
    def partner_center_scope(self) -> str:
        """The delegated scope of Partner Center's API, whose tokens tell whether MFA was used."""
        return f"{self.resources['partnercenter']}/user_impersonation"

    @property
    def graph_scope(self) -> str:
        """All that an application has of Microsoft Graph."""
        return f"{self.resources['graph']}/.default"


# The application ids Microsoft's own APIs have in every tenant and cloud (learn: verify-first-party-apps-sign-in).
TEAMS = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
# It has no short name: its identifier is another in every tenant.
SHAREPOINT = "00000003-0000-0ff1-ce00-000000000000"
DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798"
APPLICATION_IDS: Mapping[str, str] = MappingProxyType(
    {
        "graph": "00000003-0000-0000-c000-000000000000",
        "aadgraph": "00000002-0000-0000-c000-000000000000",
        "arm": "797f4846-ba00-4fd7-ba43-dac1f8f63013",
        "exchange": "00000002-0000-0ff1-ce00-000000000000",
        "keyvault": "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
        "partnercenter": "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd",
        "teams": TEAMS,
        "powerbi": "00000009-0000-0000-c000-000000000000",
        "devops": DEVOPS,
    }
)
PUBLIC = Cloud(
    name="AzureCloud",
    authority_host="https://login.microsoftonline.com",
    v1_issuer="https://sts.windows.net",
    token_exchange="api://AzureADTokenExchange",  # noqa: S106 - an audience
    sharepoint="sharepoint.com",
    initial_domain="onmicrosoft.com",
    resources=MappingProxyType(
        {
            "graph": "https://graph.microsoft.com",
            "arm": "https://management.azure.com",
            "partnercenter": "https://api.partnercenter.microsoft.com",
            "exchange": "https://outlook.office365.com",
            "keyvault": "https://vault.azure.net",
            "aadgraph": "https://graph.windows.net",
            "teams": TEAMS,
            "compliance": "https://ps.compliance.protection.outlook.com",
            "powerbi": "https://analysis.windows.net/powerbi/api",
            "devops": DEVOPS,
        }
    ),
    other_forms=MappingProxyType(
        {"https://management.core.windows.net": "arm", "https://outlook.office.com": "exchange"}
    ),
)
US_GOVERNMENT = Cloud(
    name="AzureUSGovernment",
    authority_host="https://login.microsoftonline.us",
    v1_issuer="https://sts.windows.net",
    token_exchange="api://AzureADTokenExchangeUSGov",  # noqa: S106 - an audience
    sharepoint="sharepoint.us",
    initial_domain="onmicrosoft.us",
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
            "compliance": "https://ps.compliance.protection.office365.us",
            "powerbi": "https://high.analysis.usgovcloudapi.net/powerbi/api",
        }
    ),
    other_forms=MappingProxyType({"https://management.core.usgovcloudapi.net": "arm"}),
)
CHINA = Cloud(
    name="AzureChinaCloud",
    authority_host="https://login.partner.microsoftonline.cn",
    v1_issuer="https://sts.chinacloudapi.cn",
    token_exchange="api://AzureADTokenExchangeChina",  # noqa: S106 - an audience
    sharepoint="sharepoint.cn",
    initial_domain="partner.onmschina.cn",
    resources=MappingProxyType(
        {
            "graph": "https://microsoftgraph.chinacloudapi.cn",
            "arm": "https://management.chinacloudapi.cn",
            "partnercenter": "https://partner.partnercenterapi.microsoftonline.cn",
            "exchange": "https://partner.outlook.cn",
            "keyvault": "https://vault.azure.cn",
            "aadgraph": "https://graph.chinacloudapi.cn",
            "teams": TEAMS,
            "compliance": "https://ps.compliance.protection.partner.outlook.cn",
            "powerbi": "https://analysis.chinacloudapi.cn/powerbi/api",
        }
    ),
    other_forms=MappingProxyType({"https://management.core.chinacloudapi.cn": "arm"}),
)
# By the names that `az cloud list` uses.
CLOUDS: Mapping[str, Cloud] = MappingProxyType({cloud.name: cloud for cloud in (PUBLIC, US_GOVERNMENT, CHINA)})
