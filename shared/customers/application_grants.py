"""The grant set: which delegated scopes the partner application is to have in customers' tenants.

It lies in the policy vault, under `application-grants`, and never comes with a request.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.cloud import APPLICATION_IDS, Cloud
from shared.customers.customer import EnterpriseGrant
from shared.customers.errors import ApplicationGrantsInvalid
from shared.entra.resource import NAME
from shared.errors import ConsentUnreadable
from shared.setting_values import GUID
from shared.vault import SecretVault

SECRET = "application-grants"  # noqa: S105 - a name
FIELDS, GRANT_FIELDS = frozenset({"display_name", "grants"}), frozenset({"resource", "scopes"})
LONGEST_DISPLAY_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Delegated scopes of one API: as it is named here, its application id, and the scope an exchange asks for."""

    resource: str
    application_id: str
    default_scope: str
    scopes: Sequence[str]

    @property
    def enterprise(self) -> EnterpriseGrant:
        """The same as Partner Center takes it."""
        return EnterpriseGrant(application_id=self.application_id, scopes=self.scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantSet:
    """What the application is to have in a customer's tenant, and the name it is shown under there."""

    display_name: str
    grants: Sequence[Grant]


def read_grants(vault: SecretVault, cloud: Cloud) -> GrantSet:
    """The grant set of the policy vault; raises ApplicationGrantsInvalid saying where it is wrong."""
    try:
        secret = vault.get(SECRET)
    except ConsentUnreadable:
        raise ApplicationGrantsInvalid("The secret is disabled.") from None
    if secret is None:
        raise ApplicationGrantsInvalid("There is no such secret.")
    return parse_grants(secret.value, cloud)


def parse_grants(text: str, cloud: Cloud) -> GrantSet:
    """The grant set as it is written, JSON; raises ApplicationGrantsInvalid."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise ApplicationGrantsInvalid("It is not JSON.") from None
    _require(isinstance(content, dict) and set(content) == FIELDS, "It needs `display_name` and `grants`, no more.")
    name, rows = content["display_name"], content["grants"]
    _require(isinstance(name, str) and 0 < len(name) <= LONGEST_DISPLAY_NAME, "`display_name` should be a text.")
    _require(isinstance(rows, list) and bool(rows), "`grants` should be a list with something in it.")
    grants = [_grant(f"grants[{index}]", row, cloud) for index, row in enumerate(rows)]
    _require(len({grant.application_id for grant in grants}) == len(grants), "A resource is there twice.")
    return GrantSet(display_name=name, grants=grants)


def _grant(place: str, row: Any, cloud: Cloud) -> Grant:  # noqa: ANN401 - JSON
    _require(isinstance(row, dict) and set(row) == GRANT_FIELDS, f"{place} needs `resource` and `scopes`, no more.")
    resource, scopes = row["resource"], row["scopes"]
    _require(isinstance(resource, str), f"{place}: `resource` should be a text.")
    named = resource.lower()
    known = named in APPLICATION_IDS or bool(GUID.fullmatch(named))
    _require(known, f"{place}: `resource` should be an application id or one of {', '.join(APPLICATION_IDS)}.")
    # Partner Center separates scopes by commas.
    good = isinstance(scopes, list) and all(
        isinstance(scope, str) and NAME.fullmatch(scope) and not {",", "/"} & set(scope) for scope in scopes
    )
    _require(good and bool(scopes), f"{place}: `scopes` should be a list of names such as User.Read.")
    return Grant(
        resource=named,
        application_id=APPLICATION_IDS.get(named, named),
        default_scope=f"{cloud.resource(named)}/.default",
        scopes=tuple(dict.fromkeys(scopes)),
    )


def _require(condition: bool, sentence: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise ApplicationGrantsInvalid(sentence)
