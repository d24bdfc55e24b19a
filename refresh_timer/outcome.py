"""What became of one consent in one run of the timer."""

from dataclasses import dataclass

from shared.audit import Field
from shared.consents.stored_consent import Entry

PROVEN, STORED, RECOVERED, SUPERSEDED = "proven", "stored", "recovered", "superseded"
UNREADABLE, TRANSIENT, CARRIED_OVER, MISCONFIGURED = "unreadable", "transient", "carried_over", "misconfigured"
VAULT_REFUSED = "vault_refused"
REFUSED = "refused"  # by the authority, for a reason that nobody knows: no consent, and not the application, is blamed
MISMATCHED = "mismatched"  # the authority answered with a token that is plainly another one
BROKEN = "broken"  # the broker itself failed in a way nobody foresaw
WORKED = frozenset({PROVEN, STORED, RECOVERED})
# Nothing was found out about the consent: it is as due as it was.
UNDONE = frozenset({TRANSIENT, CARRIED_OVER, MISCONFIGURED, REFUSED, MISMATCHED, VAULT_REFUSED, BROKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one consent; `what` is one of the words above, or its health when it failed.

    `newly_lost` and `still_lost` (told again, a week later) and `crossed` (a threshold of days left) are what somebody
    has to be told; `code` and `authority_code` say why.
    """

    entry: Entry
    what: str
    newly_lost: bool = False
    still_lost: bool = False
    crossed: int | None = None
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
            "crossed": self.crossed,
        }
