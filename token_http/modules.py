"""The PowerShell modules of partners: which tokens each Connect command takes, and under which parameters.

Sources: learn, Connect-AzAccount (azps-16.2.0), Connect-AzureRmAccount, Connect-AzureAD, Connect-MsolService,
Connect-ExchangeOnline, Connect-MgGraph, Connect-PartnerCenter; Partner Center's Secure Application Model pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.cloud import Cloud
from shared.consents.consent import DEFAULT_NAME, checked_name
from shared.entra.resource import Scope
from shared.errors import InvalidRequest
from shared.request_fields import checked_parameters
from token_http.message import HOME, Issued, TokenRequest
from token_http.notice import Notice, retired

PARAMETERS = ("tenant", "consent")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenParameter:
    """One parameter that takes an access token; `trailing_slash` asks for the audience with one."""

    parameter: str
    resource: str
    trailing_slash: bool = False

    def scope(self, cloud: Cloud) -> Scope:
        """The scope to ask for in this cloud."""
        return Scope.of_resource(cloud.resource(self.resource) + ("/" if self.trailing_slash else ""), cloud)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module: its Connect command, its tokens, and the parameters for the account and the tenant ("" for none).

    `home_account` replaces the tenant's parameter in the partner's own tenant, `notice` names what replaces the module.
    """

    name: str
    command: str
    tokens: Sequence[TokenParameter]
    account: str = ""
    tenant: str = ""
    home_account: str = ""
    home_only: bool = False
    notice: Notice | None = None

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What there is to know of the module itself."""
        return (self.notice,) if self.notice else ()

    def parameters(self, issued: Sequence[Issued]) -> dict[str, str]:
        """What the Connect command takes, ready to splat; `issued` in the order of `tokens`."""
        first = issued[0]
        told = {parameter.parameter: token.token.token for parameter, token in zip(self.tokens, issued, strict=True)}
        if self.account:
            told[self.account] = first.account
        if first.is_home and self.home_account:
            return {**told, self.home_account: first.account}
        return {**told, self.tenant: first.token.tenant_id} if self.tenant else told


_GRAPH = TokenParameter(parameter="MsGraphAccessToken", resource="graph")
_AAD_GRAPH = TokenParameter(parameter="AdGraphAccessToken", resource="aadgraph")
# Azure Resource Manager's own audience ends in a slash, and its modules compare it.
_ARM = TokenParameter(parameter="AccessToken", resource="arm", trailing_slash=True)

_MODULES = (
    Module(
        name="Az",
        command="Connect-AzAccount",
        tokens=(_ARM, TokenParameter(parameter="MicrosoftGraphAccessToken", resource="graph")),
        account="AccountId",
        tenant="Tenant",
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
    ),
    Module(
        name="Graph",
        command="Connect-MgGraph",
        tokens=(TokenParameter(parameter="AccessToken", resource="graph"),),
    ),
)
MODULES: Mapping[str, Module] = {module.name.lower(): module for module in _MODULES}


def module_named(unverified_name: str) -> Module:
    """The module of this name, in any case; raises InvalidRequest naming those there are."""
    module = MODULES.get(unverified_name.lower())
    if module is None:
        raise InvalidRequest(f"module: one of {', '.join(module.name for module in _MODULES)}.")
    return module


def requests(unverified_name: str, query: Mapping[str, str], cloud: Cloud) -> list[TokenRequest]:
    """A request for each token the module wants; raises InvalidRequest naming what is wrong."""
    module = module_named(unverified_name)
    checked_parameters(query, PARAMETERS)
    consent = checked_name(query.get("consent", DEFAULT_NAME))
    tenant = _tenant(module, query.get("tenant"))
    return [TokenRequest(tenant=tenant, consent=consent, scope=parameter.scope(cloud)) for parameter in module.tokens]


def _tenant(module: Module, unverified_tenant: str | None) -> str:
    """The tenant to ask for: Partner Center knows the partner's own alone, every other module needs one named."""
    if module.home_only:
        if unverified_tenant not in {None, HOME}:
            raise InvalidRequest(f"tenant: {module.name} works in the partner's own tenant; leave it out or say home.")
        return HOME
    if not unverified_tenant:
        raise InvalidRequest('tenant: the customer tenant\'s id, a name from the policy, or "home".')
    return unverified_tenant
