"""The grant sets: which delegated scopes the partner application is to have, and in which customers' tenants.

They lie in the policy vault and never come with a request: `application-grants` is for every customer that no
`application-grants-{name}` lists.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.cloud import APPLICATION_IDS, Cloud
from shared.customers.customer import EnterpriseGrant
from shared.customers.errors import ApplicationGrantsInvalid, CustomerWithoutGrants
from shared.customers.management import BROKERS_OWN
from shared.entra.resource import DEFAULT_SCOPE, NAME
from shared.errors import ConsentUnreadable
from shared.setting_values import GUID
from shared.vault import SecretVault

SECRET = "application-grants"  # noqa: S105 - a name
NAMED = f"{SECRET}-"
FIELDS, GRANT_FIELDS = frozenset({"display_name", "grants"}), frozenset({"resource", "scopes"})
CUSTOMERS = "customers"
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

    @classmethod
    def of_api(cls, application_id: str, cloud: Cloud, scopes: Sequence[str] = ()) -> "Grant":
        """Scopes of an API by its application id, named as people know it."""
        names = {known: name for name, known in APPLICATION_IDS.items() if name in cloud.resources}
        named = names.get(application_id, application_id)
        return cls(
            resource=named,
            application_id=application_id,
            default_scope=f"{cloud.resource(named)}/.default",
            scopes=scopes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantSet:
    """What the application is to have in a customer's tenant, and the name it is shown under there."""

    name: str = SECRET
    display_name: str
    grants: Sequence[Grant]
    customers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantSets:
    """All of them; `usual` is for whoever no other one lists."""

    usual: GrantSet | None = None
    named: Sequence[GrantSet] = field(default_factory=tuple)

    def for_customer(self, tenant_id: str) -> GrantSet | None:
        """The one that is for this customer; None where there is none."""
        return next((one for one in self.named if tenant_id in one.customers), self.usual)

    def of(self, tenant_id: str) -> GrantSet:
        """The same for whoever needs one; raises CustomerWithoutGrants."""
        found = self.for_customer(tenant_id)
        if found is None:
            raise CustomerWithoutGrants
        return found


def read_grant_sets(vault: SecretVault, cloud: Cloud) -> GrantSets:
    """The grant sets of the policy vault; raises ApplicationGrantsInvalid saying which is wrong, and where.

    One that is broken or disabled stops all: nobody can tell whose it is, and its customers would get another one.
    """
    names = _names(vault)
    if not names:
        raise ApplicationGrantsInvalid("There is no such secret.")
    found = [parse_grants(_text(vault, name), cloud, name=name) for name in names]
    named = [one for one in found if one.name != SECRET]
    _require_apart(named)
    return GrantSets(usual=next((one for one in found if one.name == SECRET), None), named=named)


def any_grant_set(vault: SecretVault) -> bool:
    """Whether there is one at all."""
    return bool(_names(vault))


def _names(vault: SecretVault) -> list[str]:
    return sorted(one.name for one in vault.list_latest() if one.name == SECRET or one.name.startswith(NAMED))


def read_grants(vault: SecretVault, cloud: Cloud, tenant_id: str) -> GrantSet:
    """The grant set that is for this customer; raises ApplicationGrantsInvalid or CustomerWithoutGrants."""
    return read_grant_sets(vault, cloud).of(tenant_id)


def parse_grants(text: str, cloud: Cloud, *, name: str = SECRET) -> GrantSet:
    """A grant set as it is written, JSON, in the secret of this name; raises ApplicationGrantsInvalid."""
    try:
        return _grant_set(json.loads(text), cloud, name)
    except (ValueError, RecursionError):
        problem = "It is not JSON."
    except ApplicationGrantsInvalid as error:
        problem = error.detail
    raise ApplicationGrantsInvalid(problem if name == SECRET else f"{name}: {problem}")


def _grant_set(content: Any, cloud: Cloud, name: str) -> GrantSet:  # noqa: ANN401 - JSON
    fields = FIELDS if name == SECRET else FIELDS | {CUSTOMERS}
    told = " and ".join(f"`{field}`" for field in sorted(fields - {CUSTOMERS}))
    told = told if name == SECRET else f"{told}, and `{CUSTOMERS}` too"
    _require(isinstance(content, dict) and set(content) == fields, f"It needs {told}, no more.")
    display_name, rows = content["display_name"], content["grants"]
    good = isinstance(display_name, str) and 0 < len(display_name) <= LONGEST_DISPLAY_NAME
    _require(good, "`display_name` should be a text.")
    _require(isinstance(rows, list) and bool(rows), "`grants` should be a list with something in it.")
    grants = [_grant(f"grants[{index}]", row, cloud) for index, row in enumerate(rows)]
    _require(len({grant.application_id for grant in grants}) == len(grants), "A resource is there twice.")
    customers = frozenset(_customers(content[CUSTOMERS])) if CUSTOMERS in content else frozenset()
    return GrantSet(name=name, display_name=display_name, grants=grants, customers=customers)


def _customers(given: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    _require(isinstance(given, list), f"`{CUSTOMERS}` should be a list of tenant ids.")
    for index, tenant in enumerate(given):
        good = isinstance(tenant, str) and GUID.fullmatch(tenant.lower())
        _require(bool(good), f"{CUSTOMERS}[{index}]: the id of a customer's tenant.")
        yield tenant.lower()


def _grant(place: str, row: Any, cloud: Cloud) -> Grant:  # noqa: ANN401 - JSON
    _require(isinstance(row, dict) and set(row) == GRANT_FIELDS, f"{place} needs `resource` and `scopes`, no more.")
    resource, scopes = row["resource"], row["scopes"]
    _require(isinstance(resource, str), f"{place}: `resource` should be a text.")
    named = resource.lower()
    names = [name for name in APPLICATION_IDS if name in cloud.resources]
    known = named in names or bool(GUID.fullmatch(named))
    _require(known, f"{place}: `resource` should be an application id or one of {', '.join(names)}.")
    good = isinstance(scopes, list) and all(isinstance(scope, str) and _is_scope(scope) for scope in scopes)
    _require(good and bool(scopes), f"{place}: `scopes` should be a list of names such as User.Read.")
    # Every consented scope is in every token that a caller gets.
    own = next((scope for scope in scopes if scope.lower() in BROKERS_OWN), "")
    _require(not own, f"{place}: {own} is for the management application alone, since callers would get it.")
    return Grant(
        resource=named,
        application_id=APPLICATION_IDS.get(named, named),
        default_scope=f"{cloud.resource(named)}/.default",
        scopes=tuple(dict.fromkeys(scopes)),
    )


def _is_scope(name: str) -> bool:
    # Partner Center separates scopes by commas; .default is what is asked for of a token, and no token has it.
    return bool(NAME.fullmatch(name)) and not {",", "/"} & set(name) and name.lower() != DEFAULT_SCOPE


def _require_apart(named: Sequence[GrantSet]) -> None:
    holders: dict[str, str] = {}
    for one in named:
        for tenant in sorted(one.customers):
            other = holders.setdefault(tenant, one.name)
            _require(other == one.name, f"{other} and {one.name} both list the customer {tenant}.")


def _text(vault: SecretVault, name: str) -> str:
    try:
        secret = vault.get(name)
    except ConsentUnreadable:
        raise ApplicationGrantsInvalid(f"The secret is disabled: {name}.") from None
    if secret is None:
        raise ApplicationGrantsInvalid(f"The secret is not there any more: {name}.")
    return secret.value


def _require(condition: bool, sentence: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise ApplicationGrantsInvalid(sentence)
