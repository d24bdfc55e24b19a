"""What is known of one customer and one resource by one consent: whether it works, since when, whose fault it is."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import from_text, to_text
from shared.customers.customer import tenant_id_of
from shared.entra.whose_fault import LATER, MISMATCH, NOBODY
from shared.rows import Row, Value
from shared.subject import APPLICATION, kind_of_subject

WORKS = "works"
# In place of a consent's name, which has no dot: results of the application's own tokens.
OF_APPLICATION = ".application"
# Not tried: the policy names a wildcard, and the tenant's own host is not known, since its initial domain is not.
HOST_UNKNOWN = "host_unknown"
# What passes by itself is told once it has lasted so long.
UNANSWERED_TOLD_AFTER = timedelta(days=1)
MOST_MISSING, LONGEST_NAME = 50, 200
UNJUDGED = frozenset({LATER, MISMATCH})
NOBODYS = UNJUDGED | {NOBODY}


# Consent, tenant, resource.
type Subject = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it stands: the part that a list of all customers is made of.

    `outcome` is `works`, the code of an error, or `host_unknown`; `whose` is who has to act. `since` is when it began
    to be so. `unanswered_since`: the authority has not answered since then, and the rest says what it had said before.
    `customer` is the name, and `consent` that of one or OF_APPLICATION, for tokens of the application itself.
    """

    consent: str
    tenant_id: str
    resource: str
    customer: str
    outcome: str
    whose: str
    since: datetime
    unanswered_since: datetime | None = None

    @property
    def subject(self) -> Subject:
        """What it is of."""
        return self.consent, self.tenant_id, self.resource

    @property
    def kind(self) -> str:
        """`user` or `application`: in whose name the token was."""
        return kind_of_subject(APPLICATION if self.consent == OF_APPLICATION else self.consent)

    @property
    def works(self) -> bool:
        """Whether it worked when the authority last answered."""
        return self.outcome == WORKS

    def is_failing(self, now: datetime) -> bool:
        """Whether somebody has to act, or the authority has not answered for a day."""
        if self.unanswered_since is not None and abs(now - self.unanswered_since) >= UNANSWERED_TOLD_AFTER:
            return True
        return not self.works and self.whose not in NOBODYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Standing):
    """One row: how it stands, and the rest that is known of it. `number` is the error's AADSTS number.

    `first_on` is when this customer and resource were first tried, `sources` who tells of this customer (sources.py),
    `domain` one of the customer's domains.
    """

    first_on: datetime
    tried_on: datetime
    good_on: datetime | None
    number: int | None
    missing: Sequence[str] = ()
    domain: str = ""
    sources: Sequence[str] = ()

    @property
    def key(self) -> str:
        """What finds the row within its consent; no key may hold a slash, as a resource does."""
        return f"{self.tenant_id}-{resource_hash(self.resource)}"

    @property
    def standing(self) -> Standing:
        """How it stands, alone, with as much of the name as a row keeps."""
        return Standing(
            consent=self.consent,
            tenant_id=self.tenant_id,
            resource=self.resource,
            customer=self.customer[:LONGEST_NAME],
            outcome=self.outcome,
            whose=self.whose,
            since=self.since,
            unanswered_since=self.unanswered_since,
        )

    def is_as(self, other: "Result | None") -> bool:
        """Whether both say the same, but for when."""
        return other is not None and (other.outcome, other.number, other.missing) == (
            self.outcome,
            self.number,
            self.missing,
        )


def resource_hash(resource: str) -> str:
    """A resource (canonical) as a part of a key: 96 bits of its SHA-256 in hex."""
    return hashlib.sha256(resource.encode()).hexdigest()[:24]


_MOMENTS = ("first_on", "tried_on", "good_on", "since", "unanswered_since")
_TEXTS = ("consent", "tenant_id", "resource", "outcome", "whose")


def to_fields(result: Result) -> dict[str, Value]:
    """The fields of a row; what is not known has none."""
    moments = {name: getattr(result, name) for name in _MOMENTS}
    return {
        **{name: getattr(result, name) for name in _TEXTS},
        "customer": result.customer[:LONGEST_NAME],
        "domain": result.domain[:LONGEST_NAME],
        "missing": json.dumps(list(result.missing[:MOST_MISSING])),
        "sources": " ".join(result.sources),
        **({} if result.number is None else {"number": result.number}),
        **{name: to_text(moment) for name, moment in moments.items() if moment is not None},
    }


def from_row(row: Row) -> Result | None:
    """The result in a row; None when it is not ours to read, which makes it due at once."""
    given = {name: str(value) for name, value in row.fields.items()}
    try:
        moments = {name: from_text(given[name]) for name in _MOMENTS if name in given}
        return Result(
            consent=given["consent"],
            tenant_id=tenant_id_of(given["tenant_id"]),
            resource=given["resource"],
            customer=given.get("customer", ""),
            first_on=moments["first_on"],
            tried_on=moments["tried_on"],
            good_on=moments.get("good_on"),
            outcome=given["outcome"],
            number=int(given["number"]) if "number" in given else None,
            whose=given["whose"],
            since=moments["since"],
            missing=tuple(str(scope) for scope in json.loads(given.get("missing", "[]"))),
            unanswered_since=moments.get("unanswered_since"),
            domain=given.get("domain", ""),
            sources=tuple(given.get("sources", "").split()),
        )
    except (KeyError, ValueError, TypeError, RecursionError):
        return None
