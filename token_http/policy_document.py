"""Policy documents as they are written: JSON becomes permissions, or is refused with the sentence that says why."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.cloud import Cloud
from shared.consents.consent import MANAGEMENT_NAME, NAME
from shared.entra.wildcard import is_wildcard, wildcard
from shared.setting_values import GUID
from shared.subject import APPLICATION, As, Subject
from token_http.message import HOME, HOMES
from token_http.permission import Permission
from token_http.policy import ANY_CUSTOMER, Policy
from token_http.tenant_names import TenantNames

DOCUMENT = re.compile(r"policy-[0-9]{1,3}")
# A document says no schema, or 1, as long as its rows are all for people's consents; `as` came with 2.
SCHEMAS, SCHEMA_OF_AS = (1, 2), 2
PERMISSION_FIELDS = frozenset({"name", "caller", "role", "as", "consents", "tenants", "resources"})
# A row is found by its pairs of consent and resource: a small document of two long lists would be millions of them.
MOST_PAIRS = 20_000
# A row's name is on record with every token that the row decides.
LONGEST_NAME = 100
DOCUMENT_FIELDS = frozenset({"$schema", "schema", "description", "tenants", "permissions"})


class PolicyDocumentInvalid(ValueError):
    """A document that cannot be compiled; the sentence says where."""


def compile_document(
    name: str, text: str, *, home_tenant: str, cloud: Cloud, names: TenantNames | None = None
) -> tuple[Permission, ...]:
    """The permissions of one policy document; raises PolicyDocumentInvalid: a broken one grants nothing new.

    `names` are those of all documents; without them the document stands alone.
    """
    content = content_of(name, text)
    schema = _schema(name, content)
    own = _names(name, content)
    known = TenantNames.of({name: own}) if names is None else names
    rows = content.get("permissions", [])
    _require(isinstance(rows, list), f"{name}: `permissions` should be a list.")
    words = _Words(schema=schema, tenants=known, partner=home_tenant, cloud=cloud)
    permissions = tuple(_permission(f"{name}[{index}]", row, words) for index, row in enumerate(rows))
    pairs = sum(len(row.consents) * len(row.resources) for row in permissions)
    _require(
        pairs <= MOST_PAIRS, f"{name}: its rows are for {pairs} pairs of consent and resource; {MOST_PAIRS} at most."
    )
    return permissions


def compile_policy(documents: Mapping[str, str], *, home_tenant: str, cloud: Cloud) -> Policy:
    """The policy of all these documents (name -> text); raises PolicyDocumentInvalid if one of them is broken."""
    names = TenantNames.of({name: names_in(name, text) for name, text in documents.items()})
    rows = [
        row
        for name, text in documents.items()
        for row in compile_document(name, text, home_tenant=home_tenant, cloud=cloud, names=names)
    ]
    return Policy(permissions=tuple(rows), home_tenant=home_tenant, tenant_names=names)


def names_in(name: str, text: str) -> dict[str, str]:
    """Tenants by the names that this document gives them, in lower case; raises PolicyDocumentInvalid."""
    return _names(name, content_of(name, text))


def content_of(name: str, text: str) -> dict[str, Any]:
    """The fields of a document, its rows not looked at; raises PolicyDocumentInvalid."""
    try:
        content: dict[str, Any] = json.loads(text, object_pairs_hook=_once)
    except PolicyDocumentInvalid:
        raise PolicyDocumentInvalid(f"{name} has a field twice.") from None
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise PolicyDocumentInvalid(f"{name} is not JSON{where}.") from None
    _object(name, content, DOCUMENT_FIELDS)
    for field in ("$schema", "description"):
        _require(isinstance(content.get(field, ""), str), f"{name}: `{field}` should be a text.")
    return content


def _schema(name: str, content: Mapping[str, Any]) -> int:
    schema = content.get("schema", SCHEMAS[0])
    _require(type(schema) is int and schema in SCHEMAS, f"{name}: this broker knows of `schema` 1 and 2 alone.")
    return int(schema)


def _names(name: str, content: Mapping[str, Any]) -> dict[str, str]:
    names = content.get("tenants", {})
    _require(
        isinstance(names, dict)
        and all(isinstance(item, str) and GUID.fullmatch(item.lower()) for item in names.values()),
        f"{name}: `tenants` should map names to tenant ids.",
    )
    known = {key.lower(): value.lower() for key, value in names.items()}
    # "common" and "organizations" mean home in an address of OAuth's.
    taken = {HOME, ANY_CUSTOMER, "", *HOMES} & set(known)
    unclear = taken or any(GUID.fullmatch(key) for key in known) or len(known) < len(names)
    _require(not unclear, f"{name}: a tenant's name is taken.")
    return known


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What the names in a document's rows mean."""

    schema: int
    tenants: TenantNames
    partner: str
    cloud: Cloud


def _permission(place: str, row: Any, words: _Words) -> Permission:  # noqa: ANN401 - JSON
    _object(place, row, PERMISSION_FIELDS)
    _require(isinstance(row.get("name", ""), str), f"{place}: `name` should be a text.")
    caller, role = row.get("caller"), row.get("role")
    _require(("caller" in row) != ("role" in row), f"{place} needs `caller` (an object id) or `role`, one of them.")
    is_id = isinstance(caller, str) and bool(GUID.fullmatch(caller.lower()))
    _require("caller" not in row or is_id, f"{place}: `caller` should be an object id.")
    _require("role" not in row or (isinstance(role, str) and bool(role)), f"{place}: `role` should be a text.")
    consents = _subjects(place, row, words)
    tenants, resources = (_texts(place, row, field) for field in ("tenants", "resources"))
    home = {tenant for tenant in tenants if tenant.lower() == HOME}
    # What the application may do in the partner's own tenant, no relationship bounds and no customer gave.
    stands_alone = APPLICATION not in consents or not home or home == tenants
    _require(stands_alone, f"{place}: `home` as application takes a row of its own.")
    return Permission(
        name=f"{place} {row.get('name', '')[:LONGEST_NAME]}".strip(),
        caller=caller.lower() if caller else None,
        role=role,
        consents=consents,
        tenants=_tenants(place, tenants - {ANY_CUSTOMER} - home, words),
        home=bool(home),
        any_customer=ANY_CUSTOMER in tenants,
        resources=frozenset(_resource(place, resource, words.cloud) for resource in resources),
    )


def _resource(place: str, name: str, cloud: Cloud) -> str:
    """The family that a row's resource means, or the wildcard that it is."""
    family, allowed = cloud.canonical(name), wildcard(cloud)
    # Any other would be hosts of whoever owns the domain, and the token goes where the caller sends it.
    _require(family == allowed or not is_wildcard(family), f"{place}: the one wildcard of a resource is {allowed}.")
    return family


def _subjects(place: str, row: Mapping[str, Any], words: _Words) -> frozenset[Subject]:
    """The names of consents, or the application alone, which has none."""
    kind = row.get("as", As.USER.value)
    _require("as" not in row or words.schema >= SCHEMA_OF_AS, f'{place}: `as` takes "schema": 2 in the document.')
    _require(kind in [one.value for one in As], f"{place}: `as` should be user or application.")
    if kind == APPLICATION.value:
        _require("consents" not in row, f"{place}: the application's own tokens take no `consents`.")
        return frozenset({APPLICATION})
    consents = _texts(place, row, "consents")
    _require(all(NAME.fullmatch(consent) for consent in consents), f"{place}: a consent's name is malformed.")
    _require(MANAGEMENT_NAME not in consents, f"{place}: {MANAGEMENT_NAME} is the broker's own, and no caller's.")
    return frozenset(consents)


def _tenants(place: str, tenants: frozenset[str], words: _Words) -> dict[str, str]:
    allowed: dict[str, str] = {}
    for tenant in (tenant.lower() for tenant in tenants):
        if tenant in words.tenants.contradicted:
            continue  # it means neither of its tenants; the record and the lint say so
        tenant_id = words.tenants.ids.get(tenant, tenant)
        _require(bool(GUID.fullmatch(tenant_id)), f"{place}: a tenant that is no id and no name of a document.")
        # Home is spelled out, so that nobody grants the partner's own tenant by pasting an id.
        _require(tenant_id != words.partner, f"{place}: the home tenant is spelled `home`.")
        allowed |= {tenant: tenant_id, tenant_id: tenant_id}
    return allowed


def _texts(place: str, row: Mapping[str, Any], field: str) -> frozenset[str]:
    texts = row.get(field)
    ok = isinstance(texts, list) and bool(texts) and all(isinstance(text, str) and text for text in texts)
    _require(ok, f"{place}: `{field}` should be a list of texts, and not empty.")
    return frozenset(texts or ())


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two fields of one name the last would count, and the eye of an editor may rest on the first.
    _require(len(dict(pairs)) == len(pairs), "A field is there twice.")
    return dict(pairs)


def _object(place: str, content: Any, known: frozenset[str]) -> None:  # noqa: ANN401 - JSON
    _require(isinstance(content, dict), f"{place} is not a JSON object.")
    # The unknown field itself stays unsaid: whatever was pasted there by mistake is to be in no log.
    _require(set(content) <= known, f"{place} has fields nobody knows; known are {', '.join(sorted(known))}.")


def _require(condition: bool, sentence: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise PolicyDocumentInvalid(sentence)
