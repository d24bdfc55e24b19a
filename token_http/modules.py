"""The module dialect's words: a module's name and a query become a request for each token that it takes."""

import re
from collections.abc import Mapping

from shared.cloud import Cloud
from shared.entra.wildcard import wildcard, wildcard_over
from shared.errors import InvalidRequest
from shared.request_fields import checked_parameters
from shared.subject import APPLICATION
from token_http.message import HOME, TokenRequest, asked_subject
from token_http.module import Module
from token_http.module_table import MODULES

PARAMETERS, URL = ("tenant", "as", "consent"), "url"
# Modules that people ask for, and why there is nothing to connect them with.
TAKES_NO_TOKEN: Mapping[str, str] = {
    "SPO": "Connect-SPOService takes no access token: use PnP, with the same address as url.",
    "AzureDevOps": "Azure DevOps has no Connect command: ask for a token of devops.",
}
LONGEST_URL = 512
# A host, and the path of a site; a token goes to the host, so nothing may stand before it.
_URL = re.compile(r"(https://[a-z0-9.-]+)(?:/[a-z0-9._~%()/-]*)?", re.ASCII | re.IGNORECASE)


def module_named(unverified_name: str) -> Module:
    """The module of this name, in any case; raises InvalidRequest naming those there are."""
    name = unverified_name.lower()
    module = MODULES.get(name)
    if module is None:
        why = next((why for one, why in TAKES_NO_TOKEN.items() if one.lower() == name), "")
        raise InvalidRequest(f"module: {why or f'one of {", ".join(one.name for one in MODULES.values())}.'}")
    return module


def requests(unverified_name: str, query: Mapping[str, str], cloud: Cloud) -> list[TokenRequest]:
    """A request for each token the module wants; raises InvalidRequest naming what is wrong."""
    module = module_named(unverified_name)
    checked_parameters(query, (*PARAMETERS, URL) if module.url else PARAMETERS)
    consent = asked_subject(query)
    if consent is APPLICATION and not module.takes_application:
        raise InvalidRequest(f"as: {module.name} connects as a person alone.")
    tenant = _tenant(module, query.get("tenant"))
    host = _host(query.get(URL, ""), cloud) if module.url else ""
    return [TokenRequest(tenant=tenant, consent=consent, scope=one.scope(cloud, host)) for one in module.tokens]


def _host(unverified_url: str, cloud: Cloud) -> str:
    """The host of an address, whose token is asked for: the policy has to name it, or all of SharePoint's."""
    found = _URL.fullmatch(unverified_url) if len(unverified_url) <= LONGEST_URL else None
    host = found[1].lower() if found else ""
    if wildcard_over(host) != wildcard(cloud):
        raise InvalidRequest(f"url: the address of a site, such as https://contoso.{cloud.sharepoint}/sites/marketing.")
    return host


def _tenant(module: Module, unverified_tenant: str | None) -> str:
    """The tenant to ask for: Partner Center knows the partner's own alone, every other module needs one named."""
    if module.home_only:
        if unverified_tenant not in {None, HOME}:
            raise InvalidRequest(f"tenant: {module.name} works in the partner's own tenant; leave it out or say home.")
        return HOME
    if not unverified_tenant:
        raise InvalidRequest('tenant: the customer tenant\'s id, a name from the policy, or "home".')
    return unverified_tenant
