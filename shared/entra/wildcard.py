"""Wildcard hosts: one name in the policy for an API that has another host, and so another audience, in every tenant.

SharePoint is such an API. A wildcard stands for exactly one label, and only in front of the cloud's own SharePoint
domain; each host under it is a resource like any other, with its own audience.
"""

import re

from shared.cloud import SHAREPOINT, Cloud

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# In lower case: a scheme, one label, and the rest of a host; nothing after it.
_HOST = re.compile(rf"https://{_LABEL}\.([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.ASCII)


def wildcard(cloud: Cloud) -> str:
    """The one wildcard that a policy of this cloud may name."""
    return f"https://*.{cloud.sharepoint}"


def is_wildcard(name: str) -> bool:
    """Whether a name of the policy stands for hosts; no resource that is asked for does."""
    return "*" in name


def wildcard_over(resource: str) -> str | None:
    """The name that this resource (a family) would fall under; None for what is not a host alone."""
    host = _HOST.fullmatch(resource)
    return f"https://*.{host[1]}" if host else None


def is_initial(domain: str, cloud: Cloud) -> bool:
    """Whether this is the initial domain of some tenant of the cloud."""
    # The host of SharePoint has the same label, and so there is one for an initial domain alone.
    return host_of(domain, cloud) is not None


def is_sharepoint(resource: str, cloud: Cloud) -> bool:
    """Whether this resource (a family) is SharePoint's: one of its hosts, or all of it by its application id."""
    return wildcard_over(resource) == wildcard(cloud) or resource == SHAREPOINT


def host_of(domain: str, cloud: Cloud) -> str | None:
    """The resource of SharePoint's in the tenant with this initial domain; None where the domain is another one.

    Source: learn, sharepoint/change-your-sharepoint-domain-name: the host has its label, until somebody renames it.
    """
    label, _, rest = domain.lower().partition(".")
    is_initial = rest == cloud.initial_domain and re.fullmatch(_LABEL, label, re.ASCII)
    return f"https://{label}.{cloud.sharepoint}" if is_initial else None
