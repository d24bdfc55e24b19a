"""What became of one customer, or would: as a row of a table, with the exit code of what failed there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from partner_token.exit_codes import DONE, NOT_ALLOWED, PERSON, of_batch, of_outcome
from partner_token.failures import Failure
from partner_token.printed import for_people

LIST_COLUMNS = {
    "tenant": "TENANT",
    "name": "NAME",
    "domain": "DOMAIN",
    "from": "FROM",
    "delegation": "DELEGATION",
    "ends": "ENDS",
    "excluded": "EXCLUDED",
}
CHANGE_COLUMNS = {"tenant": "TENANT", "outcome": "OUTCOME", "detail": "DETAIL"}
GRANT_COLUMNS = {
    "tenant": "TENANT",
    "outcome": "OUTCOME",
    "there": "THERE",
    "added": "ADDED",
    "lost": "LOST",
    "plan": "PLAN",
    "detail": "DETAIL",
}
SCOPES = ("there", "added", "lost")
FINISHED = frozenset({"created", "extended", "replaced", "unchanged", "removed", "absent"})
REPLACE_SHOWS = "--replace shows what a replacement would lose."
NO_ROLE = "role_assignment_refused"
EVERYBODY, MALFORMED = "everybody", "invalid_request"
# Kept out on purpose.
EXCLUDED = frozenset({"customer_excluded", "customer_offboarded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The outcome for one customer, and the exit code of what failed there."""

    tenant: str
    outcome: str
    detail: str | None
    exit_code: int = DONE
    more: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Any]:
        """As it is shown."""
        return {"tenant": self.tenant, "outcome": self.outcome, **self.more, "detail": self.detail}


def listed(customer: Mapping[str, Any]) -> dict[str, Any]:
    """A customer, how its delegation stands, and until when it is kept out, in one line."""
    relationship = customer.get("relationship") or {}
    ends = relationship.get("ends")
    extends = " (extends itself)" if ends and relationship.get("auto_extends") else ""
    delegation = {"delegation": relationship.get("status"), "ends": f"{ends}{extends}" if ends else None}
    exclusion = customer.get("excluded") or {}
    return {**customer, **delegation, "excluded": exclusion.get("until")}


def sources_failed(sources: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    """A sentence for each source that gave no customers."""
    for name, told in sources.items():
        if "error" in told:
            yield f"{name}: {told.get('says', '')} {for_people(told).get('remedy') or ''}".strip()


def failed(tenant: str, failure: Failure) -> Row:
    """A customer whose request was refused; that one is kept out on purpose is no failure."""
    code = DONE if failure.code in EXCLUDED else failure.exit_code
    return Row(tenant=tenant, outcome=failure.code, detail=failure.detail, exit_code=code)


def stops(failure: Failure) -> bool:
    """Whether the next customer would meet it too; a tenant's id that was mistyped is that row's alone."""
    if failure.code == MALFORMED:
        return False
    if failure.concerns:
        return failure.concerns == EVERYBODY
    return not failure.code or failure.exit_code == NOT_ALLOWED


def row_of(tenant: str, told: Mapping[str, Any]) -> Row:
    """What the broker says of one customer."""
    # A broker of before tells of no roles.
    grants = [*told.get("grants", []), *(_named(row) for row in told.get("roles", ()))]
    finished = bool(told.get("complete", True)) and told["outcome"] in FINISHED
    unclear = [grant for grant in grants if "remedy" in grant]
    # Why the management application did not help is of interest where something is left to do.
    parts = [] if finished else [told.get("management") or {}, told.get("seen") or {}]
    # The same remedy for each API is one remedy.
    remedies = dict.fromkeys(_remedy(one) for one in (*unclear, *parts) if "remedy" in one)
    hint = [REPLACE_SHOWS] if told["outcome"] == "needs_replace" else []
    code = DONE if finished else of_batch(of_outcome(_act(grant)) for grant in unclear) or PERSON
    return Row(
        tenant=tenant,
        outcome=told["outcome"],
        detail="; ".join([*_missing(grants), *remedies, *hint]) or None,
        exit_code=code,
        more={"plan": told.get("plan"), **{name: _scopes(grants, name) for name in SCOPES}} if grants else {},
    )


def _remedy(row: Mapping[str, Any]) -> str:
    """What to do in this command's words, or where these do not tell which GDAP role is lacking in the broker's."""
    return str((row if row.get("error") == NO_ROLE else for_people(row))["remedy"])


def _named(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of roles beside those of scopes, so that nobody takes one for the other."""
    return {**row, "resource": f"{row['resource']} roles"}


def _missing(grants: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """What is lacking still of each API."""
    for grant in grants:
        left = [scope for scope in grant["missing"] if scope not in grant.get("added", ())]
        if left:
            yield f"lacks {grant['resource']}: {' '.join(left)}"


def _scopes(grants: Sequence[Mapping[str, Any]], name: str) -> str | None:
    told = [f"{grant['resource']}: {' '.join(grant[name])}" for grant in grants if grant.get(name)]
    return "; ".join(told) or None


def _act(grant: Mapping[str, Any]) -> str:
    act = grant.get("act")
    return str(act.get("name")) if isinstance(act, Mapping) else ""
