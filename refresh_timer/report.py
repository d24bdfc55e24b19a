"""What one run of the timer found: outcomes by name, the consents newly lost, and whether somebody has to be told."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shared.audit import Field
from shared.stored_consent import Entry, Listing

PROVEN, STORED, RECOVERED, SUPERSEDED = "proven", "stored", "recovered", "superseded"
UNREADABLE, TRANSIENT, CARRIED_OVER, MISCONFIGURED = "unreadable", "transient", "carried_over", "misconfigured"
VAULT_REFUSED = "vault_refused"
BROKEN = "broken"  # the broker itself failed in a way nobody foresaw


class RefreshAlarm(Exception):
    """Raised when a run is done and somebody has to be told: it makes the invocation fail, which alerts can see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one consent; `what` is one of the words above, or its health when it failed."""

    entry: Entry
    what: str
    newly_lost: bool = False
    code: str = ""
    authority_code: int | None = None

    def fields(self) -> dict[str, Field]:
        """The outcome as a structured record (docs/audit.md)."""
        return {
            "consent": self.entry.name,
            "lineage": self.entry.lineage,
            "outcome": self.what,
            "code": self.code,
            "authority_code": self.authority_code,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How many consents there are, how many were due, what became of those, and whom to worry about."""

    consents: int
    due: int
    outcomes: Counter[str]
    newly_lost: tuple[str, ...]
    damaged: tuple[str, ...]
    unreadable: tuple[str, ...] = ()

    def fields(self) -> dict[str, Field]:
        """The report as a structured record (docs/audit.md)."""
        return {
            "consents": self.consents,
            "due": self.due,
            "newly_lost": list(self.newly_lost),
            "damaged": list(self.damaged),
            "unreadable": list(self.unreadable),
            **{f"outcome_{name}": count for name, count in sorted(self.outcomes.items())},
        }

    def require_calm(self) -> None:
        """Raise RefreshAlarm if the run found what a person has to mend."""
        reasons = [f"consent lost: {name}" for name in self.newly_lost]
        reasons += [f"consent damaged: {name}" for name in (*self.damaged, *self.unreadable)]
        reasons += ["the partner application is misconfigured"] if self.outcomes[MISCONFIGURED] else []
        reasons += ["Key Vault refused the broker's identity"] if self.outcomes[VAULT_REFUSED] else []
        reasons += ["the broker failed unforeseen"] if self.outcomes[BROKEN] else []
        if reasons:
            raise RefreshAlarm("; ".join(reasons))


def summarize(listing: Listing, outcomes: Sequence[Outcome]) -> Report:
    """The report of a run over this listing."""
    return Report(
        consents=len(listing.entries),
        due=len(outcomes),
        outcomes=Counter(outcome.what for outcome in outcomes),
        newly_lost=tuple(outcome.entry.name for outcome in outcomes if outcome.newly_lost),
        damaged=listing.damaged,
        unreadable=tuple(outcome.entry.name for outcome in outcomes if outcome.what == UNREADABLE),
    )
