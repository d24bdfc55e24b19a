"""The grant sets: which scopes and roles the partner application is to have, and in which customers' tenants.

They lie in the policy vault and never come with a request: `application-grants` is for every customer that no
`application-grants-{name}` lists.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.cloud import APPLICATION_IDS, Cloud
from shared.customers.customer import EnterpriseGrant
from shared.customers.errors import ApplicationGrantsInvalid, CustomerWithoutGrants
from shared.customers.management import BROKERS_OWN, TOO_MUCH
from shared.customers.roles import KINGMAKERS, NAMES
from shared.entra.resource import DEFAULT_SCOPE, NAME
from shared.setting_values import GUID

SECRET = "application-grants"  # noqa: S105 - a name
NAMED = f"{SECRET}-"
FIELDS = frozenset({"display_name", "grants"})
CUSTOMERS, DIRECTORY_ROLES = "customers", "directory_roles"
RESOURCE, SCOPES, APP_ROLES = "resource", "scopes", "app_roles"
LONGEST_DISPLAY_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What is wanted of one API: as it is named here, its application id, and the scope an exchange asks for.

    `scopes` are delegated, `app_roles` are the application's own, by the values that its tokens name.
    """

    resource: str
    application_id: str
    default_scope: str
    scopes: Sequence[str] = ()
    app_roles: Sequence[str] = ()

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
    """What the application is to have in a customer's tenant, and the name it is shown under there.

    `directory_roles` are Entra ID's own, by their ids.
    """

    name: str = SECRET
    display_name: str
    grants: Sequence[Grant]
    directory_roles: Sequence[str] = ()
    customers: frozenset[str] = frozenset()

    @property
    def delegated(self) -> Sequence[Grant]:
        """What is granted as scopes."""
        return [grant for grant in self.grants if grant.scopes]

    @property
    def with_app_roles(self) -> Sequence[Grant]:
        """What is assigned as app roles."""
        return [grant for grant in self.grants if grant.app_roles]


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
    good = isinstance(content, dict) and fields <= set(content) <= fields | {DIRECTORY_ROLES}
    _require(good, f"It needs {told}; `{DIRECTORY_ROLES}` may be there, and no more.")
    display_name, rows = content["display_name"], content["grants"]
    good = isinstance(display_name, str) and 0 < len(display_name) <= LONGEST_DISPLAY_NAME
    _require(good, "`display_name` should be a text.")
    _require(isinstance(rows, list) and bool(rows), "`grants` should be a list with something in it.")
    grants = [_grant(f"grants[{index}]", row, cloud) for index, row in enumerate(rows)]
    _require(len({grant.application_id for grant in grants}) == len(grants), "A resource is there twice.")
    # Partner Center makes the application known in a tenant by consenting to scopes.
    _require(any(grant.scopes for grant in grants), f"One of `grants` at least should have `{SCOPES}`.")
    customers = frozenset(_customers(content[CUSTOMERS])) if CUSTOMERS in content else frozenset()
    appointed = tuple(dict.fromkeys(_directory_roles(content.get(DIRECTORY_ROLES, []))))
    return GrantSet(name=name, display_name=display_name, grants=grants, directory_roles=appointed, customers=customers)


def _directory_roles(given: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    _require(isinstance(given, list), f"`{DIRECTORY_ROLES}` should be a list of names.")
    ids = {name.lower(): role for role, name in NAMES.items()}
    for index, one in enumerate(given):
        named = one.strip().lower() if isinstance(one, str) else ""
        role, place = ids.get(named, named), f"{DIRECTORY_ROLES}[{index}]"
        _require(bool(GUID.fullmatch(role)), f"{place}: the name of a built-in role, or its template id.")
        _require(role not in KINGMAKERS, f"{place}: no application of callers may be able to make itself anything.")
        yield role


def _customers(given: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    _require(isinstance(given, list), f"`{CUSTOMERS}` should be a list of tenant ids.")
    for index, tenant in enumerate(given):
        good = isinstance(tenant, str) and GUID.fullmatch(tenant.lower())
        _require(bool(good), f"{CUSTOMERS}[{index}]: the id of a customer's tenant.")
        yield tenant.lower()


def _grant(place: str, row: Any, cloud: Cloud) -> Grant:  # noqa: ANN401 - JSON
    good = isinstance(row, dict) and {RESOURCE} < set(row) <= {RESOURCE, SCOPES, APP_ROLES}
    _require(good, f"{place} needs `{RESOURCE}` and `{SCOPES}` or `{APP_ROLES}`, or both, no more.")
    resource = row[RESOURCE]
    _require(isinstance(resource, str), f"{place}: `{RESOURCE}` should be a text.")
    named = resource.lower()
    names = [name for name in APPLICATION_IDS if name in cloud.resources]
    known = named in names or bool(GUID.fullmatch(named))
    _require(known, f"{place}: `{RESOURCE}` should be an application id or one of {', '.join(names)}.")
    scopes, app_roles = (_permissions(place, row, field) for field in (SCOPES, APP_ROLES))
    # Every consented scope is in every token that a caller gets.
    own = next((scope for scope in scopes if scope.lower() in BROKERS_OWN), "")
    _require(not own, f"{place}: {own} is for the management application alone, since callers would get it.")
    much = next((role for role in app_roles if role.lower() in TOO_MUCH), "")
    _require(not much, f"{place}: with {much} an application of callers could make itself anything.")
    return Grant(
        resource=named,
        application_id=APPLICATION_IDS.get(named, named),
        default_scope=f"{cloud.resource(named)}/.default",
        scopes=scopes,
        app_roles=app_roles,
    )


def _permissions(place: str, row: Mapping[str, Any], field: str) -> tuple[str, ...]:
    if field not in row:
        return ()
    given = row[field]
    good = isinstance(given, list) and all(isinstance(name, str) and _is_scope(name) for name in given)
    example = "User.Read" if field == SCOPES else "User.Read.All"
    _require(good and bool(given), f"{place}: `{field}` should be a list of names such as {example}.")
    # In other letters it is the same one; it stays as it was written first.
    first = {name.lower(): name for name in reversed(given)}
    return tuple(first[lower] for lower in dict.fromkeys(name.lower() for name in given))


def _is_scope(name: str) -> bool:
    # Partner Center separates scopes by commas; .default is what is asked for of a token, and no token has it.
    return bool(NAME.fullmatch(name)) and not {",", "/"} & set(name) and name.lower() != DEFAULT_SCOPE


def _require(condition: bool, sentence: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise ApplicationGrantsInvalid(sentence)
