"""What is worth a second look in a policy: rows that never decide, rows that are too wide, names nobody knows."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared.cloud import Cloud
from shared.entra.resource import is_resource
from shared.entra.wildcard import is_wildcard
from shared.errors import InvalidRequest
from shared.subject import APPLICATION, consent_of
from token_http.permission import Permission
from token_http.policy import Policy
from token_http.policy_document import DOCUMENT, PolicyDocumentInvalid, compile_document, names_in
from token_http.policy_shadows import shadowed
from token_http.policy_tenants import Led, sentence, unresolved
from token_http.tenant_names import TenantNames

INVALID, SHADOWED, TOO_WIDE, UNKNOWN, CONTRADICTED = "invalid", "shadowed", "too wide", "unknown", "contradicted"
# Worth knowing, and nothing to mend: it makes no lint fail.
ADVICE = "advice"
FIELDS: Mapping[str, type] = {"documents": dict}
# Two documents as large as a Key Vault secret can be.
MAX_BODY, MOST_DOCUMENTS, MOST_FINDINGS = 65_536, 10, 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to look at; only an invalid document is wrong for certain."""

    kind: str
    place: str
    sentence: str

    def __str__(self) -> str:
        line = f"{self.place}: {self.kind}: {self.sentence}"
        # A row's name is whatever somebody wrote; a terminal must not obey it.
        return "".join(character if character.isprintable() else "?" for character in line)


def lint(
    documents: Mapping[str, str],
    *,
    home_tenant: str,
    cloud: Cloud,
    consents: frozenset[str] | None = None,
    in_force: TenantNames | None = None,
    led: Led | None = None,
) -> list[Finding]:
    """What there is to say of these documents (name -> text); with `consents`, those that exist, unknown ones too.

    `in_force` are the names of the policy that these documents are to be part of, `led` what other names lead to.
    """
    given: dict[str, Mapping[str, str]] = {}
    findings: list[Finding] = []
    for name, text in documents.items():
        try:
            given[name] = names_in(name, text)
        except PolicyDocumentInvalid as problem:
            findings.append(Finding(kind=INVALID, place=name, sentence=str(problem)))
    names = (in_force or TenantNames()).beside({name: given.get(name, {}) for name in documents})
    rows: list[Permission] = []
    for name in given:
        try:
            rows.extend(compile_document(name, documents[name], home_tenant=home_tenant, cloud=cloud, names=names))
        except PolicyDocumentInvalid as problem:
            findings.append(Finding(kind=INVALID, place=name, sentence=str(problem)))
    findings.extend(_unresolved(documents, names, led))
    return [*findings, *_contradicted(names, given), *_of_rows(rows, consents)]


def of_policy(policy: Policy, *, consents: frozenset[str] | None = None) -> list[Finding]:
    """What there is to say of a policy as it was read: its broken documents, and the rows in force; asks nobody."""
    names, broken = policy.tenant_names, policy.reading.broken
    return [
        *[Finding(kind=INVALID, place=one.name, sentence=one.problem) for one in broken],
        *_unresolved({one.name: one.text for one in broken}, names, None),
        *_contradicted(names, names.given),
        *_of_rows(list(policy.permissions), consents),
    ]


def _of_rows(rows: list[Permission], consents: frozenset[str] | None) -> list[Finding]:
    return [*_shadowed(rows), *_too_wide(rows), *_unknown(rows, consents), *_advice(rows)]


def parse(fields: Mapping[str, Any]) -> Mapping[str, str]:
    """The documents in a body's fields, name -> text; raises InvalidRequest."""
    documents: Mapping[str, str] = fields.get("documents", {})
    named = all(DOCUMENT.fullmatch(name) and isinstance(text, str) for name, text in documents.items())
    if not 1 <= len(documents) <= MOST_DOCUMENTS or not named:
        raise InvalidRequest(
            f"documents: 1 to {MOST_DOCUMENTS} names such as policy-1, each with its document as text."
        )
    return documents


def answer(
    documents: Mapping[str, str],
    *,
    home_tenant: str,
    cloud: Cloud,
    in_force: TenantNames | None = None,
    led: Led | None = None,
) -> dict[str, Any]:
    """What there is to say of them, at most a thousand things, and whether each can be compiled."""
    found = lint(documents, home_tenant=home_tenant, cloud=cloud, in_force=in_force, led=led)
    told = {"omitted": len(found) - MOST_FINDINGS} if len(found) > MOST_FINDINGS else {}
    shown = [asdict(one) for one in found[:MOST_FINDINGS]]
    return {**told, "valid": all(one.kind != INVALID for one in found), "findings": shown}


def _unresolved(documents: Mapping[str, str], names: TenantNames, led: Led | None) -> Iterator[Finding]:
    for one in unresolved(documents, names):
        told = sentence(one, led)
        if told is not None:
            yield Finding(kind=UNKNOWN, place=one.place, sentence=told)


def _contradicted(names: TenantNames, given: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    for name, documents in names.contradicted.items():
        own = [document for document in documents if document in given]
        if own:
            sentence = f"{' and '.join(documents)} give {name} different tenants, so it means none of them anywhere."
            yield Finding(kind=CONTRADICTED, place=own[0], sentence=sentence)


def _shadowed(rows: list[Permission]) -> Iterator[Finding]:
    for row, other in shadowed(rows):
        yield Finding(kind=SHADOWED, place=row.name, sentence=f"everything it allows, {other.name} allows.")


def _too_wide(rows: list[Permission]) -> Iterator[Finding]:
    for row in rows:
        whom = f"whoever has the role {row.role}" if row.role else "this caller"
        is_application = APPLICATION in row.consents
        if row.any_customer and is_application:
            sentence = (
                f"{whom} may act as the application in every customer's tenant that has it, whatever becomes of the "
                "delegated relationship; name tenants."
            )
            yield Finding(kind=TOO_WIDE, place=row.name, sentence=sentence)
        elif row.any_customer:
            sentence = f"{whom} may act on every customer there is and will be; name tenants where you can."
            yield Finding(kind=TOO_WIDE, place=row.name, sentence=sentence)
        elif row.home and is_application:
            sentence = f"{whom} may act as the application in the partner's own tenant; is there no narrower way?"
            yield Finding(kind=TOO_WIDE, place=row.name, sentence=sentence)


def _unknown(rows: list[Permission], consents: frozenset[str] | None) -> Iterator[Finding]:
    for row in rows:
        for resource in sorted(name for name in row.resources if not is_resource(name) and not is_wildcard(name)):
            sentence = f"{resource} is no short name, identifier URI or application id, so no request can match it."
            yield Finding(kind=UNKNOWN, place=row.name, sentence=sentence)
        named = {consent for one in row.consents if (consent := consent_of(one)) is not None}
        for consent in sorted(named - consents if consents is not None else ()):
            yield Finding(kind=UNKNOWN, place=row.name, sentence=f"there is no consent {consent} (yet).")


def _advice(rows: list[Permission]) -> Iterator[Finding]:
    for row in rows:
        for resource in sorted(name for name in row.resources if is_wildcard(name)):
            host = resource.removeprefix("https://*")
            sentence = (
                f"{resource} is for NAME-admin{host} and NAME-my{host} too: a tenant's SharePoint administration, and "
                "everybody's OneDrive."
            )
            yield Finding(kind=ADVICE, place=row.name, sentence=sentence)
