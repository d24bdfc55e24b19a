"""One request about one customer's tenant: read from the address, checked, a dry run unless it says otherwise."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared.callers.assertion import Principal
from shared.consents.consent import DEFAULT_NAME, checked_name
from shared.errors import InvalidRequest
from shared.request_fields import checked_parameters
from shared.setting_values import GUID

REMOVING = ("consent", "dry_run")
GRANTING = (*REMOVING, "replace", "plan")
PLAN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be changed where, by whom, in the name of which stored consent.

    `replace` allows to take away and make anew; `plan` is what a dry run has answered of it. `shown` names what
    somebody was shown before: any other change than that is none that was asked for.
    """

    tenant_id: str
    consent: str
    dry_run: bool
    replace: bool
    plan: str
    operator: Principal
    correlation: str
    shown: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """What the act of an error is told with that was met on the way."""
        return {"tenant": self.tenant_id, "consent": self.consent}


def read_change(
    unverified_tenant: str,
    parameters: Mapping[str, str],
    known: tuple[str, ...],
    *,
    home_tenant: str,
    operator: Principal,
    correlation: str,
) -> Change:
    """What a request asks for; raises InvalidRequest."""
    checked_parameters(parameters, known)
    tenant_id, plan = read_tenant(unverified_tenant, home_tenant=home_tenant), parameters.get("plan", "")
    if plan and not PLAN.fullmatch(plan):
        raise InvalidRequest("plan: what a dry run with replace=true has answered.")
    return Change(
        tenant_id=tenant_id,
        consent=checked_name(parameters.get("consent", DEFAULT_NAME)),
        dry_run=_is(parameters, "dry_run", default="true"),
        replace=_is(parameters, "replace", default="false"),
        plan=plan,
        operator=operator,
        correlation=correlation,
    )


def read_tenant(unverified_tenant: str, *, home_tenant: str) -> str:
    """The id of a customer's tenant; raises InvalidRequest."""
    tenant_id = unverified_tenant.lower()
    if not GUID.fullmatch(tenant_id) or tenant_id == home_tenant:
        raise InvalidRequest("tenant: the id of a customer's tenant.")
    return tenant_id


def _is(parameters: Mapping[str, str], name: str, *, default: str) -> bool:
    given = parameters.get(name, default)
    if given not in {"true", "false"}:
        raise InvalidRequest(f"{name}: true or false.")
    return given == "true"
