"""One request about one customer's tenant: read from the address, checked, a dry run unless it says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.callers.assertion import Principal
from shared.consents.consent import DEFAULT_NAME, checked_name
from shared.errors import InvalidRequest
from shared.request_fields import checked_parameters
from shared.setting_values import GUID

PARAMETERS = ("consent", "dry_run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be changed where, by whom, in the name of which stored consent."""

    tenant_id: str
    consent: str
    dry_run: bool
    operator: Principal
    correlation: str


def read_change(
    unverified_tenant: str,
    parameters: Mapping[str, str],
    *,
    home_tenant: str,
    operator: Principal,
    correlation: str,
) -> Change:
    """What a request asks for; raises InvalidRequest."""
    checked_parameters(parameters, PARAMETERS)
    tenant_id = unverified_tenant.lower()
    if not GUID.fullmatch(tenant_id) or tenant_id == home_tenant:
        raise InvalidRequest("tenant: the id of a customer's tenant.")
    dry_run = parameters.get("dry_run", "true")
    if dry_run not in {"true", "false"}:
        raise InvalidRequest("dry_run: true or false.")
    return Change(
        tenant_id=tenant_id,
        consent=checked_name(parameters.get("consent", DEFAULT_NAME)),
        dry_run=dry_run == "true",
        operator=operator,
        correlation=correlation,
    )
