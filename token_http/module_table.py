"""The PowerShell modules of partners: which tokens each Connect command takes, and under which parameters.

Sources: learn, Connect-AzAccount (azps-16.2.0), Connect-AzureRmAccount, Connect-AzureAD, Connect-MsolService,
Connect-ExchangeOnline, Connect-MgGraph, Connect-Entra, Connect-MicrosoftTeams (example 7),
Connect-PowerBIServiceAccount, Connect-PartnerCenter; Partner Center's Secure Application Model pages.
"""

from collections.abc import Mapping

from shared.cloud import CHINA, US_GOVERNMENT
from token_http.module import Module, TokenParameter
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

_MODULES = (
    Module(
        name="Az",
        command="Connect-AzAccount",
        tokens=(_ARM, TokenParameter(parameter="MicrosoftGraphAccessToken", resource="graph")),
        account="AccountId",
        tenant="Tenant",
        elsewhere=_AZ_ENVIRONMENT,
    ),
    # A module of its own: whoever may not have secrets must not lose Az for it.
    Module(
        name="AzKeyVault",
        command="Connect-AzAccount",
        tokens=(_ARM, TokenParameter(parameter="KeyVaultAccessToken", resource="keyvault")),
        account="AccountId",
        tenant="Tenant",
        elsewhere=_AZ_ENVIRONMENT,
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
        home_account="UserPrincipalName",
        elsewhere=_elsewhere("ExchangeEnvironmentName", us_government="O365USGovGCCHigh", china="O365China"),
    ),
    Module(
        name="Graph",
        command="Connect-MgGraph",
        tokens=(TokenParameter(parameter="AccessToken", resource="graph"),),
        elsewhere=_GRAPH_ENVIRONMENT,
    ),
    Module(
        name="Entra",
        command="Connect-Entra",
        tokens=(TokenParameter(parameter="AccessToken", resource="graph"),),
        elsewhere=_GRAPH_ENVIRONMENT,
    ),
    Module(
        name="Teams",
        command="Connect-MicrosoftTeams",
        tokens=(
            TokenParameter(parameter="AccessTokens", resource="graph"),
            TokenParameter(parameter="AccessTokens", resource="teams"),
        ),
    ),
    Module(
        name="PowerBI",
        command="Connect-PowerBIServiceAccount",
        tokens=(TokenParameter(parameter="Token", resource="powerbi"),),
        elsewhere=_elsewhere("Environment", us_government="USGovHigh", china="China"),
    ),
)
MODULES: Mapping[str, Module] = {module.name.lower(): module for module in _MODULES}
