"""The module dialect's words: a module's name and a query become a request for each token that it takes."""

from collections.abc import Mapping

from shared.cloud import Cloud
from shared.consents.consent import DEFAULT_NAME, checked_name
from shared.errors import InvalidRequest
from shared.request_fields import checked_parameters
from token_http.message import HOME, TokenRequest
from token_http.module import Module
from token_http.module_table import MODULES

PARAMETERS = ("tenant", "consent")
# Modules that people ask for, and why none of their commands can be connected here.
TAKES_NO_TOKEN: Mapping[str, str] = {
    "spo": "Connect-SPOService takes no access token.",
    "azuredevops": "Azure DevOps has no Connect command: ask for a token of devops.",
}


def module_named(unverified_name: str) -> Module:
    """The module of this name, in any case; raises InvalidRequest naming those there are."""
    name = unverified_name.lower()
    module = MODULES.get(name)
    if module is None:
        names = ", ".join(module.name for module in MODULES.values())
        raise InvalidRequest(f"module: {TAKES_NO_TOKEN.get(name, f'one of {names}.')}")
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
