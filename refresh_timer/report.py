"""What one run of the timer found: counts, the names to worry about, and whether somebody has to be told."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from refresh_timer.alarms import THRESHOLDS, days_left
from refresh_timer.application import ApplicationReport
from refresh_timer.outcome import BROKEN, MISCONFIGURED, MISMATCHED, REFUSED, UNDONE, UNREADABLE, VAULT_REFUSED, Outcome
from shared.audit import Field
from shared.consents.consent import MANAGEMENT_NAME
from shared.consents.stored_consent import Listing

# A record stays small whatever happens; the counts are whole.
MOST_NAMES = 100


class RefreshAlarm(Exception):
    """Raised when a run is done and somebody has to be told: it makes the invocation fail, which alerts can see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How many consents there are, how many were due, what became of those, and whom to worry about.

    `endangered` are those that could not be tried this time and have few days left, `refused` those that the authority
    refused for a reason that nobody knows.
    """

    consents: int
    due: int
    outcomes: Counter[str]
    newly_lost: tuple[str, ...]
    still_lost: tuple[str, ...]
    crossed: tuple[str, ...]
    endangered: tuple[str, ...]
    damaged: tuple[str, ...]
    unreadable: tuple[str, ...]
    refused: tuple[str, ...]
    misconfigured: tuple[str, ...]
    application: ApplicationReport

    def fields(self) -> dict[str, Field]:
        """The report as a structured record (docs/audit.md)."""
        application = self.application
        return {
            "consents": self.consents,
            "due": self.due,
            "newly_lost": list(self.newly_lost[:MOST_NAMES]),
            "still_lost": list(self.still_lost[:MOST_NAMES]),
            "crossed": list(self.crossed[:MOST_NAMES]),
            "endangered": list(self.endangered[:MOST_NAMES]),
            "damaged": list(self.damaged[:MOST_NAMES]),
            "unreadable": list(self.unreadable[:MOST_NAMES]),
            "refused": list(self.refused[:MOST_NAMES]),
            "credential": application.credential,
            "credential_days_left": application.left,
            "credential_crossed": application.crossed,
            "application": application.health.status,
            "application_code": application.health.error,
            "application_authority_code": application.health.authority_code,
            "application_recovered": application.recovered,
            **{f"outcome_{name}": count for name, count in sorted(self.outcomes.items())},
        }

    def require_calm(self) -> None:
        """Raise RefreshAlarm if the run found what a person has to mend."""
        named = {
            "consent lost": self.newly_lost,
            "consent still lost": self.still_lost,
            "few days left": self.crossed,
            "few days left and not tried": self.endangered,
            "consent damaged": (*self.damaged, *self.unreadable),
            "refused for an unknown reason": self.refused,
        }
        reasons = [f"{what}: {name}" for what, names in named.items() for name in names[:MOST_NAMES]]
        reasons += [f"the {name} application is misconfigured" for name in self.misconfigured]
        if self.application.crossed is not None:
            reasons.append(f"the application's {self.application.credential} ends in {self.application.left} days")
        reasons += ["the authority's answers contradict what was asked"] if self.outcomes[MISMATCHED] else []
        reasons += ["Key Vault refused the broker's identity"] if self.outcomes[VAULT_REFUSED] else []
        reasons += ["the broker failed unforeseen"] if self.outcomes[BROKEN] else []
        if reasons:
            raise RefreshAlarm("; ".join(reasons))


def summarize(
    listing: Listing, outcomes: Sequence[Outcome], *, application: ApplicationReport, now: datetime
) -> Report:
    """The report of a run over this listing."""
    return Report(
        consents=len(listing.entries),
        due=len(outcomes),
        outcomes=Counter(outcome.what for outcome in outcomes),
        newly_lost=_names(outcome for outcome in outcomes if outcome.newly_lost),
        still_lost=_names(outcome for outcome in outcomes if outcome.still_lost),
        crossed=_names(outcome for outcome in outcomes if outcome.crossed is not None),
        endangered=_names(
            outcome
            for outcome in outcomes
            if outcome.what in UNDONE and days_left(outcome.entry.dies_on, now) <= max(THRESHOLDS)
        ),
        damaged=listing.damaged,
        unreadable=_names(outcome for outcome in outcomes if outcome.what == UNREADABLE),
        refused=_names(outcome for outcome in outcomes if outcome.what == REFUSED),
        misconfigured=tuple(
            sorted({_application(outcome.entry.name) for outcome in outcomes if outcome.what == MISCONFIGURED})
        ),
        application=application,
    )


def _application(consent: str) -> str:
    return "management" if consent == MANAGEMENT_NAME else "partner"


def _names(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    return tuple(outcome.entry.name for outcome in outcomes)
