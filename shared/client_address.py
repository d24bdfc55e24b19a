"""Where a request came from, as the platform's front end saw it: the last element of X-Forwarded-For, and no other.

Whatever stands before it was sent by whoever asks, and proves nothing.
"""

from collections.abc import Mapping
from ipaddress import ip_address

# An IPv6 address in its longest form with brackets and a port.
LONGEST = 60


def client_address(headers: Mapping[str, str]) -> str | None:
    """The address without its port; None where there is none, or what stands there is no address."""
    last = headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if len(last) > LONGEST:
        return None
    if last.startswith("["):
        host = last[1:].partition("]")[0]
    else:
        # App Service writes a port behind an IPv4 address.
        host = last.partition(":")[0] if last.count(":") == 1 else last
    try:
        return str(ip_address(host))
    except ValueError:
        return None
