"""What ends a run early, for all or for some: a service that does not answer, an application that is refused."""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from refresh_timer.backoff import Backoff
from refresh_timer.outcome import WORKED, Outcome
from shared.consents.consent import MANAGEMENT_NAME
from shared.entra.authority_errors import is_of_application, is_of_credential
from shared.entra.errors import ApplicationMisconfigured, ApplicationRefused, ScopeRefused
from shared.errors import BrokerError, Unavailable
from shared.vault_errors import VaultRefused

# One secret may be guarded by itself; so many in a row, and it is the broker's role on the vault.
MOST_VAULT_REFUSALS = 50
# So many different consents have to meet what nobody knows, or what may be one person's own.
MOST_ALIKE = 3
# The tenant and the scope of a proof.
type Alike = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Bounds:
    """Asked before each consent, and told what became of it; threads share it.

    Refused alike are the consents of one tenant and scope: that one tenant is gone, or one resource not registered any
    more, must not let the others die. A wrong credential fails for all, and so does a role on the vault that is gone.
    """

    until: datetime
    backoff: Backoff
    _refused: set[Alike] = field(default_factory=set)
    _doubtful: dict[Alike, set[str]] = field(default_factory=dict)
    _worked: set[Alike] = field(default_factory=set)
    _is_refused_everywhere: bool = False
    _vault_refusals: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stops(self, alike: Alike) -> bool:
        """Whether nothing more is to be asked for such a consent in this run."""
        with self._lock:
            doubtful = alike not in self._worked and len(self._doubtful.get(alike, ())) >= MOST_ALIKE
            return self._is_refused_everywhere or alike in self._refused or doubtful

    def answered(self, outcome: Outcome, alike: Alike, wave: int) -> None:
        """A consent was done, or found out about: authority and vault answer, and a token shows that all is well."""
        self.backoff.succeeded(wave)
        with self._lock:
            self._vault_refusals = 0
            if outcome.what in WORKED:
                self._worked.add(alike)

    def failed(self, error: BrokerError, *, name: str, alike: Alike, wave: int) -> None:
        """A consent was not done, and is not to blame for it."""
        if isinstance(error, Unavailable):
            self.backoff.failed(wave, retry_after=error.retry_after)
        with self._lock:
            if is_of_credential(error):
                self._is_refused_everywhere = True
            elif is_of_application(error):
                self._refused.add(alike)
            elif isinstance(error, ApplicationMisconfigured | ApplicationRefused | ScopeRefused):
                self._doubtful.setdefault(alike, set()).add(name)
            elif isinstance(error, VaultRefused):
                self._vault_refusals += 1
                self._is_refused_everywhere |= self._vault_refusals >= MOST_VAULT_REFUSALS


class BoundsOfEach:
    """Bounds for each of the two applications: what is wrong with one is no word on the consents to the other."""

    def __init__(self, *, until: datetime, backoff: Backoff) -> None:
        self._partner, self._management = (Bounds(until=until, backoff=backoff) for _ in range(2))

    def of(self, consent: str) -> Bounds:
        """The bounds for a consent of this name."""
        return self._management if consent == MANAGEMENT_NAME else self._partner
