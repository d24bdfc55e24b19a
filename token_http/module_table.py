"""The PowerShell modules of partners: which tokens each Connect command takes, and under which parameters.

Sources: learn, Connect-AzAccount (azps-16.2.0), Connect-AzureRmAccount, Connect-AzureAD, Connect-MsolService,
Connect-ExchangeOnline, Connect-MgGraph, Connect-Entra, Connect-MicrosoftTeams (example 7),
Connect-PowerBIServiceAccount, Connect-IPPSSession, Connect-PartnerCenter; Partner Center's Secure Application Model
pages; pnp.github.io/powershell, Connect-PnPOnline.
"""

from collections.abc import Mapping

from shared.cloud import CHINA, PUBLIC, US_GOVERNMENT
from token_http.module import Module, Named, TokenParameter
from token_http.notice import retired

_GRAPH = TokenParameter(parameter="MsGraphAccessToken", resource="graph")
_AAD_GRAPH = TokenParameter(parameter="AdGraphAccessToken", resource="aadgraph")
# Azure Resource Manager's own audience ends in a slash, and its modules compare it.
_ARM = TokenParameter(parameter="AccessToken", resource="arm", trailing_slash=True)


def _elsewhere(parameter: str, *, us_government: str, china: str) -> Mapping[str, Mapping[str, str]]:
    """The parameter that names a national cloud; US Government is GCC High, whose resources the broker has."""
    return {US_GOVERNMENT.name: {parameter: us_government}, CHINA.name: {parameter: china}}


_AZ_ENVIRONMENT = _elsewhere("Environment", us_government=US_GOVERNMENT.name, china=CHINA.name)
_GRAPH_ENVIRONMENT = _elsewhere("Environment", us_government="USGov", china="China")
# It has to be there beside DelegatedOrganization, in every cloud.
_SIGN_IN = "AzureADAuthorizationEndpointUri"
_COMPLIANCE = {
    PUBLIC.name: {_SIGN_IN: "https://login.microsoftonline.com/organizations"},
    US_GOVERNMENT.name: {
        _SIGN_IN: "https://login.microsoftonline.us/organizations",
        "ConnectionUri": "https://ps.compliance.protection.office365.us/powershell-liveid/",
    },
    CHINA.name: {
        _SIGN_IN: "https://login.chinacloudapi.cn/organizations",
        "ConnectionUri": "https://ps.compliance.protection.partner.outlook.cn/powershell-liveid",
    },
}

_MODULES = (
    Module(
        name="Az",
        command="Connect-AzAccount",
        tokens=(_ARM, TokenParameter(parameter="MicrosoftGraphAccessToken", resource="graph")),
        account="AccountId",
        tenant="Tenant",
        by_cloud=_AZ_ENVIRONMENT,
        takes_application=True,
        application_tenant="Tenant",
    ),
    # A module of its own: whoever may not have secrets must not lose Az for it.
    Module(
        name="AzKeyVault",
        command="Connect-AzAccount",
        tokens=(_ARM, TokenParameter(parameter="KeyVaultAccessToken", resource="keyvault")),
        account="AccountId",
        tenant="Tenant",
        by_cloud=_AZ_ENVIRONMENT,
        takes_application=True,
        application_tenant="Tenant",
    ),
    Module(
        name="AzureRM",
        command="Connect-AzureRmAccount",
        tokens=(_ARM, TokenParameter(parameter="GraphAccessToken", resource="aadgraph")),
        account="AccountId",
        tenant="TenantId",
        notice=retired("AzureRM is retired: use Az."),
    ),
    Module(
        name="AzureAD",
        command="Connect-AzureAD",
        tokens=(
            TokenParameter(parameter="AadAccessToken", resource="aadgraph"),
            TokenParameter(parameter="MsAccessToken", resource="graph"),
        ),
        account="AccountId",
        tenant="TenantId",
        notice=retired("AzureAD is retired: use Graph (Connect-MgGraph or Connect-Entra)."),
    ),
    Module(
        name="MSOnline",
        command="Connect-MsolService",
        tokens=(_AAD_GRAPH, _GRAPH),
        notice=retired("MSOnline is retired: use Graph (Connect-MgGraph or Connect-Entra)."),
    ),
    Module(
        name="PartnerCenter",
        command="Connect-PartnerCenter",
        tokens=(TokenParameter(parameter="AccessToken", resource="partnercenter"),),
        tenant="Tenant",
        home_only=True,
    ),
    Module(
        name="ExchangeOnline",
        command="Connect-ExchangeOnline",
        tokens=(TokenParameter(parameter="AccessToken", resource="exchange"),),
        tenant="DelegatedOrganization",
        # It is documented for the domain; ids were taken too, and one version landed in the partner's own tenant.
        named=Named.BY_DOMAIN_IF_KNOWN,
        home_account="UserPrincipalName",
        by_cloud=_elsewhere("ExchangeEnvironmentName", us_government="O365USGovGCCHigh", china="O365China"),
        takes_application=True,
        application_tenant="Organization",
    ),
    Module(
        name="Compliance",
        command="Connect-IPPSSession",
        tokens=(TokenParameter(parameter="AccessToken", resource="compliance"),),
        tenant="DelegatedOrganization",
        named=Named.BY_DOMAIN,
        home_account="UserPrincipalName",
        by_cloud=_COMPLIANCE,
    ),
    Module(
        name="PnP",
        command="Connect-PnPOnline",
        tokens=(TokenParameter(parameter="AccessToken"),),
        url="Url",
        by_cloud=_elsewhere("AzureEnvironment", us_government="USGovernmentHigh", china="China"),
        takes_application=True,
    ),
    Module(
        name="Graph",
        command="Connect-MgGraph",
        tokens=(TokenParameter(parameter="AccessToken", resource="graph"),),
        by_cloud=_GRAPH_ENVIRONMENT,
        takes_application=True,
    ),
    Module(
        name="Entra",
        command="Connect-Entra",
        tokens=(TokenParameter(parameter="AccessToken", resource="graph"),),
        by_cloud=_GRAPH_ENVIRONMENT,
        takes_application=True,
    ),
    Module(
        name="Teams",
        command="Connect-MicrosoftTeams",
        tokens=(
            TokenParameter(parameter="AccessTokens", resource="graph"),
            TokenParameter(parameter="AccessTokens", resource="teams"),
        ),
        takes_application=True,
    ),
    Module(
        name="PowerBI",
        command="Connect-PowerBIServiceAccount",
        tokens=(TokenParameter(parameter="Token", resource="powerbi"),),
        by_cloud=_elsewhere("Environment", us_government="USGovHigh", china="China"),
        takes_application=True,
    ),
)
MODULES: Mapping[str, Module] = {module.name.lower(): module for module in _MODULES}
