"""What one run found: counts, whom to look at, and why it did not do all; the record of it and the summary are one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customers_timer.tally import FAILING, MOST_TOLD, UNANSWERED, UNTRIED, WORKING, Tally
from customers_timer.watch import Watched, watched_fields
from shared.audit import Field, record
from shared.clock import to_text
from shared.customers.result import Result
from shared.customers.worries import Ending


class CheckFailed(Exception):
    """Raised when a run is done and the broker itself failed in it: it makes the invocation fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`ended` are consents whose part ended before it began, `unlisted` those whose customers no source told.

    `silent` has consent, source and code of each source of customers that did not answer.
    `reasons` are codes of what kept customers from being tried; `left` counts those that stay due.
    """

    began_on: datetime
    ended_on: datetime
    consents: int
    ended: Sequence[str]
    unlisted: Sequence[str]
    silent: Sequence[str]
    customers: int
    excluded: int
    due: int
    left: int
    new: Sequence[str]
    consented: Sequence[str]
    removed: int
    per_second: float
    reasons: Sequence[str]
    tally: Tally
    watched: Watched

    def fields(self) -> dict[str, Field]:
        """The report as a structured record (docs/audit.md)."""
        tally = self.tally
        return {
            "consents": self.consents,
            "ended": list(self.ended[:MOST_TOLD]),
            "unlisted": list(self.unlisted[:MOST_TOLD]),
            "silent": list(self.silent[:MOST_TOLD]),
            "customers": self.customers,
            "excluded": self.excluded,
            "works": tally.states[WORKING],
            "failing": tally.states[FAILING],
            "unanswered": tally.states[UNANSWERED],
            "untried": tally.states[UNTRIED],
            "due": self.due,
            "left": self.left,
            "newly_failing": [named(result) for result in tally.newly_failing],
            "newly_failing_count": tally.newly_failing_count,
            "recovered": tally.recovered,
            "new": list(self.new[:MOST_TOLD]),
            "consented": list(self.consented),
            **watched_fields(self.watched),
            "removed": self.removed,
            "reasons": sorted({*self.reasons, *tally.broken}),
            "per_second": round(self.per_second, 2),
            "seconds": int((self.ended_on - self.began_on).total_seconds()),
            **{f"outcome_{name}": count for name, count in sorted(tally.outcomes.items())},
        }

    def summary(self) -> Mapping[str, Any]:
        """What is kept of the run for whoever looks."""
        causes = {code: count for code, count in sorted(self.tally.causes.items()) if count}
        moments = {"began_on": to_text(self.began_on), "ended_on": to_text(self.ended_on)}
        return {**moments, **self.fields(), "causes": causes}

    def require_done(self) -> None:
        """Raise CheckFailed if the broker itself failed."""
        if self.tally.broken:
            raise CheckFailed(f"the broker failed unforeseen: {', '.join(sorted(self.tally.broken))}")


def named(result: Result) -> str:
    """A customer by name where there is one, and by its tenant."""
    return f"{result.customer} ({result.tenant_id})" if result.customer else result.tenant_id


def failing_fields(result: Result) -> dict[str, Field]:
    """One customer that fails since this run, as a structured record."""
    return {
        "consent": result.consent,
        "tenant": result.tenant_id,
        "customer": result.customer,
        "resource": result.resource,
        "outcome": result.outcome,
        "authority_code": result.number,
        "whose": result.whose,
    }


def ending_fields(ending: Ending) -> dict[str, Field]:
    """One customer whose delegation nears its end, or is over, as a structured record."""
    return {
        "tenant": ending.tenant_id,
        "customer": ending.customer,
        "status": ending.status,
        "ends": to_text(ending.ends) if ending.ends else None,
        "days": ending.told,
    }


def person_fields(consent: str, watched: Watched) -> dict[str, Field]:
    """What is news of the person of one consent, as a structured record."""
    roleless = watched.roleless.get(consent, {})
    return {
        "consent": consent,
        "mfa": watched.mfa.get(consent, ""),
        "roleless": [called or tenant for tenant, called in list(roleless.items())[:MOST_TOLD]],
        "roleless_count": len(roleless),
    }


def recorded(report: Report, *, is_kept: bool | None) -> None:
    """Write the run down, and who fails, ends or lacks something since it."""
    for result in report.tally.newly_failing:
        record("customers.failing", failing_fields(result))
    for ending in report.watched.ending[:MOST_TOLD]:
        record("customers.ending", ending_fields(ending))
    for consent in sorted({*report.watched.mfa, *report.watched.roleless}):
        record("customers.person", person_fields(consent, report.watched))
    record("customers.run", {**report.fields(), "kept": bool(is_kept)})
