"""What ends a run early, for all or for some: a consent or an application that is refused, an authority that is silent.

What is said of one customer ends nothing: the others are tried.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from customers_timer.target import Target
from shared.application_stops import ApplicationStopped
from shared.customers.result import Result
from shared.entra.authority_errors import is_of_credential
from shared.entra.whose_fault import APPLICATION, CALLER, CONSENT, PERSON, whose_fault
from shared.errors import AuthorityUnavailable, BrokerError

# So many different customers have to meet what may be one customer's own, and none may have been answered.
MOST_ALIKE = 3
# So many tries in a row without an answer, and nothing more is asked in this run.
MOST_UNANSWERED = 50
MOST_TROUBLES = 10
# Said of one customer, and yet not this customer's to mend.
DOUBTFUL = frozenset({APPLICATION, CALLER})
# The consent, and the resource as the policy names it: each host under a wildcard is one customer's alone.
type Alike = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Bounds:
    """Asked before each try, and told what became of it; threads share it. `reasons` are codes, of the audit record."""

    until: datetime
    reasons: set[str] = field(default_factory=set)
    _consents: set[str] = field(default_factory=set)
    _silent: set[str] = field(default_factory=set)
    _doubtful: dict[Alike, set[str]] = field(default_factory=dict)
    _answered: set[Alike] = field(default_factory=set)
    _unanswered: int = 0
    _troubles: int = 0
    _is_over: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stops(self, target: Target) -> bool:
        """Whether this is not to be tried in this run."""
        alike = _alike(target)
        with self._lock:
            doubtful = alike not in self._answered and len(self._doubtful.get(alike, ())) >= MOST_ALIKE
            ended = self._is_over or target.part.consent in self._consents
            return ended or doubtful or target.tenant_id in self._silent

    def judged(self, target: Target, result: Result) -> None:
        """The authority answered about this customer, or did not."""
        alike = _alike(target)
        with self._lock:
            self._troubles = 0
            if result.unanswered_since is not None:
                self._silent.add(target.tenant_id)
                self._unanswered += 1
                if self._unanswered >= MOST_UNANSWERED:
                    self._end(AuthorityUnavailable.code)
                return
            self._unanswered = 0
            if result.whose in DOUBTFUL:
                self._doubtful.setdefault(alike, set()).add(target.tenant_id)
                if alike not in self._answered and len(self._doubtful[alike]) >= MOST_ALIKE:
                    self.reasons.add(result.outcome)
            else:
                self._answered.add(alike)

    def untried(self, reason: str) -> None:
        """Nothing was asked, for this reason."""
        with self._lock:
            self._troubles = 0
            self.reasons.add(reason)

    def failed(self, consent: str, error: BrokerError) -> None:
        """What happened is no customer's: the consent's own or the person's, the application's, the broker's."""
        with self._lock:
            if is_of_credential(error):
                self._end(error.code)
            elif whose_fault(error) in {CONSENT, PERSON} or isinstance(error, ApplicationStopped):
                self._consents.add(consent)
                self.reasons.add(error.code)
            else:
                # What the broker stands on: its identity, its vault, or the tables; without these a try is in vain.
                self._troubles += 1
                if self._troubles >= MOST_TROUBLES:
                    self._end(error.code)

    def _end(self, reason: str) -> None:
        self._is_over = True
        self.reasons.add(reason)


def _alike(target: Target) -> Alike:
    return target.part.consent, target.named
